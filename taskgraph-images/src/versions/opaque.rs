//! Ids that mean nothing, such as `ami-0a6e926238859761c`: ordered by when their source says that they were made.

use std::cmp::Ordering;

use crate::taskcluster::Timestamp;

pub(super) fn check(text: &str) -> Result<(), &'static str> {
    // What begins with a hyphen is an option to most programs.
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/');
    begins
        .then_some(())
        .ok_or("an id that begins with a letter, a digit or `/`")
}

/// Two of one moment have no order, and one name that was made twice is not the same.
pub(super) fn order(
    a: (&str, Option<Timestamp>),
    b: (&str, Option<Timestamp>),
) -> Option<Ordering> {
    let times = match (a.1, b.1) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => None,
    };
    match (a.0 == b.0, times) {
        (true, None | Some(Ordering::Equal)) => Some(Ordering::Equal),
        (true, Some(_)) | (false, None | Some(Ordering::Equal)) => None,
        (false, order) => order,
    }
}
