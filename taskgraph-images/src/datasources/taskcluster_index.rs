//! What a path of Taskcluster's index leads to: a task, or what one of its artifacts says.
//!
//! A path is only a name, which whoever has the scope can point anywhere. So the task that is found there is held to its
//! scheduler, and to its queue where one is set.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use taskgraph_images_transforms::IndexPath;

use super::call::{Caller, time};
use super::{Release, SourceError, SourceErrorKind, fill};
use crate::taskcluster::{ApiError, TaskId, TaskState};

/// What a path of Taskcluster's index leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TaskclusterIndex {
    /// The path.
    pub path: String,
    /// Who must have scheduled the task.
    pub scheduler_id: String,
    /// Where it must have run: `provisioner/worker-type`.
    pub task_queue_id: Option<String>,
    /// Where the version is. Without it, the version is the task's id.
    pub version: Option<Place>,
    /// Artifacts that are used: names by the pin's keys of digests.
    #[serde(default)]
    pub assets: BTreeMap<String, String>,
}

/// A value of a JSON artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Place {
    /// The artifact's name.
    pub artifact: String,
    /// A JSON pointer to the text.
    pub pointer: String,
}

pub(super) fn releases(
    settings: &TaskclusterIndex,
    caller: &Caller<'_>,
) -> Result<Vec<Release>, SourceError> {
    let services = caller.services;
    let (Some(index), Some(queue)) = (services.index, services.queue) else {
        return Err(caller.settings("it needs Taskcluster, and no deployment is set"));
    };
    let failed = |error: ApiError| caller.error(SourceErrorKind::Taskcluster(error));
    let path =
        IndexPath::new(&settings.path).map_err(|error| caller.settings(error.to_string()))?;
    let found = index
        .find_tasks(&BTreeSet::from([path.clone()]))
        .map_err(failed)?;
    // The service also returns what has expired.
    let Some(entry) = found
        .get(&path)
        .filter(|entry| entry.expires > services.now)
    else {
        return Ok(Vec::new());
    };
    let id = &entry.task_id;
    let ids = BTreeSet::from([id.clone()]);
    let statuses = queue.statuses(&ids).map_err(failed)?;
    let definitions = queue.definitions(&ids).map_err(failed)?;
    let (Some(status), Some(definition)) = (statuses.get(id), definitions.get(id)) else {
        return Ok(Vec::new());
    };
    if status.scheduler_id != settings.scheduler_id {
        return Err(caller.untrusted(format!(
            "task `{id}` was scheduled by `{}`, not by `{}`",
            status.scheduler_id, settings.scheduler_id
        )));
    }
    let at = queue_id(definition);
    if let Some(wanted) = settings
        .task_queue_id
        .as_ref()
        .filter(|wanted| **wanted != at)
    {
        return Err(caller.untrusted(format!("task `{id}` ran at `{at}`, not at `{wanted}`")));
    }
    let artifact = |id: &TaskId, name: &str| queue.artifact(id, name).map_err(failed);
    let version = match &settings.version {
        None => id.to_string(),
        Some(place) => {
            let content = artifact(id, &place.artifact)?;
            let content: Option<Value> = content
                .map(|bytes| serde_json::from_slice(&bytes))
                .transpose()
                .map_err(|error| caller.unreadable(format!("`{}`: {error}", place.artifact)))?;
            let text = content
                .as_ref()
                .and_then(|value| value.pointer(&place.pointer)?.as_str());
            let why = || {
                caller.unreadable(format!(
                    "`{}` has no text at `{}`",
                    place.artifact, place.pointer
                ))
            };
            text.ok_or_else(why)?.to_owned()
        }
    };
    let mut release = Release::new(version);
    release.released = time(definition["created"].as_str());
    if status.state != TaskState::Completed {
        release.missing.push("task that is completed".to_owned());
    }
    for (key, name) in &settings.assets {
        match artifact(id, name)? {
            Some(bytes) => {
                release.digests.insert(key.clone(), fill::sha256(&bytes));
            }
            None => release.missing.push(format!("artifact `{name}`")),
        }
    }
    release.references.insert("task".to_owned(), id.to_string());
    Ok(vec![release])
}

fn queue_id(definition: &Value) -> String {
    let text = |name: &str| definition[name].as_str().unwrap_or_default();
    match text("taskQueueId") {
        "" => format!("{}/{}", text("provisionerId"), text("workerType")),
        id => id.to_owned(),
    }
}
