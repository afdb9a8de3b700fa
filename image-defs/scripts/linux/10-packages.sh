#!/usr/bin/env bash
# Every Linux machine: the latest packages of its release, and the few tools that everything else needs.

. "$(dirname "$0")/../lib/apt.sh"

require_root
apt_update
apt_upgrade
apt_install \
    ca-certificates \
    chrony \
    curl \
    file \
    git \
    gnupg \
    jq \
    xz-utils \
    zstd
