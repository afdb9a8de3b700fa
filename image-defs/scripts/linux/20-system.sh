#!/usr/bin/env bash
# Every Linux machine: a clock that is right, no surprise upgrades while a task runs, kernel settings.

. "$(dirname "$0")/../lib/common.sh"

require_root

systemctl enable chrony.service

# An upgrade in the middle of a task changes what it measures and can restart its services; new packages
# come with a new image instead.
for unit in apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service; do
    systemctl disable --now "$unit" 2>/dev/null || true
    systemctl mask "$unit"
done

install_file linux/sysctl.conf /etc/sysctl.d/90-image.conf
install_file linux/journald.conf /etc/systemd/journald.conf.d/90-image.conf
