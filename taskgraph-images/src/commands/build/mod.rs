//! `build`: makes an image as its definition says, and leaves a manifest of what was made.

mod container;
mod floating;
mod made;
mod packer;
mod task;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use taskgraph_images::comparison::{Head, Snapshot};
use taskgraph_images::formats::BuildValues;
use taskgraph_images::manifest::{self, Manifest, Parent, Pin, Source, Stage};
use taskgraph_images::taskcluster::TaskId;
use taskgraph_images::transforms::{BuilderKind, Cloud, ImageDefinition, ImageId, Kind, Level};
use taskgraph_images::tree::{Files as _, changed_paths};
use taskgraph_images::worker::build::{BuildFault, classify};
use taskgraph_images::worker::head;
use taskgraph_images::worker::mask::Mask;
use taskgraph_images::worker::process::{Program, ProgramError};
use taskgraph_images::worker::remove::Scratch;

use super::packer::{SECRETS_FILE, build_values, given_secrets};
use super::project::{Project, one};
use super::worker::{Log, Secrets, Worker, described, sha256};
use super::{Global, checkout};
use crate::exit::Failure;
use crate::printer::Printer;
use made::Made;

/// Build an image as its definition says
///
/// This is what a build task runs; by hand it builds what is in the work tree. It checks that the checkout's digest is the
/// one that the decision recorded, fetches the parent's candidate, runs the builder, and leaves the image, its manifest,
/// the list of what is on it and the log in `image/` below the folder of artifacts. If a script of the image fails, it ends
/// with 1; if the world around it failed, with 75, for which the task is tried again.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `name@cloud`, or `name` if one cloud has it
    #[arg(value_name = "IMAGE")]
    image: String,
    /// The Packer program
    #[arg(
        long,
        value_name = "PROGRAM",
        default_value = "packer",
        env = "TASKGRAPH_IMAGES_PACKER"
    )]
    packer: std::ffi::OsString,
    /// The Buildah program
    #[arg(
        long,
        value_name = "PROGRAM",
        default_value = "buildah",
        env = "TASKGRAPH_IMAGES_BUILDAH"
    )]
    buildah: std::ffi::OsString,
    /// The value of a template's variable `accelerator`, if it declares it: `tcg` where KVM does not work
    #[arg(long, value_name = "NAME", value_parser = ["kvm", "tcg"], env = "TASKGRAPH_IMAGES_ACCELERATOR")]
    accelerator: Option<String>,
    /// A YAML list of files with secrets for the image, each with `path` and `value`, where its repository has such a list;
    /// the repository's own by default, or the variable `IMAGE_SECRETS` of a task's secrets
    #[arg(long, value_name = "FILE", env = "TASKGRAPH_IMAGES_SECRETS_FILE")]
    secrets_file: Option<PathBuf>,
    /// For an image with the builder `task`: run its scripts as root on this machine, strip it of its keys, logs and
    /// credentials, and make an image of its disk. A task that the queue has on this machine needs no such word
    #[arg(long)]
    give_up_this_machine: bool,
    /// Where the machine's file system is, for tests
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    machine_root: PathBuf,
}

/// What a builder works with.
struct Job<'a> {
    snapshot: &'a Snapshot,
    id: &'a ImageId,
    definition: &'a ImageDefinition,
    /// The root of the checkout.
    root: &'a Path,
    /// Where results are left.
    folder: &'a Path,
    /// Where anything else may be left; it is removed afterwards.
    scratch: &'a Path,
    parent: Option<&'a ParentImage>,
    secrets: &'a Secrets,
    /// The task itself; none by hand.
    own: Option<&'a TaskId>,
    /// What differs with each build.
    values: &'a BuildValues,
}

/// The parent's candidate.
struct ParentImage {
    described: Parent,
    manifest: Manifest,
    /// Its file, if it is one.
    file: Option<PathBuf>,
}

impl ParentImage {
    /// What a builder calls it.
    fn name(&self) -> String {
        match &self.file {
            Some(file) => file.display().to_string(),
            None => self.described.reference.clone(),
        }
    }
}

/// The name of the log.
const LOG: &str = "log.txt";

pub(super) fn run(args: &Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let started = super::now();
    let worker = Worker::new()?;
    let project = checkout::open(global, printer)?;
    let root = checkout::root(&project)?;
    let snapshot = project.snapshot(&Head::WorkTree, printer)?;
    let id = one(&snapshot, &args.image)?;
    let digest = worker.check_digest(&snapshot, id, Kind::Build)?;
    printer.note(&format!("builds {id}, digest {digest}"));
    let folder = worker.folder("image")?;
    // Beside the results, so that moving a disk there copies nothing.
    let scratch = Scratch::new(".build-", folder.parent().unwrap_or(&folder))?;
    let image = &snapshot.fleet.images[id];
    let definition = &*image.resolved().definition;
    let parent = match &definition.parent {
        Some(parent) => Some(fetch_parent(
            &worker,
            &snapshot,
            parent,
            scratch.path(),
            printer,
        )?),
        None => None,
    };
    let secrets = secrets(&worker, args.secrets_file.as_deref())?;
    let floating = floating::settle(&snapshot, id, printer)?;
    let (settled, resolved) = match &floating {
        Some((settled, resolved)) => (settled, resolved.clone()),
        None => (&snapshot, BTreeMap::new()),
    };
    let image = &settled.fleet.images[id];
    let definition = &*image.resolved().definition;
    let source = source(&project)?;
    let own = worker.task.own.as_ref();
    let hand = started.to_string();
    let values = build_values(settled, id, own, &hand, Some(&source.revision));
    // What a recipe made holds what only a build knows.
    let filled = match image.resolved().foreign {
        Some(_) => &values.definition(definition),
        None => definition,
    };
    let job = Job {
        snapshot: settled,
        id,
        definition: filled,
        root: &root,
        folder: &folder,
        scratch: scratch.path(),
        parent: parent.as_ref(),
        secrets: &secrets,
        own: worker.task.own.as_ref(),
        values: &values,
    };
    let made = match definition.builder.kind() {
        BuilderKind::Packer => packer::build(&job, args, printer)?,
        BuilderKind::Container => container::build(&job, &args.buildah, printer)?,
        BuilderKind::Task => task::build(&job, args, &worker, started, printer)?,
    };
    let manifest = Manifest {
        version: manifest::VERSION,
        stage: Stage::Candidate,
        image: id.clone(),
        cloud: id.cloud,
        os: definition.os,
        arch: definition.arch,
        digests: image
            .kinds()
            .filter_map(|kind| Some((kind.to_string(), snapshot.digest(id, kind)?.into())))
            .collect(),
        inputs: inputs(&snapshot, id),
        source,
        parent: parent.map(|parent| parent.described),
        pins: pins(&snapshot, id, &resolved),
        artifacts: made.artifacts,
        sbom: made.sbom,
        files: made.files,
        tasks: tasks(&worker),
        level: worker.task.level,
        // A worker signs nothing for a task that is root there.
        chain_of_trust: worker.task.own.is_some()
            && worker.task.level == Level::Three
            && definition.builder.kind() != BuilderKind::Task,
        started,
        finished: super::now(),
    };
    let text = manifest.to_json();
    std::fs::write(folder.join(manifest::NAME), &text)?;
    for artifact in &manifest.artifacts {
        printer.note(&format!("built {}", artifact.reference));
    }
    printer.data(&text, None)
}

/// What the task's secrets say, and the files with secrets that the caller has.
fn secrets(worker: &Worker, file: Option<&Path>) -> Result<Secrets, Failure> {
    let mut secrets = worker.secrets()?;
    if let Some(file) = file {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::Files(format!("`{}`: {error}", file.display())))?;
        secrets.variables.insert(SECRETS_FILE.to_owned(), text);
    }
    if let Some(text) = secrets.variables.get(SECRETS_FILE) {
        // Each value by itself, as a script may print it.
        let files = given_secrets(text)?;
        let values = files.iter().map(|file| &file.value);
        secrets.mask = Mask::new(secrets.variables.values().chain(values));
    }
    Ok(secrets)
}

/// The parent's candidate, from the task that built it, and its disk or archive.
fn fetch_parent(
    worker: &Worker,
    snapshot: &Snapshot,
    parent: &ImageId,
    scratch: &Path,
    printer: &mut Printer,
) -> Result<ParentImage, Failure> {
    let digest = snapshot
        .digest(parent, Kind::Build)
        .map(Into::into)
        .ok_or_else(|| Failure::Usage(format!("there is no image `{parent}`"), None))?;
    let (task_id, manifest, sha256) = worker.candidate("parent", parent, digest)?;
    let artifact = &manifest.artifacts[0];
    printer.note(&format!("on {parent} of {task_id}: {}", artifact.reference));
    let file = match &artifact.file {
        Some(file) => {
            let folder = scratch.join("parent");
            std::fs::create_dir_all(&folder)?;
            Some(worker.fetch(&task_id, file, &folder)?)
        }
        None => None,
    };
    Ok(ParentImage {
        described: Parent {
            image: parent.clone(),
            task_id,
            manifest: sha256,
            reference: artifact.reference.clone(),
        },
        file,
        manifest,
    })
}

/// The SHA-256 of each file that goes into the image.
fn inputs(
    snapshot: &Snapshot,
    id: &ImageId,
) -> BTreeMap<String, taskgraph_images::transforms::Digest> {
    let view = taskgraph_images::tree::View::new(&snapshot.fleet.tree);
    snapshot
        .graph()
        .inputs(id)
        .into_keys()
        .filter_map(|path| Some((path.to_string(), sha256(&view.read(&path).ok()?))))
        .collect()
}

fn pins(
    snapshot: &Snapshot,
    id: &ImageId,
    floating: &BTreeMap<String, String>,
) -> BTreeMap<String, Pin> {
    let resolved = snapshot.fleet.images[id].resolved();
    resolved
        .pins
        .iter()
        .filter_map(|name| {
            let value = snapshot
                .fleet
                .pins
                .pins
                .get(name)?
                .value
                .value
                .value
                .clone();
            Some((
                name.clone(),
                Pin {
                    value,
                    resolved: floating.get(name).cloned(),
                },
            ))
        })
        .collect()
}

fn source(project: &Project) -> Result<Source, Failure> {
    let told = head::Head::from_variables(|name| std::env::var(name).ok())
        .map_err(|error| Failure::Usage(error.to_string(), None))?;
    let revision = project.repository.revision("HEAD")?;
    let committed = project.repository.tree(&revision)?;
    let changes = changed_paths(&committed, &project.repository.work_tree()?)?;
    Ok(Source {
        revision: revision.id,
        modified: !changes.is_empty() || told.as_ref().is_some_and(|head| head.modified),
        repository: told.map_or_else(String::new, |head| head.repository),
    })
}

fn tasks(worker: &Worker) -> BTreeMap<String, taskgraph_images::taskcluster::TaskId> {
    let task = &worker.task;
    let own = task.own.clone().map(|id| ("build".to_owned(), id));
    let decision = task.decision.clone().map(|id| ("decision".to_owned(), id));
    own.into_iter().chain(decision).collect()
}

impl Job<'_> {
    /// Runs the builder; its output goes on and into the log, and tells whose fault it is if it fails.
    fn run(&self, program: &Program, printer: &mut Printer) -> Result<(), Failure> {
        match self.attempt(program, printer)? {
            None => Ok(()),
            Some(fault) => Err(Failure::Build(self.id.clone(), fault)),
        }
    }

    /// Writes a line to the log, among what programs say.
    fn say(&self, words: &str) -> Result<(), Failure> {
        let mut log = Log::new(&self.folder.join(LOG))?;
        writeln!(log, "{words}")?;
        Ok(())
    }

    /// Runs a program, and says whose fault it is if it fails.
    fn attempt(
        &self,
        program: &Program,
        printer: &mut Printer,
    ) -> Result<Option<BuildFault>, Failure> {
        let words: Vec<_> = program
            .arguments
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        printer.note(&format!(
            "{} {}",
            program.name.to_string_lossy(),
            words.join(" ")
        ));
        let path = self.folder.join(LOG);
        let mut log = Log::new(&path)?;
        // What others said before tells nothing of this one.
        let before = std::fs::metadata(&path).map_or(0, |data| data.len());
        let ended = match program.run(&self.secrets.mask, &mut log) {
            Err(error @ ProgramError::Limit { .. }) => {
                let fault = BuildFault::Image {
                    script: None,
                    line: None,
                    tail: error.to_string(),
                };
                return Ok(Some(fault));
            }
            other => other?,
        };
        if ended.is_success() {
            return Ok(None);
        }
        if ended.status.code().is_none() {
            return Err(Failure::Infrastructure(format!(
                "`{}` was ended: {}",
                program.name.to_string_lossy(),
                ended.status
            )));
        }
        let all = std::fs::read(&path).unwrap_or_default();
        let before = usize::try_from(before).unwrap_or(usize::MAX);
        let text = String::from_utf8_lossy(all.get(before..).unwrap_or_default());
        Ok(Some(classify(text.lines())))
    }

    /// How long a builder may take: what the definition allows the task, less the time to clean up.
    fn limit(&self) -> std::time::Duration {
        const CLEANING: u64 = 120;
        let seconds = self.definition.build.max_run_time.as_seconds();
        std::time::Duration::from_secs(seconds.saturating_sub(CLEANING).max(60))
    }

    /// A file that was left, as the manifest names it.
    fn file(&self, name: &str) -> Result<manifest::File, Failure> {
        described(self.folder, name)
    }

    fn is_files(&self) -> bool {
        matches!(self.id.cloud, Cloud::Qemu | Cloud::Container)
    }
}
