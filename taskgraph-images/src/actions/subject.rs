//! [`Subject`]: a decision that an action is about: its task graph, and what stands of it.

use std::collections::BTreeMap;

use taskgraph_images_transforms::{ImageId, Label, Parameters, ReviewedPlan, TaskGraph};

use super::group::Group;
use crate::taskcluster::TaskId;

/// A decision, made again as far as an action needs it.
#[derive(Debug)]
pub struct Subject {
    /// The decision task, whose id is also the group's.
    pub decision: TaskId,
    /// Every task of every image.
    pub full: TaskGraph,
    /// These, and what the decision's event may not have, each with its image.
    pub candidates: BTreeMap<Label, ImageId>,
    /// The tasks of the group.
    pub group: Group,
    /// What the decision let stand in for labels, and what it created: its `label-to-taskid.json`, but for tasks that
    /// are broken.
    pub ids: BTreeMap<Label, TaskId>,
}

/// The parameters of the run that carries out a plan of a clean-up: those of the decision, by an action that names it.
pub fn carrying_out(decision: &Parameters, plan: ReviewedPlan) -> Parameters {
    let event = super::document::event(decision.is_pull_request());
    Parameters {
        tasks_for: event.to_owned(),
        plan: Some(plan),
        ..decision.clone()
    }
}

impl Subject {
    /// The tasks that stand for labels: the newest of the group, or else what the decision found in the index.
    pub fn standing(&self) -> BTreeMap<Label, TaskId> {
        let mut standing: BTreeMap<Label, TaskId> = self
            .ids
            .iter()
            // What the decision created is in the group, where its state is known.
            .filter(|(label, id)| {
                self.full.get(label).is_some() && !self.group.tasks.contains_key(*id)
            })
            .map(|(label, id)| (label.clone(), id.clone()))
            .collect();
        standing.extend(self.group.sound());
        standing
    }

    /// The tasks that one depends on, by label, as far as they are known and not broken.
    pub fn based_on(&self, id: &TaskId) -> BTreeMap<Label, TaskId> {
        let Some(member) = self.group.tasks.get(id) else {
            return BTreeMap::new();
        };
        let elsewhere: BTreeMap<&TaskId, &Label> =
            self.ids.iter().map(|(label, id)| (id, label)).collect();
        member
            .dependencies
            .iter()
            .filter_map(|id| {
                let label = match self.group.tasks.get(id) {
                    Some(needed) if needed.is_broken() => None,
                    Some(needed) => needed.label.as_ref(),
                    None => elsewhere.get(id).copied(),
                };
                Some((label?.clone(), id.clone()))
            })
            .collect()
    }
}
