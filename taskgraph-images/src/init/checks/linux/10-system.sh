#!/usr/bin/env bash
# Runs on a machine that was started from the image. A check passes when it exits with 0. Checks are inputs of the
# verify task: a changed check does not rebuild an image.
set -euo pipefail

faults=0
bad() {
    printf 'FAULT: %s\n' "$*" >&2
    faults=$((faults + 1))
}

for command in curl git; do
    command -v "$command" >/dev/null || bad "there is no $command"
done
[[ -s /etc/image-name ]] || bad "the image does not say which one it is"
! id packer >/dev/null 2>&1 || bad "the build's account is still there"

exit $((faults > 0))
