#!/usr/bin/env bash
# The machine started, has a network, and holds what the build recorded.

. "$(dirname "$0")/../lib/check.sh"

expect "the system" running "$(systemctl is-system-running --wait 2>/dev/null || true)"
enabled ssh.service systemd-networkd.service
expect "packages not fully installed" "" "$(dpkg --audit)"
if [[ -n "$(recorded image IMAGE_NAME)" ]]; then
    ok "it is $(recorded image IMAGE_NAME)"
else
    bad "the build recorded no name"
fi
if [[ -s "$IMAGE_RECORDS/sbom.tsv" ]]; then
    ok "$(wc -l <"$IMAGE_RECORDS/sbom.tsv") lines of what is on it"
else
    bad "no list of what is on it"
fi
finish
