//! [`Constraint`]: the limits that a person has set to a pin.

use std::cmp::Ordering;
use std::fmt;

use semver::{Prerelease, VersionReq};

use super::{Parsed, Scheme, Version, VersionError, compare, dotted};

/// Which versions a pin may have.
///
/// - `none`: any;
/// - semantic versions: Cargo's own ranges, `^88`, `~1.2`, `>=1.2, <2`;
/// - numbers with dots: what they begin with, `26100.` or `26100.*`;
/// - these, days and Debian's versions: comparisons, `>=1.2, <2`, all of which must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    text: String,
    scheme: Scheme,
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Any,
    Semver(VersionReq),
    Prefix(Vec<String>),
    Comparisons(Vec<(Comparison, Version)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    AtLeast,
    AtMost,
    Above,
    Below,
    Exactly,
}

/// Longer words first, so that `>=` is not read as `>`.
const COMPARISONS: [(&str, Comparison); 5] = [
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    (">", Comparison::Above),
    ("<", Comparison::Below),
    ("=", Comparison::Exactly),
];

/// Some text is no constraint of the scheme; whoever declared the pin can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConstraintError {
    /// It has another form.
    #[error("{text:?} is no constraint of the scheme `{scheme}`: expected {expected}, or `none`")]
    Form {
        /// The text.
        text: String,
        /// The scheme.
        scheme: Scheme,
        /// What would be one.
        expected: String,
    },
    /// It names a version that is none.
    #[error("constraint {text:?}: {error}")]
    Version {
        /// The text.
        text: String,
        /// What is wrong with the version.
        error: VersionError,
    },
}

impl Constraint {
    /// No limit.
    pub fn none(scheme: Scheme) -> Self {
        Self {
            text: "none".to_owned(),
            scheme,
            rule: Rule::Any,
        }
    }

    /// Reads a constraint.
    ///
    /// # Errors
    /// When the text is none for versions of this scheme.
    pub fn parse(scheme: Scheme, text: &str) -> Result<Self, ConstraintError> {
        let text = text.trim();
        let form = |expected: String| ConstraintError::Form {
            text: text.to_owned(),
            scheme,
            expected,
        };
        let rule = match scheme {
            _ if text == "none" => Rule::Any,
            Scheme::Semver => VersionReq::parse(text)
                .map(Rule::Semver)
                .map_err(|error| form(format!("a range such as `^88` or `>=1.2, <2` ({error})")))?,
            Scheme::Git | Scheme::Opaque => {
                return Err(form("nothing, as its versions have no ranges".to_owned()));
            }
            Scheme::Dotted | Scheme::Date | Scheme::Debian => {
                let prefix = text.strip_suffix(".*").or_else(|| text.strip_suffix('.'));
                match prefix.and_then(dotted::numbers) {
                    Some(numbers) if scheme == Scheme::Dotted => Rule::Prefix(numbers),
                    _ => comparisons(scheme, text, &form)?,
                }
            }
        };
        Ok(Self {
            text: text.to_owned(),
            scheme,
            rule,
        })
    }

    /// Whether a version is within the limits.
    ///
    /// A semantic prerelease is where the release is that it leads to; whether prereleases are wanted at all is another
    /// question. What cannot be compared with a limit is not within it.
    pub fn matches(&self, version: &Version) -> bool {
        if version.scheme() != self.scheme {
            return false;
        }
        match (&self.rule, &version.parsed) {
            (Rule::Any, _) => true,
            (Rule::Semver(range), Parsed::Semver(version)) => {
                let mut release = version.clone();
                release.pre = Prerelease::EMPTY;
                range.matches(version) || range.matches(&release)
            }
            (Rule::Prefix(prefix), Parsed::Dotted(version)) => version.begins_with(prefix),
            (Rule::Comparisons(limits), _) => limits.iter().all(|(comparison, limit)| {
                compare(version, limit).is_some_and(|order| comparison.holds(order))
            }),
            _ => false,
        }
    }
}

fn comparisons(
    scheme: Scheme,
    text: &str,
    form: &dyn Fn(String) -> ConstraintError,
) -> Result<Rule, ConstraintError> {
    let read = |part: &str| {
        let part = part.trim();
        let found = COMPARISONS
            .iter()
            .find_map(|(word, comparison)| Some((*comparison, part.strip_prefix(word)?.trim())));
        let (comparison, version) = found.ok_or_else(|| {
            let prefix = match scheme {
                Scheme::Dotted => "what they begin with, such as `26100.`, or ",
                _ => "",
            };
            form(format!("{prefix}comparisons such as `>=1.2, <2`"))
        })?;
        let version = scheme
            .parse(version)
            .map_err(|error| ConstraintError::Version {
                text: text.to_owned(),
                error,
            })?;
        Ok((comparison, version))
    };
    text.split(',')
        .map(read)
        .collect::<Result<_, _>>()
        .map(Rule::Comparisons)
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::AtLeast => order.is_ge(),
            Self::AtMost => order.is_le(),
            Self::Above => order.is_gt(),
            Self::Below => order.is_lt(),
            Self::Exactly => order.is_eq(),
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
