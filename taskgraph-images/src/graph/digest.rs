//! [`Digest`]: SHA-256 over framed fields, so that no two different inputs can look alike.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes by themselves.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<Digest> for taskgraph_images_transforms::Digest {
    fn from(digest: Digest) -> Self {
        let text = digest.to_string();
        text.parse().expect("64 hexadecimal digits are a digest")
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Collects fields. Each is preceded by its length: `"ab", "c"` and `"a", "bc"` differ.
pub struct Fields(Sha256);

impl Fields {
    /// Starts a digest of some purpose, so that digests of different things never agree.
    pub fn new(purpose: &str) -> Self {
        let mut fields = Self(Sha256::new());
        fields.add(purpose.as_bytes());
        fields
    }

    /// Adds a field.
    pub fn add(&mut self, field: impl AsRef<[u8]>) -> &mut Self {
        let field = field.as_ref();
        self.0.update((field.len() as u64).to_le_bytes());
        self.0.update(field);
        self
    }

    /// The digest of all that was added.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_framed() {
        let digest = |fields: &[&str]| {
            let mut all = Fields::new("test");
            for field in fields {
                all.add(field);
            }
            all.finish()
        };
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_ne!(digest(&["a"]), digest(&["a", ""]));
        assert_eq!(digest(&["a"]), digest(&["a"]));
        assert_eq!(
            Digest::of(b"").to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
