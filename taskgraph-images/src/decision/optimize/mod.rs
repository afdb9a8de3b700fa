//! [`Optimized`]: which tasks of the target graph are created, which the index replaces, which nothing needs.
//!
//! Pure: a graph, the targets and what was looked up go in, a verdict with its reason for each task comes out.

mod hit;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use taskgraph_images_transforms::{
    ByLevel, Duration, ImageDefinition, Kind, Label, Level, ProjectConfig, TaskGraph, TaskQueueId,
};

use super::lookup::Lookups;
use super::target::Targets;
use crate::fleet::Fleet;
use crate::taskcluster::{TaskId, Timestamp};
use hit::{Hit, hit};

/// What happens to a task, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// It is created.
    Kept {
        /// Why, in words.
        reason: String,
    },
    /// Another task takes its place.
    Replaced {
        /// That task.
        task_id: TaskId,
        /// Why, in words.
        reason: String,
    },
    /// It is not created, and nothing takes its place.
    Removed {
        /// Why, in words.
        reason: String,
    },
}

impl Outcome {
    /// Why, in words.
    pub fn reason(&self) -> &str {
        match self {
            Self::Kept { reason } | Self::Replaced { reason, .. } | Self::Removed { reason } => {
                reason
            }
        }
    }
}

/// What happens to each task of the target graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Optimized {
    /// By label.
    pub outcomes: BTreeMap<Label, Outcome>,
}

impl Optimized {
    /// The labels of the tasks that are created.
    pub fn kept(&self) -> impl Iterator<Item = &Label> {
        self.outcomes
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Kept { .. }))
            .map(|(label, _)| label)
    }

    /// The tasks that take others' places, by the others' labels.
    pub fn replaced(&self) -> impl Iterator<Item = (&Label, &TaskId)> {
        self.outcomes
            .iter()
            .filter_map(|(label, outcome)| match outcome {
                Outcome::Replaced { task_id, .. } => Some((label, task_id)),
                _ => None,
            })
    }
}

/// What an optimization is about, besides what was looked up.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The target tasks and all that they need.
    pub graph: &'a TaskGraph,
    /// What was asked for.
    pub targets: &'a Targets,
    /// The project's settings.
    pub config: &'a ProjectConfig,
    /// The level of the run.
    pub level: Level,
    /// When tasks are created.
    pub now: Timestamp,
    /// Whether the index may replace targets.
    pub optimize_targets: bool,
    /// Labels that the index may not replace.
    pub do_not_optimize: &'a BTreeSet<Label>,
    /// Tasks that take the place of labels, whatever the index says.
    pub existing: &'a BTreeMap<Label, TaskId>,
    /// How old the newest build of each image may become, by the label of its build task.
    pub max_age: &'a BTreeMap<Label, Duration>,
    /// The pins that float and that go into each image, by the label of its build task.
    pub floating: &'a BTreeMap<Label, BTreeSet<String>>,
    /// The task queues on which each task runs at each level.
    pub queues: &'a BTreeMap<Label, ByLevel<TaskQueueId>>,
}

/// Where the answer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The artifacts of these tasks must be looked up first.
    Artifacts(BTreeSet<TaskId>),
    /// It is found.
    Optimized(Optimized),
}

/// Works out what happens to each task.
///
/// A task is created when it is wanted (asked for, or needed by one that is created) and nothing may take its place,
/// or when something that it depends on is created: dependent images follow their parents. The rule only ever adds
/// tasks, so it is repeated until it adds none.
pub fn optimize(question: &Question<'_>, lookups: &Lookups) -> Answer {
    let order = question.graph.topological();
    let hits: BTreeMap<&Label, Hit<'_>> = order
        .iter()
        .filter_map(|label| question.graph.get(label))
        .map(|task| (&task.label, hit(question, lookups, task)))
        .collect();
    let mut kept: BTreeMap<&Label, String> = BTreeMap::new();
    let mut wanted: BTreeSet<&Label> = question.targets.labels.keys().collect();
    // Where nothing may take a wanted task's place, what it needs is wanted, too; what it needs comes first in the
    // order, so one pass may not be enough.
    loop {
        let before = (kept.len(), wanted.len());
        for label in &order {
            let Some(task) = question.graph.get(label) else {
                continue;
            };
            if kept.contains_key(label) || !wanted.contains(label) {
                continue;
            }
            let reason = match &hits[label] {
                Hit::Miss(reason) => Some(reason.clone()),
                // Somebody decided that this task stands in, whatever becomes of what it depends on.
                Hit::Task(..) if question.existing.contains_key(*label) => None,
                Hit::Task(..) => task
                    .dependencies
                    .values()
                    .find(|needed| kept.contains_key(needed))
                    .map(|needed| format!("`{needed}`, which it depends on, is made anew")),
            };
            if let Some(reason) = reason {
                kept.insert(&task.label, reason);
                wanted.extend(task.dependencies.values());
            }
        }
        if before == (kept.len(), wanted.len()) {
            break;
        }
    }
    let unknown = unknown_artifacts(question, lookups, &kept, &hits);
    if !unknown.is_empty() {
        return Answer::Artifacts(unknown);
    }
    let outcomes = order
        .iter()
        .map(|label| {
            let outcome = match (kept.remove(*label), &hits[label]) {
                (Some(reason), _) => Outcome::Kept {
                    reason: because(question, label, reason),
                },
                (None, Hit::Task(id, reason)) if wanted.contains(label) => Outcome::Replaced {
                    task_id: (*id).clone(),
                    reason: reason.clone(),
                },
                _ => Outcome::Removed {
                    reason: "nothing that is created needs it".to_owned(),
                },
            };
            ((*label).clone(), outcome)
        })
        .collect();
    Answer::Optimized(Optimized { outcomes })
}

/// The reason with what the task was asked for, if it was.
fn because(question: &Question<'_>, label: &Label, reason: String) -> String {
    match question.targets.labels.get(label) {
        Some(asked) => format!("{asked}; {reason}"),
        None => format!("a task that is created needs it; {reason}"),
    }
}

/// The tasks that stand in for what a created task needs, and whose artifacts were not looked up yet.
///
/// Only these matter: nobody reads the artifacts of a task that merely need not be repeated.
fn unknown_artifacts(
    question: &Question<'_>,
    lookups: &Lookups,
    kept: &BTreeMap<&Label, String>,
    hits: &BTreeMap<&Label, Hit<'_>>,
) -> BTreeSet<TaskId> {
    kept.keys()
        .filter_map(|label| question.graph.get(label))
        .flat_map(|task| task.dependencies.values())
        .filter(|needed| !kept.contains_key(needed) && !question.existing.contains_key(*needed))
        .filter_map(|needed| match &hits[needed] {
            Hit::Task(id, _) => Some((*id).clone()),
            Hit::Miss(_) => None,
        })
        .filter(|id| !lookups.artifacts.contains_key(id))
        .collect()
}

/// The scheduler's id of a level's tasks.
pub fn scheduler_id(config: &ProjectConfig, level: Level) -> String {
    format!("{}-level-{level}", config.trust_domain)
}

/// How old the newest build of each image may become, by the label of its build task.
pub fn max_ages(fleet: &Fleet) -> BTreeMap<Label, Duration> {
    definitions(fleet)
        .filter_map(|image| Some((image.id.label(Kind::Build), image.max_age?)))
        .collect()
}

/// The pins that float and that go into each image, by the label of its build task.
pub fn floating(fleet: &Fleet) -> BTreeMap<Label, BTreeSet<String>> {
    let mut floating = BTreeMap::new();
    for (id, image) in &fleet.images {
        let pins: BTreeSet<String> = image
            .resolved()
            .pins
            .iter()
            .filter(|name| {
                let pin = fleet.pins.pins.get(*name);
                pin.is_some_and(|pin| pin.value.is_floating())
            })
            .cloned()
            .collect();
        if !pins.is_empty() {
            floating.insert(id.label(Kind::Build), pins);
        }
    }
    floating
}

/// The task queues on which the tasks of images run at each level.
pub fn queues(fleet: &Fleet, config: &ProjectConfig) -> BTreeMap<Label, ByLevel<TaskQueueId>> {
    let mut queues = BTreeMap::new();
    for image in definitions(fleet) {
        for &kind in Kind::ALL {
            let alias = image.worker(kind).and_then(|name| config.workers.get(name));
            if let Some(alias) = alias {
                let at = |level| TaskQueueId {
                    provisioner: alias.provisioner.at(level).clone(),
                    worker_type: alias.worker_type.at(level).clone(),
                };
                let both = ByLevel::new(at(Level::One), at(Level::Three));
                queues.insert(image.id.label(kind), both);
            }
        }
    }
    queues
}

fn definitions(fleet: &Fleet) -> impl Iterator<Item = &ImageDefinition> {
    fleet
        .images
        .values()
        .map(|image| &*image.resolved().definition)
}

#[cfg(test)]
mod tests;
