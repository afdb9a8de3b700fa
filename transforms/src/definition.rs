//! What an image is, as data: definitions after defaults, fragments and per-level values are applied.
//!
//! An *image definition* says how an image is made; an *image* is a definition on a cloud; a *parent image* is an
//! image that another one is built from. Reading YAML is not done here: whoever reads it makes these values through
//! their checked constructors and knows the place of each fault.

use std::collections::BTreeMap;

use serde::Serialize;

#[macro_use]
mod text;
mod config;
mod destination;
mod duration;
mod id;
mod level;
mod machine;
mod maintenance;
mod plan;
mod replicate;
mod secret;
mod task_kind;
mod words;

pub use config::{
    ContainerImage, ProjectConfig, TaskDefaults, ToolFile, TreeherderGroup, Validation, WorkerAlias,
};
pub use destination::Destination;
pub use duration::{Duration, DurationError};
pub use id::{ImageId, ImageIdError, Platform, TaskQueueId};
pub use level::{ByLevel, Level, LevelError};
pub use machine::Machine;
pub use maintenance::{GithubApp, GithubRepository, GithubTokens, MaintenanceTask};
pub use plan::{PlanTaskId, ReviewedPlan};
pub use replicate::{Replicate, ReplicateSource};
pub use secret::SecretName;
pub use task_kind::TaskKind;
pub use text::{
    AliasName, Digest, EnvPrefix, ImageName, IndexPath, Label, ProvisionerId, TextError,
    TrustDomain, WorkerType,
};
pub use words::{
    Arch, BuilderKind, Cloud, Firmware, Implementation, Kind, MaintenanceKind, Os, Priority,
    UnknownWord, VerifyMethod,
};

/// One image, wholly resolved.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImageDefinition {
    /// Its name and cloud.
    pub id: ImageId,
    /// The stem of the file that defines it; variants share it.
    pub definition: String,
    /// What it is for, in the owner's words.
    pub description: String,
    /// Whom to ask about it.
    pub owner: String,
    /// Its operating system.
    pub os: Os,
    /// Its processor architecture.
    pub arch: Arch,
    /// The level of the worker pools that it serves; not the level of the run that builds it.
    pub level: Option<Level>,
    /// What else `by-<attribute>` may choose by.
    pub attributes: BTreeMap<String, AttributeValue>,
    /// The image of the fleet that it is built from.
    pub parent: Option<ImageId>,
    /// What makes it.
    pub builder: Builder,
    /// Provisioning scripts as the definition names them, in the order they run.
    pub scripts: Vec<String>,
    /// The task that builds it.
    pub build: BuildTask,
    /// The task that verifies it, if any.
    pub verify: Option<VerifyTask>,
    /// The task that publishes it, if any. Such a task exists at level 3 only.
    pub publish: Option<PublishTask>,
    /// How old its newest build may become.
    pub max_age: Option<Duration>,
    /// How Treeherder shows its tasks, if it does.
    pub treeherder: Option<Treeherder>,
}

impl ImageDefinition {
    /// The worker alias that its definition names for a kind of task; absent when the image has no such task, and of
    /// validate tasks, which run where the project's settings say.
    pub fn worker(&self, kind: Kind) -> Option<&AliasName> {
        match kind {
            Kind::Validate => None,
            Kind::Build => Some(&self.build.worker),
            Kind::Verify => self.verify.as_ref().map(|verify| &verify.worker),
            Kind::Publish => self.publish.as_ref().map(|publish| &publish.worker),
        }
    }

    /// All worker aliases that a task of a kind depends on: that of [`Self::worker`], and the pool on which it has tasks of
    /// other projects run again.
    pub fn workers(&self, kind: Kind) -> impl Iterator<Item = &AliasName> {
        let replicate = self
            .verify
            .as_ref()
            .filter(|_| kind == Kind::Verify)
            .and_then(|verify| verify.replicate.as_ref());
        self.worker(kind)
            .into_iter()
            .chain(replicate.map(|replicate| &replicate.pool))
    }
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum AttributeValue {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    String(String),
}

impl std::fmt::Display for AttributeValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => std::fmt::Display::fmt(value, f),
            Self::Int(value) => std::fmt::Display::fmt(value, f),
            Self::String(value) => std::fmt::Display::fmt(value, f),
        }
    }
}

/// What makes an image, with its settings. Paths are relative to the repository's root.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Builder {
    /// Packer runs one source of one template.
    #[serde(rename_all = "kebab-case")]
    Packer {
        /// A template file, or a folder whose templates are read together.
        template: String,
        /// The one source that is built.
        source: String,
        /// Values of the template's variables.
        variables: BTreeMap<String, serde_json::Value>,
        /// Files with values of variables.
        var_files: Vec<String>,
    },
    /// A container is built.
    Container {
        /// The folder that the build sees.
        context: String,
        /// The container file, relative to the context.
        file: String,
        /// The stage to stop at; the last one if absent.
        target: Option<String>,
        /// Build arguments.
        arguments: BTreeMap<String, String>,
    },
    /// The scripts run as a privileged task on a worker of the base image, which is then snapshot.
    Task {},
}

impl Builder {
    /// Which builder it is.
    pub const fn kind(&self) -> BuilderKind {
        match self {
            Self::Packer { .. } => BuilderKind::Packer,
            Self::Container { .. } => BuilderKind::Container,
            Self::Task {} => BuilderKind::Task,
        }
    }
}

/// How an image's build task runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BuildTask {
    /// The worker alias it runs on.
    pub worker: AliasName,
    /// When the worker stops it.
    pub max_run_time: Duration,
    /// How often the queue tries again after an infrastructure failure, 0 to 49; the queue's default if absent.
    pub retries: Option<u8>,
    /// The secrets it reads.
    pub secrets: Vec<SecretName>,
}

/// How an image's verify task runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct VerifyTask {
    /// How the image is verified.
    pub method: VerifyMethod,
    /// The machine that the method `boot` starts.
    pub machine: Machine,
    /// The checks, as the definition names them, in the order they run.
    pub checks: Vec<String>,
    /// The worker alias it runs on.
    pub worker: AliasName,
    /// When the worker stops it.
    pub max_run_time: Duration,
    /// The secrets it reads.
    pub secrets: Vec<SecretName>,
    /// Which tasks of other projects are run again on the candidate; of the method `replicate`, and of no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicate: Option<Replicate>,
}

/// How an image's publish task runs, and what it publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PublishTask {
    /// The worker alias it runs on.
    pub worker: AliasName,
    /// The family, or gallery definition, that the image joins.
    pub family: Option<String>,
    /// Where in the cloud it is published, as [`Destination`] reads it.
    pub destination: Option<String>,
    /// Where it is made available.
    pub regions: Vec<String>,
    /// The accounts of AWS that may use it, besides its own.
    pub share_with: Vec<String>,
    /// Labels, or tags, of the cloud's image.
    pub labels: BTreeMap<String, String>,
    /// When the worker stops it.
    pub max_run_time: Duration,
    /// The secrets it reads.
    pub secrets: Vec<SecretName>,
}

/// How Treeherder shows an image's tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Treeherder {
    platform: String,
    symbol: String,
}

impl Treeherder {
    /// A platform such as `linux-image/opt`, and a symbol of 1 to 23 characters (Treeherder shows 25; tasks add two).
    ///
    /// # Errors
    /// When the platform is not two words joined by one `/`, or the symbol is empty, too long or not printable.
    pub fn new(platform: &str, symbol: &str) -> Result<Self, TextError> {
        let word = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        if !(platform.len() <= 100
            && platform
                .split_once('/')
                .is_some_and(|(machine, collection)| word(machine) && word(collection)))
        {
            return Err(TextError {
                what: "Treeherder platform",
                text: platform.to_owned(),
                expected: "a machine and a collection joined by `/`, such as `linux-image/opt`",
            });
        }
        if !(1..=23).contains(&symbol.len()) || !symbol.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(TextError {
                what: "Treeherder symbol",
                text: symbol.to_owned(),
                expected: "1 to 23 printable ASCII characters without spaces",
            });
        }
        Ok(Self {
            platform: platform.to_owned(),
            symbol: symbol.to_owned(),
        })
    }

    /// The machine's half of the platform.
    pub fn machine(&self) -> &str {
        self.platform
            .split_once('/')
            .map_or("", |(machine, _)| machine)
    }

    /// The collection's half of the platform, such as `opt`.
    pub fn collection(&self) -> &str {
        self.platform
            .split_once('/')
            .map_or("", |(_, collection)| collection)
    }

    /// The platform as written.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// The image's symbol.
    pub fn symbol(&self) -> &str {
        &self.symbol
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn treeherder_platforms_have_two_halves() {
        let shown = Treeherder::new("linux-image/opt", "u24h").unwrap();
        assert_eq!(
            (shown.machine(), shown.collection()),
            ("linux-image", "opt")
        );
        for (platform, symbol) in [
            ("linux", "u"),
            ("a/b/c", "u"),
            ("a/", "u"),
            ("a/b", ""),
            ("a/b", "a b"),
        ] {
            assert!(
                Treeherder::new(platform, symbol).is_err(),
                "{platform} {symbol}"
            );
        }
    }
}
