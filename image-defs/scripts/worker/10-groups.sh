#!/usr/bin/env bash
# The groups that a task may ask for (`payload.osGroups`). generic-worker makes the task users itself.

. "$(dirname "$0")/../lib/common.sh"

require_root
for group in docker kvm render video; do
    getent group "$group" >/dev/null || groupadd --system "$group"
done
