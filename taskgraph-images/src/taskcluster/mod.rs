//! Taskcluster's services, as small typed traits: what the rest of the program asks of them, and no more.
//!
//! Only this module names the client crate. It hides how a connection is made (a task's proxy, credentials, or none),
//! how often a call is tried again, in what portions a batch is asked for, and where the crate is at fault. What comes
//! back is typed; what fails is an [`ApiError`], which tells a refusal from a service that did not answer. Tests put
//! values of their own in the place of the services.

mod answers;
mod batch;
mod client;
#[cfg(test)]
mod client_tests;
mod connection;
mod download;
mod error;
mod failure;
mod patience;
mod signature;
mod task_id;
mod timestamp;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use taskgraph_images_transforms::IndexPath;

pub use client::Client;
pub use connection::{Connection, Credentials};
pub use error::{ApiError, ApiErrorKind};
pub use patience::Patience;
pub use task_id::{TaskId, TaskIdError};
pub use timestamp::{Timestamp, TimestampError};

/// What the index service is asked.
pub trait Index: Sync {
    /// Finds what is at some paths, in batches. Paths that hold nothing are absent from the answer.
    ///
    /// The service's batch call also returns entries that have expired, so whoever asks compares
    /// [`IndexedTask::expires`].
    ///
    /// # Errors
    /// Any failure. An absent entry is an answer, never a failure.
    fn find_tasks(
        &self,
        paths: &BTreeSet<IndexPath>,
    ) -> Result<BTreeMap<IndexPath, IndexedTask>, ApiError>;
}

/// What the index holds in a place: for those who look for what they cannot name.
pub trait IndexList: Sync {
    /// What stands directly in a namespace, page after page, without what has expired.
    ///
    /// # Errors
    /// Any failure. A namespace that is not there holds nothing.
    fn list_tasks(
        &self,
        namespace: &IndexPath,
    ) -> Result<BTreeMap<IndexPath, IndexedTask>, ApiError>;

    /// The namespaces directly in a namespace, page after page.
    ///
    /// # Errors
    /// Any failure.
    fn list_namespaces(&self, namespace: &IndexPath) -> Result<BTreeSet<IndexPath>, ApiError>;
}

/// An entry of the index.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct IndexedTask {
    /// The task. The queue need not know it any more.
    pub task_id: TaskId,
    /// The rank by which it took its place.
    pub rank: i64,
    /// When the entry is forgotten.
    pub expires: Timestamp,
}

/// What the queue service is asked.
pub trait Queue: Sync {
    /// The states of tasks, in batches. Unknown tasks are absent from the answer.
    ///
    /// # Errors
    /// Any failure.
    fn statuses(&self, ids: &BTreeSet<TaskId>) -> Result<BTreeMap<TaskId, TaskStatus>, ApiError>;

    /// The definitions of tasks, in batches. Unknown tasks are absent from the answer.
    ///
    /// # Errors
    /// Any failure.
    fn definitions(&self, ids: &BTreeSet<TaskId>) -> Result<BTreeMap<TaskId, Value>, ApiError>;

    /// Creates a task. The same again is no failure, as the queue has it: within 15 minutes, with equal fields.
    ///
    /// # Errors
    /// Any failure; status 409 when the id is another task's.
    fn create_task(&self, id: &TaskId, definition: &Value) -> Result<TaskStatus, ApiError>;

    /// Adds a run to a task that is resolved.
    ///
    /// # Errors
    /// Any failure.
    fn rerun_task(&self, id: &TaskId) -> Result<TaskStatus, ApiError>;

    /// Cancels a task.
    ///
    /// # Errors
    /// Any failure.
    fn cancel_task(&self, id: &TaskId) -> Result<TaskStatus, ApiError>;

    /// All tasks of a group with their definitions, page after page; nothing for a group that does not exist.
    ///
    /// # Errors
    /// Any failure.
    fn task_group(&self, id: &TaskId) -> Result<BTreeMap<TaskId, (TaskStatus, Value)>, ApiError>;

    /// The names of the artifacts of a task's latest run, with the time until which each is kept.
    ///
    /// # Errors
    /// Any failure. A task that has no run yet has no artifacts.
    fn artifacts(&self, id: &TaskId) -> Result<BTreeMap<String, Timestamp>, ApiError>;

    /// The content of an artifact of a task's latest run, unless there is none of that name.
    ///
    /// # Errors
    /// Any failure.
    fn artifact(&self, id: &TaskId, name: &str) -> Result<Option<Vec<u8>>, ApiError>;
}

/// How a task is doing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskStatus {
    /// The task.
    pub task_id: TaskId,
    /// The group that it belongs to.
    pub task_group_id: TaskId,
    /// Who scheduled it. Only holders of that scheduler's scope can have made it.
    pub scheduler_id: String,
    /// Its state.
    pub state: TaskState,
    /// When it must be done.
    pub deadline: Timestamp,
    /// When the queue forgets it.
    pub expires: Timestamp,
}

/// What the queue tells of the runs of tasks.
pub trait Runs: Sync {
    /// How tasks are doing, with all their runs, in batches. Unknown tasks are absent from the answer.
    ///
    /// # Errors
    /// Any failure.
    fn runs(
        &self,
        ids: &BTreeSet<TaskId>,
    ) -> Result<BTreeMap<TaskId, (TaskStatus, Vec<Run>)>, ApiError>;
}

/// A run of a task, in the queue's words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Its number, from 0.
    pub run_id: u32,
    /// Why there is such a run: `scheduled`, `retry`, `task-retry`, `rerun`, `exception`.
    pub reason_created: String,
    /// Why it came to its end, if it has: `completed`, `failed`, `worker-shutdown`, and so on.
    #[serde(default)]
    pub reason_resolved: Option<String>,
    /// When a worker took it, if one has.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// When it came to its end.
    #[serde(default)]
    pub resolved: Option<Timestamp>,
}

/// A task's state, in the queue's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskState {
    /// It waits for what it depends on.
    Unscheduled,
    /// It waits for a worker.
    Pending,
    /// A worker has it.
    Running,
    /// It succeeded.
    Completed,
    /// It failed.
    Failed,
    /// It never came to an end of its own: cancelled, lost, malformed, too late.
    Exception,
}

/// What the secrets service is asked.
pub trait Secrets: Sync {
    /// The value of a secret: a JSON object.
    ///
    /// # Errors
    /// Any failure, also when there is none of that name.
    fn secret(&self, name: &str) -> Result<Value, ApiError>;
}

/// What the worker-manager service is asked.
pub trait WorkerManager: Sync {
    /// The configuration of every worker pool, by its id, page after page.
    ///
    /// # Errors
    /// Any failure.
    fn worker_pools(&self) -> Result<BTreeMap<String, Value>, ApiError>;
}

/// What the auth service is asked.
pub trait Auth: Sync {
    /// All scopes that the caller holds, expanded: roles stand beside what they give.
    ///
    /// # Errors
    /// Any failure.
    fn current_scopes(&self) -> Result<BTreeSet<String>, ApiError>;
}
