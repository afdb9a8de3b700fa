//! Names of worker types: the keys of images are longer, and have other signs.

use sha2::{Digest as _, Sha256};

use crate::hex::hex;

/// How long a worker type and a provisioner may be.
const LONGEST: usize = 38;
/// How many digits tell names apart that are cut.
const DIGITS: usize = 8;

/// Whether Taskcluster takes the text as a worker type: `^[a-z]([-a-z0-9]{0,36}[a-z0-9])?$`.
pub fn is_worker_type(text: &str) -> bool {
    let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= LONGEST
        && text
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_lowercase())
        && text.bytes().next_back().is_some_and(small)
        && text.bytes().all(|byte| small(byte) || byte == b'-')
}

/// Whether Taskcluster takes the text as a provisioner, the group of a pool: `^[A-Za-z0-9-_]{1,38}$`.
pub fn is_group(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The worker type of an image's pool: the image's name where that is one, or else the nearest to it. A name that is
/// too long is cut, and ends in the first digits of the SHA-256 of the whole of it.
pub fn worker_type(name: &str) -> String {
    if is_worker_type(name) {
        return name.to_owned();
    }
    let mut slug: String = name
        .chars()
        .map(|sign| match sign.to_ascii_lowercase() {
            sign @ ('a'..='z' | '0'..='9') => sign,
            _ => '-',
        })
        .collect();
    if !slug.starts_with(|sign: char| sign.is_ascii_lowercase()) {
        slug.insert_str(0, "i-");
    }
    let trimmed = slug.trim_end_matches('-');
    if (2..=LONGEST).contains(&trimmed.len()) {
        return trimmed.to_owned();
    }
    let digest = hex(&Sha256::digest(name)[..DIGITS / 2]);
    let kept = trimmed.get(..LONGEST - DIGITS - 1).unwrap_or(trimmed);
    format!("{}-{digest}", kept.trim_end_matches('-'))
}
