//! generic-worker's payloads. They differ in how a command is written, and in what is a privilege.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ArtifactType, OnExitStatus, is_false};
use crate::definition::Digest;
use crate::task::{RelativeDatestamp, TaskString};

/// What generic-worker does on Linux.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GenericWorkerPosixPayload {
    /// Commands, each a list of arguments that no shell sees.
    pub command: Vec<Vec<String>>,
    /// The commands' environment.
    pub env: BTreeMap<String, TaskString>,
    /// Seconds after which the worker stops it.
    pub max_run_time: u64,
    /// What it is given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<Mount>,
    /// What it leaves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// Which failures are tried again.
    pub on_exit_status: OnExitStatus,
    /// What else the worker does.
    pub features: GenericWorkerFeatures,
    /// Groups that its user joins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub os_groups: Vec<String>,
}

/// What generic-worker does on Windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GenericWorkerWindowsPayload {
    /// Commands, each a line of a batch file.
    pub command: Vec<String>,
    /// The commands' environment.
    pub env: BTreeMap<String, TaskString>,
    /// Seconds after which the worker stops it.
    pub max_run_time: u64,
    /// What it is given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<Mount>,
    /// What it leaves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// Which failures are tried again.
    pub on_exit_status: OnExitStatus,
    /// What else the worker does.
    pub features: GenericWorkerFeatures,
    /// Groups that its user joins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub os_groups: Vec<String>,
}

/// What generic-worker does besides running commands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GenericWorkerFeatures {
    /// The task may call Taskcluster with its scopes.
    pub taskcluster_proxy: bool,
    /// The worker signs what the task leaves.
    #[serde(skip_serializing_if = "is_false")]
    pub chain_of_trust: bool,
    /// The command runs as administrator. Windows only; absent elsewhere.
    #[serde(skip_serializing_if = "is_false")]
    pub run_as_administrator: bool,
    /// The command runs as the user that the worker runs as, which is root. A worker of the multiuser engine that runs one
    /// task at a time has it.
    #[serde(skip_serializing_if = "is_false")]
    pub run_task_as_current_user: bool,
}

/// Something that a task is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Mount {
    /// A folder that outlives the task.
    Cache {
        /// Its name; tasks with the same name share it.
        #[serde(rename = "cacheName")]
        cache_name: String,
        /// Where it appears.
        directory: String,
    },
    /// A file.
    File {
        /// What it holds.
        content: Content,
        /// Where it appears.
        file: String,
    },
}

/// What a mounted file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Content {
    /// An artifact of a task.
    Artifact {
        /// The artifact's name.
        artifact: String,
        /// The task.
        #[serde(rename = "taskId")]
        task_id: TaskString,
    },
    /// What an address gives, if its digest is the right one.
    Url {
        /// The address.
        url: String,
        /// The digest.
        sha256: Digest,
    },
}

/// Something that a task leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Artifact {
    /// Its name.
    pub name: String,
    /// Where the task leaves it, relative to the task's folder.
    pub path: String,
    /// Whether it is a file or a folder.
    pub r#type: ArtifactType,
    /// When it is deleted.
    pub expires: RelativeDatestamp,
}
