//! Builds an image on a machine of its parent: runs the image's scripts as root on this machine, takes away what must not be
//! part of an image, and has the cloud make an image of the boot disk.
//!
//! Everything that can be known to be in the way is looked at before the first script runs.

mod here;
mod script;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use taskgraph_images::output::text::count;
use taskgraph_images::providers::{NewImage, Pace, ProviderError, Session, Variables, snapshots};
use taskgraph_images::taskcluster::Timestamp;
use taskgraph_images::transforms::Os;
use taskgraph_images::worker::build::{BuildFault, sbom};
use taskgraph_images::worker::mask::Mask;
use taskgraph_images::worker::process::{Inherited, Program};
use taskgraph_images::worker::seal::{Left, OwnTask, obstacles, seal};

use super::super::packer::scripts;
use super::super::worker::Worker;
use super::{Args, Job, LOG, Made, ParentImage};
use crate::exit::Failure;
use crate::printer::Printer;
use here::Here;

const SBOM: &str = "sbom.tsv";

pub(super) fn build(
    job: &Job<'_>,
    args: &Args,
    worker: &Worker,
    started: Timestamp,
    printer: &mut Printer,
) -> Result<Made, Failure> {
    let begun = Instant::now();
    let parent = fitting(job)?;
    let variables = Variables::new(|name| std::env::var(name).ok(), &job.secrets.variables);
    let hidden = job.secrets.variables.values().map(String::as_str);
    let mask = Mask::new(hidden.chain(variables.secrets()));
    let here = Here::find(job, args, worker, &variables, printer)?;
    let found = obstacles(&args.machine_root);
    if !found.is_empty() {
        return Err(no_image("nothing is done", &found));
    }
    let printer = RefCell::new(printer);
    let say = |words: &str| printer.borrow_mut().note(words);
    let pace = Pace {
        operation: job.limit(),
        ..Pace::default()
    };
    let fault = |error: ProviderError| Failure::provider(error, &mask);
    let session = Session::new(pace, false, &mask, &say).map_err(fault)?;
    let snapshots = snapshots(job.id.cloud, &session, &variables)
        .map_err(fault)?
        .ok_or_else(|| no_machines(job))?;
    here.hold_to_parent(parent, &session, &variables, &mask)?;
    let disk = snapshots.boot_disk(&here.machine).map_err(fault)?;
    let image = NewImage::new(job.id, job.own, worker.task.run, started);
    let is_begun = snapshots.is_begun(&disk, &image).map_err(fault)?;
    if is_begun {
        say(&format!(
            "goes on with `{}`, which an earlier try began: no script runs again",
            image.name
        ));
    } else {
        for path in scripts(job.snapshot, job.id) {
            let left = job.limit().saturating_sub(begun.elapsed());
            let program = script::program(job, parent, &path, left)?;
            run_script(job, &path, &program, &mut printer.borrow_mut())?;
        }
    }
    let list = sbom::of_root(
        job.id.name.as_str(),
        job.definition.arch.as_str(),
        &args.machine_root,
    );
    if let Some(list) = &list {
        std::fs::write(job.folder.join(SBOM), list)?;
    }
    let kept = Kept::take(job.folder)?;
    let stripped = if is_begun {
        Ok(())
    } else {
        strip(&here, &args.machine_root, &mut printer.borrow_mut())
    };
    let made = stripped.and_then(|()| snapshots.make(&disk, &image).map_err(fault));
    // Also where there is no image: the log says why.
    let back = kept.put_back();
    let artifact = made?;
    back?;
    Ok(Made {
        artifacts: vec![artifact],
        sbom: list.map(|_| job.file(SBOM)).transpose()?,
        files: if job.folder.join(LOG).exists() {
            vec![job.file(LOG)?]
        } else {
            Vec::new()
        },
    })
}

/// What a task's builder can make; the parent's candidate.
fn fitting<'a>(job: &Job<'a>) -> Result<&'a ParentImage, Failure> {
    if job.definition.os != Os::Linux {
        return Err(Failure::Usage(
            format!(
                "`{}` is of {}, and the builder `task` makes images of Linux only",
                job.id, job.definition.os
            ),
            Some("make it with Packer".to_owned()),
        ));
    }
    if job.is_files() {
        return Err(no_machines(job));
    }
    job.parent.ok_or_else(|| {
        Failure::Usage(
            format!(
                "`{}` has no parent, so there is no machine to build it on",
                job.id
            ),
            Some("name the image that its build's worker runs as its `parent`".to_owned()),
        )
    })
}

fn no_machines(job: &Job<'_>) -> Failure {
    Failure::Usage(
        format!(
            "`{}` is made on a machine of its cloud, and {} has none",
            job.id, job.id.cloud
        ),
        Some("the builder `task` is for images of Google, AWS and Azure".to_owned()),
    )
}

/// Runs a script. A failure names it.
fn run_script(
    job: &Job<'_>,
    path: &str,
    program: &Program,
    printer: &mut Printer,
) -> Result<(), Failure> {
    job.say(&format!("==> {}: script {path}", job.id.name))?;
    match job.attempt(program, printer)? {
        None => Ok(()),
        Some(BuildFault::Image { line, tail, .. }) => {
            let script = Some(path.to_owned());
            let fault = BuildFault::Image { script, line, tail };
            Err(Failure::Build(job.id.clone(), fault))
        }
        Some(fault) => Err(Failure::Build(job.id.clone(), fault)),
    }
}

/// Takes away what must not be part of the image, and has the rest written to the disk.
fn strip(here: &Here, root: &Path, printer: &mut Printer) -> Result<(), Failure> {
    let own = OwnTask {
        folder: here.folder.clone(),
    };
    let done = seal(root, here.worker.as_ref(), &own)
        .map_err(|left| no_image("no image is made", &left))?;
    let words: Vec<String> = done
        .iter()
        .map(|(what, count)| format!("{what} ({count})"))
        .collect();
    printer.note(&format!("took away: {}", words.join(", ")));
    const LONG: std::time::Duration = std::time::Duration::from_secs(5 * 60);
    let mut program = Program::new("sync", [""; 0], Path::new("/"), LONG);
    program.inherited = Inherited::Nothing;
    let program = program.with([("PATH".to_owned(), script::PATH.to_owned())]);
    let ended = program.run(&Mask::default(), &mut std::io::sink())?;
    if ended.is_success() {
        Ok(())
    } else {
        Err(Failure::Infrastructure(format!(
            "`sync` failed, so the disk may lack what was written: {}",
            ended.words()
        )))
    }
}

/// What is in the way of an image.
fn no_image(so: &str, left: &[Left]) -> Failure {
    let words: Vec<String> = left.iter().map(|left| format!("\n  {left}")).collect();
    Failure::Files(format!(
        "{so}, as {} of this machine {} in the way of an image:{}",
        count(left.len(), "thing"),
        if left.len() == 1 { "is" } else { "are" },
        words.concat()
    ))
}

/// The results so far, in memory while their disk becomes an image.
struct Kept {
    folder: PathBuf,
    files: BTreeMap<std::ffi::OsString, Vec<u8>>,
}

impl Kept {
    fn take(folder: &Path) -> Result<Self, Failure> {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            files.insert(entry.file_name(), std::fs::read(entry.path())?);
        }
        Ok(Self {
            folder: folder.to_owned(),
            files,
        })
    }

    fn put_back(&self) -> Result<(), Failure> {
        std::fs::create_dir_all(&self.folder)?;
        for (name, content) in &self.files {
            std::fs::write(self.folder.join(name), content)?;
        }
        Ok(())
    }
}
