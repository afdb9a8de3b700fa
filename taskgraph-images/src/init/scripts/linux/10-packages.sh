#!/usr/bin/env bash
# Brings the system up to date and installs what every image has.
# shellcheck source=../lib/common.sh
. "$(dirname "$0")/../lib/common.sh"

retry apt-get update
apt-get --yes upgrade
apt-get install --yes --no-install-recommends ca-certificates curl git
