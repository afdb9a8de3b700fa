#!/usr/bin/env bash
# Nothing of the machine that built the image is left: no identity, no way in, no traces.

. "$(dirname "$0")/../lib/check.sh"

needs_root

# Written at the very end of the build: what is older came with the image.
record="$IMAGE_RECORDS/image.env"
if [[ ! -f "$record" ]]; then
    bad "no $record: the image was not sealed"
    finish
fi

# with_image WHAT FIND-ARGUMENTS...: no such file may be as old as the image.
with_image() {
    local what="$1" found
    shift
    # Not every image has every folder.
    found="$({ find "$@" -not -newer "$record" 2>/dev/null || true; } | sort | tr '\n' ' ')"
    expect "$what that came with the image" "" "$found"
}

with_image "SSH host keys" /etc/ssh -name 'ssh_host_*'
with_image "authorised keys" /root /home -maxdepth 3 -path '*/.ssh/authorized_keys'
with_image "shell history" /root /home -maxdepth 2 -name '.bash_history'
with_image "cloud credentials" /root -maxdepth 2 \( -name .aws -o -name .azure -o -path '*/.config/gcloud' \)
with_image "a worker's signing key" /etc/generic-worker -name ed25519_key
with_image "build files" /opt -maxdepth 1 -name image-build

if getent passwd packer >/dev/null; then
    bad "the build's account 'packer' is still there"
else
    ok "no account of the build"
fi
expect "the length of the machine id" 32 "$(tr -d '\n' </etc/machine-id | wc -c)"
finish
