//! Commits of a branch of a repository on GitHub.
//!
//! Any commit of any fork can be asked for through the repository, so a commit counts only as an ancestor of the named
//! branch ([`is_ancestor`]), and only by its whole id. A commit's time is what its committer wrote: a cool-down holds
//! honest commits back, not one that is dated back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::{Caller, time};
use super::{Release, Services, Source, SourceError};
use crate::http::encode;
use crate::versions::{Ancestry, is_full_commit};

/// Three hundred commits back.
const PAGES: usize = 3;
/// How many commits one run asks the order of.
const ASKED: usize = 30;

/// Commits of a branch of a repository on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GithubCommits {
    /// The repository: `owner/name`.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// Only commits that change this file, or something in this folder.
    pub path: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    sha: String,
    html_url: Option<String>,
    commit: Commit,
}

#[derive(Deserialize)]
struct Commit {
    message: Option<String>,
    committer: Option<Committer>,
}

#[derive(Deserialize)]
struct Committer {
    date: Option<String>,
}

#[derive(Deserialize)]
struct Comparison {
    status: Status,
}

/// How the head of a comparison stands to its base.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Identical,
    Ahead,
    Behind,
    Diverged,
}

pub(super) fn releases(
    settings: &GithubCommits,
    caller: &Caller<'_>,
) -> Result<Vec<Release>, SourceError> {
    let mut path = format!(
        "/repos/{}/commits?sha={}&per_page=100",
        settings.repository,
        encode(&settings.branch)
    );
    if let Some(file) = &settings.path {
        path = format!("{path}&path={}", encode(file));
    }
    let items: Vec<Item> = caller.github_pages(&path, PAGES)?;
    let read = |item: Item| {
        if !is_full_commit(&item.sha) {
            return Err(caller.unreadable(format!("{:?} is no id of a commit", item.sha)));
        }
        let committer = item.commit.committer;
        Ok(Release {
            released: committer.and_then(|committer| time(committer.date.as_deref())),
            notes: item.commit.message,
            url: item.html_url,
            ..Release::new(item.sha)
        })
    };
    items.into_iter().map(read).collect()
}

/// Whether a commit is on the source's branch. One that nobody has is not.
///
/// # Errors
/// When the id is not whole, as the beginning of one may come to mean another commit; when GitHub does not answer or
/// refuses; when the source is another one.
pub fn is_ancestor(
    source: &Source,
    services: &Services<'_>,
    commit: &str,
) -> Result<bool, SourceError> {
    let (caller, settings) = caller(source, services)?;
    check(&caller, commit)?;
    match compare(settings, &caller, &settings.branch, commit) {
        Ok(status) => Ok(matches!(status, Status::Behind | Status::Identical)),
        Err(error) if error.status() == Some(404) => Ok(false),
        Err(error) => Err(error),
    }
}

/// How commits stand to the current one, for [`crate::versions::choose`]. Asks for at most 30 of them, in their order,
/// newest first, and stops at the first that is not newer: what follows it on the branch is not, either.
///
/// # Errors
/// When an id is not whole; when GitHub does not answer or refuses, as when it has no such commit; when the source is
/// another one.
pub fn ancestry(
    source: &Source,
    services: &Services<'_>,
    current: &str,
    commits: &[&str],
) -> Result<BTreeMap<String, Ancestry>, SourceError> {
    let (caller, settings) = caller(source, services)?;
    check(&caller, current)?;
    let mut told = BTreeMap::new();
    for commit in commits.iter().take(ASKED) {
        check(&caller, commit)?;
        let ancestry = match compare(settings, &caller, current, commit)? {
            Status::Identical => Ancestry::Same,
            Status::Ahead => Ancestry::Newer,
            Status::Behind => Ancestry::Older,
            Status::Diverged => Ancestry::Apart,
        };
        told.insert((*commit).to_owned(), ancestry);
        if matches!(ancestry, Ancestry::Same | Ancestry::Older) {
            break;
        }
    }
    Ok(told)
}

fn caller<'a>(
    source: &'a Source,
    services: &'a Services<'a>,
) -> Result<(Caller<'a>, &'a GithubCommits), SourceError> {
    let caller = Caller::new(source, services);
    match source {
        Source::GithubCommits(settings) => Ok((caller, settings)),
        _ => Err(caller.settings("only the source `github-commits` knows the order of commits")),
    }
}

fn check(caller: &Caller<'_>, commit: &str) -> Result<(), SourceError> {
    if is_full_commit(commit) {
        return Ok(());
    }
    Err(caller.settings(format!(
        "{commit:?} is no whole id of a commit: write all 40 digits, as fewer may come to mean another commit"
    )))
}

fn compare(
    settings: &GithubCommits,
    caller: &Caller<'_>,
    base: &str,
    head: &str,
) -> Result<Status, SourceError> {
    // The answer lists commits and files; one of each page is enough to be told the status.
    let request = caller.github(&format!(
        "/repos/{}/compare/{}...{}?per_page=1",
        settings.repository,
        encode(base),
        encode(head)
    ));
    let answer = caller.send(&request)?;
    let comparison: Comparison = caller.read(&request, &answer)?;
    Ok(comparison.status)
}
