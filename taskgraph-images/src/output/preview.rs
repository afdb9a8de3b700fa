//! `preview`: what would happen: affected images, why, and the tasks that it leads to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use taskgraph_images_transforms::{
    ImageId, ImageTasks, Kind, Label, Level, Parameters, TaskGraph, TransformError, full_task_graph,
};

use super::affected::{ReasonJson, reasons};
use super::{Locator, VERSION};
use crate::affected::ImageChange;
use crate::comparison::{Comparison, Snapshot};

/// The event that a preview is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A push to a branch.
    Push,
    /// A pull request: build and verify only.
    PullRequest,
    /// The cron graph: every image, as far as the index does not have it.
    Cron,
}

impl Event {
    /// Taskgraph's `tasks_for`.
    pub fn tasks_for(self) -> &'static str {
        match self {
            Self::Push => "github-push",
            Self::PullRequest => "github-pull-request",
            Self::Cron => "cron",
        }
    }

    /// The level that such an event runs at, unless somebody says otherwise.
    pub fn level(self) -> Level {
        match self {
            Self::PullRequest => Level::One,
            Self::Push | Self::Cron => Level::Three,
        }
    }
}

/// What would happen.
#[derive(Debug)]
pub struct Preview {
    /// The event.
    pub event: Event,
    /// The level of the run.
    pub level: Level,
    /// The tasks of affected images, and what they need.
    pub target: TaskGraph,
    /// Labels of tasks that are affected themselves.
    pub affected: BTreeSet<Label>,
    /// Labels of tasks that affected ones need: found in the index, or built if they are not there.
    pub needed: BTreeSet<Label>,
}

impl Preview {
    /// Works out the target task graph of a comparison.
    ///
    /// # Errors
    /// When a task cannot be rendered or breaks a rule.
    pub fn new(
        comparison: &Comparison,
        event: Event,
        parameters: &Parameters,
    ) -> Result<Self, Vec<TransformError>> {
        let wanted: BTreeSet<ImageId> = comparison
            .affected
            .images
            .iter()
            .filter(|(_, image)| image.change != ImageChange::Removed)
            .map(|(id, _)| id.clone())
            .collect();
        let full = task_graph(&comparison.head, Some(&wanted), parameters)?;
        let affected: BTreeSet<Label> = comparison
            .affected
            .images
            .iter()
            .flat_map(|(id, image)| image.tasks.iter().map(|kind| id.label(*kind)))
            .filter(|label| full.get(label).is_some())
            .collect();
        let target = full.part(&affected).map_err(|errors| {
            errors
                .into_iter()
                .map(TransformError::from)
                .collect::<Vec<_>>()
        })?;
        let needed = target
            .tasks()
            .map(|task| task.label.clone())
            .filter(|label| !affected.contains(label))
            .collect();
        Ok(Self {
            event,
            level: parameters.level,
            target,
            affected,
            needed,
        })
    }
}

/// The full task graph of a snapshot, or of some images and their ancestors.
///
/// # Errors
/// When a task cannot be rendered or breaks a rule.
pub fn task_graph(
    snapshot: &Snapshot,
    only: Option<&BTreeSet<ImageId>>,
    parameters: &Parameters,
) -> Result<TaskGraph, Vec<TransformError>> {
    let mut wanted: BTreeSet<&ImageId> = match only {
        Some(only) => snapshot
            .fleet
            .images
            .keys()
            .filter(|id| only.contains(*id))
            .collect(),
        None => snapshot.fleet.images.keys().collect(),
    };
    let mut queue: Vec<&ImageId> = wanted.iter().copied().collect();
    while let Some(id) = queue.pop() {
        let parent = snapshot
            .fleet
            .images
            .get(id)
            .and_then(|image| image.resolved().definition.parent.as_ref());
        if let Some(parent) = parent
            && wanted.insert(parent)
        {
            queue.push(parent);
        }
    }
    let Some(config) = &snapshot.fleet.config else {
        return TaskGraph::new(Vec::new()).map_err(|_| Vec::new());
    };
    let images: Vec<ImageTasks<'_>> = wanted
        .into_iter()
        .filter_map(|id| snapshot.fleet.images.get(id).map(|image| (id, image)))
        .map(|(id, image)| {
            let digests = image
                .kinds()
                .filter_map(|kind| Some((kind, snapshot.digest(id, kind)?.into())))
                .collect::<BTreeMap<Kind, _>>();
            ImageTasks::new(
                &image.resolved().definition,
                image.resolved().path.as_str(),
                digests,
            )
        })
        .collect();
    full_task_graph(&images, &config.project, parameters, &snapshot.fleet.kinds)
}

/// The document of `preview --format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreviewJson {
    /// [`VERSION`].
    pub version: u32,
    /// The event.
    pub event: Event,
    /// The level of the run.
    pub level: Level,
    /// The base: a commit's id, or `nothing`.
    pub base: String,
    /// The head: a commit's id, `index` or `work tree`.
    pub head: String,
    /// How the base was chosen.
    pub how: String,
    /// How many images the head has.
    pub total: usize,
    /// The affected images.
    pub images: Vec<ImageJson>,
    /// The tasks, in an order in which they could run.
    pub tasks: Vec<TaskJson>,
    /// Changed files of provisioning folders that go into no image.
    pub unclaimed: Vec<String>,
}

/// An affected image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageJson {
    /// `name@cloud`.
    pub id: ImageId,
    /// What happened to it.
    pub change: ImageChange,
    /// Its affected tasks.
    pub tasks: Vec<Kind>,
    /// The image that it is built from.
    pub parent: Option<ImageId>,
    /// The file that defines it.
    pub definition: String,
    /// Why.
    pub reasons: Vec<ReasonJson>,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskJson {
    /// Its label.
    pub label: Label,
    /// The image.
    pub image: ImageId,
    /// Its kind.
    pub kind: Kind,
    /// Whether it is affected, or only needed by one that is.
    pub affected: bool,
    /// Where it runs.
    pub task_queue_id: String,
    /// The labels of what it waits for.
    pub dependencies: Vec<Label>,
}

impl PreviewJson {
    /// The document of a preview.
    pub fn new(comparison: &Comparison, preview: &Preview) -> Self {
        let locate = Locator::new([&comparison.head.fleet.tree, &comparison.base.fleet.tree]);
        let definition = |id: &ImageId| {
            let image = comparison
                .head
                .fleet
                .images
                .get(id)
                .or_else(|| comparison.base.fleet.images.get(id));
            image.map(|image| image.resolved())
        };
        Self {
            version: VERSION,
            event: preview.event,
            level: preview.level,
            base: comparison.base.name.clone(),
            head: comparison.head.name.clone(),
            how: comparison.how.clone(),
            total: comparison.head.fleet.images.len(),
            images: comparison
                .affected
                .images
                .iter()
                .map(|(id, image)| ImageJson {
                    id: id.clone(),
                    change: image.change,
                    tasks: image.tasks.clone(),
                    parent: definition(id).and_then(|image| image.definition.parent.clone()),
                    definition: definition(id)
                        .map_or_else(String::new, |image| image.path.to_string()),
                    reasons: reasons(image, &locate),
                })
                .collect(),
            tasks: preview
                .target
                .topological()
                .into_iter()
                .filter_map(|label| preview.target.get(label))
                // What is about no image is no part of what a change leads to.
                .filter_map(|task| {
                    Some(TaskJson {
                        label: task.label.clone(),
                        image: task.image()?.clone(),
                        kind: task.kind.image()?,
                        affected: preview.affected.contains(&task.label),
                        task_queue_id: task.task.task_queue_id.to_string(),
                        dependencies: task.dependencies.values().cloned().collect(),
                    })
                })
                .collect(),
            unclaimed: comparison
                .affected
                .unclaimed
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }
}
