//! [`Artifact`]: something that a task left behind.

use bytes::Bytes;

/// Something that a task left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// What it is.
    pub content: Content,
    /// When it is forgotten; then it is answered with status 410.
    pub expires: String,
}

/// What an artifact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Bytes, which the server keeps itself.
    Bytes {
        /// The bytes.
        bytes: Bytes,
        /// Their type, such as `application/json`.
        content_type: String,
        /// How they are encoded, such as `gzip`, if they are.
        encoding: Option<String>,
    },
    /// A place elsewhere.
    Reference(String),
    /// What the worker failed to upload; answered with status 424.
    Error {
        /// Why, in a word.
        reason: String,
        /// Why.
        message: String,
    },
}

impl Artifact {
    const EXPIRES: &str = "2999-01-01T00:00:00.000Z";

    /// An artifact of these bytes, that stays.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self {
            content: Content::Bytes {
                bytes: bytes.into(),
                content_type: "application/octet-stream".to_owned(),
                encoding: None,
            },
            expires: Self::EXPIRES.to_owned(),
        }
    }

    /// An artifact that the worker failed to upload.
    pub fn error(reason: &str, message: &str) -> Self {
        Self {
            content: Content::Error {
                reason: reason.to_owned(),
                message: message.to_owned(),
            },
            expires: Self::EXPIRES.to_owned(),
        }
    }

    /// The same, of which the bytes are encoded.
    #[must_use]
    pub fn encoded(mut self, how: &str) -> Self {
        if let Content::Bytes { encoding, .. } = &mut self.content {
            *encoding = Some(how.to_owned());
        }
        self
    }

    /// The same until another time.
    #[must_use]
    pub fn until(mut self, expires: &str) -> Self {
        expires.clone_into(&mut self.expires);
        self
    }
}
