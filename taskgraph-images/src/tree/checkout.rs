//! A checkout of one commit, and a clone of a whole repository, by git itself: what a task works in, and what it looks at.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Why there is no checkout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckoutError {
    /// Git cannot be run on this machine.
    #[error("git cannot be run: {0}")]
    NoGit(String),
    /// The repository answers, and has no such commit.
    #[error("`{repository}` has no commit {revision}: {why}")]
    NoCommit {
        /// The repository's address.
        repository: String,
        /// The commit's id.
        revision: String,
        /// What git says.
        why: String,
    },
    /// The repository does not answer; it may later.
    #[error("`{repository}` cannot be fetched: {why}")]
    Fetch {
        /// The repository's address.
        repository: String,
        /// What git says.
        why: String,
    },
    /// The files cannot be written.
    #[error("`{target}` cannot be checked out: {why}")]
    Files {
        /// The folder.
        target: String,
        /// What git says.
        why: String,
    },
}

/// Fetches one commit, without its history, and checks it out into a folder.
///
/// A folder that an earlier try left is used again. Bytes are those of the commit on every system; submodules and
/// what large file storage keeps elsewhere are not fetched. `protocols` are those that git may use, joined by `:`.
///
/// # Errors
/// When git cannot be run, the repository does not answer or lacks the commit, or the folder cannot be written.
pub fn checkout(
    repository: &str,
    revision: &str,
    target: &Path,
    protocols: &str,
) -> Result<(), CheckoutError> {
    let files = |why| CheckoutError::Files {
        target: target.display().to_string(),
        why,
    };
    let run = |arguments: &[&OsStr]| git(arguments, protocols).map_err(CheckoutError::NoGit);
    let words = |words: &[&'static str]| -> Vec<&OsStr> {
        words.iter().map(|word| OsStr::new(*word)).collect()
    };
    let at = |more: &[&'static str]| -> Vec<&OsStr> {
        let mut arguments = vec![OsStr::new("-C"), target.as_os_str()];
        arguments.extend(words(more));
        arguments
    };

    // A repository has one sort of ids, which it is made with.
    let format = if revision.len() == 64 {
        "--object-format=sha256"
    } else {
        "--object-format=sha1"
    };
    let mut init = words(&["init", "--quiet", format, "--"]);
    init.push(target.as_os_str());
    said(run(&init)?).map_err(files)?;

    let mut fetch = at(&["fetch", "--quiet", "--no-tags", "--depth=1", "--"]);
    fetch.extend([OsStr::new(repository), OsStr::new(revision)]);
    if let Err(why) = said(run(&fetch)?) {
        let (repository, mut ask) = (
            repository.to_owned(),
            words(&["ls-remote", "--quiet", "--"]),
        );
        ask.extend([OsStr::new(&repository), OsStr::new("HEAD")]);
        // If it answers at all, asking again would not help.
        let answers = said(run(&ask)?).is_ok();
        return Err(if answers {
            CheckoutError::NoCommit {
                revision: revision.to_owned(),
                repository,
                why,
            }
        } else {
            CheckoutError::Fetch { repository, why }
        });
    }

    let mut checkout = at(&[
        "-c",
        "core.autocrlf=false",
        "-c",
        "advice.detachedHead=false",
        "checkout",
        "--quiet",
        "--force",
        "--detach",
    ]);
    checkout.push(OsStr::new(revision));
    checkout.push(OsStr::new("--"));
    said(run(&checkout)?).map_err(files)
}

/// Clones a repository with its history and all its branches. `protocols` are those that git may use, joined by `:`.
///
/// # Errors
/// When git cannot be run, or the repository cannot be fetched.
pub fn clone(repository: &str, target: &Path, protocols: &str) -> Result<(), CheckoutError> {
    let mut arguments: Vec<&OsStr> = ["clone", "--quiet", "--no-tags", "--"]
        .map(OsStr::new)
        .to_vec();
    arguments.extend([OsStr::new(repository), target.as_os_str()]);
    said(git(&arguments, protocols).map_err(CheckoutError::NoGit)?).map_err(|why| {
        CheckoutError::Fetch {
            repository: repository.to_owned(),
            why,
        }
    })
}

fn git(arguments: &[&OsStr], protocols: &str) -> Result<Output, String> {
    Command::new("git")
        .args(arguments)
        // Nobody is there to type a password.
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ALLOW_PROTOCOL", protocols)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())
}

/// Git's last words, if it failed.
fn said(output: Output) -> Result<(), String> {
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last = words.lines().rfind(|line| !line.trim().is_empty());
    Err(last.unwrap_or("git says nothing").to_owned())
}
