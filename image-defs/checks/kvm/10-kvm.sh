#!/usr/bin/env bash
# Hardware virtualisation is there, also for members of the group kvm.

. "$(dirname "$0")/../lib/check.sh"

if [[ -c /dev/kvm ]]; then
    expect "owner and mode of /dev/kvm" "root:kvm 660" "$(stat --format '%U:%G %a' /dev/kvm)"
else
    bad "no /dev/kvm: does the machine allow nested virtualisation?"
fi
command -v qemu-system-x86_64 >/dev/null || bad "no command qemu-system-x86_64"
finish
