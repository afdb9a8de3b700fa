#!/usr/bin/env bash
# QEMU with KVM for Android emulators and virtual machine tests. Runs as a task on the headless image.

. "$(dirname "$0")/../lib/apt.sh"

require_root
apt_update
apt_install \
    cpu-checker \
    ovmf \
    qemu-system-x86 \
    qemu-utils
install_file kvm/kvm.rules /etc/udev/rules.d/65-kvm.rules
install_file kvm/kvm-nested.conf /etc/modprobe.d/kvm-nested.conf
