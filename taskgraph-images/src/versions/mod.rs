//! What is newer: how versions of each scheme are written, ordered and held within limits, and which release a pin may
//! go to.
//!
//! Pure: what there is comes from [`crate::datasources`]. What cannot be compared is said, never guessed: two versions
//! have an order only within one scheme, and there only if the scheme knows one.

mod choice;
mod choose;
#[cfg(test)]
mod choose_tests;
mod constraint;
mod date;
mod debian;
mod dotted;
mod git;
mod opaque;
#[cfg(test)]
mod real_tests;
mod scheme;
mod semver;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;

use crate::taskcluster::Timestamp;

pub use choice::{Choice, Held, Hold, Warning};
pub use choose::{Current, Rules, choose, latest, unordered};
pub use constraint::{Constraint, ConstraintError};
pub(crate) use date::day;
pub use git::Ancestry;
pub(crate) use git::is_full as is_full_commit;
pub use scheme::{Scheme, SchemeError};

/// The longest text that is taken for a version.
const LONGEST: usize = 256;

/// A version, read by a scheme.
///
/// It has no order of its own: see [`compare`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: String,
    parsed: Parsed,
}

/// What a scheme made of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Parsed {
    Semver(::semver::Version),
    Dotted(dotted::Dotted),
    Date(date::Date),
    Debian,
    Git,
    Opaque(Option<Timestamp>),
}

/// Some text is no version of the scheme; whoever declared the pin, or its source, can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no version of the scheme `{scheme}`: expected {expected}")]
pub struct VersionError {
    /// The text, cut if it is long.
    pub text: String,
    /// The scheme.
    pub scheme: Scheme,
    /// What would be one.
    pub expected: &'static str,
}

impl Scheme {
    /// Reads a version.
    ///
    /// # Errors
    /// When the text is none of this scheme.
    pub fn parse(self, text: &str) -> Result<Version, VersionError> {
        let error = |expected| VersionError {
            text: text.chars().take(80).collect(),
            scheme: self,
            expected,
        };
        // A version ends in YAML, in shell and in addresses. Nothing that means something there is part of one.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:/@+~-".contains(c);
        if text.is_empty() || text.len() > LONGEST || !text.chars().all(is_plain) {
            return Err(error(
                "1 to 256 letters, digits and characters of `._:/@+~-`",
            ));
        }
        let parsed = match self {
            Self::Semver => semver::parse(text).map(Parsed::Semver),
            Self::Dotted => dotted::parse(text).map(Parsed::Dotted),
            Self::Date => date::parse(text).map(Parsed::Date),
            Self::Debian => debian::check(text).map(|()| Parsed::Debian),
            Self::Git => git::check(text).map(|()| Parsed::Git),
            Self::Opaque => opaque::check(text).map(|()| Parsed::Opaque(None)),
        };
        Ok(Version {
            text: text.to_owned(),
            parsed: parsed.map_err(error)?,
        })
    }
}

impl Version {
    /// The version as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme that it was read by.
    pub fn scheme(&self) -> Scheme {
        match self.parsed {
            Parsed::Semver(_) => Scheme::Semver,
            Parsed::Dotted(_) => Scheme::Dotted,
            Parsed::Date(_) => Scheme::Date,
            Parsed::Debian => Scheme::Debian,
            Parsed::Git => Scheme::Git,
            Parsed::Opaque(_) => Scheme::Opaque,
        }
    }

    /// With when its source says that it was made, which is all that orders opaque ids. Nothing to the other schemes.
    #[must_use]
    pub fn created(mut self, time: Option<Timestamp>) -> Self {
        if let Parsed::Opaque(created) = &mut self.parsed {
            *created = time;
        }
        self
    }

    /// Whether the version itself says that it comes before a release.
    pub fn is_prerelease(&self) -> bool {
        matches!(&self.parsed, Parsed::Semver(version) if !version.pre.is_empty())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// The order of two versions; nothing if they have none.
pub fn compare(a: &Version, b: &Version) -> Option<Ordering> {
    match (&a.parsed, &b.parsed) {
        (Parsed::Semver(a), Parsed::Semver(b)) => Some(a.cmp_precedence(b)),
        (Parsed::Dotted(a), Parsed::Dotted(b)) => Some(a.order(b)),
        (Parsed::Date(a), Parsed::Date(b)) => a.order(b),
        (Parsed::Debian, Parsed::Debian) => Some(debian::order(&a.text, &b.text)),
        // An abbreviated id is also equal to itself alone.
        (Parsed::Git, Parsed::Git) => (a.text == b.text).then_some(Ordering::Equal),
        (Parsed::Opaque(at), Parsed::Opaque(bt)) => opaque::order((&a.text, *at), (&b.text, *bt)),
        _ => None,
    }
}

/// Whether a step from one version to another changes the first number, by which a scheme tells that users must look.
/// Dates, ids and commits tell nothing of the kind.
pub fn is_major(from: &Version, to: &Version) -> bool {
    match (&from.parsed, &to.parsed) {
        (Parsed::Semver(a), Parsed::Semver(b)) => a.major != b.major,
        (Parsed::Dotted(a), Parsed::Dotted(b)) => a.first() != b.first(),
        _ => false,
    }
}
