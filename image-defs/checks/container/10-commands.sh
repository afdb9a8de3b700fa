#!/usr/bin/env bash
# A container image holds what its tasks call, and does not run them as root.

. "$(dirname "$0")/../lib/check.sh"

for command in git curl jq; do
    if command -v "$command" >/dev/null; then
        ok "$command"
    else
        bad "no command $command"
    fi
done
if [[ "$(id -u)" -eq 0 ]]; then
    bad "tasks would run as root"
else
    ok "tasks run as $(id -un)"
fi
[[ -s /etc/ssl/certs/ca-certificates.crt ]] || bad "no certificates: every download would fail"
finish
