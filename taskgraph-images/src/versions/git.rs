//! Commits. Their ids say nothing of their order; the repository does, as [`Ancestry`].

use serde::{Deserialize, Serialize};

/// How a commit stands to another one, as their repository says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ancestry {
    /// It is the same.
    Same,
    /// It has the other one among its ancestors.
    Newer,
    /// It is an ancestor of the other one.
    Older,
    /// Each has commits that the other one lacks.
    Apart,
}

/// Checks that the text is an id or begins one.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    let is_id = (7..=64).contains(&text.len()) && text.bytes().all(is_hex);
    is_id
        .then_some(())
        .ok_or("the id of a commit in lower case: 40 hexadecimal digits, or at least 7 of them")
}

/// Whether it is a whole id. The beginning of one may come to mean several commits.
pub(crate) fn is_full(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(is_hex)
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}
