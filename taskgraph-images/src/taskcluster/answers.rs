//! The services' answers, as far as anything is read from them.

use std::fmt::Display;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ApiError, ApiErrorKind, IndexedTask, Run, TaskId, TaskStatus, Timestamp};

/// `{status}`.
#[derive(Deserialize)]
pub(super) struct StatusAnswer {
    pub(super) status: TaskStatus,
}

/// One of `statuses`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusItem {
    pub(super) task_id: TaskId,
    pub(super) status: TaskStatus,
}

/// `{secret}`.
#[derive(Deserialize)]
pub(super) struct SecretAnswer {
    pub(super) secret: Value,
}

/// One of `statuses`, with its runs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunsItem {
    pub(super) task_id: TaskId,
    pub(super) status: RunsStatus,
}

#[derive(Deserialize)]
pub(super) struct RunsStatus {
    #[serde(flatten)]
    pub(super) status: TaskStatus,
    pub(super) runs: Vec<Run>,
}

/// One of a batch's `tasks`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DefinitionItem {
    pub(super) task_id: TaskId,
    pub(super) task: Value,
}

/// One of a group's `tasks`.
#[derive(Deserialize)]
pub(super) struct GroupItem {
    pub(super) status: TaskStatus,
    pub(super) task: Value,
}

/// An entry of the index.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IndexItem {
    pub(super) namespace: String,
    task_id: TaskId,
    rank: i64,
    expires: Timestamp,
}

impl IndexItem {
    pub(super) fn into_task(self) -> IndexedTask {
        IndexedTask {
            task_id: self.task_id,
            rank: self.rank,
            expires: self.expires,
        }
    }
}

/// One of `namespaces`.
#[derive(Deserialize)]
pub(super) struct NamespaceItem {
    pub(super) namespace: String,
}

/// One of `workerPools`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkerPoolItem {
    pub(super) worker_pool_id: String,
    pub(super) config: Value,
}

/// One of `artifacts`.
#[derive(Deserialize)]
pub(super) struct ArtifactItem {
    pub(super) name: String,
    pub(super) expires: Timestamp,
}

/// `{scopes}`.
#[derive(Deserialize)]
pub(super) struct ScopesAnswer {
    pub(super) scopes: std::collections::BTreeSet<String>,
}

/// A page of a list.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// What the next page is asked for with.
    pub(super) token: Option<String>,
}

/// Reads an answer as what the service documents.
pub(super) fn read<T: DeserializeOwned>(call: &str, answer: Value) -> Result<T, ApiError> {
    serde_json::from_value(answer).map_err(|error| unreadable(call, error))
}

/// Reads an answer as a page of the list of some name.
pub(super) fn page<T: DeserializeOwned>(
    call: &str,
    list: &str,
    mut answer: Value,
) -> Result<Page<T>, ApiError> {
    let items = answer.get_mut(list).map(Value::take);
    let items = items.ok_or_else(|| unreadable(call, format!("it has no `{list}`")))?;
    let token = answer.get("continuationToken").and_then(Value::as_str);
    Ok(Page {
        items: read(call, items)?,
        token: token.filter(|token| !token.is_empty()).map(str::to_owned),
    })
}

pub(super) fn unreadable(call: &str, why: impl Display) -> ApiError {
    ApiError {
        call: call.to_owned(),
        kind: ApiErrorKind::Unreadable(why.to_string()),
    }
}
