# shellcheck shell=bash
# What the checks share. Sourced, never run. A check runs as root on a machine (or in a container) that was
# started from the image, with the layout of this folder around it; it says what it found, and exits with 1 after
# its last line when anything is wrong.

set -euo pipefail

# What the build recorded (image-defs/scripts/lib/common.sh writes it).
IMAGE_RECORDS="${IMAGE_RECORDS:-/etc/image-build.d}"
faults=0

ok() {
    printf 'ok: %s\n' "$*"
}

# Notes one fault and goes on, so that one run tells everything.
bad() {
    printf 'FAULT: %s\n' "$*" >&2
    faults=$((faults + 1))
}

# For checks that would miss what they cannot read.
needs_root() {
    if [[ "$(id -u)" -ne 0 ]]; then
        bad "this check must run as root"
        finish
    fi
}

# expect WHAT EXPECTED FOUND
expect() {
    if [[ "$2" == "$3" ]]; then
        ok "$1 is $2"
    else
        bad "$1 is '$3', expected '$2'"
    fi
}

# recorded NAME KEY: the value that the build recorded, or nothing.
recorded() {
    local file="$IMAGE_RECORDS/$1.env"
    [[ -f "$file" ]] || return 0
    sed -n "s/^$2=//p" "$file"
}

# enabled UNIT...
enabled() {
    local unit state
    for unit in "$@"; do
        state="$(systemctl is-enabled "$unit" 2>/dev/null || true)"
        expect "unit $unit" enabled "$state"
    done
}

finish() {
    if [[ "$faults" -gt 0 ]]; then
        printf '%s: %d fault(s)\n' "$(basename "$0")" "$faults" >&2
        exit 1
    fi
}
