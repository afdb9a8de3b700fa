#!/usr/bin/env bash
# Docker runs containers (d2g needs it) and keeps them on the worker's disk.

. "$(dirname "$0")/../lib/check.sh"

enabled docker.service
expect "docker's data root" /mnt/worker/docker "$(docker info --format '{{.DockerRootDir}}' 2>&1 || true)"
expect "docker's storage driver" overlay2 "$(docker info --format '{{.Driver}}' 2>&1 || true)"

# A container from nothing but a binary of this machine: no registry is asked.
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir "$work/root"
if ! command -v busybox >/dev/null; then
    bad "no busybox to make a container from"
    finish
fi
cp "$(command -v busybox)" "$work/root/busybox"
tar --create --directory "$work/root" . | docker import - image-check:local >/dev/null
expect "a container's output" works "$(docker run --rm image-check:local /busybox echo works 2>&1 || true)"
docker image rm image-check:local >/dev/null
finish
