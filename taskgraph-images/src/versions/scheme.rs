//! [`Scheme`]: how versions are written.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a pin's versions are written, and so how they are ordered.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Semantic versions, with or without a `v`: `106.0.0`, `v2.55.0-rc.1`.
    Semver,
    /// Numbers with dots: `26100.8655.260607`, `1.10`.
    Dotted,
    /// Days, with a serial or a time: `20260501.1`, `2026-05-04`.
    Date,
    /// Debian's: `1:2.0~rc1-3`.
    Debian,
    /// Commits. Only ancestry orders them, and only their repository knows it.
    Git,
    /// Ids that mean nothing, such as an AMI's. Ordered by when their source says that they were made.
    Opaque,
}

/// Some text names no scheme; whoever declared the pin can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no scheme: expected `semver`, `dotted`, `date`, `debian`, `git` or `opaque`")]
pub struct SchemeError(pub String);

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Semver,
        Self::Dotted,
        Self::Date,
        Self::Debian,
        Self::Git,
        Self::Opaque,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Semver => "semver",
            Self::Dotted => "dotted",
            Self::Date => "date",
            Self::Debian => "debian",
            Self::Git => "git",
            Self::Opaque => "opaque",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Scheme {
    type Err = SchemeError;

    fn from_str(text: &str) -> Result<Self, SchemeError> {
        let found = Self::ALL.into_iter().find(|scheme| scheme.as_str() == text);
        found.ok_or_else(|| SchemeError(text.to_owned()))
    }
}
