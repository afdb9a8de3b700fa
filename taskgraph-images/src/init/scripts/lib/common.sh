# shellcheck shell=bash
# What every provisioning script needs. Sourced, never run. A change here is a change of every image whose scripts
# source it: `taskgraph-images affected --explain image-defs/scripts/lib/common.sh` lists them.

set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

# Runs a command up to four times, waiting 2, 4 and 8 seconds in between.
retry() {
    local attempt
    for attempt in 1 2 3; do
        if "$@"; then return 0; fi
        printf 'attempt %s failed: %s\n' "$attempt" "$*" >&2
        sleep $((2 ** attempt))
    done
    "$@"
}
