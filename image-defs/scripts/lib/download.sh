# shellcheck shell=bash
# Downloads that are pinned by their content. Sourced, never run.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

has_sha256() {
    [[ "$(sha256sum "$1" | cut -d ' ' -f 1)" == "$2" ]]
}

# download URL SHA256 TARGET [MODE]: TARGET appears only when its content is the pinned one, so an
# interrupted or tampered download is never left in place. A TARGET that is right already is kept.
download() {
    local url="$1" sha256="$2" target="$3" mode="${4:-0644}" partial
    [[ "$sha256" =~ ^[0-9a-f]{64}$ ]] || die "the sha256 pinned for $url is not 64 hex digits: '$sha256'"
    if [[ -f "$target" ]] && has_sha256 "$target" "$sha256"; then
        chmod "$mode" "$target"
        return 0
    fi
    install -d "$(dirname "$target")"
    partial="$(mktemp "$target.XXXXXX")"
    if ! retry curl --fail --silent --show-error --location --proto '=https' --output "$partial" "$url"; then
        rm -f "$partial"
        die "cannot download $url"
    fi
    if ! has_sha256 "$partial" "$sha256"; then
        say "$(sha256sum "$partial")" >&2
        rm -f "$partial"
        die "$url is not the file that is pinned (expected sha256 $sha256)"
    fi
    chmod "$mode" "$partial"
    mv -f "$partial" "$target"
}
