#!/usr/bin/env bash
# GPUs inside of task containers.

. "$(dirname "$0")/../lib/apt.sh"

require_root
require_env NVIDIA_CONTAINER_TOOLKIT_VERSION

# The key's fingerprint, not the host, says whose packages these are.
apt_repository nvidia-container-toolkit \
    https://nvidia.github.io/libnvidia-container/gpgkey \
    C95B321B61E88C1809C4F759DDCAE044F796ECB0 \
    "https://nvidia.github.io/libnvidia-container/stable/deb/$(architecture) /"
apt_install \
    "libnvidia-container-tools=$NVIDIA_CONTAINER_TOOLKIT_VERSION" \
    "libnvidia-container1=$NVIDIA_CONTAINER_TOOLKIT_VERSION" \
    "nvidia-container-toolkit-base=$NVIDIA_CONTAINER_TOOLKIT_VERSION" \
    "nvidia-container-toolkit=$NVIDIA_CONTAINER_TOOLKIT_VERSION"
nvidia-ctk runtime configure --runtime=docker
systemctl restart docker.service
