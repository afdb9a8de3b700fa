//! Semantic versions. One leading `v` is a habit of tags and no part of the version.

use semver::Version;

pub(super) fn parse(text: &str) -> Result<Version, &'static str> {
    Version::parse(text.strip_prefix('v').unwrap_or(text)).map_err(|_| {
        "three numbers such as `106.0.0`, with `v` before or `-rc.1` behind if need be; the scheme `dotted` takes \
         any count of numbers"
    })
}
