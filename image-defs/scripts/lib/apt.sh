# shellcheck shell=bash
# Debian packages, without questions and with retries. Sourced, never run.

. "${BASH_SOURCE%/*}/common.sh"

export DEBIAN_FRONTEND=noninteractive
# needrestart asks which services to restart; there is nobody to answer.
export NEEDRESTART_MODE=l

APT_OPTIONS=(
    --yes --quiet
    -o DPkg::Lock::Timeout=600
    -o Dpkg::Options::=--force-confdef
    -o Dpkg::Options::=--force-confold
)

apt_update() {
    retry apt-get "${APT_OPTIONS[@]}" update
}

apt_upgrade() {
    retry apt-get "${APT_OPTIONS[@]}" dist-upgrade
}

# Without recommended packages: an image holds what somebody asked for.
apt_install() {
    retry apt-get "${APT_OPTIONS[@]}" install --no-install-recommends "$@"
}

apt_install_with_recommended() {
    retry apt-get "${APT_OPTIONS[@]}" install --install-recommends "$@"
}

# apt_repository NAME KEY_URL FINGERPRINT "DEB LINE": adds a repository whose key has this fingerprint.
apt_repository() {
    local name="$1" url="$2" expected="$3" line="$4"
    local keyring="/usr/share/keyrings/$name.gpg" armoured found
    armoured="$(mktemp)"
    retry curl --fail --silent --show-error --location --proto '=https' --output "$armoured" "$url"
    found="$(gpg --show-keys --with-colons "$armoured" | awk -F: '$1 == "fpr" { print $10; exit }')"
    [[ "$found" == "$expected" ]] || die "the key at $url has fingerprint $found, expected $expected"
    gpg --yes --dearmor --output "$keyring" "$armoured"
    rm -f "$armoured"
    printf 'deb [arch=%s signed-by=%s] %s\n' "$(architecture)" "$keyring" "$line" \
        >"/etc/apt/sources.list.d/$name.list"
    apt_update
}
