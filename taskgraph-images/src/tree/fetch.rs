//! Fetching from a remote, by git itself: the one thing that is not read from this clone.
//!
//! A decision needs the revision that its change is compared to, and a shallow clone may lack it.

use std::path::Path;
use std::process::{Command, Stdio};

/// How much is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The commit alone, without its ancestors.
    Commit,
    /// The commit with all its ancestors, and those that a shallow clone lacks.
    History,
}

/// Fetches a commit from a clone's `origin`, or from another repository.
///
/// # Errors
/// What git says, in a line, when it cannot; or that `revision` is no commit's id, which is never passed on.
pub fn fetch(
    repository: &Path,
    remote: Option<&str>,
    revision: &str,
    depth: Depth,
    shallow: bool,
) -> Result<(), String> {
    if !matches!(revision.len(), 40 | 64) || !revision.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return Err(format!("{revision:?} is no commit's id"));
    }
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(repository)
        // Nobody is there to type a password.
        .env("GIT_TERMINAL_PROMPT", "0")
        .args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"])
        .args(match (depth, shallow) {
            (Depth::Commit, true) => Some("--depth=1"),
            (Depth::History, true) => Some("--unshallow"),
            (_, false) => None,
        })
        .arg("--")
        .arg(remote.unwrap_or("origin"))
        .arg(revision)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr);
            let last = words.lines().rfind(|line| !line.trim().is_empty());
            Err(last.unwrap_or("git says nothing").to_owned())
        }
        Err(error) => Err(format!("git cannot be run: {error}")),
    }
}
