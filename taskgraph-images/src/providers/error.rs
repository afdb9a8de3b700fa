//! [`ProviderError`]: why a provider did not do what it was asked.

use std::fmt;

/// A call of a provider that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderError {
    /// The call, and what it was about.
    pub call: String,
    /// What happened.
    pub kind: ProviderErrorKind,
}

/// How a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProviderErrorKind {
    /// The provider will not. Asking again does not help.
    Refused {
        /// Its code, or the status.
        code: String,
        /// Its own words.
        message: String,
    },
    /// A quota is used up, or calls came too fast: a later run may help.
    Quota(String),
    /// There was no answer that could be used, however often it was asked: a later run may help.
    NoAnswer(String),
    /// It has not come to an end in time: a later run goes on with it.
    Unfinished(String),
    /// What is there under the name is something else: somebody has to look at it.
    Conflict(String),
    /// It was asked for something that it cannot do, with what to do about it.
    Input(String),
    /// A file cannot be read or written.
    File(String),
    /// A program is missing.
    Program {
        /// Its name.
        name: String,
        /// What the system says.
        why: String,
    },
}

impl ProviderError {
    /// An error of a call.
    pub(super) fn new(call: impl Into<String>, kind: ProviderErrorKind) -> Self {
        Self {
            call: call.into(),
            kind,
        }
    }

    /// Whether a later run may succeed without a change by anybody.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            ProviderErrorKind::Quota(_)
                | ProviderErrorKind::NoAnswer(_)
                | ProviderErrorKind::Unfinished(_)
        )
    }

    /// Whether it was refused with a code.
    pub(super) fn is_refused(&self, codes: &[&str]) -> bool {
        matches!(&self.kind, ProviderErrorKind::Refused { code, .. } if codes.contains(&code.as_str()))
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, kind } = self;
        match kind {
            ProviderErrorKind::Refused { code, message } => {
                write!(f, "{call}: refused with {code}: {message}")
            }
            ProviderErrorKind::Quota(why) => write!(f, "{call}: over a limit: {why}"),
            ProviderErrorKind::NoAnswer(why) => write!(f, "{call}: no answer: {why}"),
            ProviderErrorKind::Unfinished(why) => write!(f, "{call}: not done in time: {why}"),
            ProviderErrorKind::Conflict(why)
            | ProviderErrorKind::Input(why)
            | ProviderErrorKind::File(why) => write!(f, "{call}: {why}"),
            ProviderErrorKind::Program { name, why } => {
                write!(f, "{call}: `{name}` cannot be run: {why}")
            }
        }
    }
}

impl std::error::Error for ProviderError {}
