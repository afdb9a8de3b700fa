//! [`SecretName`]: a secret that a task may read, relative to the run's level unless it says otherwise.

use std::fmt;
use std::str::FromStr;

use super::text::TextError;
use super::{Level, TrustDomain};

checked_text!(
    /// The name of a secret: 1 to 200 letters, digits and `-_./:`, never a wildcard.
    ///
    /// A plain name, such as `cloud/google`, means `project/<trust domain>/level-<level of the run>/cloud/google`, so
    /// that one definition reads the right secret at each level. A name that starts with `project/` is taken as it
    /// is; a run at another level than the name's is refused by [`crate::verify`].
    SecretName,
    "secret name",
    "1 to 200 letters, digits, `-`, `_`, `.`, `/` and `:`, no `..`",
    |text| {
        (1..=200).contains(&text.len())
            && !text.contains("..")
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte))
    }
);

impl SecretName {
    /// The whole name of the secret at a level.
    pub fn at(&self, trust_domain: &TrustDomain, level: Level) -> String {
        if self.as_str().starts_with("project/") {
            self.to_string()
        } else {
            format!("project/{trust_domain}/level-{level}/{self}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_follows_the_level() {
        let domain = TrustDomain::new("td").unwrap();
        let at = |name| SecretName::new(name).unwrap().at(&domain, Level::One);
        assert_eq!(at("cloud/google"), "project/td/level-1/cloud/google");
        assert_eq!(at("project/td/level-any/x"), "project/td/level-any/x");
    }

    #[test]
    fn wildcards_are_no_names() {
        for name in ["", "*", "project/*", "a b", "a/../b", "ä"] {
            assert!(SecretName::new(name).is_err(), "{name:?}");
        }
    }
}
