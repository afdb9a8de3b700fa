//! Which tasks are run, as a decision would create them.

use std::collections::BTreeSet;

use serde_json::Value;
use taskgraph_images::comparison::{Head, Snapshot};
use taskgraph_images::decision::artifacts::{
    LABEL_TO_TASKID, TASK_GRAPH, label_to_taskid, task_graph as task_graph_json,
};
use taskgraph_images::decision::optimize::{Optimized, Outcome, scheduler_id};
use taskgraph_images::decision::plan::{Creator, Plan};
use taskgraph_images::local::Place;
use taskgraph_images::output::preview::{Event, Preview, task_graph};
use taskgraph_images::output::text;
use taskgraph_images::taskcluster::TaskId;
use taskgraph_images::transforms::{
    ImageId, Kind, Label, Level, Parameters, Task, TaskGraph, TaskKind, TransformError,
};
use taskgraph_images::tree::snapshot::Fetchable;

use super::super::artifacts::Folder;
use super::super::decision::NOWHERE;
use super::super::project::{Project, named, warnings};
use super::super::{Global, address, preview};
use super::{Args, Last};
use crate::exit::Failure;
use crate::printer::Printer;

/// A task that is to be run.
#[derive(Debug, Clone)]
pub(super) struct Selected {
    pub(super) label: Label,
    pub(super) image: ImageId,
    pub(super) kind: Kind,
    pub(super) id: TaskId,
    pub(super) digest: String,
    /// As the queue would get it.
    pub(super) definition: Value,
    /// Places of the tasks that it needs.
    pub(super) needs: Vec<usize>,
}

/// The tasks that are to be run, each after all that it needs.
pub(super) struct Chosen {
    pub(super) tasks: Vec<Selected>,
    /// Who would have created them.
    pub(super) decision: TaskId,
    /// What the variables of the head's repository and revision start with.
    pub(super) prefix: String,
    task_graph: String,
    label_to_taskid: String,
}

impl Chosen {
    /// Leaves what a decision task leaves of its tasks: the graph, and the ids by label.
    pub(super) fn write(&self, place: &Place) -> Result<(), Failure> {
        let folder = Folder::make(&place.artifacts(&self.decision).join("public"))?;
        folder.write(TASK_GRAPH, &self.task_graph)?;
        folder.write(LABEL_TO_TASKID, &self.label_to_taskid)
    }
}

/// Chooses tasks.
pub(super) fn choose(
    args: &Args,
    project: &Project,
    head: &Head,
    source: &Fetchable,
    global: &Global,
    printer: &mut Printer,
) -> Result<Chosen, Failure> {
    let event = match args.level {
        // What a pull request says of its level is not believed, so there is nothing to publish.
        Level::Three => Event::Push,
        Level::One => args.range.event.into(),
    };
    let parameters = Parameters {
        head_rev: source.revision.clone(),
        ..preview::parameters(event, Some(args.level), global)
    };
    let parameters = match address::origin(&project.repository) {
        Some(origin) => Parameters {
            head_repository: origin.clone(),
            base_repository: origin,
            ..parameters
        },
        None => parameters,
    };
    if args.images.is_empty() && !args.range.all {
        let comparison = args.range.compare(project)?;
        warnings(&comparison.head, printer);
        printer.note(&text::range(&comparison));
        let preview = Preview::new(&comparison, event, &parameters)?;
        if comparison.affected.images.is_empty() {
            printer.note("no image is affected; name images, or take all with `--all`");
        }
        let wanted = preview.affected.iter().filter(|label| {
            let task = preview.target.get(label);
            task.is_some_and(|task| is_wanted(task.kind, args.kind))
        });
        return chosen(
            &part(&preview.target, wanted)?,
            &comparison.head,
            args.level,
        );
    }
    let snapshot = project.snapshot(head, printer)?;
    let images: BTreeSet<ImageId> = if args.range.all {
        snapshot.fleet.images.keys().cloned().collect()
    } else {
        images(args, &snapshot)?
    };
    let full = task_graph(&snapshot, Some(&images), &parameters)?;
    let asked = |task: &Task| task.image().is_some_and(|image| images.contains(image));
    let wanted = full
        .tasks()
        .filter(|task| asked(task) && is_wanted(task.kind, args.kind));
    let graph = part(&full, wanted.map(|task| &task.label))?;
    chosen(&graph, &snapshot, args.level)
}

/// The images that are named; all words that name none are told.
fn images(args: &Args, snapshot: &Snapshot) -> Result<BTreeSet<ImageId>, Failure> {
    let mut images = BTreeSet::new();
    let mut faults = Vec::new();
    for word in &args.images {
        match named(snapshot, word) {
            Ok(ids) => images.extend(ids.into_iter().cloned()),
            Err(Failure::Usage(words, hint)) => faults.push((words, hint)),
            Err(other) => return Err(other),
        }
    }
    if faults.is_empty() {
        return Ok(images);
    }
    let (words, hints): (Vec<String>, Vec<Option<String>>) = faults.into_iter().unzip();
    let hints: Vec<String> = hints.into_iter().flatten().collect();
    Err(Failure::Usage(
        words.join("; "),
        (!hints.is_empty()).then(|| hints.join(" ")),
    ))
}

fn is_wanted(kind: TaskKind, last: Option<Last>) -> bool {
    match last {
        None => true,
        Some(Last::Build) => kind == Kind::Build,
        Some(Last::Verify) => kind == Kind::Build || kind == Kind::Verify,
    }
}

fn part<'a>(
    graph: &TaskGraph,
    labels: impl IntoIterator<Item = &'a Label>,
) -> Result<TaskGraph, Failure> {
    graph
        .part(labels)
        .map_err(|errors| Failure::Tasks(errors.into_iter().map(TransformError::from).collect()))
}

fn chosen(graph: &TaskGraph, snapshot: &Snapshot, level: Level) -> Result<Chosen, Failure> {
    let config = snapshot
        .fleet
        .config
        .as_ref()
        .ok_or_else(|| Failure::Files("the repository has no settings".to_owned()))?;
    let decision = TaskId::placeholder();
    let creator = Creator {
        task_id: decision.clone(),
        decision: decision.clone(),
        scheduler_id: scheduler_id(&config.project, level),
        root_url: NOWHERE.to_owned(),
        variant: String::new(),
    };
    let outcomes = graph.tasks().map(|task| {
        let reason = "it runs on this machine".to_owned();
        (task.label.clone(), Outcome::Kept { reason })
    });
    let optimized = Optimized {
        outcomes: outcomes.collect(),
    };
    let plan = Plan::new(graph, &optimized, &creator);
    let now = super::super::now();
    let order: Vec<&Label> = plan.tasks().map(|task| &task.label).collect();
    let place = |label: &Label| order.iter().position(|other| *other == label);
    let tasks = plan
        .tasks()
        // No run here is one of those that have other tasks than images'.
        .filter_map(|task| {
            let image = task.task.extra.image.as_ref()?;
            Some(Selected {
                label: task.label.clone(),
                image: image.id.clone(),
                kind: task.kind.image()?,
                id: plan.id(task).clone(),
                digest: image.digest.to_string(),
                definition: plan.definition(task, now),
                needs: task.dependencies.values().filter_map(place).collect(),
            })
        })
        .collect();
    Ok(Chosen {
        tasks,
        decision,
        prefix: config.project.repository_prefix.to_string(),
        task_graph: task_graph_json(std::slice::from_ref(&plan)),
        label_to_taskid: label_to_taskid(&plan),
    })
}
