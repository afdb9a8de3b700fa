//! Which decisions of other projects are meant, and whether they are what they seem: a path of the index is only a name.

use std::collections::BTreeSet;

use taskgraph_images::taskcluster::{Index as _, Queue as _, TaskId, TaskState, TaskStatus};
use taskgraph_images::transforms::{IndexPath, ReplicateSource};
use taskgraph_images::worker::verify::replicate::graph;
use taskgraph_images::worker::verify::replicate::shown;

use super::{Round, is_over};
use crate::exit::Failure;

/// A decision that is believed, with the graph that it left.
pub(super) struct Decision<'a> {
    pub(super) source: &'a ReplicateSource,
    pub(super) id: TaskId,
    pub(super) graph: Vec<u8>,
}

impl Decision<'_> {
    pub(super) fn artifact(&self) -> String {
        artifact(&self.id)
    }
}

fn artifact(id: &TaskId) -> String {
    format!("`{}` of the task `{id}`", graph::NAME)
}

/// The decision of each source: the one that an earlier attempt took, or the newest.
pub(super) fn find<'a>(round: &'a Round<'_>) -> Result<Vec<Decision<'a>>, Failure> {
    let sources = &round.origin.settings.from;
    let settled = |source: &ReplicateSource| {
        let mut existing = round.existing.values();
        existing
            .find(|descent| descent.index == source.index.as_str())
            .map(|descent| descent.decision.clone())
    };
    let paths: BTreeSet<IndexPath> = sources
        .iter()
        .filter(|source| settled(source).is_none())
        .map(|source| source.index.clone())
        .collect();
    let newest = round
        .client
        .find_tasks(&paths)
        .map_err(Failure::Taskcluster)?;
    let mut faults = Vec::new();
    let mut found: Vec<(&ReplicateSource, TaskId)> = Vec::new();
    for source in sources {
        let entry = newest
            .get(&source.index)
            .filter(|entry| !is_over(entry.expires));
        match settled(source).or_else(|| entry.map(|entry| entry.task_id.clone())) {
            Some(id) => found.push((source, id)),
            None => faults.push(format!("the index has nothing at `{}`", source.index)),
        }
    }
    let ids: BTreeSet<TaskId> = found.iter().map(|(_, id)| id.clone()).collect();
    let known = round.client.statuses(&ids).map_err(Failure::Taskcluster)?;
    for (source, id) in &found {
        if let Some(why) = refusal(source, id, known.get(id)) {
            faults.push(format!(
                "`{id}`, which the index has at `{}`, {why}",
                source.index
            ));
        }
    }
    if !faults.is_empty() {
        return Err(Failure::Files(faults.join("; ")));
    }
    let mut decisions = Vec::new();
    for (source, id) in found {
        let content = round
            .client
            .artifact(&id, graph::NAME)
            .map_err(Failure::Taskcluster)?;
        match content {
            Some(graph) => decisions.push(Decision { source, id, graph }),
            None => faults.push(format!(
                "there is no {}, so it made no tasks",
                artifact(&id)
            )),
        }
    }
    if faults.is_empty() {
        Ok(decisions)
    } else {
        Err(Failure::Files(faults.join("; ")))
    }
}

/// Why a task is not the decision that is meant. Only holders of a scheduler's scope can have made a task of it.
fn refusal(source: &ReplicateSource, id: &TaskId, status: Option<&TaskStatus>) -> Option<String> {
    let Some(status) = status else {
        return Some("is not there any more".to_owned());
    };
    if status.scheduler_id != source.scheduler {
        let found = shown(&status.scheduler_id);
        return Some(format!(
            "was scheduled by {found}, expected `{}`",
            source.scheduler
        ));
    }
    if status.task_group_id != *id {
        return Some("is no decision: its group is another task's".to_owned());
    }
    if status.state != TaskState::Completed {
        return Some("is not completed".to_owned());
    }
    None
}
