//! Where proposals go: GitHub, Phabricator, or a patch on disk. Which one is chosen per project, never by its version
//! control.
//!
//! Each keeps the same promises. There is one open proposal of a group, and it is updated in place. To run again at any
//! point, however the last run ended, leads to the same end, and a second run with nothing new writes nothing. What a
//! person has touched is left as it is; what a person has declined is not proposed again. Nothing is ever merged.
//!
//! There is no database: what a forge shows is the state, and [`Marker`]s say which of it is ours.

mod author;
mod dry_run;
mod error;
#[cfg(test)]
mod events;
pub mod github;
pub mod patch;
pub mod phabricator;
mod redact;
#[cfg(test)]
mod said;

use std::fmt;
use std::path::PathBuf;

pub use author::{Author, AuthorError};
pub use error::{ForgeError, ForgeErrorKind};

use crate::proposals::{Group, Marker, Proposal};

/// A place that takes proposals for one repository.
pub trait Forge {
    /// Opens the proposal of a group, or brings the open one up to date.
    ///
    /// # Errors
    /// When the rules forbid the proposal, or the forge does not answer or refuses. To call it again is always safe.
    fn propose(&self, proposal: &Proposal) -> Result<Outcome, ForgeError>;

    /// Closes the open proposal of a group, because it is no longer needed.
    ///
    /// # Errors
    /// When the forge does not answer or refuses. To call it again is always safe.
    fn withdraw(&self, group: &Group, why: &str) -> Result<Outcome, ForgeError>;

    /// The open proposals that are ours, by group.
    ///
    /// # Errors
    /// When the forge does not answer or refuses.
    fn open(&self) -> Result<Vec<KnownProposal>, ForgeError>;

    /// The proposals of ours that people have closed without taking them, newest first.
    ///
    /// # Errors
    /// When the forge does not answer or refuses.
    fn declined(&self) -> Result<Vec<KnownProposal>, ForgeError>;
}

/// A proposal as a forge shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownProposal {
    /// What it is about.
    pub group: Group,
    /// Its title.
    pub title: String,
    /// Where people see it.
    pub url: String,
    /// What it moves. People can edit it: a claim, not a fact.
    pub marker: Marker,
}

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is new.
    Opened {
        /// Where people see it.
        url: String,
    },
    /// The open one says something new.
    Updated {
        /// Where people see it.
        url: String,
    },
    /// The open one says just that.
    Unchanged {
        /// Where people see it.
        url: String,
    },
    /// A person has taken the open one on, so that it is left as it is.
    Frozen {
        /// Where people see it.
        url: String,
        /// What they did.
        why: String,
    },
    /// A person has closed one with this title.
    Declined {
        /// Where people see it.
        url: String,
    },
    /// The open one is closed.
    Withdrawn,
    /// The base holds all of it already, and none is open.
    NotNeeded,
    /// It was written to files.
    Written {
        /// The files.
        files: Vec<PathBuf>,
    },
    /// Nothing was changed, because that was asked for.
    DryRun {
        /// The calls that would change something, in order.
        calls: Vec<String>,
    },
}

impl Outcome {
    /// Where people see the proposal, if it is on a forge.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Opened { url }
            | Self::Updated { url }
            | Self::Unchanged { url }
            | Self::Frozen { url, .. }
            | Self::Declined { url } => Some(url),
            _ => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened { url } => write!(f, "opened {url}"),
            Self::Updated { url } => write!(f, "updated {url}"),
            Self::Unchanged { url } => write!(f, "up to date: {url}"),
            Self::Frozen { url, why } => write!(f, "left as it is, {why}: {url}"),
            Self::Declined { url } => write!(f, "declined by a person: {url}"),
            Self::Withdrawn => f.write_str("closed, no longer needed"),
            Self::NotNeeded => f.write_str("nothing to do"),
            Self::Written { files } => {
                let files: Vec<String> = files
                    .iter()
                    .map(|file| file.display().to_string())
                    .collect();
                write!(f, "wrote {}", files.join(", "))
            }
            Self::DryRun { calls } => write!(f, "would call: {}", calls.join("; ")),
        }
    }
}
