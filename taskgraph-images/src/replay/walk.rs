//! [`Walk`]: a long history, several stretches at once.

use rayon::prelude::*;

use super::{Entry, Replay};
use crate::comparison::ComparisonError;
use crate::definitions::Layout;
use crate::fleet::Fleet;
use crate::tree::{Commit, Repository};

/// How many commits a stretch has: enough that what its first commit is loaded from costs little beside the others.
const STRETCH: usize = 64;

/// The entries of commits, in their order, a batch at a time.
#[derive(Debug)]
pub struct Walk<'a> {
    /// One for each stretch of a batch. The answer for a commit does not depend on where a walk begins.
    lanes: Vec<Replay<'a>>,
    commits: std::vec::IntoIter<Commit>,
    last: usize,
}

impl<'a> Walk<'a> {
    /// A walk over commits, each of which should come after those that it was made from.
    pub fn new(repository: &'a Repository, layout: &'a Layout, commits: Vec<Commit>) -> Self {
        let lanes = commits
            .len()
            .div_ceil(STRETCH)
            .clamp(1, rayon::current_num_threads());
        Self {
            lanes: (0..lanes)
                .map(|_| Replay::new(repository, layout))
                .collect(),
            commits: commits.into_iter(),
            last: 0,
        }
    }

    /// The next entries; none when all were told.
    ///
    /// # Errors
    /// As [`Replay::entry`].
    pub fn batch(&mut self) -> Result<Vec<Entry>, ComparisonError> {
        let even = self.commits.len().div_ceil(self.lanes.len());
        let mut stretches: Vec<Vec<Commit>> = Vec::new();
        while stretches.len() < self.lanes.len() && self.commits.len() > 0 {
            stretches.push(self.commits.by_ref().take(even.min(STRETCH)).collect());
        }
        if let Some(last) = stretches.len().checked_sub(1) {
            self.last = last;
        }
        let entries: Vec<Result<Vec<Entry>, ComparisonError>> = self
            .lanes
            .par_iter_mut()
            .zip(stretches)
            .map(|(replay, commits)| {
                commits
                    .into_iter()
                    .map(|commit| replay.entry(commit))
                    .collect()
            })
            .collect();
        let entries: Result<Vec<Vec<Entry>>, _> = entries.into_iter().collect();
        Ok(entries?.into_iter().flatten().collect())
    }

    /// The fleet of the latest sound commit of the last batch.
    pub fn latest(&self) -> Option<&Fleet> {
        self.lanes.get(self.last)?.latest()
    }
}
