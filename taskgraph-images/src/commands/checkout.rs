//! The checkout that a command of a task works in: the one that it is run in, or one of the revision that its environment
//! names.

use std::env;
use std::path::PathBuf;

use taskgraph_images::tree::checkout::checkout;
use taskgraph_images::tree::{Repository, RepositoryError};
use taskgraph_images::worker::head::Head;

use super::Global;
use super::project::Project;
use crate::exit::Failure;
use crate::printer::Printer;

/// Where the checkout of a task goes, below the folder that it runs in.
const FOLDER: &str = "checkout";

/// Opens the project that a command is run in. In a task that is in no repository, its revision is checked out first.
///
/// Whoever is told of a revision works on that one and no other: a checkout of something else is refused.
pub(super) fn open(global: &Global, printer: &mut Printer) -> Result<Project, Failure> {
    let head = Head::from_variables(|name| env::var(name).ok())
        .map_err(|error| Failure::Usage(error.to_string(), None))?;
    // As git has it: a task's folder may lie in somebody's clone, which is not the task's.
    let ceilings: Vec<PathBuf> = env::var_os("GIT_CEILING_DIRECTORIES")
        .map(|paths| env::split_paths(&paths).collect())
        .unwrap_or_default();
    match (Repository::open_below(&global.root, &ceilings), head) {
        (Err(RepositoryError::NotARepository { .. }), Some(head)) => {
            let target = global.root.join(FOLDER);
            let protocols = env::var("GIT_ALLOW_PROTOCOL").ok();
            // No transport that runs commands.
            let protocols = protocols.as_deref().unwrap_or("https:ssh");
            printer.note(&format!("fetches {} of {}", head.revision, head.repository));
            checkout(&head.repository, &head.revision, &target, protocols)?;
            Project::open(&Global {
                root: target,
                ..global.clone()
            })
        }
        (Ok(repository), Some(head)) => {
            let found = repository.revision("HEAD")?.id;
            if found != head.revision {
                let words = format!(
                    "this is a checkout of {found}, and the task is about {}",
                    head.revision
                );
                let hint = "run it in another folder, which it then checks the revision out into";
                return Err(Failure::Usage(words, Some(hint.to_owned())));
            }
            Project::open(global)
        }
        _ => Project::open(global),
    }
}

/// Where a command about the fleet works: in a task that is in no repository, in a checkout of its revision; elsewhere where
/// it is run.
pub(super) fn place(global: &Global, printer: &mut Printer) -> Result<Global, Failure> {
    let head = Head::from_variables(|name| env::var(name).ok())
        .map_err(|error| Failure::Usage(error.to_string(), None))?;
    if head.is_none() {
        return Ok(global.clone());
    }
    let project = open(global, printer)?;
    Ok(Global {
        root: root(&project)?,
        ..global.clone()
    })
}

/// The root of a project's work tree, as an absolute path.
pub(super) fn root(project: &Project) -> Result<PathBuf, Failure> {
    let root = project
        .repository
        .work_dir()
        .ok_or(RepositoryError::Bare("work tree"))?;
    root.canonicalize()
        .map_err(|error| Failure::Files(format!("`{}`: {error}", root.display())))
}
