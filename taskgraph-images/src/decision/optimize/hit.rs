//! [`Hit`]: whether something takes a task's place.
//!
//! A path of the index is only a name that somebody was allowed to write, so what is found there is held to what it
//! should be: see [`refusal`].

use std::collections::BTreeMap;

use taskgraph_images_transforms::{IndexPath, Label, Level, Optimization, Payload, Task};

use super::{Question, scheduler_id};
use crate::decision::lookup::{Found, Lookups, Now};
use crate::taskcluster::{TaskId, TaskState, Timestamp};

/// Whether something takes a task's place.
pub(super) enum Hit<'a> {
    /// This task, found at a path or given.
    Task(&'a TaskId, String),
    /// Nothing, and why.
    Miss(String),
}

/// Looks for what takes a task's place.
pub(super) fn hit<'a>(question: &Question<'a>, lookups: &'a Lookups, task: &Task) -> Hit<'a> {
    let label = &task.label;
    let forced = question.do_not_optimize.contains(label)
        || (!question.optimize_targets && question.targets.labels.contains_key(label));
    // What an earlier run of this decision created is part of the graph, whatever was indexed since.
    if lookups.created.contains(label) {
        return Hit::Miss("an earlier run of this decision created it".to_owned());
    }
    if forced {
        return Hit::Miss("it is to be made anew, whatever the index has".to_owned());
    }
    if let Some(id) = question.existing.get(label) {
        return Hit::Task(id, "an existing task stands in for it".to_owned());
    }
    let Some(Optimization::IndexSearch(paths)) = &task.optimization else {
        return Hit::Miss("nothing may take its place".to_owned());
    };
    let mut refusals = Vec::new();
    for path in paths {
        let Some(entry) = lookups.index.get(path) else {
            continue;
        };
        if entry.expires <= question.now {
            refusals.push(format!("what was indexed at `{path}` has expired"));
            continue;
        }
        let id = &entry.task_id;
        let refused = match lookups.tasks.get(id) {
            None => Some("the queue does not know it any more".to_owned()),
            Some(found) => refusal(question, task, path, found, lookups.artifacts.get(id)),
        };
        match refused {
            Some(why) => refusals.push(format!("the task `{id}` at `{path}` is not taken: {why}")),
            None => {
                let why = old(question, label, &lookups.tasks[id])
                    .or_else(|| moved(question, lookups, label, id));
                return match why {
                    Some(why) => Hit::Miss(why),
                    None => {
                        let unknown = unknown(question, lookups, label, id);
                        Hit::Task(id, format!("the index has it at `{path}`{unknown}"))
                    }
                };
            }
        }
    }
    if refusals.is_empty() {
        Hit::Miss("the index does not have it".to_owned())
    } else {
        Hit::Miss(refusals.join("; "))
    }
}

/// Why a build is too old, if it is and that counts.
fn old(question: &Question<'_>, label: &Label, found: &Found) -> Option<String> {
    if !question.targets.ages {
        return None;
    }
    let limit = *question.max_age.get(label)?;
    let until = found.created.after(limit);
    (until <= question.now).then(|| {
        let days = (question.now.as_seconds() - found.created.as_seconds()).max(0) / 86_400;
        format!("its newest build is {days} days old, and `max-age` is {limit}")
    })
}

/// The pins of an image that float, if that counts.
fn floating<'a>(question: &Question<'a>, label: &Label) -> impl Iterator<Item = &'a String> {
    let pins = question.floating.get(label);
    pins.filter(|_| question.targets.ages).into_iter().flatten()
}

/// Why a build is on something else than one would be now, if that is so and counts.
fn moved(
    question: &Question<'_>,
    lookups: &Lookups,
    label: &Label,
    build: &TaskId,
) -> Option<String> {
    floating(question, label).find_map(|pin| {
        let Now::Version(now) = lookups.floating.get(pin)? else {
            return None;
        };
        let then = lookups.built_on.get(build)?.get(pin)?;
        (then != now).then(|| {
            format!("`{pin}`, which floats, is at `{now}`, and its newest build is on `{then}`")
        })
    })
}

/// Which floating pins may have moved without anybody knowing, in words: the age alone tells when such an image is old.
fn unknown(question: &Question<'_>, lookups: &Lookups, label: &Label, build: &TaskId) -> String {
    let words = floating(question, label).filter_map(|pin| {
        let then = lookups.built_on.get(build).and_then(|pins| pins.get(pin));
        let why = match (lookups.floating.get(pin), then) {
            (Some(Now::Version(_)), Some(_)) => return None,
            (Some(Now::Version(_)), None) => "its build does not say what it is on",
            (Some(Now::Unknown(why)), _) => why.as_str(),
            (None, _) => "nobody was asked",
        };
        Some(format!("; whether `{pin}` has moved is not known: {why}"))
    });
    words.collect()
}

/// Why a found task may not take the place of another, if it may not.
///
/// The scheduler's id says whose decision made the task: only tasks of a level hold the scope to use it. The queue
/// says which machines ran it. Kind, image and digest are the task's own words; they guard against mistakes, and
/// together with the first two against whoever may write the index, but not the queue.
fn refusal(
    question: &Question<'_>,
    task: &Task,
    path: &IndexPath,
    found: &Found,
    artifacts: Option<&BTreeMap<String, Timestamp>>,
) -> Option<String> {
    let (Some(image), Some(extra)) = (task.image(), &task.task.extra.image) else {
        return Some("nothing may take the place of what is about no image".to_owned());
    };
    let level = level_of(question, path);
    let scheduler = scheduler_id(question.config, level);
    let deadline = question.now.after(task.task.deadline.after);
    if found.state != TaskState::Completed {
        return Some("it is not completed".to_owned());
    }
    if found.scheduler_id != scheduler {
        return Some(format!(
            "its scheduler is `{}`, not `{scheduler}`",
            found.scheduler_id
        ));
    }
    if let Some(queue) = question
        .queues
        .get(&task.label)
        .map(|queues| queues.at(level))
        && found.task_queue_id != queue.to_string()
    {
        return Some(format!(
            "it ran on `{}`, not on `{queue}`",
            found.task_queue_id
        ));
    }
    for (what, is, should) in [
        ("kind", &found.kind, task.kind.to_string()),
        ("image", &found.image, image.to_string()),
        ("digest", &found.digest, extra.digest.to_string()),
    ] {
        if is.as_deref() != Some(should.as_str()) {
            return Some(match is {
                Some(is) => format!("its {what} is `{is}`, not `{should}`"),
                None => format!("it names no {what}"),
            });
        }
    }
    if found.expires < deadline {
        return Some(format!(
            "it expires at {}, before what needs it must be done",
            found.expires
        ));
    }
    artifacts.and_then(|artifacts| missing_artifact(&task.task.payload, artifacts, deadline))
}

/// Why the artifacts of a found task are not enough, if they are not.
fn missing_artifact(
    payload: &Payload,
    artifacts: &BTreeMap<String, Timestamp>,
    deadline: Timestamp,
) -> Option<String> {
    payload.artifact_names().find_map(|name| {
        let folder = format!("{name}/");
        let mut found = artifacts
            .iter()
            .filter(|(other, _)| *other == name || other.starts_with(&folder))
            .map(|(_, expires)| *expires)
            .peekable();
        if found.peek().is_none() {
            return Some(format!("it has no artifact `{name}`"));
        }
        found
            .any(|expires| expires < deadline)
            .then(|| format!("its artifact `{name}` expires before what needs it must be done"))
    })
}

/// The level whose tasks alone may write a path.
fn level_of(question: &Question<'_>, path: &IndexPath) -> Level {
    let trusted = format!("{}.cache.level-3.", question.config.index_prefix);
    if path.as_str().starts_with(&trusted) {
        Level::Three
    } else {
        Level::One
    }
}
