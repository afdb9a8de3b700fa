#!/usr/bin/env bash
# The machine came up whole: services, clock, disk, no upgrades behind a task's back.

. "$(dirname "$0")/../lib/check.sh"

expect "the system" running "$(systemctl is-system-running --wait 2>/dev/null || true)"
enabled chrony.service

for unit in apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service; do
    expect "unit $unit" masked "$(systemctl is-enabled "$unit" 2>/dev/null || true)"
done

# The boot disk is grown to the size that the pool gives it, at least what the image was built with.
free_kib="$(df --output=avail --block-size=1K / | tail -n 1 | tr -d ' ')"
if [[ "$free_kib" -lt $((1024 * 1024)) ]]; then
    bad "only $free_kib KiB are free on /"
else
    ok "$free_kib KiB are free on /"
fi

expect "vm.mmap_rnd_bits" 28 "$(sysctl --values vm.mmap_rnd_bits)"
expect "packages not fully installed" "" "$(dpkg --audit)"
finish
