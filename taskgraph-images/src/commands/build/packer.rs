//! Builds an image with Packer.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use taskgraph_images::inventory::label_of_project;
use taskgraph_images::manifest::Artifact;
use taskgraph_images::providers::label_of_task;
use taskgraph_images::worker::build::packer_manifest::PackerManifest;
use taskgraph_images::worker::packer::PackerRun;
use taskgraph_images::worker::process::Program;

use super::super::packer;
use super::{Args, Job, LOG, Made};
use crate::exit::Failure;
use crate::printer::Printer;

/// What templates call the file of their `manifest` post-processor, below the folder of the variable `artifacts`.
const THEIRS: &str = "manifest.json";
/// What it is called among the results.
const OURS: &str = "packer-manifest.json";
/// What checks found that ran in the build, for the method `in-build`.
const CHECKS: &str = "checks.json";
const SBOM: &str = "sbom.tsv";

pub(super) fn build(job: &Job<'_>, args: &Args, printer: &mut Printer) -> Result<Made, Failure> {
    let artifacts = job.scratch.join("packer");
    std::fs::create_dir_all(&artifacts)?;
    let run = planned(job, args, &artifacts)?;
    let values = job.scratch.join(PackerRun::VALUES);
    std::fs::write(&values, run.values())?;
    let cache = job.scratch.join("cache");
    let with = |arguments| {
        let variables = [
            ("PACKER_NO_COLOR", "1".to_owned()),
            // Downloads of this build only: what another one left there must not reach an image.
            ("PACKER_CACHE_DIR", cache.display().to_string()),
            ("TMPDIR", job.scratch.display().to_string()),
        ];
        Program::new(&args.packer, arguments, job.root, job.limit())
            .with(run.environment().clone())
            .with(variables.map(|(name, value)| (name.to_owned(), value)))
    };
    if let Some(init) = run.init() {
        job.run(&with(init), printer)?;
    }
    let begun = SystemTime::now();
    job.run(&with(run.build_arguments(&values)), printer)?;
    collect(job, &artifacts, begun)
}

/// How Packer is run: with the template that a recipe made for the image, or one of the repository.
fn planned(job: &Job<'_>, args: &Args, artifacts: &Path) -> Result<PackerRun, Failure> {
    let secrets = job.secrets.variables.clone();
    if let Some(rendered) = packer::made(job.snapshot, job.id) {
        let (snapshot, folder) = (job.snapshot, job.scratch);
        return packer::write_made(snapshot, job.id, rendered, job.values, folder, secrets);
    }
    let facts = packer::facts(job.snapshot, job.id)?;
    let scripts = packer::scripts(job.snapshot, job.id);
    let parent = job.parent.map(super::ParentImage::name);
    let mut run = PackerRun::build(
        job.definition,
        &scripts,
        &facts,
        parent.as_deref(),
        secrets,
        artifacts,
        job.root,
    )
    .ok_or_else(|| Failure::Usage(format!("`{}` is not made by Packer", job.id), None))?;
    if let Some(accelerator) = &args.accelerator {
        run.set("accelerator", accelerator, &facts);
    }
    if let Some(own) = job.own {
        let (name, value) = label_of_task(own);
        run.label(name, &value, &facts);
    }
    if let Some(config) = &job.snapshot.fleet.config {
        let (name, value) = label_of_project(&config.project);
        run.label(name, &value, &facts);
    }
    Ok(run)
}

/// Takes what the template left to the results.
fn collect(job: &Job<'_>, left: &Path, begun: SystemTime) -> Result<Made, Failure> {
    let theirs = match left.join(THEIRS) {
        told if told.exists() => told,
        _ => written_since(job, begun).ok_or_else(|| {
            Failure::Usage(
                format!("the template left no `{THEIRS}` of a `manifest` post-processor"),
                Some(format!(
                    "declare a variable `artifacts`, and end the build with a post-processor `manifest` whose output is \
                     `${{var.artifacts}}/{THEIRS}`"
                )),
            )
        })?,
    };
    let content = std::fs::read(&theirs)?;
    let packer = PackerManifest::read(&content, job.id.cloud)
        .map_err(|error| Failure::Files(format!("`{THEIRS}` that the template left: {error}")))?;
    std::fs::write(job.folder.join(OURS), &content)?;
    let mut made = Made {
        artifacts: packer
            .places
            .into_iter()
            .map(|place| Artifact {
                region: place.region,
                reference: place.reference,
                file: None,
            })
            .collect(),
        sbom: None,
        files: vec![job.file(OURS)?, job.file(LOG)?],
    };
    if job.is_files() {
        let name = format!("{}.qcow2", job.id.name);
        let disk = disk(left, &packer.files).ok_or_else(|| {
            Failure::Files(format!(
                "Packer made no disk: it tells of {:?}, and none of these is below `artifacts`",
                packer.files
            ))
        })?;
        std::fs::rename(&disk, job.folder.join(&name))?;
        made.artifacts.push(Artifact {
            region: None,
            reference: name.clone(),
            file: Some(job.file(&name)?),
        });
    }
    if left.join(CHECKS).exists() {
        std::fs::rename(left.join(CHECKS), job.folder.join(CHECKS))?;
        made.files.push(job.file(CHECKS)?);
    }
    if left.join(SBOM).exists() {
        std::fs::rename(left.join(SBOM), job.folder.join(SBOM))?;
        made.sbom = Some(job.file(SBOM)?);
    }
    Ok(made)
}

/// A manifest of Packer's that the build left in the checkout's root: where a template has a `manifest` post-processor of its
/// own, and knows nothing of this program.
fn written_since(job: &Job<'_>, begun: SystemTime) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(job.root)
        .ok()?
        .flatten()
        .filter(|entry| {
            let time = entry.metadata().and_then(|data| data.modified());
            // A file system may keep whole seconds only.
            time.is_ok_and(|time| time + Duration::from_secs(1) >= begun)
        })
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
        .filter(|path| {
            let content = std::fs::read(path).unwrap_or_default();
            PackerManifest::read(&content, job.id.cloud).is_ok()
        })
        .collect();
    found.sort_unstable();
    found.into_iter().next()
}

/// The first of the files that Packer tells of that is a disk, wherever below a folder it is.
fn disk(folder: &Path, names: &[String]) -> Option<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).ok()?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let is_told = names
                .iter()
                .any(|name| Path::new(name).file_name() == path.file_name());
            let kind = path.extension().and_then(OsStr::to_str);
            if is_told && matches!(kind, Some("qcow2" | "raw" | "img")) {
                return Some(path);
            }
        }
    }
    None
}
