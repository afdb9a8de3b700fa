//! [`Author`]: whom a change names where the forge does not.

/// Whom a patch or a revision's commit names as its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    name: String,
    email: String,
}

/// Some text is no name or address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no {1}: expected one line without `<`, `>` or quotes")]
pub struct AuthorError(String, &'static str);

impl Author {
    /// Checks a name and an address.
    ///
    /// # Errors
    /// When one of them would end the header that it stands in.
    pub fn new(name: &str, email: &str) -> Result<Self, AuthorError> {
        let is_bad = |c: char| c.is_control() || matches!(c, '<' | '>' | '"' | '\\');
        if name.trim().is_empty() || name.chars().any(is_bad) {
            return Err(AuthorError(name.to_owned(), "name"));
        }
        let is_address = |c: char| c.is_ascii_graphic() && !is_bad(c);
        if !email.contains('@') || !email.chars().all(is_address) {
            return Err(AuthorError(email.to_owned(), "address"));
        }
        Ok(Self {
            name: name.trim().to_owned(),
            email: email.to_owned(),
        })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address.
    pub fn email(&self) -> &str {
        &self.email
    }
}
