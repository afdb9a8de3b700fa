//! [`Repository::history`]: the commits of a range, each after those that it was made from.

use std::collections::HashSet;

use gix::bstr::ByteSlice as _;

use super::repository::unreadable;
use super::{Repository, RepositoryError, Revision};

/// What git says of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its full id, in hexadecimal.
    pub id: String,
    /// The ids of the commits that it was made from, first parent first.
    pub parents: Vec<String>,
    /// When it was committed, in seconds since 1970 began.
    pub time: i64,
    /// The first line of its message. What is not UTF-8 in it is replaced.
    pub subject: String,
    /// Whether the clone ends here: it has parents, and this clone does not hold them.
    pub is_cut: bool,
}

/// Which commits of a range are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// Those that the branch itself went through: of a merge, the first parent only.
    FirstParent,
    /// All, also those of branches that were merged.
    All,
}

impl Repository {
    /// A commit.
    ///
    /// # Errors
    /// When this clone does not hold it.
    pub fn commit(&self, id: &str) -> Result<Commit, RepositoryError> {
        let repository = self.store.repository();
        let found = gix::ObjectId::from_hex(id.as_bytes()).map_err(unreadable)?;
        let found = repository.find_commit(found).map_err(unreadable)?;
        let parents: Vec<String> = found.parent_ids().map(|id| id.to_string()).collect();
        let message = found.message_raw_sloppy();
        let boundary = repository.shallow_commits().map_err(unreadable)?;
        let is_boundary = boundary.is_some_and(|ids| ids.iter().any(|id| *id == found.id));
        Ok(Commit {
            id: id.to_owned(),
            time: found.time().map_err(unreadable)?.seconds,
            subject: message
                .lines()
                .next()
                .unwrap_or_default()
                .to_str_lossy()
                .trim()
                .to_owned(),
            is_cut: is_boundary && !parents.is_empty(),
            parents,
        })
    }

    /// The commits that `until` holds and `since` does not, as `git log since..until` has it; without `since`, all.
    /// At most `limit` of them: the latest. Each comes after those that it was made from.
    ///
    /// # Errors
    /// When a commit cannot be read.
    pub fn history(
        &self,
        since: Option<&Revision>,
        until: &Revision,
        lines: Lines,
        limit: Option<usize>,
    ) -> Result<Vec<Commit>, RepositoryError> {
        let mut commits = match lines {
            Lines::FirstParent => self.first_parents(since, until, limit)?,
            Lines::All => self.all_commits(since, until)?,
        };
        if let Some(limit) = limit {
            commits.drain(..commits.len().saturating_sub(limit));
        }
        Ok(commits)
    }

    fn first_parents(
        &self,
        since: Option<&Revision>,
        until: &Revision,
        limit: Option<usize>,
    ) -> Result<Vec<Commit>, RepositoryError> {
        let mut commits = Vec::new();
        let mut next = Some(until.id.clone());
        while let Some(id) = next.take() {
            if since.is_some_and(|since| since.id == id) {
                commits.reverse();
                return Ok(commits);
            }
            if limit.is_some_and(|limit| commits.len() >= limit) {
                break;
            }
            let commit = self.commit(&id)?;
            next = commit.parents.first().filter(|_| !commit.is_cut).cloned();
            commits.push(commit);
        }
        // `since` lies on another branch, or further back: where that one parted is known only from all it holds.
        if let Some(since) = since {
            let held = self.held_by(since)?;
            let end = commits.iter().position(|commit| held.contains(&commit.id));
            commits.truncate(end.unwrap_or(commits.len()));
        }
        commits.reverse();
        Ok(commits)
    }

    fn all_commits(
        &self,
        since: Option<&Revision>,
        until: &Revision,
    ) -> Result<Vec<Commit>, RepositoryError> {
        let mut seen = match since {
            Some(since) => self.held_by(since)?,
            None => HashSet::new(),
        };
        let mut commits = Vec::new();
        // What a commit was made from comes before it; the commits of a branch stay together.
        let mut open: Vec<(Commit, usize)> = Vec::new();
        if seen.insert(until.id.clone()) {
            open.push((self.commit(&until.id)?, 0));
        }
        while let Some((commit, parent)) = open.last_mut() {
            let at = *parent;
            *parent += 1;
            match commit.parents.get(at).filter(|_| !commit.is_cut) {
                Some(id) if seen.insert(id.clone()) => {
                    let below = self.commit(id)?;
                    open.push((below, 0));
                }
                Some(_) => {}
                None => commits.extend(open.pop().map(|(commit, _)| commit)),
            }
        }
        Ok(commits)
    }

    /// The ids of a commit and of all that it was made from.
    fn held_by(&self, revision: &Revision) -> Result<HashSet<String>, RepositoryError> {
        let repository = self.store.repository();
        let id = gix::ObjectId::from_hex(revision.id.as_bytes()).map_err(unreadable)?;
        let walk = repository.rev_walk([id]).all().map_err(unreadable)?;
        walk.map(|commit| Ok(commit.map_err(unreadable)?.id.to_string()))
            .collect()
    }
}
