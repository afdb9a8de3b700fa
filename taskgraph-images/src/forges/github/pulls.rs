//! Pull requests: those of a branch, and all that are ours.

use serde_json::{Value, json};

use super::GitHub;
use super::api::Written;
use crate::forges::{ForgeError, ForgeErrorKind, KnownProposal};
use crate::http::encode_path;
use crate::proposals::{Branch, Marked, Marker, Proposal, body_hash, body_text};

/// The longest body that GitHub takes, in characters.
const BODY: usize = 65_536;

/// What a title ends with that we have closed, so that nobody takes it for declined.
const CLOSED: &str = " (no longer needed)";

/// A pull request.
#[derive(Debug, Clone)]
pub(super) struct Pull {
    pub(super) number: u64,
    pub(super) url: String,
    pub(super) title: String,
    pub(super) is_open: bool,
    pub(super) is_merged: bool,
    pub(super) branch: String,
    pub(super) head_id: String,
    pub(super) base: String,
    pub(super) marked: Option<Marked>,
    pub(super) labels: Vec<String>,
    pub(super) reviewers: Vec<String>,
    pub(super) teams: Vec<String>,
}

impl GitHub<'_> {
    /// The pull requests of a branch, open or not, newest first.
    pub(super) fn pulls(&self, branch: &Branch) -> Result<Vec<Pull>, ForgeError> {
        let head = format!("{}:{branch}", self.api.repository.owner());
        let path = format!("/pulls?state=all&head={}", encode_path(&head));
        let mut pulls = self.read_pulls(&path)?;
        pulls.retain(|pull| pull.branch == branch.as_str());
        pulls.sort_by_key(|pull| std::cmp::Reverse(pull.number));
        Ok(pulls)
    }

    /// All pull requests in a state that are ours.
    pub(super) fn known(&self, state: &str) -> Result<Vec<KnownProposal>, ForgeError> {
        self.repository()?;
        let mut pulls = self.read_pulls(&format!("/pulls?state={state}"))?;
        pulls.retain(|pull| !pull.is_merged && !pull.title.ends_with(CLOSED));
        pulls.sort_by_key(|pull| std::cmp::Reverse(pull.number));
        let known = pulls.into_iter().filter_map(|pull| {
            let group = self.rules.prefix.group(&pull.branch)?;
            let marked = pull.marked.filter(|marked| marked.marker.group == group)?;
            Some(KnownProposal {
                group,
                title: pull.title,
                url: pull.url,
                marker: marked.marker,
            })
        });
        let mut known: Vec<KnownProposal> = known.collect();
        if state == "open" {
            known.sort_by(|a, b| a.group.cmp(&b.group));
        }
        Ok(known)
    }

    /// Pull requests from this repository itself: a fork's branch may have any name.
    fn read_pulls(&self, path: &str) -> Result<Vec<Pull>, ForgeError> {
        let mut pulls = Vec::new();
        for value in self.api.list(path)? {
            let source = value
                .pointer("/head/repo/full_name")
                .and_then(Value::as_str);
            if source.is_some_and(|name| self.api.repository.is(name)) {
                pulls.push(self.read_pull(&value)?);
            }
        }
        Ok(pulls)
    }

    fn read_pull(&self, value: &Value) -> Result<Pull, ForgeError> {
        let text = |pointer| self.api.text(value, pointer).map(ToOwned::to_owned);
        let names = |list: &str, name: &str| {
            let list = value.get(list).and_then(Value::as_array);
            let names = list
                .into_iter()
                .flatten()
                .filter_map(|item| item.get(name)?.as_str());
            names.map(ToOwned::to_owned).collect()
        };
        let body = value
            .get("body")
            .and_then(Value::as_str)
            .unwrap_or_default();
        Ok(Pull {
            number: self.number(value)?,
            url: text("/html_url")?,
            title: text("/title")?,
            is_open: text("/state")? == "open",
            is_merged: value.get("merged_at").is_some_and(Value::is_string),
            branch: text("/head/ref")?,
            head_id: text("/head/sha")?,
            base: text("/base/ref")?,
            marked: Marker::read(body),
            labels: names("labels", "name"),
            reviewers: names("requested_reviewers", "login"),
            teams: names("requested_teams", "slug"),
        })
    }

    fn number(&self, value: &Value) -> Result<u64, ForgeError> {
        value.get("number").and_then(Value::as_u64).ok_or_else(|| {
            self.api.error(ForgeErrorKind::Answer {
                call: "GitHub".to_owned(),
                what: "number of a pull request".to_owned(),
            })
        })
    }

    /// Opens a pull request; absent if another run was faster.
    pub(super) fn open_pull(
        &self,
        branch: &Branch,
        proposal: &Proposal,
    ) -> Result<Option<(u64, String)>, ForgeError> {
        let title = proposal.title_line();
        let body = json!({
            "title": title,
            "body": body_text(proposal, &body_hash(proposal), BODY),
            "head": branch.as_str(),
            "base": proposal.base.as_str(),
        });
        match self.api.write("POST", "/pulls", &body, &title)? {
            Written::Done(value) => {
                let url = self.api.text(&value, "/html_url")?.to_owned();
                Ok(Some((self.number(&value)?, url)))
            }
            Written::Refused(_, words) if words.to_lowercase().contains("already exists") => {
                Ok(None)
            }
            Written::Refused(error, _) => Err(error),
        }
    }

    /// Lets a pull request say what the proposal says.
    pub(super) fn update_pull(&self, pull: &Pull, proposal: &Proposal) -> Result<(), ForgeError> {
        let title = proposal.title_line();
        let body = json!({"title": title, "body": body_text(proposal, &body_hash(proposal), BODY)});
        let path = format!("/pulls/{}", pull.number);
        self.api.must_write("PATCH", &path, &body, &title)?;
        Ok(())
    }

    /// Closes a pull request, with a title that says so: one that keeps its title was closed by a person. Both in one
    /// call, so that there is no moment in between.
    pub(super) fn close_pull(&self, pull: &Pull) -> Result<(), ForgeError> {
        let start: String = pull.title.chars().take(256 - CLOSED.len()).collect();
        let title = format!("{start}{CLOSED}");
        let body = json!({"title": title, "state": "closed"});
        let path = format!("/pulls/{}", pull.number);
        self.api.must_write("PATCH", &path, &body, &title)?;
        Ok(())
    }
}
