//! [`SourceError`]: why a source told nothing.

use super::AwsError;
use crate::http::{HttpError, HttpErrorKind};
use crate::taskcluster::ApiError;

/// A source that told nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{of}: {kind}")]
pub struct SourceError {
    /// The source, such as ``github-releases of `example/tool` ``.
    pub of: String,
    /// What happened.
    pub kind: SourceErrorKind,
}

/// What happened to a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// A call came to nothing.
    #[error("{0}")]
    Call(HttpError),
    /// A call of Taskcluster came to nothing.
    #[error("{0}")]
    Taskcluster(ApiError),
    /// A call of AWS came to nothing.
    #[error("{0}")]
    Aws(AwsError),
    /// An answer is not what the service documents.
    #[error("an answer that cannot be read: {0}")]
    Unreadable(String),
    /// The source's settings cannot be used; whoever declared the pin can fix it.
    #[error("{0}")]
    Settings(String),
    /// What is there is not what was asked for, and must not be used.
    #[error("{0}")]
    Untrusted(String),
}

impl SourceError {
    /// Whether a later run may succeed without a change by anybody.
    pub fn is_transient(&self) -> bool {
        match &self.kind {
            SourceErrorKind::Call(error) => error.is_transient(),
            SourceErrorKind::Taskcluster(error) => error.is_transient(),
            SourceErrorKind::Aws(error) => error.transient,
            _ => false,
        }
    }

    /// The status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match &self.kind {
            SourceErrorKind::Call(HttpError {
                kind: HttpErrorKind::Refused { status, .. },
                ..
            }) => Some(*status),
            SourceErrorKind::Taskcluster(error) => error.status(),
            _ => None,
        }
    }
}
