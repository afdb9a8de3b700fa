#!/usr/bin/env bash
# The machine that builds the other images: Packer and QEMU from Debian's archive.

. "$(dirname "$0")/../lib/apt.sh"

require_root
apt_update
apt_install \
    ovmf \
    packer \
    qemu-system-x86 \
    qemu-utils \
    shellcheck
packer version
