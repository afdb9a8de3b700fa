//! Debian's versions: an epoch, `~` before everything, numbers as numbers.

use std::cmp::Ordering;

const EXPECTED: &str =
    "Debian's form, `[epoch:]upstream[-revision]` with a digit first, such as `1:2.0~rc1-3`";

/// Checks the form: Debian's policy 5.6.12. The crate takes anything, and fails on what is not ASCII.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
    let is_epoch = !epoch.is_empty() && epoch.bytes().all(|b| b.is_ascii_digit());
    let is_part = |part: &str, more: &str| {
        let is_known = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
        !part.is_empty() && part.chars().all(is_known)
    };
    let (upstream, revision) = match rest.rsplit_once('-') {
        Some((upstream, revision)) => (upstream, Some(revision)),
        None => (rest, None),
    };
    let is_version = is_epoch
        && is_part(upstream, ".+~:-")
        && upstream.starts_with(|c: char| c.is_ascii_digit())
        && revision.is_none_or(|revision| is_part(revision, ".+~"));
    is_version.then_some(()).ok_or(EXPECTED)
}

pub(super) fn order(a: &str, b: &str) -> Ordering {
    deb_version::compare_versions(a, b)
}
