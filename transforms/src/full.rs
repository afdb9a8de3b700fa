//! [`full_task_graph`]: every image × every kind that it has at the run's level, and the tasks about the fleet.

use std::collections::{BTreeMap, BTreeSet};

use crate::credentials::{validates, withheld};
use crate::definition::{
    BuilderKind, Digest, ImageDefinition, ImageId, Kind, Level, ProjectConfig,
};
use crate::error::{TaskName, TransformError, TransformErrorKind};
use crate::graph::TaskGraph;
use crate::parameters::Parameters;
use crate::templates::KindTemplates;
use crate::transforms::{Run, maintenance, task};
use crate::verify;

/// An image with what the caller knows of it beyond its definition.
#[derive(Debug, Clone)]
pub struct ImageTasks<'a> {
    /// The image.
    pub definition: &'a ImageDefinition,
    /// The file that defines it, relative to the repository's root.
    pub path: &'a str,
    /// The digest of all that goes into each kind of task that the image has.
    pub digests: BTreeMap<Kind, Digest>,
    /// Why each kind of task is of interest, in words; shown in the task's description.
    pub reasons: BTreeMap<Kind, Vec<String>>,
}

impl<'a> ImageTasks<'a> {
    /// An image with digests and without reasons.
    pub fn new(
        definition: &'a ImageDefinition,
        path: &'a str,
        digests: BTreeMap<Kind, Digest>,
    ) -> Self {
        Self {
            definition,
            path,
            digests,
            reasons: BTreeMap::new(),
        }
    }
}

/// The kinds of tasks that an image has in a run of some level: no image has a publish task below level 3.
///
/// Which of them a stranger's run leaves out, and what it has instead, is in [`withheld`].
pub fn kinds(image: &ImageDefinition, level: Level) -> impl Iterator<Item = Kind> {
    let publishes = level == Level::Three && image.publish.is_some();
    let verifies = image.verify.is_some();
    Kind::ALL.iter().copied().filter(move |kind| match kind {
        Kind::Validate => false,
        Kind::Build => true,
        Kind::Verify => verifies,
        Kind::Publish => publishes,
    })
}

/// Makes the graph of all tasks of all images, and of those about the fleet, and checks it with [`verify::verify`].
///
/// In a run whose code a stranger chose, that is all tasks but those that need credentials ([`withheld`]). These are
/// rendered all the same, so that what is wrong with them is said. So are the tasks about the fleet, which are in the
/// graph of a run that [may hold](Parameters::may_hold) them only.
///
/// # Errors
/// Every fault of every image, then every fault of the graph, then every broken rule; a later sort is only looked for
/// when there is none of the earlier.
pub fn full_task_graph(
    images: &[ImageTasks<'_>],
    config: &ProjectConfig,
    parameters: &Parameters,
    templates: &KindTemplates,
) -> Result<TaskGraph, Vec<TransformError>> {
    if parameters.level == Level::Three && parameters.is_pull_request() {
        let event = TransformErrorKind::LevelOfPullRequest(parameters.tasks_for.clone());
        return Err(vec![TransformError::run(event)]);
    }
    let known: BTreeSet<&ImageId> = images.iter().map(|image| &image.definition.id).collect();
    let unsigned: BTreeSet<&ImageId> = images
        .iter()
        .filter(|image| image.definition.builder.kind() == BuilderKind::Task)
        .map(|image| &image.definition.id)
        .collect();
    let run = Run {
        config,
        parameters,
        templates,
        images: &known,
        unsigned: &unsigned,
    };
    let left_out = if parameters.is_untrusted() {
        withheld(images.iter().map(|image| image.definition))
    } else {
        BTreeMap::new()
    };
    let mut tasks = Vec::new();
    let mut errors = Vec::new();
    let mut fault = |task, kind| {
        errors.push(TransformError {
            task: Some(task),
            kind,
        });
    };
    for image in images {
        let id = &image.definition.id;
        let validate = validates(image.definition, config, &left_out).then_some(Kind::Validate);
        for kind in kinds(image.definition, parameters.level).chain(validate) {
            match task(&run, image, kind) {
                Ok(task) if left_out.contains_key(&task.label) => {}
                Ok(task) => tasks.push(task),
                Err(error) => fault(TaskName::Image(id.clone(), kind), error),
            }
        }
        if let Some(shared) = maintenance::shared_worker(image.definition, config) {
            fault(TaskName::Image(id.clone(), Kind::Publish), shared);
        }
        for (kind, shared) in maintenance::shared_secrets(image.definition, config) {
            fault(TaskName::Image(id.clone(), kind), shared);
        }
    }
    for (kind, settings) in &config.maintenance {
        match maintenance::task(&run, *kind, settings) {
            Ok(task) if parameters.may_hold(*kind) => tasks.push(task),
            Ok(_) => {}
            Err(error) => fault(TaskName::Maintenance(*kind), error),
        }
        for shared in maintenance::shared(*kind, settings, config) {
            fault(TaskName::Maintenance(*kind), shared);
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let all = |errors: Vec<TransformErrorKind>| {
        errors
            .into_iter()
            .map(TransformError::run)
            .collect::<Vec<_>>()
    };
    let graph = TaskGraph::new(tasks)
        .map_err(|errors| all(errors.into_iter().map(Into::into).collect()))?;
    let violations = verify::verify(&graph, config, parameters);
    if violations.is_empty() {
        Ok(graph)
    } else {
        Err(all(violations.into_iter().map(Into::into).collect()))
    }
}
