#!/usr/bin/env bash
# generic-worker, worker-runner (start-worker), taskcluster-proxy and livelog, by version and checksum.

. "$(dirname "$0")/../lib/download.sh"

require_root
require_env TASKCLUSTER_VERSION GENERIC_WORKER_SHA256 START_WORKER_SHA256 TASKCLUSTER_PROXY_SHA256 LIVELOG_SHA256

release="https://github.com/taskcluster/taskcluster/releases/download/v$TASKCLUSTER_VERSION"
arch="$(architecture)"

download "$release/generic-worker-multiuser-linux-$arch" "$GENERIC_WORKER_SHA256" /usr/local/bin/generic-worker 0755
download "$release/start-worker-linux-$arch" "$START_WORKER_SHA256" /usr/local/bin/start-worker 0755
download "$release/taskcluster-proxy-linux-$arch" "$TASKCLUSTER_PROXY_SHA256" /usr/local/bin/taskcluster-proxy 0755
download "$release/livelog-linux-$arch" "$LIVELOG_SHA256" /usr/local/bin/livelog 0755

installed="$(/usr/local/bin/generic-worker --short-version)"
[[ "$installed" == "$TASKCLUSTER_VERSION" ]] ||
    die "generic-worker says that it is $installed, expected $TASKCLUSTER_VERSION"

record taskcluster \
    "TASKCLUSTER_VERSION=$TASKCLUSTER_VERSION" \
    "GENERIC_WORKER_SHA256=$GENERIC_WORKER_SHA256" \
    "START_WORKER_SHA256=$START_WORKER_SHA256" \
    "TASKCLUSTER_PROXY_SHA256=$TASKCLUSTER_PROXY_SHA256" \
    "LIVELOG_SHA256=$LIVELOG_SHA256"
