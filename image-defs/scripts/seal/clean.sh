#!/usr/bin/env bash
# The last step of every build: what makes a machine this machine, and what the build left behind, goes.
# Everything here is made anew at first boot, or is not needed at all.

. "$(dirname "$0")/../lib/common.sh"

require_root

apt-get --yes --quiet autoremove --purge
apt-get clean
rm -rf /var/lib/apt/lists/*

# Identity: two machines must never share a key or an id.
rm -f /etc/ssh/ssh_host_*
rm -f /etc/generic-worker/ed25519_key
rm -f /etc/start-worker-cache.json
truncate --size 0 /etc/machine-id
rm -f /var/lib/dbus/machine-id
rm -f /var/lib/systemd/random-seed

# Access: whoever built the image must not be able to log in to it.
find /root /home -maxdepth 3 -path '*/.ssh/authorized_keys' -delete
rm -rf /root/.config/gcloud /root/.aws /root/.azure /root/.docker

# Traces.
find /root /home -maxdepth 2 \( -name .bash_history -o -name .lesshst -o -name .viminfo -o -name .wget-hsts \) -delete
if command -v cloud-init >/dev/null; then
    cloud-init clean --logs --seed
fi
journalctl --rotate --vacuum-time=1s --quiet
find /var/log -type f \( -name '*.gz' -o -name '*.[0-9]' \) -delete
find /var/log -type f -not -path '/var/log/journal/*' -exec truncate --size 0 {} +
find /tmp /var/tmp -mindepth 1 -maxdepth 1 -not -name 'systemd-private-*' -exec rm -rf {} +

# This script runs from there: the shell has it open already.
if [[ "$IMAGE_BUILD_ROOT" == /opt/image-build ]]; then
    rm -rf /opt/image-build
fi
sync
