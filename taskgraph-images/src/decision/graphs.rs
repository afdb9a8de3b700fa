//! [`Graphs`]: the full task graph, what is asked for of it, and the part that this needs.

use std::collections::BTreeMap;

use taskgraph_images_transforms::{
    ImageId, Label, Parameters, TaskGraph, TransformError, withheld,
};

use super::parameters::DecisionParameters;
use super::request::{Request, Wanted};
use super::target::{Method, NoMaintenance, Targets, UnknownImage};
use crate::affected::Affected;
use crate::comparison::Snapshot;
use crate::output::preview::task_graph;

/// The graphs of a decision, before the index is asked.
#[derive(Debug)]
pub struct Graphs {
    /// Every task of every image and about the fleet, but for those that the event may not have.
    pub full: TaskGraph,
    /// What is asked for.
    pub targets: Targets,
    /// What is asked for, and all that it needs.
    pub target: TaskGraph,
    /// What would be asked for, but needs credentials, or a task that does, in an event that gets none.
    pub withheld: Vec<Label>,
}

/// Every task of an image that the event has or may not have, with the image.
pub fn candidates(
    snapshot: &Snapshot,
    full: &TaskGraph,
    untrusted: bool,
) -> BTreeMap<Label, ImageId> {
    let images = snapshot.fleet.images.values();
    let mut tasks = if untrusted {
        withheld(images.map(|image| &*image.resolved().definition))
    } else {
        BTreeMap::new()
    };
    tasks.extend(
        full.tasks()
            .filter_map(|task| Some((task.label.clone(), task.image()?.clone()))),
    );
    tasks
}

/// Why there are no graphs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphsError {
    /// Tasks cannot be rendered, or break rules.
    #[error("tasks cannot be rendered, or break rules")]
    Tasks(Vec<TransformError>),
    /// Images that were asked for and that there are not.
    #[error("images were asked for that there are not")]
    Images(Vec<UnknownImage>),
    /// A task about the fleet that was asked for and that there is not.
    #[error(transparent)]
    Maintenance(NoMaintenance),
    /// A parameter has a value that it cannot have.
    #[error("{0}")]
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
        let mut targets = match method {
            Method::Maintenance(kind) => {
                let config = snapshot.fleet.config.as_ref().map(|config| &config.project);
                Targets::maintenance(kind, &full, config, for_tasks)
                    .map_err(GraphsError::Maintenance)?
            }
            _ => Targets::choose(
                &candidates(snapshot, &full, for_tasks.is_untrusted()),
                method,
                &wanted,
                affected,
                for_tasks.is_pull_request(),
            )
            .map_err(GraphsError::Images)?,
        };
        let withheld: Vec<Label> = targets
            .labels
            .keys()
            .filter(|label| full.get(label).is_none())
            .cloned()
            .collect();
        for label in &withheld {
            targets.labels.remove(label);
        }
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
