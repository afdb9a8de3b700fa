//! `publish`: makes what was verified available, and nothing else.

use std::cell::RefCell;
use std::collections::BTreeSet;

use taskgraph_images::comparison::Head;
use taskgraph_images::inventory::label_of_project;
use taskgraph_images::manifest::{self, Artifact, File, Manifest, Stage};
use taskgraph_images::providers::{Pace, Promotion, Session, Variables, provider};
use taskgraph_images::taskcluster::{Queue as _, TaskId};
use taskgraph_images::transforms::{Digest, ImageId, Kind, Level};
use taskgraph_images::worker::dependencies::dependencies;
use taskgraph_images::worker::mask::Mask;
use taskgraph_images::worker::verify::results::{self, Verification};

use super::project::{self, one};
use super::worker::{Secrets, Worker};
use super::{Global, checkout};
use crate::exit::Failure;
use crate::printer::Printer;

/// Publish the candidate that was built and verified
///
/// This is what a publish task runs, at level 3 only. It takes the build's manifest and what its verify task found, holds
/// them to each other, to the tasks that it was told and to the checkout's digests, and promotes the very artifact that was
/// verified. The manifest of what is published is left in `manifest/` below the folder of artifacts: for disks and
/// containers with the file itself, at its checksum.
///
/// In a cloud an image is copied to every region of its definition. When it is in all of them, and not before, it is shared,
/// and the manifest is written. Run again, it continues what it began, and what has a name already is never replaced.
/// Credentials are those of the machine, of the environment, or of the secrets that the definition names.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `name@cloud`, or `name` if one cloud has it
    #[arg(value_name = "IMAGE")]
    image: String,
    /// Check everything, print each call that would be made, and make none
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let started = super::now();
    let worker = Worker::new()?;
    if worker.task.level != Level::Three {
        return Err(Failure::Usage(
            format!(
                "only a run of level 3 publishes, and this one is of level {}",
                worker.task.level
            ),
            Some("`MOZ_SCM_LEVEL` says the level; a decision sets it".to_owned()),
        ));
    }
    let project = checkout::open(global, printer)?;
    let snapshot = project.snapshot(&Head::WorkTree, printer)?;
    let id = one(&snapshot, &args.image)?;
    let definition = &*snapshot.fleet.images[id].resolved().definition;
    let Some(settings) = &definition.publish else {
        return Err(Failure::Usage(format!("`{id}` has no publish task"), None));
    };
    if definition.verify.is_none() {
        return Err(Failure::Usage(
            format!("`{id}` has no verify task, and nothing is published that was not verified"),
            Some("add `verify` with a check to its definition".to_owned()),
        ));
    }
    let publish = worker.check_digest(&snapshot, id, Kind::Publish)?;
    let digest = |kind: Kind| {
        snapshot
            .digest(id, kind)
            .map(Digest::from)
            .ok_or_else(|| Failure::Usage(format!("`{id}` has no {kind} task"), None))
    };
    let built = digest(Kind::Build)?;
    let (build, candidate, candidate_digest) = worker.candidate("build", id, built.clone())?;
    if candidate.level != Level::Three {
        return Err(Failure::Usage(
            format!(
                "the candidate of `{build}` was built at level {}: what is published was built at level 3",
                candidate.level
            ),
            None,
        ));
    }
    let verify = verified(
        &worker,
        id,
        &digest(Kind::Verify)?,
        (&build, &built, &candidate_digest),
    )?;
    hold_to_queue(&worker, &[("build", &build), ("verify", &verify)])?;
    let folder = worker.folder("manifest")?;
    let mut promotion = Promotion::new(settings, &candidate, &candidate_digest, folder.clone())
        .map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Failure::Usage(format!("`{id}`: {}", errors.join("; ")), None)
        })?;
    let (label, value) = label_of_project(&project::settings(&snapshot)?.project);
    promotion.labels.insert(label.to_owned(), value);
    if !args.dry_run {
        for file in files(&candidate) {
            worker.fetch(&build, file, &folder)?;
        }
    }
    let promoted = promote(&worker, &promotion, args.dry_run, printer);
    if promoted.is_err() {
        // What a task that failed leaves must not look like something published.
        let _ = std::fs::remove_dir_all(&folder);
    }
    let artifacts = promoted?;
    if args.dry_run {
        std::fs::remove_dir_all(&folder)?;
        printer.note("nothing was published");
        return Ok(());
    }
    let mut tasks = candidate.tasks.clone();
    tasks.insert("build".to_owned(), build);
    tasks.insert("verify".to_owned(), verify);
    tasks.extend(worker.task.own.clone().map(|id| ("publish".to_owned(), id)));
    let mut digests = candidate.digests.clone();
    digests.insert("publish".to_owned(), publish);
    let published = Manifest {
        stage: Stage::Published,
        digests,
        artifacts,
        tasks,
        level: worker.task.level,
        chain_of_trust: worker.task.own.is_some(),
        started,
        finished: super::now(),
        ..candidate
    };
    let text = published.to_json();
    // Last: whoever finds it finds all that it names.
    std::fs::write(folder.join(manifest::NAME), &text)?;
    printer.data(&text, None)
}

/// The verify task, if what it found is that this very candidate passes.
fn verified(
    worker: &Worker,
    id: &ImageId,
    digest: &Digest,
    (build, built, candidate): (&TaskId, &Digest, &Digest),
) -> Result<TaskId, Failure> {
    let task = worker.needs("verify")?;
    let name = format!("public/verification/{}", results::NAME);
    let content = worker
        .store()?
        .read(task, &name)?
        .ok_or_else(|| Failure::Files(format!("the task `{task}` has no artifact `{name}`")))?;
    let place = format!("`{name}` of the task `{task}`");
    let found = Verification::read(&content)
        .map_err(|error| Failure::Files(format!("{place}: {error}")))?;
    let mut faults = Vec::new();
    let mut hold = |is: bool, words: String| {
        if !is {
            faults.push(words);
        }
    };
    hold(
        found.passed && !found.checks.is_empty(),
        format!("it did not pass: {}", found.failed().join(", ")),
    );
    hold(
        found.image == *id,
        format!("it is of `{}`, expected `{id}`", found.image),
    );
    hold(
        found.build_task_id == *build,
        format!(
            "it looked at `{}`, and not at `{build}`",
            found.build_task_id
        ),
    );
    hold(
        found.manifest == *candidate,
        "it looked at another manifest of that build: it ran before the build ran again".to_owned(),
    );
    hold(
        found.digests.build == *built,
        format!(
            "its build digest is {}, expected {built}",
            found.digests.build
        ),
    );
    hold(
        found.digests.verify == *digest,
        format!(
            "its verify digest is {}, expected {digest}",
            found.digests.verify
        ),
    );
    if faults.is_empty() {
        return Ok(task.clone());
    }
    Err(Failure::Usage(
        format!("{place} does not allow to publish: {}", faults.join("; ")),
        Some("publish what a verify task of the same revision found to pass".to_owned()),
    ))
}

/// The files that a manifest names, each once.
fn files(manifest: &Manifest) -> Vec<&File> {
    let images = manifest
        .artifacts
        .iter()
        .filter_map(|artifact| artifact.file.as_ref());
    let mut names = BTreeSet::new();
    images
        .chain(&manifest.sbom)
        .chain(&manifest.files)
        .filter(|file| names.insert(&file.name))
        .collect()
}

/// Makes the candidate available wherever it should be.
fn promote(
    worker: &Worker,
    promotion: &Promotion,
    dry_run: bool,
    printer: &mut Printer,
) -> Result<Vec<Artifact>, Failure> {
    let secrets = if dry_run {
        Secrets::default()
    } else {
        worker.secrets()?
    };
    let variables = Variables::new(|name| std::env::var(name).ok(), &secrets.variables);
    let hidden = secrets.variables.values().map(String::as_str);
    let mask = Mask::new(hidden.chain(variables.secrets()));
    let printer = RefCell::new(printer);
    let say = |words: &str| {
        let mut printer = printer.borrow_mut();
        if dry_run {
            // Whoever read it went away: then nobody is to be told.
            let _ = printer.data(&format!("{words}\n"), None);
        } else {
            printer.note(words);
        }
    };
    let session = Session::new(Pace::default(), dry_run, &mask, &say)
        .map_err(|error| Failure::provider(error, &mask))?;
    provider(promotion.image.cloud, &session, &variables)
        .and_then(|provider| provider.promote(promotion))
        .map_err(|error| Failure::provider(error, &mask))
}

/// Where there is a queue and a task of it, what is published depends on tasks that it names and that are completed.
fn hold_to_queue(worker: &Worker, needed: &[(&str, &TaskId)]) -> Result<(), Failure> {
    let (Some(queue), Some(own)) = (worker.queue(), &worker.task.own) else {
        return Ok(());
    };
    let needed_ids = needed.iter().map(|(_, task)| (*task).clone());
    let ids: BTreeSet<TaskId> = needed_ids.chain([own.clone()]).collect();
    let statuses = queue.statuses(&ids).map_err(Failure::Taskcluster)?;
    let definitions = queue
        .definitions(&BTreeSet::from([own.clone()]))
        .map_err(Failure::Taskcluster)?;
    let (Some(status), Some(definition)) = (statuses.get(own), definitions.get(own)) else {
        return Err(Failure::Usage(
            format!("the variable `TASK_ID` is `{own}`, which the queue does not know"),
            None,
        ));
    };
    let named: Vec<String> = definition["dependencies"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect();
    let needed = needed
        .iter()
        .map(|(edge, task)| (*edge, *task, statuses.get(*task)));
    dependencies(status, &named, needed).map_err(Failure::Publish)
}
