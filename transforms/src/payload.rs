//! [`Payload`]: what a worker does, typed for each worker implementation.

use std::collections::BTreeMap;

use serde::Serialize;

mod docker_worker;
mod generic_worker;

pub use docker_worker::{DockerArtifact, DockerFeatures, DockerImage, DockerWorkerPayload};
pub use generic_worker::{
    Artifact, Content, GenericWorkerFeatures, GenericWorkerPosixPayload,
    GenericWorkerWindowsPayload, Mount,
};

use crate::task::TaskString;

/// What a worker does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Payload {
    /// generic-worker on Linux.
    GenericWorkerPosix(GenericWorkerPosixPayload),
    /// generic-worker on Windows.
    GenericWorkerWindows(GenericWorkerWindowsPayload),
    /// docker-worker, or generic-worker through d2g.
    DockerWorker(DockerWorkerPayload),
}

impl Payload {
    /// The environment of the task's command.
    pub fn env(&self) -> &BTreeMap<String, TaskString> {
        match self {
            Self::GenericWorkerPosix(payload) => &payload.env,
            Self::GenericWorkerWindows(payload) => &payload.env,
            Self::DockerWorker(payload) => &payload.env,
        }
    }

    /// The names of the artifacts it leaves; of a folder, what the names of all that is in it start with.
    pub fn artifact_names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::GenericWorkerPosix(payload) => Box::new(
                payload
                    .artifacts
                    .iter()
                    .map(|artifact| artifact.name.as_str()),
            ),
            Self::GenericWorkerWindows(payload) => Box::new(
                payload
                    .artifacts
                    .iter()
                    .map(|artifact| artifact.name.as_str()),
            ),
            Self::DockerWorker(payload) => Box::new(payload.artifacts.keys().map(String::as_str)),
        }
    }

    /// The names of the decision task's artifacts that it mounts.
    pub fn decision_artifacts(&self) -> impl Iterator<Item = &str> {
        self.mounts().iter().filter_map(|mount| match mount {
            Mount::File {
                content: Content::Artifact { artifact, task_id },
                ..
            } if *task_id == TaskString::task("decision") => Some(artifact.as_str()),
            _ => None,
        })
    }

    fn mounts(&self) -> &[Mount] {
        match self {
            Self::GenericWorkerPosix(payload) => &payload.mounts,
            Self::GenericWorkerWindows(payload) => &payload.mounts,
            Self::DockerWorker(_) => &[],
        }
    }

    /// The names of the caches it mounts.
    pub fn caches(&self) -> impl Iterator<Item = &str> {
        let cache = match self {
            Self::GenericWorkerPosix(_) | Self::GenericWorkerWindows(_) => None,
            Self::DockerWorker(payload) => Some(&payload.cache),
        };
        let mounted = self.mounts().iter().filter_map(|mount| match mount {
            Mount::Cache { cache_name, .. } => Some(cache_name.as_str()),
            Mount::File { .. } => None,
        });
        mounted.chain(
            cache
                .into_iter()
                .flat_map(|cache| cache.keys().map(String::as_str)),
        )
    }
}

/// Which exit codes of the command mean that a new run may help.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OnExitStatus {
    /// The codes.
    pub retry: Vec<u32>,
}

/// Whether an artifact is one file or all that is in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArtifactType {
    /// One file.
    File,
    /// All that is in a folder.
    Directory,
}

pub(crate) fn is_false(value: &bool) -> bool {
    !value
}
