//! [`Choice`]: what a pin may go to, in values that a table, a proposal and a test all read.

use std::fmt;

use super::VersionError;
use crate::datasources::Release;
use crate::taskcluster::Timestamp;

/// What may be proposed, and why nothing newer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The newest release that nothing holds back, if there is one newer than the current.
    pub newest: Option<Release>,
    /// Whether it changes the first number of the version. No jump is judged: the constraint and a person decide.
    pub major: bool,
    /// Releases that are newer, or may be, and what holds each back. Older ones are not named.
    pub held: Vec<Held>,
    /// What a person must know of the current version.
    pub warnings: Vec<Warning>,
}

/// A release that is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its version, as the source has it: a stranger's text where it cannot be read.
    pub version: String,
    /// All that holds it back.
    pub why: Vec<Hold>,
}

/// What holds a release back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Hold {
    /// It is no version of the scheme.
    #[error("is no version of the scheme `{}`: expected {}", .0.scheme, .0.expected)]
    Unreadable(VersionError),
    /// The scheme knows no order of it and the current version.
    #[error("cannot be compared with the current version")]
    Incomparable,
    /// The commit does not have the current one among its ancestors.
    #[error("is on another line of commits than the current one")]
    Apart,
    /// Another release is as new, and nothing tells which of them is meant.
    #[error("cannot be told from `{0}`, which is as new")]
    Ambiguous(String),
    /// Something that is used of it is not there (yet).
    #[error("is not complete: {} missing", .0.join(", "))]
    Incomplete(Vec<String>),
    /// It is a prerelease.
    #[error("is a prerelease")]
    Prerelease,
    /// Its source has withdrawn it.
    #[error("is withdrawn")]
    Withdrawn,
    /// There is a cool-down, and its source does not say since when it is out.
    #[error("came out at a time that its source does not tell, and there is a cool-down")]
    NoTime,
    /// It is not out for long enough.
    #[error("is in its cool-down until {until}")]
    TooYoung {
        /// When it may be proposed.
        until: Timestamp,
    },
    /// It claims to come out later than now.
    #[error("claims to be from {released}, which is in the future")]
    Future {
        /// What it claims.
        released: Timestamp,
    },
    /// The constraint forbids it.
    #[error("is outside of the constraint `{0}`")]
    Outside(String),
}

/// What a person must know of the current version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// An asset has another content than the one that was pinned: somebody replaced it. Nothing is proposed from a
    /// source of which this is true.
    #[error(
        "`{asset}` of the current version was replaced: its SHA-256 was {was} when it was pinned and is {is} now; \
         find out why before this source is trusted again"
    )]
    Tampered {
        /// The asset.
        asset: String,
        /// Its digest when it was pinned.
        was: String,
        /// Its digest now.
        is: String,
    },
    /// Something that is used of the current version is not there any more.
    #[error("the current version is not complete any more: {} missing", .0.join(", "))]
    Incomplete(Vec<String>),
    /// The source has withdrawn the current version.
    #[error("the current version is withdrawn by its source")]
    Withdrawn,
    /// The current version is none of the scheme, so nothing can be compared with it.
    #[error("the current version cannot be compared: {0}")]
    Unreadable(VersionError),
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ", self.version.escape_default())?;
        for (place, why) in self.why.iter().enumerate() {
            let between = if place == 0 { "" } else { "; " };
            write!(f, "{between}{why}")?;
        }
        Ok(())
    }
}
