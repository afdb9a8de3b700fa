//! [`HttpError`]: why a call came to nothing.

use super::Request;

/// A call that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {kind}")]
pub struct HttpError {
    /// The method and the address.
    pub call: String,
    /// What happened.
    pub kind: HttpErrorKind,
}

/// What happened to a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpErrorKind {
    /// No answer came, however often it was asked.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// The service will not.
    #[error("status {status}: {message}")]
    Refused {
        /// The status.
        status: u16,
        /// The service's own words, one line.
        message: String,
    },
    /// There is an answer, and it is none of that service.
    #[error("{0}")]
    Unreadable(String),
    /// It would have to be asked for longer than anybody waits, such as a limit that ends in an hour.
    #[error("asks to be called again in {0} s, which is longer than this run waits")]
    Later(u64),
    /// The address is none that is called.
    #[error("{0}")]
    Address(String),
}

impl HttpError {
    pub(crate) fn new(request: &Request, kind: HttpErrorKind) -> Self {
        Self {
            call: request.to_string(),
            kind,
        }
    }

    /// Whether a later run may succeed without a change by anybody.
    pub fn is_transient(&self) -> bool {
        match &self.kind {
            HttpErrorKind::NoAnswer(_) | HttpErrorKind::Later(_) => true,
            HttpErrorKind::Refused { status, .. } => *status >= 500 || *status == 429,
            HttpErrorKind::Unreadable(_) | HttpErrorKind::Address(_) => false,
        }
    }
}
