//! Proposals as revisions on Phabricator, by its Conduit interface alone.
//!
//! ```text
//! who we are, which repository ─▶ our open revisions, by their markers ─▶ a diff, its commit ─▶ the revision
//! ```
//!
//! Phabricator has no branches and no lock, and what creates something cannot be repeated: a call that creates is made
//! once, and when its answer is lost, the next run finds what was created by its marker. Should two runs have created
//! two, the later one is abandoned by the run after them.
//!
//! A revision that a person has accepted or taken over stays as it is; one that a person has abandoned is declined. To
//! get it after all, reclaim it. Labels are GitHub's, and not set here.

mod changes;
mod conduit;
#[cfg(test)]
mod fake;
mod propose;
mod revisions;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use super::dry_run::Writes;
use super::{Author, Forge, ForgeError, KnownProposal, Outcome};
use crate::http::Http;
use crate::proposals::{Group, Proposal, Rules};
use conduit::Conduit;

pub use conduit::{ApiToken, ApiTokenError};

/// A version control system, by Phabricator's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceControl {
    /// Git.
    Git,
    /// Mercurial.
    Mercurial,
}

/// Which repository proposals are for, and what they are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Phabricator's address, without a slash at the end.
    pub host: String,
    /// The repository's short name or callsign there.
    pub repository: String,
    /// Its version control system.
    pub system: SourceControl,
    /// The full id of the commit that the edits were made from. Without it a diff cannot be landed.
    pub base_revision: String,
    /// Whom the commit names.
    pub author: Author,
    /// When the commit is made.
    pub date: DateTime<Utc>,
    /// The bug that revisions belong to, where the repository wants one.
    pub bug: Option<u64>,
    /// What proposals may be. No branch is made, so those of branches do not count.
    pub rules: Rules,
}

/// A repository on Phabricator that takes proposals.
pub struct Phabricator<'a> {
    conduit: Conduit<'a>,
    settings: Settings,
}

impl<'a> Phabricator<'a> {
    /// A repository.
    pub fn new(http: &'a dyn Http, token: ApiToken, settings: Settings) -> Self {
        let conduit = Conduit {
            http,
            host: settings.host.trim_end_matches('/').to_owned(),
            token,
            writes: Writes::default(),
            place: settings.repository.clone(),
        };
        Self { conduit, settings }
    }

    /// Makes no call that changes something, and tells them instead.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.conduit.writes = Writes::new(true);
        self
    }
}

impl Forge for Phabricator<'_> {
    fn propose(&self, proposal: &Proposal) -> Result<Outcome, ForgeError> {
        let outcome = self.propose_once(proposal)?;
        Ok(self.conduit.writes.outcome(outcome))
    }

    fn withdraw(&self, group: &Group, why: &str) -> Result<Outcome, ForgeError> {
        let outcome = self.withdraw_once(group, why)?;
        Ok(self.conduit.writes.outcome(outcome))
    }

    fn open(&self) -> Result<Vec<KnownProposal>, ForgeError> {
        self.known("open()")
    }

    fn declined(&self) -> Result<Vec<KnownProposal>, ForgeError> {
        self.known("abandoned")
    }
}
