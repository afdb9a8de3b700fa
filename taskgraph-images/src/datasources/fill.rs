//! [`fill_digests`]: digests that a source does not tell, from the assets themselves.

use sha2::{Digest as _, Sha256};

use crate::hex::hex;

use super::call::Caller;
use super::{Release, Services, Source, SourceError};

/// Downloads each asset of a release of which the source tells no digest, and adds its SHA-256. For the release that is
/// chosen: a history of them is more than anybody downloads. The client bounds the size.
///
/// # Errors
/// When a download fails or breaks off. The release is then as it was.
pub fn fill_digests(
    source: &Source,
    release: &mut Release,
    services: &Services<'_>,
) -> Result<(), SourceError> {
    let caller = Caller::new(source, services);
    let mut digests = release.digests.clone();
    for (asset, url) in &release.downloads {
        if digests.contains_key(asset) {
            continue;
        }
        let request = caller
            .request(url)
            .header("accept", "application/octet-stream");
        let answer = caller.send(&request)?;
        if answer.body.is_empty() {
            return Err(caller.unreadable(format!("{request}: asset `{asset}` is empty")));
        }
        digests.insert(asset.clone(), sha256(&answer.body));
    }
    release.digests = digests;
    Ok(())
}

/// The SHA-256 of some bytes.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
