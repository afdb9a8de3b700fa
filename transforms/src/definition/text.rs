//! Names that are checked when they are made: after that, no code asks again whether they are legal.

use std::fmt;
use std::str::FromStr;

/// Some text is not the name that it should be.
///
/// Whoever wrote the text can fix it; the caller knows where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}: expected {expected}")]
pub struct TextError {
    /// What was wanted, such as `image name`.
    pub what: &'static str,
    /// What was found.
    pub text: String,
    /// The rule that it breaks, in words.
    pub expected: &'static str,
}

/// Defines a newtype over text with one rule: a predicate and the words that describe it.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Checks a text.
            ///
            /// # Errors
            /// When the text breaks the rule that the type's description states.
            pub fn new(text: &str) -> Result<Self, TextError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(TextError { what: $what, text: text.to_owned(), expected: $expected })
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.as_str().to_owned()
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

fn all(text: &str, legal: fn(u8) -> bool) -> bool {
    text.bytes().all(legal)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn is_kebab(text: &str, longest: usize) -> bool {
    text.len() <= longest
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
        && all(text, |byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
        })
}

checked_text!(
    /// The name of an image: a lower case letter, then up to 62 lower case letters, digits and dashes, no dash last.
    ///
    /// The rule is what all clouds and the index accept, so that no name is ever rewritten.
    ImageName,
    "image name",
    "a lower case letter, then at most 62 lower case letters, digits and `-`, not ending in `-`",
    |text| is_kebab(text, 63)
);

checked_text!(
    /// The label of a task, unique in its graph: 1 to 255 letters, digits and `-_.`.
    Label,
    "task label",
    "1 to 255 letters, digits, `-`, `_` and `.`",
    |text| (1..=255).contains(&text.len()) && all(text, |byte| is_word(byte) || byte == b'.')
);

checked_text!(
    /// The first half of a task queue's id.
    ProvisionerId,
    "provisioner",
    "1 to 38 letters, digits, `-` and `_`",
    |text| (1..=38).contains(&text.len()) && all(text, is_word)
);

checked_text!(
    /// The second half of a task queue's id.
    WorkerType,
    "worker type",
    "a lower case letter, then at most 37 lower case letters, digits and `-`, not ending in `-`",
    |text| is_kebab(text, 38)
);

checked_text!(
    /// What a group of projects shares: it prefixes scheduler ids, index paths, caches and secrets.
    ///
    /// At most 30 characters, so that `<trust domain>-level-3` is still a scheduler id. It holds no `-level-`: a trust
    /// domain `x-level-3` would own what starts with `x-level-3-`, which is trust domain `x`'s at level 3.
    TrustDomain,
    "trust domain",
    "a lower case letter, then at most 29 lower case letters, digits and `-`, not ending in `-`, without `-level-`",
    |text| is_kebab(text, 30) && !format!("{text}-").contains("-level-")
);

checked_text!(
    /// The name of a worker alias, as `config.yml` declares it and definitions use it.
    AliasName,
    "worker alias",
    "1 to 64 letters, digits, `-` and `_`",
    |text| (1..=64).contains(&text.len()) && all(text, is_word)
);

checked_text!(
    /// Words joined by dots in the index, of the characters that the index accepts, at most 243 in all.
    ///
    /// The limit is the queue's 249 for a route, less `index.`.
    IndexPath,
    "index path",
    "words of letters, digits and `_!~*'()%-` joined by `.`, at most 243 characters",
    |text| {
        text.len() <= 243
            && text.split('.').all(|word| {
                !word.is_empty() && all(word, |byte| is_word(byte) || b"!~*'()%".contains(&byte))
            })
    }
);

checked_text!(
    /// The upper case word before `_HEAD_REV` and its siblings in the environment of tasks.
    EnvPrefix,
    "prefix of environment variables",
    "an upper case letter, then upper case letters, digits and `_`",
    |text| {
        text.starts_with(|first: char| first.is_ascii_uppercase())
            && all(text, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    }
);

checked_text!(
    /// The SHA-256 of something, as 64 lower case hexadecimal digits.
    Digest,
    "SHA-256 digest",
    "64 lower case hexadecimal digits",
    |text| text.len() == 64 && all(text, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_when_made() {
        for legal in ["a", "win11-64-24h2", "a--b"] {
            assert_eq!(ImageName::new(legal).unwrap().to_string(), legal);
        }
        for illegal in [
            "",
            "A",
            "1a",
            "a-",
            "a.b",
            "a_b",
            "a\n",
            "ä",
            &"a".repeat(64),
        ] {
            assert!(ImageName::new(illegal).is_err(), "{illegal:?}");
        }
        assert_eq!(
            ImageName::new("Win").unwrap_err().to_string(),
            "\"Win\" is no image name: expected a lower case letter, then at most 62 lower case letters, digits and \
             `-`, not ending in `-`"
        );
    }

    #[test]
    fn index_paths_have_no_empty_words() {
        assert!(IndexPath::new("a.b%2Ec.d").is_ok());
        for illegal in ["", "a..b", ".a", "a.", "a/b", "a+b", &"a".repeat(244)] {
            assert!(IndexPath::new(illegal).is_err(), "{illegal:?}");
        }
    }

    #[test]
    fn worker_types_and_provisioners_are_the_queues() {
        assert!(WorkerType::new("b-linux-2").is_ok());
        assert!(WorkerType::new("B").is_err());
        assert!(WorkerType::new(&"a".repeat(39)).is_err());
        assert!(ProvisionerId::new("Proj_1-3").is_ok());
        assert!(ProvisionerId::new("a/b").is_err());
    }

    #[test]
    fn no_trust_domain_is_another_ones_level() {
        assert!(TrustDomain::new("taskgraph-images").is_ok());
        for illegal in ["td-level-3", "td-level", "a.b", &"a".repeat(31)] {
            assert!(TrustDomain::new(illegal).is_err(), "{illegal:?}");
        }
    }
}
