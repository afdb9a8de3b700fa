#!/usr/bin/env bash
# Docker, for docker-worker payloads that generic-worker translates (d2g). From the distribution's own
# archive: its key is on the machine already, and security updates come with the next image.

. "$(dirname "$0")/../lib/apt.sh"

require_root
# busybox-static: the check makes a container of it without asking a registry.
apt_install busybox-static docker.io
install_file worker/docker-daemon.json /etc/docker/daemon.json
systemctl enable docker.service
systemctl restart docker.service
docker info --format 'docker {{.ServerVersion}}, {{.Driver}}'
