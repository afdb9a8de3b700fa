//! [`ForgeError`]: why a proposal did not get to its forge.

use std::path::PathBuf;

use super::github::TokenError;
use crate::http::{HttpError, HttpErrorKind};
use crate::proposals::Fault;

/// A proposal that did not get to its forge.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct ForgeError {
    /// The repository, or the folder of patches.
    pub place: String,
    /// What happened.
    pub kind: ForgeErrorKind,
}

/// What kept a proposal from its forge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForgeErrorKind {
    /// The rules of the repository forbid it. Nothing was called.
    #[error("the proposal is refused: {}", join(.0))]
    Rules(Vec<Fault>),
    /// There is no such repository, or nobody lets us see it.
    #[error("{0}")]
    Missing(String),
    /// The repository takes no changes any more.
    #[error("the repository is archived; take it off the list of projects, or have it unarchived")]
    Archived,
    /// The edits were made from another state of the base.
    #[error("the base has moved: {} no longer what the edits were made from; make them again", subject(.0))]
    Moved(Vec<String>),
    /// What the edits name is no plain file.
    #[error("{0}")]
    NotAFile(String),
    /// The proposal stands, and something of it is not done; another run tries again.
    #[error("{url} stands, but {}", .faults.join("; "))]
    Incomplete {
        /// Where people see it.
        url: String,
        /// What is not done.
        faults: Vec<String>,
    },
    /// Others kept changing the same at the same time.
    #[error("another run changes the same all the time; run again when it is done")]
    Busy,
    /// No token could be had.
    #[error("no token: {0}")]
    Token(TokenError),
    /// Something that the proposal names is not there.
    #[error("{}", .0.join("; "))]
    Unknown(Vec<String>),
    /// The service refuses, in its words.
    #[error("{call}: {code}: {message}")]
    Refused {
        /// What was called.
        call: String,
        /// Its code.
        code: String,
        /// Its words.
        message: String,
    },
    /// The service asks to be left alone for a while.
    #[error("{call}: asks for fewer calls ({message}); run again later")]
    Limited {
        /// What was called.
        call: String,
        /// Its words.
        message: String,
    },
    /// The answer is none of such a service.
    #[error("{call}: the answer has no {what}")]
    Answer {
        /// What was called.
        call: String,
        /// What it lacks.
        what: String,
    },
    /// There is no answer, or one that says no more than its status.
    #[error("{0}")]
    Http(HttpError),
    /// A file cannot be read or written.
    #[error("{path}: {error}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl ForgeError {
    pub(super) fn new(place: &str, kind: ForgeErrorKind) -> Self {
        Self {
            place: place.to_owned(),
            kind,
        }
    }

    /// Whether a later run may succeed without a change by anybody.
    pub fn is_transient(&self) -> bool {
        match &self.kind {
            ForgeErrorKind::Moved(_) | ForgeErrorKind::Busy | ForgeErrorKind::Limited { .. } => {
                true
            }
            ForgeErrorKind::Token(error) => error.is_transient,
            ForgeErrorKind::Http(error) => {
                error.is_transient()
                    || matches!(error.kind, HttpErrorKind::Refused { status: 409, .. })
            }
            _ => false,
        }
    }
}

fn join(faults: &[Fault]) -> String {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    faults.join("; ")
}

fn subject(files: &[String]) -> String {
    let names: Vec<String> = files.iter().map(|file| format!("`{file}`")).collect();
    let verb = if files.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}
