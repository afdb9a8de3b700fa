//! Which revision a decision compares its head with: verified, fetched where the clone is shallow, or fallen back from.

use taskgraph_images::comparison::Base;
use taskgraph_images::decision::parameters::DecisionParameters;
use taskgraph_images::tree::Repository;
use taskgraph_images::tree::fetch::{Depth, fetch};

use super::super::Global;
use crate::exit::Failure;
use crate::printer::Printer;

/// Chooses the base of an event; says on the way what was fetched, and what had to be taken instead.
///
/// Never less than the truth: where nothing is known of the base, everything counts as changed.
pub(super) fn choose(
    repository: &mut Repository,
    parameters: &DecisionParameters,
    pull_request: bool,
    global: &Global,
    printer: &mut Printer,
) -> Result<Base, Failure> {
    let (base, head) = (parameters.base_rev.as_str(), parameters.head_rev.as_str());
    if base.is_empty() {
        // A cron job or an action is about a revision, not about a change.
        if matches!(parameters.tasks_for.as_str(), "cron" | "action") {
            return Ok(Base::Revision(head.to_owned()));
        }
        printer.note("no base revision is given: every image counts as affected");
        return Ok(Base::Nothing);
    }
    if base.bytes().all(|byte| byte == b'0') {
        printer.note("the branch or tag is new: every image counts as affected");
        return Ok(Base::Nothing);
    }
    if repository.revision(base).is_err() {
        let remote = Some(parameters.base_repository.as_str())
            .filter(|remote| remote.starts_with("https://") || remote.starts_with("ssh://"));
        let fetched =
            get(repository, None, base, Depth::Commit, global).or_else(|why| match remote {
                Some(_) => get(repository, remote, base, Depth::Commit, global),
                None => Err(why),
            });
        match fetched {
            Ok(()) => printer.note(&format!("fetched the base revision {base}")),
            Err(why) => printer.note(&format!(
                "the base revision {base} is not in this clone, and cannot be fetched: {why}"
            )),
        }
    }
    if repository.revision(base).is_ok() {
        if !pull_request {
            return Ok(Base::Revision(base.to_owned()));
        }
        if !related(repository, base, head) && repository.is_shallow() {
            match get(repository, None, head, Depth::History, global) {
                Ok(()) => printer.note("fetched the history up to where the pull request parted"),
                Err(why) => printer.note(&format!("the history cannot be fetched: {why}")),
            }
        }
        if related(repository, base, head) {
            return Ok(Base::MergeBase(base.to_owned()));
        }
        printer.note(&format!(
            "{head} shares no history with {base}, as far as this clone goes: the two are compared as they are"
        ));
        return Ok(Base::Revision(base.to_owned()));
    }
    // A force push removed it. What the branch has in common with its target is the most that is certain.
    let branch = parameters.base_ref.as_deref().unwrap_or_default();
    let candidates = [
        format!("origin/{branch}"),
        "origin/HEAD".to_owned(),
        "origin/main".to_owned(),
        "origin/master".to_owned(),
    ];
    // A branch that holds the head has all of it in common with it, which would be no change at all.
    let found = candidates
        .into_iter()
        .find(|name| parted(repository, name, head).is_some_and(|common| common != head));
    match found {
        Some(name) => {
            printer.note(&format!(
                "compared with where it parted from `{name}` instead"
            ));
            Ok(Base::MergeBase(name))
        }
        None => {
            printer.note("nothing is known of the base: every image counts as affected");
            Ok(Base::Nothing)
        }
    }
}

fn related(repository: &Repository, base: &str, head: &str) -> bool {
    parted(repository, base, head).is_some()
}

/// The commit at which two parted, if they share one in this clone.
fn parted(repository: &Repository, base: &str, head: &str) -> Option<String> {
    let (base, head) = (
        repository.revision(base).ok()?,
        repository.revision(head).ok()?,
    );
    Some(repository.merge_base(&base, &head).ok()?.id)
}

/// Fetches, and opens the repository anew, so that it sees what came.
fn get(
    repository: &mut Repository,
    remote: Option<&str>,
    revision: &str,
    depth: Depth,
    global: &Global,
) -> Result<(), String> {
    fetch(
        &global.root,
        remote,
        revision,
        depth,
        repository.is_shallow(),
    )?;
    *repository = Repository::open(&global.root).map_err(|error| error.to_string())?;
    Ok(())
}
