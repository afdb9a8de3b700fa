#!/usr/bin/env bash
# The worker as a service, with the worker-runner configuration of the cloud (WORKER_PROVIDER).

. "$(dirname "$0")/../lib/common.sh"

require_root
require_env WORKER_PROVIDER

case "$WORKER_PROVIDER" in
    google | aws | azure)
        install_file "worker/start-worker/$WORKER_PROVIDER.yml" /etc/start-worker.yml 0600
        ;;
    standalone)
        # Its credentials come from whoever starts the machine; without them the service does not start.
        install_file worker/start-worker/standalone.yml /etc/start-worker.yml.example
        ;;
    *)
        die "unknown WORKER_PROVIDER '$WORKER_PROVIDER': expected google, aws, azure or standalone"
        ;;
esac

install -d -m 0755 /etc/generic-worker
install_file worker/worker-keys /usr/local/sbin/worker-keys 0755
install_file worker/worker.service /etc/systemd/system/worker.service

# The taskcluster proxy listens on this name inside a task.
grep -qE '^127\.0\.1\.1[[:space:]]+taskcluster$' /etc/hosts || echo '127.0.1.1 taskcluster' >>/etc/hosts

systemctl daemon-reload
systemctl enable worker.service
