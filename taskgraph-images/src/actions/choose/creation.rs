//! [`Creation`]: tasks that an action creates, and what may be among them.

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images_transforms::{Kind, Label, TaskGraph, TaskKind};

use super::{ActionError, Work};
use crate::actions::subject::Subject;
use crate::taskcluster::TaskId;

/// Tasks that are created of a decision's full task graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// Labels of the tasks that are created whatever stands already, each with why.
    pub fresh: BTreeMap<Label, String>,
    /// Tasks that stand in for what these need.
    pub standing: BTreeMap<Label, TaskId>,
    /// How many copies are created.
    pub times: u32,
}

impl Creation {
    pub(super) fn new(
        fresh: BTreeMap<Label, String>,
        mut standing: BTreeMap<Label, TaskId>,
        times: u32,
    ) -> Self {
        standing.retain(|label, _| !fresh.contains_key(label));
        Self {
            fresh,
            standing,
            times,
        }
    }

    /// The tasks that stand in for what one of the tasks needs.
    pub fn under(&self, label: &Label, graph: &TaskGraph) -> BTreeSet<TaskId> {
        graph
            .get(label)
            .into_iter()
            .flat_map(|task| task.dependencies.values())
            .filter_map(|needed| self.standing.get(needed).cloned())
            .collect()
    }
}

/// As [`create`], with what stands, unless there are errors already.
pub(super) fn create_unless(
    mut errors: Vec<ActionError>,
    fresh: BTreeMap<Label, String>,
    times: u32,
    subject: &Subject,
) -> Result<Work, Vec<ActionError>> {
    match create(fresh, subject.standing(), times, subject) {
        Ok(work) if errors.is_empty() => return Ok(work),
        Ok(_) => {}
        Err(mut more) => errors.append(&mut more),
    }
    Err(errors)
}

/// Tasks that anybody who may act may create: none that publishes, and none about the fleet.
pub(super) fn create(
    fresh: BTreeMap<Label, String>,
    standing: BTreeMap<Label, TaskId>,
    times: u32,
    subject: &Subject,
) -> Result<Work, Vec<ActionError>> {
    let errors: Vec<ActionError> = fresh
        .keys()
        .filter_map(|label| match subject.full.get(label)?.kind {
            TaskKind::Image(Kind::Publish) => Some(ActionError::Publishes(label.clone())),
            TaskKind::Image(_) => None,
            TaskKind::Maintenance(_) => Some(ActionError::Maintenance(label.clone())),
        })
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Work::Create(Creation::new(fresh, standing, times)))
}

/// The label of a task about the fleet, if it is one.
pub(super) fn fleets(subject: &Subject, label: &str) -> Option<Label> {
    let label = Label::new(label).ok()?;
    let task = subject.full.get(&label)?;
    task.kind.maintenance().map(|_| label)
}

pub(super) fn is_kind(subject: &Subject, label: &Label, kind: Kind) -> bool {
    subject
        .full
        .get(label)
        .is_some_and(|task| task.kind == kind)
}
