//! `cleanup apply`: carries out a plan that a person has reviewed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use taskgraph_images::comparison::Head;
use taskgraph_images::inventory::label_of_project;
use taskgraph_images::providers::{
    Provider, ProviderError, Reference, Resource, ResourceKind, provider,
};
use taskgraph_images::retention::{Action, Place, agreed, is_kept};
use taskgraph_images::transforms::Level;

use super::named;
use super::plan::{Inputs, read};
use crate::commands::clouds::Clouds;
use crate::commands::project;
use crate::commands::propose::{destinations, leave};
use crate::commands::worker::{Worker, sha256};
use crate::commands::{Global, now};
use crate::exit::Failure;
use crate::printer::Printer;

/// Carry out a plan that a person has reviewed, as far as it still holds
///
/// Only at level 3. The plan is named by its SHA-256, so that nothing else is carried out than what was read; a plan is made
/// anew of what is so now, and an item is done only if that one goes as far. What is done already is no error, so it can be
/// run again. Snapshots go with their image; what carries the label that keeps images stays, and so does what no manifest
/// accounts for unless it still carries the project's label.
///
/// The action `apply-cleanup` names a task of the kind `cleanup` and the plan's SHA-256 by variables. What that task left is
/// fetched; it must be completed, and of level 3.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The plan, as `cleanup plan --out` wrote it; that of the task in `TASKGRAPH_IMAGES_PLAN_TASK_ID`, if absent
    #[arg(value_name = "PLAN", requires = "reviewed")]
    plan: Option<PathBuf>,
    /// The SHA-256 of the plan that was reviewed
    #[arg(long, value_name = "SHA256", requires = "plan")]
    reviewed: Option<String>,
    /// Print each call that would be made, and make none
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    inputs: Inputs,
}

pub(super) fn run(args: &Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let worker = Worker::new()?;
    if worker.task.level != Level::Three && !args.dry_run {
        return Err(Failure::Usage(
            format!(
                "only a run of level 3 cleans up, and this one is of level {}",
                worker.task.level
            ),
            Some("`MOZ_SCM_LEVEL` says the level; a decision sets it".to_owned()),
        ));
    }
    let (path, global) = match (&args.plan, &args.reviewed) {
        (Some(path), Some(sha256)) => {
            let content = std::fs::read(path)
                .map_err(|error| Failure::Files(format!("`{}`: {error}", path.display())))?;
            is_reviewed(&content, sha256)?;
            (path.clone(), global.clone())
        }
        _ => named::fetch(&worker, global, printer)?,
    };
    let reviewed = read(&path)?;
    // The reviewed plan is what came before: it knows since when images are unused.
    let mut inputs = args.inputs.clone();
    inputs.previous = Some(path.clone());
    let (fresh, _) = inputs.plan(now(), &global, printer)?;
    let agreed = agreed(&reviewed, &fresh, now()).map_err(|why| {
        Failure::Denied(format!("`{}` is not carried out: {why}", path.display()))
    })?;
    let mut report = String::new();
    for (item, why) in &agreed.left {
        let line = format!("left\t{}\t{}\t{why}\n", item.action, item.image);
        printer.data(&line, None)?;
        report += &line;
    }

    for (stray, why) in &agreed.strays_left {
        let line = format!("left\t{}\t{}\t{why}\n", stray.action, stray.place);
        printer.data(&line, None)?;
        report += &line;
    }
    let project_label = if agreed.strays.is_empty() {
        None
    } else {
        let project = project::Project::open(&global)?;
        let snapshot = project.snapshot_quietly(&Head::WorkTree)?;
        Some(label_of_project(&project::settings(&snapshot)?.project))
    };
    let settings = destinations(&global)?;
    let keep = settings.keep_label();
    let secrets = worker.secrets()?;
    let clouds = Clouds::of(&secrets);
    let printer = RefCell::new(printer);
    let say = |words: &str| printer.borrow_mut().note(words);
    let session = clouds.session(args.dry_run, &say)?;
    let mut errors = Vec::new();
    let mut tell = |done: Result<&str, ProviderError>, rest: &str| match done {
        Ok(words) => {
            let line = format!("{words}\t{rest}\n");
            report += &line;
            printer.borrow_mut().data(&line, None)
        }
        // One that fails does not keep the others; the next run goes on with it.
        Err(error) => {
            errors.push(error);
            Ok(())
        }
    };
    for item in &agreed.items {
        let done = provider(item.cloud, &session, &clouds.variables).and_then(|provider| {
            let owned = |_: &Labels| true;
            let places = &item.references;
            carry_out(&*provider, item.action, places, &owned, keep, args.dry_run)
        });
        tell(
            done,
            &format!("{}\t{}\t{}", item.action, item.image, item.reason),
        )?;
    }
    for stray in &agreed.strays {
        let done = provider(stray.cloud, &session, &clouds.variables).and_then(|provider| {
            // A label may have been taken off since it was listed.
            let owned = |labels: &Labels| {
                let label = project_label.as_ref();
                label.is_some_and(|(label, value)| labels.get(*label) == Some(value))
            };
            let places = std::slice::from_ref(&stray.place);
            carry_out(&*provider, stray.action, places, &owned, keep, args.dry_run)
        });
        tell(
            done,
            &format!("{}\t{}\t{}", stray.action, stray.place, stray.reason),
        )?;
    }
    leave("cleanup-applied.txt", &report)?;
    let counted = |words: &str| {
        let start = format!("{words}\t");
        report
            .lines()
            .filter(|line| line.starts_with(&start))
            .count()
    };
    printer.borrow_mut().note(&format!(
        "{} done, {} kept by their label, {} left, {} failed",
        counted(if args.dry_run { WOULD } else { DONE }),
        counted(LABEL),
        agreed.left.len() + agreed.strays_left.len() + counted(LOST),
        errors.len()
    ));
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Failure::providers(errors, &clouds.mask))
    }
}

/// What became of an item.
const DONE: &str = "done";
/// What would become of it.
const WOULD: &str = "would do";
/// What kept it.
const LABEL: &str = "kept by its label";
/// Why it is none of ours any more.
const LOST: &str = "left, as it has lost the project's label";

/// Holds a plan to the one that was reviewed.
pub(super) fn is_reviewed(content: &[u8], reviewed: &str) -> Result<(), Failure> {
    let is = sha256(content);
    if is.as_str() == reviewed {
        return Ok(());
    }
    Err(Failure::Usage(
        format!("the plan's SHA-256 is {is}, and {reviewed} was reviewed: it is another one"),
        None,
    ))
}

type Labels = BTreeMap<String, String>;

/// Does one thing in every place where an image is, if it is the project's by its labels. A label that keeps it anywhere
/// keeps it everywhere.
fn carry_out(
    provider: &dyn Provider,
    action: Action,
    all: &[Place],
    is_owned: &dyn Fn(&Labels) -> bool,
    keep: &str,
    dry_run: bool,
) -> Result<&'static str, ProviderError> {
    let mut places = Vec::new();
    for place in all {
        let reference = Reference {
            region: place.region.clone(),
            name: place.reference.clone(),
        };
        if !dry_run {
            let Some(found) = provider.describe(&reference)? else {
                // An earlier run has done it.
                continue;
            };
            if is_kept(&found.labels, keep) {
                return Ok(LABEL);
            }
            if !is_owned(&found.labels) {
                return Ok(LOST);
            }
        }
        places.push(reference);
    }
    for reference in places {
        match action {
            Action::Keep => {}
            Action::Deprecate => provider.deprecate(&reference)?,
            Action::Disable => provider.disable(&reference)?,
            Action::Delete => provider.delete(&Resource {
                reference,
                kind: ResourceKind::Image,
                state: String::new(),
                labels: Labels::new(),
            })?,
        }
    }
    Ok(if dry_run { WOULD } else { DONE })
}
