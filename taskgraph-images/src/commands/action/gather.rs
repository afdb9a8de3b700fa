//! What an action needs to know of a decision: its task graph, made anew, and what stands of it.

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images::actions::group::{Group, Member, is_broken};
use taskgraph_images::actions::subject::{self, Subject};
use taskgraph_images::actions::{Action, document};
use taskgraph_images::comparison::{Head, Snapshot};
use taskgraph_images::decision::artifacts::{LABEL_TO_TASKID, PARAMETERS};
use taskgraph_images::decision::graphs;
use taskgraph_images::decision::optimize::scheduler_id;
use taskgraph_images::decision::parameters::{DecisionParameters, Strictness};
use taskgraph_images::definitions::Config;
use taskgraph_images::output::preview::task_graph;
use taskgraph_images::taskcluster::{Client, Queue as _, TaskId};
use taskgraph_images::transforms::{Label, Parameters, ProjectConfig, ReviewedPlan};

use super::super::decision::replay::Ids;
use super::super::project::Project;
use crate::exit::Failure;

/// A decision, made again as far as an action needs it.
pub(super) struct Gathered {
    pub(super) snapshot: Snapshot,
    pub(super) parameters: DecisionParameters,
    pub(super) for_tasks: Parameters,
    pub(super) subject: Subject,
}

/// The parameters of a decision task.
pub(super) fn decision(id: &TaskId, client: &Client) -> Result<DecisionParameters, Failure> {
    let name = format!("public/{PARAMETERS}");
    let content = client
        .artifact(id, &name)
        .map_err(Failure::Taskcluster)?
        .ok_or_else(|| Failure::Usage(format!("the task `{id}` has no artifact `{name}`"), None))?;
    DecisionParameters::read(&String::from_utf8_lossy(&content), Strictness::Strict)
        .map_err(|error| Failure::Files(format!("`{name}` of `{id}`: {error}")))
}

pub(super) fn settings(snapshot: &Snapshot) -> Result<&Config, Failure> {
    snapshot
        .fleet
        .config
        .as_deref()
        .ok_or_else(|| Failure::Files("the repository has no settings".to_owned()))
}

impl Gathered {
    /// Makes the decision's graph anew, and asks what stands of it; by its artifacts alone without a client.
    pub(super) fn new(
        project: &Project,
        decision: TaskId,
        parameters: DecisionParameters,
        ids: Option<Ids>,
        client: Option<&Client>,
        own: &TaskId,
    ) -> Result<Self, Failure> {
        let for_tasks = parameters.for_tasks().map_err(|error| {
            Failure::Files(format!("the parameter `level` of `{decision}`: {error}"))
        })?;
        let snapshot = project.snapshot_quietly(&Head::Revision(parameters.head_rev.clone()))?;
        let scheduler_id = scheduler_id(&settings(&snapshot)?.project, for_tasks.level);
        let full = task_graph(&snapshot, None, &for_tasks)?;
        let (group, ids) = match client {
            Some(client) => {
                let listed = client.task_group(&decision).map_err(Failure::Taskcluster)?;
                // What it says of itself counts only if a holder of the level's scheduler scope made it.
                let by = listed
                    .get(&decision)
                    .map(|(status, _)| status.scheduler_id.as_str());
                if by != Some(scheduler_id.as_str()) {
                    return Err(Failure::Usage(
                        format!(
                            "the task group `{decision}` is not one of a decision of level {}: {}",
                            for_tasks.level,
                            by.map_or_else(
                                || "it has no such task".to_owned(),
                                |by| format!("its scheduler is `{by}`, and not `{scheduler_id}`")
                            )
                        ),
                        None,
                    ));
                }
                let group = Group::new(listed, &full, &scheduler_id, own);
                let ids = of_artifact(&decision, client)?;
                let ids = sound(ids, &group, client)?;
                (group, ids)
            }
            None => {
                let ids = known(ids.unwrap_or_default());
                (Group::supposed(&ids, &full, &decision, &scheduler_id), ids)
            }
        };
        let candidates = graphs::candidates(&snapshot, &full, for_tasks.is_untrusted());
        Ok(Self {
            subject: Subject {
                decision,
                full,
                candidates,
                group,
                ids,
            },
            snapshot,
            parameters,
            for_tasks,
        })
    }

    /// Makes the graph again as that of the action that carries out a plan, which alone holds the task that does. What
    /// the decision's own graph holds means the same in both.
    pub(super) fn carrying_out(&mut self, plan: ReviewedPlan) -> Result<(), Failure> {
        let parameters = subject::carrying_out(&self.for_tasks, plan);
        self.subject.full = task_graph(&self.snapshot, None, &parameters)?;
        Ok(())
    }

    pub(super) fn config(&self) -> &ProjectConfig {
        &self
            .snapshot
            .fleet
            .config
            .as_ref()
            .expect("a decision without settings is not gathered")
            .project
    }

    /// Whether the decision offers an action.
    pub(super) fn offers(&self, action: Action) -> bool {
        settings(&self.snapshot).is_ok_and(|config| {
            document::available(&self.for_tasks, &config.project, &config.disabled_actions)
                .any(|available| available == action)
        })
    }
}

fn of_artifact(decision: &TaskId, client: &Client) -> Result<BTreeMap<Label, TaskId>, Failure> {
    let name = format!("public/{LABEL_TO_TASKID}");
    let content = client
        .artifact(decision, &name)
        .map_err(Failure::Taskcluster)?;
    let Some(content) = content else {
        // It has expired. What it named may still be found in the index.
        return Ok(BTreeMap::new());
    };
    serde_json::from_slice::<Ids>(&content)
        .map(known)
        .map_err(|error| Failure::Files(format!("`{name}` of `{decision}`: {error}")))
}

fn known(ids: Ids) -> BTreeMap<Label, TaskId> {
    ids.into_iter()
        .filter_map(|(label, id)| Some((Label::new(&label).ok()?, id)))
        .collect()
}

/// Those of the tasks that others may wait for. The group says it of its own; the queue is asked about the rest.
fn sound(
    ids: BTreeMap<Label, TaskId>,
    group: &Group,
    client: &Client,
) -> Result<BTreeMap<Label, TaskId>, Failure> {
    let elsewhere: BTreeSet<TaskId> = ids
        .values()
        .filter(|id| !group.tasks.contains_key(*id))
        .cloned()
        .collect();
    let statuses = client.statuses(&elsewhere).map_err(Failure::Taskcluster)?;
    let is_sound = |id: &TaskId| match (group.tasks.get(id), statuses.get(id)) {
        (Some(member), _) => !Member::is_broken(member),
        (None, Some(status)) => !is_broken(status.state),
        (None, None) => false,
    };
    Ok(ids.into_iter().filter(|(_, id)| is_sound(id)).collect())
}
