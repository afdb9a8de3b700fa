#!/usr/bin/env bash
# Local SSDs, where the machine has them, hold caches, downloads and containers.

. "$(dirname "$0")/../lib/apt.sh"

require_root
apt_install lvm2
install_file worker/worker-disks /usr/local/sbin/worker-disks 0755
install_file worker/worker-disks.service /etc/systemd/system/worker-disks.service
systemctl daemon-reload
systemctl enable worker-disks.service
