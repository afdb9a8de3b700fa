//! [`ApiError`]: why a service gave no answer that can be used.

use std::fmt;

/// A call of a service that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The call, such as `queue.createTask`, and what it was about.
    pub call: String,
    /// What happened.
    pub kind: ApiErrorKind,
}

/// How a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// The service answered that it will not: status 400 to 499. Asking again does not help.
    Refused {
        /// The status.
        status: u16,
        /// The service's own words, without the details of the request that it repeats.
        message: String,
    },
    /// There was no answer, or one of status 500 and above, however often it was asked: a later run may help.
    NoAnswer(String),
    /// An answer came that is not what the service documents: a later run may help, as with a proxy's error page.
    Unreadable(String),
    /// The connection cannot be made as it is set up: a root URL or credentials that are none.
    Setup(String),
    /// What came cannot be written on this machine: a full disk, a folder that is none.
    Unwritten(String),
}

impl ApiError {
    /// The status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self.kind {
            ApiErrorKind::Refused { status, .. } => Some(status),
            _ => None,
        }
    }

    /// Whether a later run may succeed without a change by anybody.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            ApiErrorKind::NoAnswer(_) | ApiErrorKind::Unreadable(_)
        )
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, kind } = self;
        match kind {
            ApiErrorKind::Refused { status, message } => {
                write!(f, "{call}: refused with status {status}: {message}")
            }
            ApiErrorKind::NoAnswer(why) => write!(f, "{call}: no answer: {why}"),
            ApiErrorKind::Unreadable(why) => {
                write!(f, "{call}: an answer that cannot be read: {why}")
            }
            ApiErrorKind::Setup(why) | ApiErrorKind::Unwritten(why) => write!(f, "{call}: {why}"),
        }
    }
}

impl std::error::Error for ApiError {}
