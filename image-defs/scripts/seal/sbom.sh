#!/usr/bin/env bash
# Writes what is on the machine: every package with its version, and the Taskcluster binaries with their
# digests. Sorted and without times, so that two images can be compared with `diff`.

. "$(dirname "$0")/../lib/common.sh"
. /etc/os-release

require_root
require_env IMAGE_NAME

record image "IMAGE_NAME=$IMAGE_NAME"
sbom="$IMAGE_RECORDS/sbom.tsv"
{
    printf 'image\t%s\t%s\n' "$IMAGE_NAME" "$(architecture)"
    printf 'system\t%s\t%s\n' "$ID" "${VERSION_ID:-rolling}"
    printf 'kernel\tlinux\t%s\n' "$(uname -r)"
    for tool in generic-worker start-worker taskcluster-proxy livelog; do
        if [[ -x "/usr/local/bin/$tool" ]]; then
            printf 'binary\t%s\tsha256:%s\n' "$tool" "$(sha256sum "/usr/local/bin/$tool" | cut -d ' ' -f 1)"
        fi
    done
    dpkg-query --show --showformat 'deb\t${binary:Package}\t${Version}\n' | LC_ALL=C sort
} >"$sbom"
chmod 0644 "$sbom"
say "$(wc -l <"$sbom") lines in $sbom"
