//! Versions of a Rust crate, from a sparse index: one JSON line a version.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::{Caller, is_sha256, time};
use super::{Release, SourceError};

/// The pin's key for the digest of the crate's file.
pub(super) const ASSET: &str = "crate";

/// Versions of a Rust crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Crates {
    /// The address of the sparse index.
    pub index: String,
    /// The crate.
    pub name: String,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    vers: String,
    cksum: String,
    #[serde(default)]
    yanked: bool,
    /// Newer indices tell it.
    pubtime: Option<String>,
}

pub(super) fn releases(
    settings: &Crates,
    caller: &Caller<'_>,
) -> Result<Vec<Release>, SourceError> {
    let name = settings.name.to_ascii_lowercase();
    let folder = match name.len() {
        1 | 2 => name.len().to_string(),
        3 => format!("3/{}", &name[..1]),
        _ => format!("{}/{}", &name[..2], &name[2..4]),
    };
    let url = format!("{}/{folder}/{name}", settings.index.trim_end_matches('/'));
    let request = caller.request(&url);
    let answer = caller.send(&request)?;
    let text = String::from_utf8_lossy(&answer.body);
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let mut releases = Vec::new();
    for (place, line) in lines {
        let line: Line = serde_json::from_str(line).map_err(|error| {
            caller.unreadable(format!("{request}: line {}: {error}", place + 1))
        })?;
        if !line.name.eq_ignore_ascii_case(&settings.name) {
            return Err(caller.untrusted(format!("{request}: it is about `{}`", line.name)));
        }
        if !is_sha256(&line.cksum) {
            let why = format!("{request}: the checksum of `{}` is no SHA-256", line.vers);
            return Err(caller.unreadable(why));
        }
        let mut release = Release::new(line.vers);
        release.released = time(line.pubtime.as_deref());
        release.withdrawn = line.yanked;
        release
            .digests
            .insert(ASSET.to_owned(), line.cksum.to_ascii_lowercase());
        releases.push(release);
    }
    releases.reverse();
    Ok(releases)
}
