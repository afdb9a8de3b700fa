//! Revisions: those that are ours, and who is asked to review them.

use serde_json::{Value, json};

use super::Phabricator;
use crate::forges::{ForgeError, ForgeErrorKind, KnownProposal};
use crate::proposals::{Marked, Marker, Proposal, Reviewer};

/// Where revisions are searched.
const SEARCH: &str = "differential.revision.search";

/// Ourselves and the repository, by Phabricator's ids.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) me: String,
    pub(super) repository: String,
}

/// A revision.
#[derive(Debug, Clone)]
pub(super) struct Revision {
    pub(super) id: u64,
    pub(super) phid: String,
    pub(super) title: String,
    pub(super) url: String,
    pub(super) summary: String,
    pub(super) status: String,
    pub(super) author: String,
    pub(super) marked: Marked,
}

impl Phabricator<'_> {
    pub(super) fn place(&self) -> Result<Place, ForgeError> {
        let me = self.conduit.ask("user.whoami", &json!({}))?;
        let me = self.conduit.text("user.whoami", &me, "/phid")?.to_owned();
        let name = &self.settings.repository;
        let method = "diffusion.repository.search";
        let mut found = self
            .conduit
            .search(method, &json!({"shortNames": [name]}))?;
        if found.is_empty() {
            found = self.conduit.search(method, &json!({"callsigns": [name]}))?;
        }
        let [repository] = found.as_slice() else {
            let words = format!(
                "{} repositories have the short name or callsign `{name}`; expected one that the token may see",
                found.len()
            );
            return Err(self.conduit.error(ForgeErrorKind::Missing(words)));
        };
        let status = repository.pointer("/fields/status").and_then(Value::as_str);
        if status == Some("inactive") {
            return Err(self.conduit.error(ForgeErrorKind::Archived));
        }
        let repository = self.conduit.text(method, repository, "/phid")?.to_owned();
        Ok(Place { me, repository })
    }

    /// The revisions with a marker in a state, oldest first, that we wrote or that were taken over from us.
    pub(super) fn revisions(
        &self,
        place: &Place,
        status: &str,
    ) -> Result<Vec<Revision>, ForgeError> {
        let mut revisions: Vec<Revision> = Vec::new();
        // Whoever takes a revision over makes its former author a reviewer.
        for role in ["authorPHIDs", "reviewerPHIDs"] {
            let constraints = json!({
                role: [place.me],
                "repositoryPHIDs": [place.repository],
                "statuses": [status],
            });
            for value in self.conduit.search(SEARCH, &constraints)? {
                let known: Vec<&str> = revisions.iter().map(|one| one.phid.as_str()).collect();
                let read = self.read(&value)?;
                let new = read.filter(|revision| !known.contains(&revision.phid.as_str()));
                revisions.extend(new);
            }
        }
        revisions.sort_by_key(|revision| revision.id);
        Ok(revisions)
    }

    /// Whether a revision is still open.
    pub(super) fn is_open(&self, revision: &Revision) -> Result<bool, ForgeError> {
        let found = self
            .conduit
            .search(SEARCH, &json!({"phids": [revision.phid]}))?;
        let closed = found
            .first()
            .and_then(|value| value.pointer("/fields/status/closed")?.as_bool());
        Ok(closed == Some(false))
    }

    /// A revision of a search, if it has a marker.
    fn read(&self, value: &Value) -> Result<Option<Revision>, ForgeError> {
        let text = |pointer| {
            self.conduit
                .text(SEARCH, value, pointer)
                .map(ToOwned::to_owned)
        };
        let summary = value
            .pointer("/fields/summary")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let Some(marked) = Marker::read(summary) else {
            return Ok(None);
        };
        let id = value.get("id").and_then(Value::as_u64);
        Ok(Some(Revision {
            id: id.ok_or_else(|| self.conduit.lacks(SEARCH, "number `id`"))?,
            phid: text("/phid")?,
            title: text("/fields/title")?,
            url: text("/fields/uri")?,
            summary: summary.to_owned(),
            status: text("/fields/status/value")?,
            author: text("/fields/authorPHID")?,
            marked,
        }))
    }

    pub(super) fn known(&self, status: &str) -> Result<Vec<KnownProposal>, ForgeError> {
        let place = self.place()?;
        let mut revisions = self.revisions(&place, status)?;
        // Anybody can write a marker.
        revisions.retain(|revision| revision.author == place.me);
        if status == "open()" {
            revisions.sort_by(|a, b| a.marked.marker.group.cmp(&b.marked.marker.group));
        } else {
            revisions.reverse();
        }
        let known = revisions.into_iter().map(|revision| KnownProposal {
            group: revision.marked.marker.group.clone(),
            title: revision.title,
            url: revision.url,
            marker: revision.marked.marker,
        });
        Ok(known.collect())
    }

    /// The ids of the reviewers of a proposal.
    pub(super) fn reviewers(&self, proposal: &Proposal) -> Result<Vec<String>, ForgeError> {
        let (mut ids, mut faults) = (Vec::new(), Vec::new());
        for reviewer in &proposal.reviewers {
            let (method, constraints, what, name) = match reviewer {
                Reviewer::User(name) => {
                    ("user.search", json!({"usernames": [name]}), "person", name)
                }
                Reviewer::Team(name) => {
                    let slug = name.trim_start_matches('#');
                    ("project.search", json!({"slugs": [slug]}), "group", name)
                }
            };
            match self.conduit.search(method, &constraints)?.as_slice() {
                [found] => ids.push(self.conduit.text(method, found, "/phid")?.to_owned()),
                _ => faults.push(format!("there is no {what} `{name}` to review it")),
            }
        }
        match faults.is_empty() {
            true => Ok(ids),
            false => Err(self.conduit.error(ForgeErrorKind::Unknown(faults))),
        }
    }
}
