//! Versions of a Debian package, from the `Packages` index of a suite.
//!
//! The index's own signature (`InRelease`) is not checked: whom one trusts is the mirror, by its certificate, and the
//! digests that are pinned. The index tells no time, so a pin with a cool-down is never moved by it.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::{Caller, is_sha256};
use super::{Release, SourceError};
use crate::http::encode;

/// The pin's key for the digest of the package's file.
pub(super) const ASSET: &str = "deb";
/// The largest index that is unpacked, in bytes. Debian's own has 60 MB.
const LIMIT: u64 = 256 * 1024 * 1024;

/// Versions of a Debian package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Debian {
    /// The address of the mirror, below which `dists/` is.
    pub mirror: String,
    /// The suite, such as `bookworm` or `noble-updates`.
    pub suite: String,
    /// The component, such as `main`.
    pub component: String,
    /// The architecture, such as `amd64`.
    pub arch: String,
    /// The package.
    pub package: String,
}

pub(super) fn releases(
    settings: &Debian,
    caller: &Caller<'_>,
) -> Result<Vec<Release>, SourceError> {
    let path = |text: &str| -> String { text.split('/').map(encode).collect::<Vec<_>>().join("/") };
    let mirror = settings.mirror.trim_end_matches('/');
    let url = format!(
        "{mirror}/dists/{}/{}/binary-{}/Packages",
        path(&settings.suite),
        path(&settings.component),
        encode(&settings.arch)
    );
    let text = match caller.send(&caller.request(&format!("{url}.gz"))) {
        Ok(answer) => {
            unpack(&answer.body).map_err(|why| caller.unreadable(format!("GET {url}.gz: {why}")))?
        }
        // Small repositories have the plain one alone.
        Err(error) if error.status() == Some(404) => caller.send(&caller.request(&url))?.body,
        Err(error) => return Err(error),
    };
    let text = String::from_utf8_lossy(&text);
    let stanzas = text.split("\n\n").map(stanza);
    let mut releases = Vec::new();
    for fields in stanzas {
        if fields.get("Package") != Some(&settings.package.as_str()) {
            continue;
        }
        let version = fields.get("Version").ok_or_else(|| {
            caller.unreadable(format!("a stanza of `{}` has no version", settings.package))
        })?;
        let mut release = Release::new(*version);
        match (fields.get("Filename"), fields.get("SHA256")) {
            (Some(file), Some(sha256)) if is_sha256(sha256) => {
                release
                    .digests
                    .insert(ASSET.to_owned(), sha256.to_ascii_lowercase());
                release
                    .downloads
                    .insert(ASSET.to_owned(), format!("{mirror}/{file}"));
            }
            _ => release.missing.push("package with a SHA-256".to_owned()),
        }
        releases.push(release);
    }
    Ok(releases)
}

/// The fields of a stanza. Lines that go on a field are left out: none that is read has any.
fn stanza(text: &str) -> BTreeMap<&str, &str> {
    let fields = text.lines().filter(|line| !line.starts_with([' ', '\t']));
    fields
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name, value.trim()))
        .collect()
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let mut decoder = MultiGzDecoder::new(bytes).take(LIMIT + 1);
    decoder
        .read_to_end(&mut text)
        .map_err(|error| format!("it cannot be unpacked: {error}"))?;
    if text.len() as u64 > LIMIT {
        return Err(format!(
            "it is larger than {} MiB when it is unpacked",
            LIMIT >> 20
        ));
    }
    Ok(text)
}
