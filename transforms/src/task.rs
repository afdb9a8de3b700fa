//! [`Task`]: a task of the graph as Taskgraph writes it, with its typed [`TaskDefinition`].

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::definition::{
    Arch, AttributeValue, Cloud, Digest, Duration, ImageId, Implementation, IndexPath, Label,
    Level, Os, Priority, TaskKind, TaskQueueId,
};
use crate::payload::Payload;

/// A task of a graph.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Task {
    /// Its kind.
    pub kind: TaskKind,
    /// Its label, unique in the graph.
    pub label: Label,
    /// What it does.
    pub description: String,
    /// What tools select tasks by.
    pub attributes: Attributes,
    /// The labels of the tasks that it needs, by the edge's name.
    pub dependencies: BTreeMap<String, Label>,
    /// Labels of tasks that it waits for if they run. Image tasks have none.
    pub soft_dependencies: Vec<Label>,
    /// Labels of tasks of which one must run. Image tasks have none: digests decide what runs.
    pub if_dependencies: Vec<Label>,
    /// What may take its place.
    pub optimization: Option<Optimization>,
    /// What the queue gets, but for ids and times.
    pub task: TaskDefinition,
}

/// What tools select a task by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attributes {
    /// The task's kind.
    pub kind: TaskKind,
    /// What its image adds; absent where the task is about none.
    #[serde(flatten)]
    pub image: Option<ImageAttributes>,
}

/// What tools select an image's task by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageAttributes {
    /// The image.
    #[serde(rename = "image")]
    pub id: ImageId,
    /// The image's cloud.
    pub cloud: Cloud,
    /// The image's operating system.
    pub os: Os,
    /// The image's architecture.
    pub arch: Arch,
    /// The level of the worker pools that the image serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Under what the index holds its result, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_task: Option<CachedTask>,
    /// The definition's own attributes. None has the name of one above.
    #[serde(flatten)]
    pub own: BTreeMap<String, AttributeValue>,
}

impl ImageAttributes {
    /// The names that a definition's own attributes may not have.
    pub const RESERVED: &'static [&'static str] = &[
        "kind",
        "image",
        "cloud",
        "os",
        "arch",
        "level",
        "cached_task",
    ];
}

/// Under what the index holds a task's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CachedTask {
    /// What sort of result it is, with the version of the digest's meaning.
    pub r#type: &'static str,
    /// The image, as index paths name it.
    pub name: String,
    /// The digest of all that goes into the result.
    pub digest: Digest,
}

/// What may take a task's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimization {
    /// The first of these index paths that holds a good task.
    IndexSearch(Vec<IndexPath>),
}

/// What the queue gets. Ids and absolute times are filled in when the task is created.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinition {
    /// Where it is queued; written as `provisionerId` and `workerType`.
    #[serde(flatten, serialize_with = "as_two_fields")]
    pub task_queue_id: TaskQueueId,
    /// How soon it is claimed.
    pub priority: Priority,
    /// How often the queue tries again after an infrastructure failure; the queue's default if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u8>,
    /// When it is created.
    pub created: RelativeDatestamp,
    /// When it must be done.
    pub deadline: RelativeDatestamp,
    /// When it is forgotten.
    pub expires: RelativeDatestamp,
    /// Where its messages are also sent, which indexes it.
    pub routes: Vec<String>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// What the worker does.
    pub payload: Payload,
    /// What people read.
    pub metadata: Metadata,
    /// What tools read.
    pub tags: BTreeMap<&'static str, String>,
    /// What other services read.
    pub extra: Extra,
}

fn as_two_fields<S: Serializer>(id: &TaskQueueId, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("provisionerId", &id.provisioner)?;
    map.serialize_entry("workerType", &id.worker_type)?;
    map.end()
}

/// A time relative to the graph's creation, so that a graph's bytes do not depend on the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RelativeDatestamp {
    /// How long after.
    #[serde(rename = "relative-datestamp")]
    pub after: Duration,
}

impl From<Duration> for RelativeDatestamp {
    fn from(after: Duration) -> Self {
        Self { after }
    }
}

/// Text of a task that may name other tasks by their edges; ids are filled in when the task is created.
///
/// Only constants and checked edge names become references: text from definitions is always [`TaskString::Plain`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum TaskString {
    /// Text as it is.
    Plain(String),
    /// Text in which `<edge>` stands for the id of a task that this one needs.
    Task {
        /// The text.
        #[serde(rename = "task-reference")]
        reference: String,
    },
    /// `<edge/artifact>`: the address of an artifact of such a task.
    Artifact {
        /// The text.
        #[serde(rename = "artifact-reference")]
        reference: String,
    },
}

impl TaskString {
    /// The id of the task at the end of an edge; `decision` is the decision task.
    pub fn task(edge: &str) -> Self {
        Self::Task {
            reference: format!("<{edge}>"),
        }
    }

    /// The text, with references as they are written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Task { reference } | Self::Artifact { reference } => reference,
        }
    }
}

impl<T: Into<String>> From<T> for TaskString {
    fn from(text: T) -> Self {
        Self::Plain(text.into())
    }
}

/// What people read about a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// The label.
    pub name: String,
    /// What it does and why it is there.
    pub description: String,
    /// Whom to ask.
    pub owner: String,
    /// Where its definition is, at the revision.
    pub source: String,
}

/// What other services read about a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Extra {
    /// The task that created it.
    pub parent: TaskString,
    /// How the index ranks it.
    pub index: IndexExtra,
    /// The image that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageExtra>,
    /// How Treeherder shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treeherder: Option<TreeherderExtra>,
    /// Treeherder's platform as one word.
    #[serde(
        rename = "treeherder-platform",
        skip_serializing_if = "Option::is_none"
    )]
    pub treeherder_platform: Option<String>,
    /// The tasks whose results it trusts.
    #[serde(rename = "chainOfTrust", skip_serializing_if = "Option::is_none")]
    pub chain_of_trust: Option<ChainOfTrustExtra>,
}

/// How the index ranks a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexExtra {
    /// Higher wins. The index keeps 31 bits.
    pub rank: i64,
}

/// Which image a task is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageExtra {
    /// The image.
    pub id: ImageId,
    /// The digest of what the task does for it.
    pub digest: Digest,
    /// The digest of the image.
    #[serde(rename = "build-digest")]
    pub build_digest: Digest,
}

/// The tasks whose results a task trusts, by edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainOfTrustExtra {
    /// Ids by edge.
    pub inputs: BTreeMap<String, TaskString>,
}

/// How Treeherder shows a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeherderExtra {
    /// The platform's first half.
    pub machine: TreeherderMachine,
    /// The platform's second half, as a set.
    pub collection: BTreeMap<String, bool>,
    /// The group's symbol.
    pub group_symbol: String,
    /// The group's name.
    pub group_name: String,
    /// The task's symbol.
    pub symbol: String,
    /// `build`, `test` or `other`.
    pub job_kind: &'static str,
    /// 1: somebody acts when it fails.
    pub tier: u8,
}

/// The first half of a platform of Treeherder's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TreeherderMachine {
    /// Such as `linux-image`.
    pub platform: String,
}

impl Task {
    /// The image that it is about; none of a task about the fleet.
    pub fn image(&self) -> Option<&ImageId> {
        self.attributes.image.as_ref().map(|image| &image.id)
    }

    /// Under what the index holds its result, if it has one that may take its place.
    pub fn cached_task(&self) -> Option<&CachedTask> {
        self.attributes.image.as_ref()?.cached_task.as_ref()
    }

    /// The worker software, as the tags say it.
    pub fn implementation(&self) -> Implementation {
        match self.task.payload {
            Payload::DockerWorker(_) => Implementation::DockerWorker,
            Payload::GenericWorkerPosix(_) | Payload::GenericWorkerWindows(_) => {
                Implementation::GenericWorker
            }
        }
    }
}
