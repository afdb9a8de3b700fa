//! docker-worker's payload, which generic-worker also runs through d2g.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ArtifactType, OnExitStatus, is_false};
use crate::definition::IndexPath;
use crate::task::{RelativeDatestamp, TaskString};

/// What docker-worker does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DockerWorkerPayload {
    /// The container it runs in.
    pub image: DockerImage,
    /// The command, a list of arguments that no shell sees.
    pub command: Vec<String>,
    /// The command's environment.
    pub env: BTreeMap<String, TaskString>,
    /// Seconds after which the worker stops it.
    pub max_run_time: u64,
    /// Caches: name to folder.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cache: BTreeMap<String, String>,
    /// What it leaves: name to place.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub artifacts: BTreeMap<String, DockerArtifact>,
    /// Which failures are tried again.
    pub on_exit_status: OnExitStatus,
    /// What else the worker does.
    pub features: DockerFeatures,
}

/// The container that a task runs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum DockerImage {
    /// An image of a registry.
    Registry(String),
    /// An artifact of an indexed task.
    Indexed {
        /// Always `indexed-image`.
        r#type: &'static str,
        /// Where the index holds the task.
        namespace: IndexPath,
        /// The artifact's name.
        path: String,
    },
}

/// Something that a task leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DockerArtifact {
    /// Where the task leaves it, from the container's root.
    pub path: String,
    /// Whether it is a file or a folder.
    pub r#type: ArtifactType,
    /// When it is deleted.
    pub expires: RelativeDatestamp,
}

/// What docker-worker does besides running the command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DockerFeatures {
    /// The task may call Taskcluster with its scopes.
    pub taskcluster_proxy: bool,
    /// The worker signs what the task leaves.
    #[serde(skip_serializing_if = "is_false")]
    pub chain_of_trust: bool,
}
