//! [`Manifest`]: what a build or a publication made, as one versioned JSON document. The only thing that build, verify
//! and publish tell each other.
//!
//! A build leaves one of a *candidate*; publishing leaves one of what is *published*, which holds all that the
//! candidate's held. Whoever reads one holds it to what it should be ([`Manifest::expect`]) before believing it.

mod changes;
mod read;
mod sbom;
mod schema;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskgraph_images_transforms::{Arch, Cloud, Digest, ImageId, Level, Os};

use crate::taskcluster::{TaskId, Timestamp};

#[cfg(test)]
pub(crate) use changes::tests as changes_tests;
pub use changes::{Build, Change, Changes, Recorded};
pub use read::{Expected, ManifestError};
pub use sbom::{Packages, SbomError};
use schema::Word;

/// The version of the format that this program writes. It reads this one and older ones.
pub const VERSION: u32 = 1;
/// The name of the file, below a task's folder of artifacts.
pub const NAME: &str = "manifest.json";

/// What a build or a publication made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// The version of the format.
    pub version: u32,
    /// Whether it is a candidate or published.
    pub stage: Stage,
    /// The image.
    #[schemars(with = "Word<ImageId>")]
    pub image: ImageId,
    /// Its cloud.
    #[schemars(with = "Word<Cloud>")]
    pub cloud: Cloud,
    /// Its operating system.
    #[schemars(with = "Word<Os>")]
    pub os: Os,
    /// Its architecture.
    #[schemars(with = "Word<Arch>")]
    pub arch: Arch,
    /// The digests of the image's tasks, by kind, as far as they were known.
    #[schemars(with = "BTreeMap<String, Word<Digest>>")]
    pub digests: BTreeMap<String, Digest>,
    /// Every file that went into it: SHA-256 by path, so that two manifests say what changed between them.
    #[schemars(with = "BTreeMap<String, Word<Digest>>")]
    pub inputs: BTreeMap<String, Digest>,
    /// Where the definitions came from.
    pub source: Source,
    /// The image that it was built on.
    pub parent: Option<Parent>,
    /// The pins that the definition names.
    pub pins: BTreeMap<String, Pin>,
    /// What was made: the image, once for each place where it is.
    pub artifacts: Vec<Artifact>,
    /// The list of what is on it.
    pub sbom: Option<File>,
    /// Other files of the build, such as its log.
    pub files: Vec<File>,
    /// The tasks that made it, by kind, and the `decision`.
    #[schemars(with = "BTreeMap<String, Word<TaskId>>")]
    pub tasks: BTreeMap<String, TaskId>,
    /// The level of the run.
    #[schemars(with = "Word<Level>")]
    pub level: Level,
    /// Whether the task that wrote it signs its artifacts.
    pub chain_of_trust: bool,
    /// When the work began.
    #[schemars(with = "Word<Timestamp>")]
    pub started: Timestamp,
    /// When it was done.
    #[schemars(with = "Word<Timestamp>")]
    pub finished: Timestamp,
}

/// How far an image has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Built, and for its own verify task only.
    Candidate,
    /// Verified, and made available.
    Published,
}

/// Where definitions came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Source {
    /// The repository's address; empty for a build by hand.
    pub repository: String,
    /// The commit.
    pub revision: String,
    /// Whether the work tree differed from it, as it may in a build by hand.
    pub modified: bool,
}

/// The image that another one was built on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Parent {
    /// The image.
    #[schemars(with = "Word<ImageId>")]
    pub image: ImageId,
    /// The task that built it.
    #[schemars(with = "Word<TaskId>")]
    pub task_id: TaskId,
    /// The SHA-256 of its manifest.
    #[schemars(with = "Word<Digest>")]
    pub manifest: Digest,
    /// What it is in the cloud, or its file.
    pub reference: String,
}

/// A version of something from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pin {
    /// What the definition says.
    pub value: String,
    /// What it was at the time, where the value floats (`latest`, a family).
    pub resolved: Option<String>,
}

/// An image in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Artifact {
    /// The region, or location, if the cloud has such.
    pub region: Option<String>,
    /// The provider's name for it: an AMI's id, an image's or a gallery version's path, a container's digest, a file.
    pub reference: String,
    /// The file, if it is one.
    pub file: Option<File>,
}

/// A file among the task's artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct File {
    /// Its name, relative to the manifest.
    pub name: String,
    /// Its SHA-256.
    #[schemars(with = "Word<Digest>")]
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
}

impl Manifest {
    /// The document, with a final line break.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("it has text keys and no other sort of map");
        text.push('\n');
        text
    }

    /// The digest of the image's task of a kind.
    pub fn digest(&self, kind: &str) -> Option<&Digest> {
        self.digests.get(kind)
    }
}
