//! [`Group`]: what a proposal is about.

use std::fmt;

/// What a proposal is about: up to 100 lower case letters, digits and dashes, no dash first or last.
///
/// It is part of the name of a branch, which reaches shells of other people's CI; nothing in it needs quoting.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Group(String);

/// Some text is no group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no group: expected up to 100 lower case letters, digits and dashes, no dash first or last"
)]
pub struct GroupError(String);

impl Group {
    /// Checks a text.
    ///
    /// # Errors
    /// When it breaks the rule that the type's description states.
    pub fn new(text: &str) -> Result<Self, GroupError> {
        let is_legal =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_group = (1..=100).contains(&text.len())
            && text.bytes().all(is_legal)
            && !text.starts_with('-')
            && !text.ends_with('-');
        match is_group {
            true => Ok(Self(text.to_owned())),
            false => Err(GroupError(text.chars().take(120).collect())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::str::FromStr for Group {
    type Err = GroupError;

    fn from_str(text: &str) -> Result<Self, GroupError> {
        Self::new(text)
    }
}

impl TryFrom<String> for Group {
    type Error = GroupError;

    fn try_from(text: String) -> Result<Self, GroupError> {
        Self::new(&text)
    }
}

impl From<Group> for String {
    fn from(group: Group) -> Self {
        group.0
    }
}
