//! [`Inventory`]: which images are published, as the manifests of publish tasks say.
//!
//! The index and the manifests are the inventory: no cloud has to be asked, so whoever may read the index knows what there
//! is. A path of the index is only a name, though, and a manifest only a text, so each is held to who can have made it: the
//! scheduler of level 3, a publish task that is completed, of that image, with that digest. What is not so is in
//! [`Inventory::refused`], never left out in silence.
//!
//! What the providers themselves say of what they hold, where somebody has credentials, is a [`Stock`].

mod folder;
mod identity;
mod index;
mod stock;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};
use taskgraph_images_transforms::{Digest, ImageId, IndexPath, Level};

use crate::hex::hex;
use crate::manifest::{Manifest, Stage};
use crate::taskcluster::{TaskId, Timestamp};

pub use identity::Identity;
pub use index::Realm;
pub use stock::{Held, Stock, label_of_project};

/// Which images are published.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// By image, the newest of each first.
    published: Vec<Published>,
    /// What looked like a manifest and is not believed.
    pub refused: Vec<Refused>,
}

/// A published image.
#[derive(Debug, Clone)]
pub struct Published {
    /// What its publish task says of it.
    pub manifest: Manifest,
    /// The SHA-256 of the manifest: the identity of what is published.
    pub sha256: Digest,
    /// Where the manifest is.
    pub origin: Origin,
}

/// Where a manifest is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// An artifact of a task that the index names.
    Task {
        /// The task.
        id: TaskId,
        /// Where the index names it.
        path: IndexPath,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Task { id, path } => write!(f, "the task `{id}` at `{path}`"),
        }
    }
}

/// A manifest that is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Where it is.
    pub origin: Origin,
    /// Why, in words.
    pub why: String,
}

impl Published {
    /// Whether a person means it by a text: the start of its manifest's SHA-256, or a part of one of its names.
    pub fn is_named(&self, text: &str) -> bool {
        let mut artifacts = self.manifest.artifacts.iter();
        (text.len() >= 7 && self.sha256.as_str().starts_with(text))
            || artifacts.any(|artifact| artifact.reference.contains(text))
    }

    /// What it is in its cloud: one for each place where it is.
    pub fn identities(&self) -> impl Iterator<Item = Identity> {
        let cloud = self.manifest.cloud;
        self.manifest
            .artifacts
            .iter()
            .map(move |artifact| Identity::of(cloud, &artifact.reference))
    }
}

impl Inventory {
    /// All that is published: by image, the newest of each first.
    pub fn published(&self) -> &[Published] {
        &self.published
    }

    /// What is published of an image, the newest first.
    pub fn of<'a>(&'a self, image: &'a ImageId) -> impl Iterator<Item = &'a Published> {
        self.published
            .iter()
            .filter(move |published| published.manifest.image == *image)
    }

    /// The newest of an image.
    pub fn newest(&self, image: &ImageId) -> Option<&Published> {
        self.published
            .iter()
            .find(|published| published.manifest.image == *image)
    }

    /// The images of which something is published.
    pub fn images(&self) -> BTreeSet<&ImageId> {
        self.published
            .iter()
            .map(|published| &published.manifest.image)
            .collect()
    }

    fn sorted(mut published: Vec<Published>, mut refused: Vec<Refused>) -> Self {
        published.sort_by(|a, b| {
            let (one, other) = (&a.manifest, &b.manifest);
            one.image
                .cmp(&other.image)
                .then(other.finished.cmp(&one.finished))
                .then(a.sha256.cmp(&b.sha256))
        });
        // The same task may be found at more than one path.
        published.dedup_by(|a, b| a.sha256 == b.sha256);
        refused.sort_by(|a, b| a.origin.cmp(&b.origin));
        Self { published, refused }
    }
}

/// Reads a manifest of something that is published; nothing if it is a candidate's.
fn read(content: &[u8], now: Timestamp) -> Result<Option<(Manifest, Digest)>, String> {
    let manifest = Manifest::read(content).map_err(|error| error.to_string())?;
    if manifest.stage == Stage::Candidate {
        return Ok(None);
    }
    if manifest.level != Level::Three {
        // What lower levels make is made of what strangers may have written.
        return Err(format!(
            "it is of level {}, and only level 3 publishes what pools start from",
            manifest.level
        ));
    }
    if manifest.artifacts.is_empty() {
        return Err("it holds no image".to_owned());
    }
    if manifest.finished > now {
        return Err(format!("it says that it was made at {}", manifest.finished));
    }
    let sha256 = hex(&Sha256::digest(content));
    let sha256 = Digest::new(&sha256).map_err(|error| error.to_string())?;
    Ok(Some((manifest, sha256)))
}
