#!/usr/bin/env bash
# The worker: pinned binaries, its service, the groups that tasks may ask for.

. "$(dirname "$0")/../lib/check.sh"

version="$(recorded taskcluster TASKCLUSTER_VERSION)"
[[ -n "$version" ]] || bad "the build recorded no Taskcluster version"
expect "generic-worker's version" "$version" "$(/usr/local/bin/generic-worker --short-version 2>&1 || true)"
for tool in start-worker taskcluster-proxy livelog; do
    [[ -x "/usr/local/bin/$tool" ]] || bad "/usr/local/bin/$tool cannot be run"
done

# digest FILE KEY: the file is the one that was pinned.
digest() {
    local found
    found="$(sha256sum "$1" 2>/dev/null | cut -d ' ' -f 1 || true)"
    expect "sha256 of $1" "$(recorded taskcluster "$2")" "$found"
}
digest /usr/local/bin/generic-worker GENERIC_WORKER_SHA256
digest /usr/local/bin/start-worker START_WORKER_SHA256
digest /usr/local/bin/taskcluster-proxy TASKCLUSTER_PROXY_SHA256
digest /usr/local/bin/livelog LIVELOG_SHA256

enabled worker.service worker-disks.service
for group in docker kvm render video; do
    if getent group "$group" >/dev/null; then
        ok "group $group"
    else
        bad "no group $group"
    fi
done
if [[ -f /etc/start-worker.yml ]]; then
    expect "mode of /etc/start-worker.yml" 600 "$(stat --format %a /etc/start-worker.yml)"
fi
finish
