//! Proposals as pull requests on GitHub, by its REST interface alone.
//!
//! ```text
//! base's head ─ objects ─▶ what the base lacks ─ branches ─▶ whose the branch is ─ people ─▶ may it be rewritten?
//!             ─ objects ─▶ blobs, tree, commit ─ branches ─▶ the branch         ─ pulls  ─▶ the pull request
//! ```
//!
//! A commit names no author and no committer, so that GitHub signs it as the app's. There is always one commit on the
//! branch, on the head of the base; its last line names the group and the tree that was made for it. Whatever else is
//! on the branch was put there by a person, and is never overwritten. Only `branches.rs` writes branches, only those of
//! the prefix, and none that changed since it was looked at; nothing merges.

mod api;
mod branches;
mod dashboard;
#[cfg(test)]
mod fake;
mod objects;
mod people;
mod propose;
mod pulls;
mod repository;
#[cfg(test)]
mod tests;
mod tokens;

use std::sync::Mutex;

use super::dry_run::Writes;
use super::{Forge, ForgeError, KnownProposal, Outcome};
use crate::http::Http;
use crate::proposals::{Group, Proposal, Rules};
use api::Api;

pub use dashboard::Dashboard;
pub use repository::{Repository, RepositoryError};
pub use tokens::{FixedToken, Permissions, ProxyTokens, Token, TokenError, Tokens};

/// A repository on GitHub that takes proposals.
pub struct GitHub<'a> {
    api: Api<'a>,
    rules: Rules,
    identity: Option<String>,
}

impl<'a> GitHub<'a> {
    /// A repository. Without [`tokens`](Self::tokens) only what is public can be looked at.
    pub fn new(http: &'a dyn Http, repository: Repository, rules: Rules) -> Self {
        let api = Api {
            http,
            tokens: None,
            base: "https://api.github.com".to_owned(),
            repository,
            writes: Writes::default(),
            token: Mutex::new(None),
        };
        Self {
            api,
            rules,
            identity: None,
        }
    }

    /// With what signs the calls.
    #[must_use]
    pub fn tokens(mut self, tokens: &'a dyn Tokens) -> Self {
        self.api.tokens = Some(tokens);
        self
    }

    /// With another address of the interface, without a slash at the end: GitHub's own is the default.
    #[must_use]
    pub fn address(mut self, base: &str) -> Self {
        base.trim_end_matches('/').clone_into(&mut self.api.base);
        self
    }

    /// With the name that GitHub gives our commits' author, such as `example-app[bot]`: a commit of another author's
    /// is never taken for ours, whatever it says.
    #[must_use]
    pub fn identity(mut self, name: &str) -> Self {
        self.identity = Some(name.to_owned());
        self
    }

    /// Makes no call that changes something, and tells them instead.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.api.writes = Writes::new(true);
        self
    }
}

impl Forge for GitHub<'_> {
    fn propose(&self, proposal: &Proposal) -> Result<Outcome, ForgeError> {
        let outcome = self.propose_once(proposal)?;
        Ok(self.api.writes.outcome(outcome))
    }

    fn withdraw(&self, group: &Group, why: &str) -> Result<Outcome, ForgeError> {
        let outcome = self.withdraw_once(group, why)?;
        Ok(self.api.writes.outcome(outcome))
    }

    fn open(&self) -> Result<Vec<KnownProposal>, ForgeError> {
        self.known("open")
    }

    fn declined(&self) -> Result<Vec<KnownProposal>, ForgeError> {
        self.known("closed")
    }
}
