//! How a script of an image runs on this machine: by the interpreter that it names, with the image's variables and nothing of
//! the task's own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use taskgraph_images::providers::Variables;
use taskgraph_images::tree::{Files as _, TreePath, View};
use taskgraph_images::worker::process::{Inherited, Program};

use super::super::{Job, ParentImage};
use crate::exit::Failure;

/// Where programs are, for root.
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What runs a script that does not say.
const SHELL: &str = "bash";

/// How a script of the checkout runs.
pub(super) fn program(
    job: &Job<'_>,
    parent: &ParentImage,
    path: &str,
    limit: Duration,
) -> Result<Program, Failure> {
    let content = View::new(&job.snapshot.fleet.tree).read(&TreePath::from_git(path))?;
    let text = String::from_utf8_lossy(&content);
    let mut words = interpreter(text.lines().next().unwrap_or_default());
    // In the checkout: scripts find their library and files beside them.
    words.push(job.root.join(path).into());
    let name = words.remove(0);
    let mut program = Program::new(name, words, job.root, limit.max(Duration::from_secs(1)));
    // The task's own variables lead to its proxy, and so to its scopes.
    program.inherited = Inherited::Nothing;
    Ok(program.with(variables(job, parent)))
}

/// The words before the script's path, as the kernel takes them from a first line.
fn interpreter(first: &str) -> Vec<OsString> {
    let told = first.strip_prefix("#!").map(str::trim).unwrap_or_default();
    if told.is_empty() {
        return vec![SHELL.into()];
    }
    match told.split_once([' ', '\t']) {
        Some((name, argument)) => vec![name.into(), argument.trim().into()],
        None => vec![told.into()],
    }
}

/// What a script is told. Where the cloud's API is, and as whom it is asked, is no matter of it.
fn variables(job: &Job<'_>, parent: &ParentImage) -> BTreeMap<String, String> {
    let own = [
        ("HOME", "/root"),
        ("IMAGE_NAME", job.id.name.as_str()),
        ("LANG", "C.UTF-8"),
        ("LOGNAME", "root"),
        ("PARENT_IMAGE", parent.described.reference.as_str()),
        ("PATH", PATH),
        ("USER", "root"),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let secrets = job.secrets.variables.clone().into_iter();
    own.into_iter()
        .chain(secrets.filter(|(name, _)| !Variables::is_known(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_says_what_runs_it() {
        let words = |first: &str| {
            let words = interpreter(first);
            let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            words.join("|")
        };
        assert_eq!(words("#!/usr/bin/env bash"), "/usr/bin/env|bash");
        assert_eq!(words("#! /bin/sh -e x "), "/bin/sh|-e x");
        assert_eq!(words("#!/bin/sh"), "/bin/sh");
        assert_eq!(words("echo"), "bash");
        assert_eq!(words("#!"), "bash");
    }
}
