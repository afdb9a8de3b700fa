#!/usr/bin/env bash
# NVIDIA's driver for data centre GPUs, from the distribution's archive: signed modules, no build on the machine.

. "$(dirname "$0")/../lib/apt.sh"

require_root
require_env NVIDIA_DRIVER_BRANCH

apt_update
apt_install \
    "linux-modules-nvidia-$NVIDIA_DRIVER_BRANCH-server-gcp" \
    "nvidia-headless-no-dkms-$NVIDIA_DRIVER_BRANCH-server" \
    "nvidia-utils-$NVIDIA_DRIVER_BRANCH-server"
install_file gpu/nvidia-persistenced.conf /etc/systemd/system/nvidia-persistenced.service.d/90-image.conf
record nvidia "NVIDIA_DRIVER_BRANCH=$NVIDIA_DRIVER_BRANCH"
