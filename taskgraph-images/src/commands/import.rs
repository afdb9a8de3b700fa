//! `import`: native definitions for a repository whose definitions a recipe reads.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use taskgraph_images::import::{Import, import};
use taskgraph_images::tree::TreePath;

use super::Global;
use super::images::state;
use super::project::Project;
use crate::exit::Failure;
use crate::printer::Printer;

/// Write native definitions for a repository whose definitions a recipe reads
///
/// Writes settings, pins, a fragment for what images of a kind have in common, and a file an image, into the folder of
/// the definitions, which must not exist. Loads them as they will stand and compares what each image is made of with
/// what it was made of before; writes nothing when an input would be lost. Says what could not be carried over.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The revision to read; by default the work tree
    #[arg(long, value_name = "REV")]
    head: Option<String>,
    /// Compare and report, but write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let project = Project::open(global)?;
    let snapshot = project.snapshot(&state(args.head.as_deref(), &project), printer)?;
    if !snapshot.fleet.is_foreign() {
        return Err(Failure::Usage(
            "the definitions are native already".to_owned(),
            Some("`import` is for repositories whose definitions a recipe reads".to_owned()),
        ));
    }
    let root = project.layout.root.clone();
    let made = import(&snapshot, &root)?;
    printer.note(&report(&made));
    if !made.proof.faults.is_empty() {
        return Err(Failure::Definitions(made.proof.faults, None));
    }
    if !made.proof.holds() {
        return Err(Failure::Files(
            "inputs would be lost: nothing was written".to_owned(),
        ));
    }
    if !args.dry_run {
        let Some(work_dir) = project.repository.work_dir() else {
            return Err(Failure::Usage(
                "a bare repository has no work tree to write into".to_owned(),
                Some("use `--dry-run`, or a clone".to_owned()),
            ));
        };
        write(&work_dir, &root, &made)?;
    }
    let paths: String = made.files.keys().map(|path| format!("{path}\n")).collect();
    printer.data(&paths, None)
}

/// What was kept, what came, and what could not be carried over.
fn report(made: &Import) -> String {
    let proof = &made.proof;
    let mut text = format!(
        "{} images, {} inputs kept, {} lost, {} more",
        proof.images,
        proof.inputs,
        proof
            .differences
            .values()
            .map(|difference| difference.lost.len())
            .sum::<usize>(),
        proof
            .differences
            .values()
            .map(|difference| difference.came.len())
            .sum::<usize>(),
    );
    for (id, difference) in &proof.differences {
        for path in &difference.lost {
            let _ = write!(text, "\n  {id}: lost {path}");
        }
        for path in &difference.came {
            let _ = write!(text, "\n  {id}: more: {path}");
        }
    }
    for note in &made.notes {
        let _ = write!(text, "\nnot carried over: {note}");
    }
    text
}

/// Writes all files beside their folder, which then gets its name: all or nothing.
fn write(work_dir: &Path, root: &TreePath, made: &Import) -> Result<(), Failure> {
    let target = work_dir.join(root.as_str());
    if fs::symlink_metadata(&target).is_ok() {
        return Err(Failure::Usage(
            format!("`{root}` exists already"),
            Some("name another folder with `--definitions`, or remove it".to_owned()),
        ));
    }
    let parent = target.parent().unwrap_or(work_dir);
    fs::create_dir_all(parent)?;
    let folder = tempfile_in(parent, root)?;
    let result = made.files.iter().try_for_each(|(path, text)| {
        let name = path.strip_prefix(root).unwrap_or(path.as_str());
        let file = folder.join(name);
        if let Some(above) = file.parent() {
            fs::create_dir_all(above)?;
        }
        fs::write(file, text)
    });
    let result = result.and_then(|()| fs::rename(&folder, &target));
    if result.is_err() {
        // What was begun is of no use; that it cannot be removed either is not the fault to tell.
        let _ = fs::remove_dir_all(&folder);
    }
    Ok(result?)
}

/// A folder of its own beside the final one.
fn tempfile_in(parent: &Path, root: &TreePath) -> Result<std::path::PathBuf, Failure> {
    let folder = parent.join(format!(".{}.import", root.file_name()));
    fs::create_dir(&folder)?;
    Ok(folder)
}
