//! Reading a manifest: from bytes that somebody else wrote to a value that is what it should be, or to all that is wrong.

use serde::Deserialize;
use taskgraph_images_transforms::{Digest, ImageId, Kind};

use super::{Manifest, Stage, VERSION};

/// Why a manifest cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is no manifest, or only a part of one.
    #[error("it is no manifest: {0}")]
    Format(String),
    /// A newer program wrote it.
    #[error("it is of version {found}, and this program reads up to {VERSION}: use a newer one")]
    Version {
        /// Its version.
        found: u64,
    },
    /// It is about another image.
    #[error("it is of `{found}`, expected `{expected}`")]
    Image {
        /// What it is about.
        found: ImageId,
        /// What it should be about.
        expected: ImageId,
    },
    /// It is of another stage.
    #[error("it is of a {found:?}, expected a {expected:?}")]
    Stage {
        /// Its stage.
        found: Stage,
        /// What it should be.
        expected: Stage,
    },
    /// A digest is not the expected one.
    #[error("its {kind} digest is {found}, expected {expected}: it is of another revision")]
    Digest {
        /// The kind of task.
        kind: Kind,
        /// What it says.
        found: String,
        /// What it should be.
        expected: Digest,
    },
    /// It names no image.
    #[error("it holds no image")]
    Empty,
}

/// What a manifest should be.
#[derive(Debug, Clone)]
pub struct Expected<'a> {
    /// The image.
    pub image: &'a ImageId,
    /// The stage.
    pub stage: Stage,
    /// The digests of the image's tasks that it must agree with.
    pub digests: &'a [(Kind, Digest)],
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// When it is none, or only a part of one, or of a newer version.
    pub fn read(content: &[u8]) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct Version {
            version: u64,
        }
        let format = |error: serde_json::Error| ManifestError::Format(error.to_string());
        // A newer version may have other fields, so it is looked at first.
        let Version { version } = serde_json::from_slice(content).map_err(format)?;
        if version > VERSION.into() || version == 0 {
            return Err(ManifestError::Version { found: version });
        }
        serde_json::from_slice(content).map_err(format)
    }

    /// Holds it to what it should be.
    ///
    /// # Errors
    /// Everything that is otherwise.
    pub fn expect(&self, expected: &Expected<'_>) -> Result<(), Vec<ManifestError>> {
        let mut errors = Vec::new();
        if self.image != *expected.image {
            errors.push(ManifestError::Image {
                found: self.image.clone(),
                expected: expected.image.clone(),
            });
        }
        if self.stage != expected.stage {
            errors.push(ManifestError::Stage {
                found: self.stage,
                expected: expected.stage,
            });
        }
        for (kind, digest) in expected.digests {
            let found = self.digest(kind.as_str());
            if found != Some(digest) {
                errors.push(ManifestError::Digest {
                    kind: *kind,
                    found: found.map_or_else(|| "not there".to_owned(), |found| found.to_string()),
                    expected: digest.clone(),
                });
            }
        }
        if self.artifacts.is_empty() {
            errors.push(ManifestError::Empty);
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }
}
