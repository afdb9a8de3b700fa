//! The decision's artifacts, in the formats that other tools read: pure, values in, text out.
//!
//! Names are relative to `public/`. The first six are Taskgraph's; what they hold is what its own tools expect, and
//! scriptworker's chain of trust reads `task-graph.json` to see that this decision made a task. The others are ours.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use taskgraph_images_transforms::json::{python, python_map};
use taskgraph_images_transforms::{Label, TaskGraph};

use super::lookup::Lookups;
use super::optimize::{Optimized, Outcome};
use super::plan::Plan;
use super::target::Targets;
use crate::output::VERSION;
use crate::taskcluster::{TaskId, Timestamp};

/// The parameters.
pub const PARAMETERS: &str = "parameters.yml";
/// Every task, before the index was asked.
pub const FULL_TASK_GRAPH: &str = "full-task-graph.json";
/// The tasks that could be added, as Treeherder shows them.
pub const RUNNABLE_JOBS: &str = "runnable-jobs.json";
/// The labels that were asked for.
pub const TARGET_TASKS: &str = "target-tasks.json";
/// The tasks that are created, by id.
pub const TASK_GRAPH: &str = "task-graph.json";
/// The ids of created and of replacing tasks, by label.
pub const LABEL_TO_TASKID: &str = "label-to-taskid.json";
/// The actions.
pub const ACTIONS: &str = "actions.json";
/// Ours: what happened to each task of the target graph and why, and what was looked up for it.
pub const OPTIMIZATION: &str = "optimization.json";
/// Ours: the images and all that goes into them, as `images --format json`.
pub const IMAGE_GRAPH: &str = "image-graph.json";
/// Ours: what the change affects and why, as `affected --format json`.
pub const AFFECTED: &str = "affected.json";
/// Ours: the page of `preview --format html`.
pub const PREVIEW: &str = "preview.html";

/// `target-tasks.json`.
pub fn target_tasks(targets: &Targets) -> String {
    let labels: Vec<&Label> = targets.labels.keys().collect();
    python(&labels)
}

/// `label-to-taskid.json`.
pub fn label_to_taskid(plan: &Plan<'_>) -> String {
    python(plan.ids())
}

/// `task-graph.json` of all that a task creates: the tasks with ids for references and relative times, by id, as Taskgraph writes them.
///
/// What is added when a task is created (group, scheduler, dates, the decision as a dependency) is not in it; the
/// chain of trust allows for these.
pub fn task_graph(plans: &[Plan<'_>]) -> String {
    let mut tasks: Vec<_> = plans
        .iter()
        .flat_map(|plan| plan.tasks().map(move |task| (plan.id(task), plan, task)))
        .collect();
    tasks.sort_unstable_by_key(|(id, ..)| *id);
    python_map(
        tasks
            .into_iter()
            .map(|(id, plan, task)| (id.as_str(), plan.task(task))),
    )
}

/// `runnable-jobs.json`: how Treeherder shows each task that it shows.
pub fn runnable_jobs(full: &TaskGraph) -> String {
    python_map(full.tasks().filter_map(|task| {
        let treeherder = task.task.extra.treeherder.as_ref()?;
        let mut job = Map::new();
        job.insert("symbol".to_owned(), json!(treeherder.symbol));
        job.insert("groupName".to_owned(), json!(treeherder.group_name));
        job.insert("groupSymbol".to_owned(), json!(treeherder.group_symbol));
        job.insert("collection".to_owned(), json!(treeherder.collection));
        job.insert("platform".to_owned(), json!(treeherder.machine.platform));
        Some((task.label.as_str(), Value::Object(job)))
    }))
}

/// `optimization.json`: with it and the parameters, a decision can be made again without a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Optimization {
    /// [`VERSION`].
    pub version: u32,
    /// The decision task, from whose id the tasks' ids are derived.
    pub decision_task_id: TaskId,
    /// Taskcluster's root URL.
    pub root_url: String,
    /// When the decision was made; what has expired is counted from here.
    pub now: Timestamp,
    /// What happened to each task of the target graph, and why.
    pub tasks: BTreeMap<Label, Outcome>,
    /// What was looked up.
    pub lookups: Lookups,
}

impl Optimization {
    /// The document of a decision.
    pub fn new(plan: &Plan<'_>, now: Timestamp, optimized: &Optimized, lookups: &Lookups) -> Self {
        Self {
            version: VERSION,
            decision_task_id: plan.creator().decision.clone(),
            root_url: plan.creator().root_url.clone(),
            now,
            tasks: optimized.outcomes.clone(),
            lookups: lookups.clone(),
        }
    }
}
