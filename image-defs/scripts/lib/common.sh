# shellcheck shell=bash
# What every provisioning script needs. Sourced, never run.
#
# The scripts run from two places with one layout: from a checkout (`image-defs/`, the task builder) and
# from the machine that Packer provisions (`/opt/image-build/`, see ../../packer). Both hold `scripts/lib`,
# `scripts/<folder of the script>` and `files`, so relative paths mean the same in both.

set -Eeuo pipefail
# Whoever reads the log of a build that failed wants to know where. What a failure passes through tells, too; the last one
# is the script's own line.
trap 'printf "%s: failed at line %d: %s\n" "${BASH_SOURCE[0]##*/}" "$LINENO" "$BASH_COMMAND" >&2' ERR

# The folder that holds `scripts` and `files`.
IMAGE_BUILD_ROOT="$(cd "${BASH_SOURCE%/*}/../.." && pwd)"

# What the build leaves on the image for the checks to read.
IMAGE_RECORDS=/etc/image-build.d

say() {
    printf '%s: %s\n' "$(basename "$0")" "$*"
}

die() {
    say "error: $*" >&2
    exit 1
}

require_root() {
    [[ "$(id -u)" -eq 0 ]] || die "must run as root"
}

# Stops, naming every variable that is missing or empty.
require_env() {
    local name missing=()
    for name in "$@"; do
        [[ -n "${!name:-}" ]] || missing+=("$name")
    done
    [[ "${#missing[@]}" -eq 0 ]] || die "not set: ${missing[*]}"
}

# Runs a command up to six times, waiting 2, 4, 8, 16 and 32 seconds in between.
retry() {
    local attempt status=0
    for attempt in 1 2 3 4 5 6; do
        status=0
        "$@" || status=$?
        [[ "$status" -ne 0 ]] || return 0
        if [[ "$attempt" -lt 6 ]]; then
            say "attempt $attempt of 6 failed with status $status: $*" >&2
            sleep $((2 ** attempt))
        fi
    done
    return "$status"
}

# install_file SOURCE TARGET [MODE]: puts `files/SOURCE` at TARGET, owned by root.
install_file() {
    local source="$IMAGE_BUILD_ROOT/files/$1" target="$2" mode="${3:-0644}"
    [[ -f "$source" ]] || die "no file $source: is its folder among the uploaded ones?"
    install -D -o root -g root -m "$mode" "$source" "$target"
}

# record NAME KEY=VALUE...: replaces one record that the checks compare the machine with.
record() {
    local name="$1"
    shift
    install -d -m 0755 "$IMAGE_RECORDS"
    printf '%s\n' "$@" >"$IMAGE_RECORDS/$name.env"
}

# The architecture as Debian and the Taskcluster releases call it: amd64 or arm64.
architecture() {
    dpkg --print-architecture
}
