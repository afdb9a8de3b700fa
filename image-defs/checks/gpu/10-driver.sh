#!/usr/bin/env bash
# The GPU is seen by the driver, on the machine and inside of a container.

. "$(dirname "$0")/../lib/check.sh"

branch="$(recorded nvidia NVIDIA_DRIVER_BRANCH)"
driver="$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>&1 | head -n 1 || true)"
expect "the driver's branch" "$branch" "${driver%%.*}"
enabled nvidia-persistenced.service
if docker info --format '{{json .Runtimes}}' | grep -q '"nvidia"'; then
    ok "docker knows the runtime nvidia"
else
    bad "docker does not know the runtime nvidia"
fi
finish
