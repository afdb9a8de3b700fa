//! [`Graphs`]: the full task graph, what is asked for of it, and the part that this needs.

use std::collections::BTreeSet;

use taskgraph_images_transforms::{Label, Parameters, TaskGraph, TransformError};

use super::parameters::DecisionParameters;
use super::request::{Request, Wanted};
use super::target::{Method, Targets, UnknownImage};
use crate::affected::Affected;
use crate::comparison::Snapshot;
use crate::output::preview::task_graph;

/// The graphs of a decision, before the index is asked.
#[derive(Debug)]
pub struct Graphs {
    /// Every task of every image.
    pub full: TaskGraph,
    /// What is asked for.
    pub targets: Targets,
    /// What is asked for, and all that it needs.
    pub target: TaskGraph,
    /// What would be asked for, but reads secrets, or needs a task that does, in an event that gets none.
    pub withheld: Vec<Label>,
}

/// Whether a stranger chose the code of an event, or may have: a comment runs what the pull request holds by then.
fn is_untrusted(tasks_for: &str) -> bool {
    matches!(
        tasks_for,
        "github-pull-request-untrusted" | "github-issue-comment"
    )
}

/// The tasks that an event must not have, as it gets no secrets: those that read some, or need a task that does.
pub fn withheld(full: &TaskGraph, tasks_for: &str) -> BTreeSet<Label> {
    if !is_untrusted(tasks_for) {
        return BTreeSet::new();
    }
    let secret: Vec<&Label> = full
        .tasks()
        .filter(|task| {
            let scopes = &task.task.scopes;
            scopes.iter().any(|scope| scope.starts_with("secrets:"))
        })
        .map(|task| &task.label)
        .collect();
    full.dependents_closure(secret).unwrap_or_default()
}

/// Why there are no graphs.
#[derive(Debug)]
#[non_exhaustive]
pub enum GraphsError {
    /// Tasks cannot be rendered, or break rules.
    Tasks(Vec<TransformError>),
    /// Images that were asked for and that there are not.
    Images(Vec<UnknownImage>),
    /// A parameter has a value that it cannot have.
    Parameter(String),
}

impl Graphs {
    /// Makes the graphs.
    ///
    /// # Errors
    /// Every fault of the first sort that has any: parameters, tasks, images that are asked for.
    pub fn new(
        snapshot: &Snapshot,
        affected: &Affected,
        parameters: &DecisionParameters,
        for_tasks: &Parameters,
    ) -> Result<Self, GraphsError> {
        let method: Method = parameters.target_tasks_method.parse().map_err(
            |error: super::target::MethodError| GraphsError::Parameter(error.to_string()),
        )?;
        let wanted = Request::of_words(&parameters.images.join(" "))
            .map(|request| request.images)
            .map_err(|errors| {
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                GraphsError::Parameter(errors.join("; "))
            })?;
        let wanted = match wanted {
            Wanted::Implied => Wanted::Images(Vec::new()),
            other => other,
        };
        let full = task_graph(snapshot, None, for_tasks).map_err(GraphsError::Tasks)?;
        let mut targets = Targets::choose(
            &full,
            method,
            &wanted,
            affected,
            for_tasks.is_pull_request(),
        )
        .map_err(GraphsError::Images)?;
        let tainted = withheld(&full, &parameters.tasks_for);
        let withheld = targets
            .labels
            .keys()
            .filter(|label| tainted.contains(*label))
            .cloned()
            .collect();
        targets.labels.retain(|label, _| !tainted.contains(label));
        let target = full
            .part(targets.labels.keys())
            .map_err(|errors| GraphsError::Tasks(errors.into_iter().map(Into::into).collect()))?;
        Ok(Self {
            full,
            targets,
            target,
            withheld,
        })
    }
}
