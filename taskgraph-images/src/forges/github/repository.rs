//! [`Repository`]: the name of a repository on GitHub.

use std::fmt;

/// The name of a repository on GitHub, `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    owner: String,
    name: String,
}

/// Some text is no name of a repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no repository on GitHub: expected `owner/name`")]
pub struct RepositoryError(String);

impl Repository {
    /// Reads `owner/name`.
    ///
    /// # Errors
    /// When GitHub has no such names.
    pub fn new(text: &str) -> Result<Self, RepositoryError> {
        let error = || RepositoryError(text.chars().take(160).collect());
        let (owner, name) = text.split_once('/').ok_or_else(error)?;
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_owner = (1..=39).contains(&owner.len())
            && owner.bytes().all(is_word)
            && !owner.starts_with('-');
        let is_name = (1..=100).contains(&name.len())
            && name
                .bytes()
                .all(|byte| is_word(byte) || matches!(byte, b'.' | b'_'))
            && !matches!(name, "." | "..");
        match is_owner && is_name {
            true => Ok(Self {
                owner: owner.to_owned(),
                name: name.to_owned(),
            }),
            false => Err(error()),
        }
    }

    /// Whose it is.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Its name below the owner.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a name as GitHub writes it is this one. GitHub keeps the case, and does not look at it.
    pub(super) fn is(&self, full_name: &str) -> bool {
        full_name.eq_ignore_ascii_case(&self.to_string())
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}
