//! `publish`: makes what was verified available, and nothing else.

use std::path::Path;

use taskgraph_images::comparison::Head;
use taskgraph_images::manifest::{self, Artifact, Manifest, Stage};
use taskgraph_images::taskcluster::TaskId;
use taskgraph_images::transforms::{Cloud, Digest, ImageId, Kind, Level};
use taskgraph_images::worker::verify::results::{self, Verification};

use super::project::one;
use super::worker::Worker;
use super::{Global, checkout};
use crate::exit::Failure;
use crate::printer::Printer;

/// Publish the candidate that was built and verified
///
/// This is what a publish task runs, at level 3 only. It takes the build's manifest and what its verify task found, holds
/// them to each other, to the tasks that it was told and to the checkout's digests, and promotes the very artifact that was
/// verified. The manifest of what is published is left in `manifest/` below the folder of artifacts: for disks and
/// containers with the file itself, at its checksum.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `name@cloud`, or `name` if one cloud has it
    #[arg(value_name = "IMAGE")]
    image: String,
    /// Check everything, say what would be published, and leave nothing
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
    if definition.publish.is_none() {
        return Err(Failure::Usage(format!("`{id}` has no publish task"), None));
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
    let verify = match &definition.verify {
        Some(_) => Some(verified(
            &worker,
            id,
            &digest(Kind::Verify)?,
            (&build, &built, &candidate_digest),
        )?),
        None => None,
    };
    if !matches!(id.cloud, Cloud::Qemu | Cloud::Container) {
        return Err(Failure::Usage(
            format!(
                "this program cannot promote an image in `{}` yet: {} of {build} is verified, and nothing was changed",
                id.cloud, candidate.artifacts[0].reference
            ),
            None,
        ));
    }
    if args.dry_run {
        let lines: String = candidate
            .artifacts
            .iter()
            .map(|artifact| format!("publish\t{}\n", artifact.reference))
            .collect();
        return printer.data(&lines, None);
    }
    let folder = worker.folder("manifest")?;
    let artifacts = promote(&worker, &build, &candidate, &folder, printer)?;
    let sbom = candidate
        .sbom
        .as_ref()
        .map(|sbom| worker.fetch(&build, sbom, &folder).map(|_| sbom.clone()))
        .transpose()?;
    let mut tasks = candidate.tasks.clone();
    tasks.insert("build".to_owned(), build);
    tasks.extend(verify.map(|id| ("verify".to_owned(), id)));
    tasks.extend(worker.task.own.clone().map(|id| ("publish".to_owned(), id)));
    let mut digests = candidate.digests.clone();
    digests.insert("publish".to_owned(), publish);
    let published = Manifest {
        stage: Stage::Published,
        digests,
        artifacts,
        sbom,
        files: Vec::new(),
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

/// Takes the very files that were verified to this task's artifacts.
fn promote(
    worker: &Worker,
    build: &TaskId,
    candidate: &Manifest,
    folder: &Path,
    printer: &mut Printer,
) -> Result<Vec<Artifact>, Failure> {
    for artifact in &candidate.artifacts {
        let file = artifact.file.as_ref().ok_or_else(|| {
            Failure::Files(format!(
                "the candidate `{}` of `{build}` is no file",
                artifact.reference
            ))
        })?;
        worker.fetch(build, file, folder)?;
        printer.note(&format!(
            "publishes {} (SHA-256 {})",
            file.name, file.sha256
        ));
    }
    Ok(candidate.artifacts.clone())
}
