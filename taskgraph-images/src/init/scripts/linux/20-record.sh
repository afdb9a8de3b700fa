#!/usr/bin/env bash
# Leaves on the image which image it is, for the checks.
# shellcheck source=../lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

printf '%s\n' "$IMAGE_NAME" >/etc/image-name
