//! `verify`: runs the checks of an image on the candidate that its build left, and leaves what they found.

mod boot;
mod container;
mod here;
mod in_build;
mod replicate;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use taskgraph_images::comparison::{Head, Snapshot};
use taskgraph_images::manifest::Manifest;
use taskgraph_images::taskcluster::TaskId;
use taskgraph_images::transforms::{
    Digest, ImageDefinition, ImageId, Kind, VerifyMethod, VerifyTask,
};
use taskgraph_images::tree::{Files as _, TreePath, View};
use taskgraph_images::worker::mask::Mask;
use taskgraph_images::worker::process::{Program, ProgramError};
use taskgraph_images::worker::remove::Scratch;
use taskgraph_images::worker::verify::results::{self, Check, Digests, Verification};

use super::project::one;
use super::worker::{Log, Secrets, Worker};
use super::{Global, checkout};
use crate::exit::Failure;
use crate::printer::Printer;

/// Verify the candidate that an image's build left
///
/// This is what a verify task runs. It takes the candidate from the build's manifest and runs the checks by the method that
/// the definition names: `boot` starts a machine from it with QEMU, `container` runs them in it, `pool` runs them on this
/// machine, which was started from it, `in-build` takes what the build found, `replicate` has tasks of other projects run
/// again on its pool. What was found is left in `verification/` below the folder of artifacts, as JSON and as JUnit's XML.
/// If a check fails, it ends with 1.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `name@cloud`, or `name` if one cloud has it
    #[arg(value_name = "IMAGE")]
    image: String,
    #[command(flatten)]
    programs: Programs,
}

/// The programs that methods need.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Programs")]
struct Programs {
    /// The Buildah program, for containers
    #[arg(
        long,
        value_name = "PROGRAM",
        default_value = "buildah",
        env = "TASKGRAPH_IMAGES_BUILDAH"
    )]
    buildah: std::ffi::OsString,
    /// The QEMU program, for machines; by default `qemu-system-x86_64` or `qemu-system-aarch64`, as the image is
    #[arg(long, value_name = "PROGRAM", env = "TASKGRAPH_IMAGES_QEMU")]
    qemu: Option<std::ffi::OsString>,
    /// The folder with descriptions of firmware, for machines that start by UEFI
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = boot::FIRMWARE,
        env = "TASKGRAPH_IMAGES_FIRMWARE"
    )]
    firmware: PathBuf,
    /// How machines get their processor: `kvm`, `tcg` (emulated), or `auto`: the first, if it works here
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = ["auto", "kvm", "tcg"],
        env = "TASKGRAPH_IMAGES_ACCELERATOR")]
    accelerator: String,
    /// How many seconds pass before tasks that were run again are looked at once more
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 15,
        env = "TASKGRAPH_IMAGES_PAUSE"
    )]
    pause: u64,
}

/// What a method works with.
struct Job<'a> {
    worker: &'a Worker,
    snapshot: &'a Snapshot,
    id: &'a ImageId,
    definition: &'a ImageDefinition,
    verify: &'a VerifyTask,
    /// The task that built the candidate.
    build: &'a TaskId,
    manifest: &'a Manifest,
    checks: &'a [TreePath],
    /// Where what is left goes.
    folder: &'a Path,
    /// Where anything else may be left; it is removed afterwards.
    scratch: &'a Path,
    secrets: &'a Secrets,
    started: Instant,
}

pub(super) fn run(args: &Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let started = super::now();
    let worker = Worker::new()?;
    let project = checkout::open(global, printer)?;
    let snapshot = project.snapshot(&Head::WorkTree, printer)?;
    let id = one(&snapshot, &args.image)?;
    let image = &snapshot.fleet.images[id];
    let definition = &*image.resolved().definition;
    let digest = worker.check_digest(&snapshot, id, Kind::Verify)?;
    let verify = definition
        .verify
        .as_ref()
        .ok_or_else(|| Failure::Usage(format!("`{id}` has no verify task"), None))?;
    let built: Digest = snapshot
        .digest(id, Kind::Build)
        .map(Into::into)
        .ok_or_else(|| Failure::Usage(format!("`{id}` has no build task"), None))?;
    let (build, manifest, manifest_digest) = worker.candidate("build", id, built.clone())?;
    printer.note(&format!(
        "verifies {id} of {build} by `{}`: {}",
        verify.method, manifest.artifacts[0].reference
    ));
    let folder = worker.folder("verification")?;
    let scratch = Scratch::new(".verify-", folder.parent().unwrap_or(&folder))?;
    let secrets = worker.secrets()?;
    let checks = snapshot.fleet.checks(image);
    let job = Job {
        worker: &worker,
        snapshot: &snapshot,
        id,
        definition,
        verify,
        build: &build,
        manifest: &manifest,
        checks: &checks,
        folder: &folder,
        scratch: scratch.path(),
        secrets: &secrets,
        started: Instant::now(),
    };
    let found = match verify.method {
        VerifyMethod::Boot => boot::verify(&job, &args.programs, printer)?,
        VerifyMethod::Container => container::verify(&job, &args.programs.buildah, printer)?,
        VerifyMethod::Pool => here::verify(&job, printer)?,
        VerifyMethod::InBuild => in_build::verify(&job)?,
        VerifyMethod::Replicate => {
            let pause = Duration::from_secs(args.programs.pause);
            replicate::verify(&job, pause, printer)?
        }
    };
    let verification = Verification {
        version: results::VERSION,
        image: id.clone(),
        digests: Digests {
            build: built,
            verify: digest,
        },
        manifest: manifest_digest,
        build_task_id: build.clone(),
        method: verify.method,
        // An image that nobody looked at is not verified.
        passed: found.iter().any(Check::counts)
            && found.iter().all(|check| check.passed || !check.counts()),
        checks: found,
        started,
        finished: super::now(),
    };
    std::fs::write(folder.join(results::NAME), verification.to_json())?;
    std::fs::write(folder.join("junit.xml"), verification.to_junit())?;
    let lines: String = verification
        .checks
        .iter()
        .map(|check| {
            let word = match (check.passed, check.counts()) {
                (true, _) => "passed",
                (false, true) => "FAILED",
                (false, false) => "ignored",
            };
            format!("{word}\t{:.1} s\t{}\n", check.seconds, check.name)
        })
        .collect();
    printer.data(&lines, None)?;
    if verification.passed {
        return Ok(());
    }
    let mut checks = verification.failed();
    if verification.is_transient() {
        return Err(Failure::Infrastructure(format!(
            "`{id}` is not verified, and it may not be the image's fault: {}",
            checks.join(", ")
        )));
    }
    if checks.is_empty() && !verification.checks.is_empty() {
        checks.push("every task fails in its own project, too".to_owned());
    } else if checks.is_empty() {
        checks.push("the image has no checks".to_owned());
    }
    Err(Failure::Verify {
        image: id.clone(),
        checks,
    })
}

impl Job<'_> {
    /// How long is left of what the definition allows the task.
    fn left(&self) -> Duration {
        const CLEANING: Duration = Duration::from_secs(30);
        let all = Duration::from_secs(self.verify.max_run_time.as_seconds());
        all.saturating_sub(self.started.elapsed())
            .saturating_sub(CLEANING)
            .max(Duration::from_secs(1))
    }

    /// Writes the files that checks need to a folder, under their paths in the repository.
    fn files(&self) -> Result<PathBuf, Failure> {
        let folder = self.scratch.join("files");
        let view = View::new(&self.snapshot.fleet.tree);
        let mut paths: Vec<TreePath> = self
            .snapshot
            .graph()
            .inputs(self.id)
            .into_iter()
            .filter(|(_, reached)| reached.kinds.contains(&Kind::Verify))
            .map(|(path, _)| path)
            .collect();
        paths.extend(self.checks.iter().cloned());
        for path in paths {
            let to = folder.join(path.to_string());
            if let Some(parent) = to.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(to, view.read(&path)?)?;
        }
        Ok(folder)
    }

    /// Runs a program that is a check, and says what it found. One that hangs fails.
    fn check(&self, path: &TreePath, program: &Program, mask: &Mask) -> Result<Check, Failure> {
        let started = Instant::now();
        let name = path.to_string();
        let log = self.folder.join("log.txt");
        let mut output = Both {
            log: Log::new(&log)?,
            said: Vec::new(),
        };
        let ended = match program.run(mask, &mut output) {
            Ok(ended) => Ok(ended.status.code()),
            Err(ProgramError::Limit { limit, .. }) => Err(format!(
                "stopped after {} s, which is all that the task may take\n",
                limit.as_secs()
            )),
            Err(error) => return Err(error.into()),
        };
        let mut said = String::from_utf8_lossy(&output.said).into_owned();
        let code = ended.unwrap_or_else(|words| {
            said += &words;
            None
        });
        // What `ssh` says of itself is not the check's.
        const SSH: i32 = 255;
        if code == Some(SSH) && program.name == "ssh" {
            return Err(Failure::Infrastructure(format!(
                "the connection to the machine broke while `{name}` ran: {}",
                said.lines().last().unwrap_or_default()
            )));
        }
        Ok(Check {
            name,
            passed: code == Some(0),
            seconds: (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
            output: said,
            replica: None,
        })
    }

    /// Runs all checks, each whether or not those before it passed.
    fn check_all(
        &self,
        mask: &Mask,
        program: impl Fn(&TreePath) -> Program,
        printer: &mut Printer,
    ) -> Result<Vec<Check>, Failure> {
        let mut found = Vec::new();
        for path in self.checks {
            printer.note(&format!("{path}"));
            found.push(self.check(path, &program(path), mask)?);
        }
        Ok(found)
    }

    /// The variables that checks are told by their secrets.
    fn variables(&self) -> BTreeMap<String, String> {
        self.secrets.variables.clone()
    }
}

/// What a check says goes on, and is kept.
struct Both {
    log: Log,
    said: Vec<u8>,
}

impl std::io::Write for Both {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.said.extend_from_slice(bytes);
        self.log.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.log.flush()
    }
}
