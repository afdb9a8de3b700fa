//! One proposal, from the revisions that there are to the one that is wanted.

use serde_json::{Value, json};

use super::Phabricator;
use super::changes::{commits, diff};
use super::revisions::{Place, Revision};
use crate::forges::{ForgeError, ForgeErrorKind, Outcome};
use crate::proposals::{Group, Marker, Proposal, body_text, content_hash};

/// The longest summary that is written, in characters.
const SUMMARY: usize = 65_536;

/// The call that makes and changes revisions.
const EDIT: &str = "differential.revision.edit";

impl Phabricator<'_> {
    pub(super) fn propose_once(&self, proposal: &Proposal) -> Result<Outcome, ForgeError> {
        let checked = self.settings.rules.check_edits(proposal);
        checked.map_err(|faults| self.conduit.error(ForgeErrorKind::Rules(faults)))?;
        let base = &self.settings.base_revision;
        if base.len() != 40 || !base.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let words =
                format!("{base:?} is no full id of a commit, which the edits were made from");
            return Err(self.conduit.error(ForgeErrorKind::Missing(words)));
        }
        if proposal.changes().next().is_none() {
            let why = format!("`{}` holds all of it already.", proposal.base);
            return self.withdraw_once(&proposal.group, &why);
        }
        let place = self.place()?;
        let hash = content_hash(proposal);
        let summary = body_text(proposal, &hash, SUMMARY);
        let title = proposal.title_line();
        if let Some(revision) = self.current(&place, &proposal.group)? {
            let url = revision.url.clone();
            if revision.author == place.me && revision.marked.hash == hash {
                return Ok(Outcome::Unchanged { url });
            }
            if let Some(why) = taken_on(&place, &revision) {
                return Ok(Outcome::Frozen { url, why });
            }
            let diff = self.make_diff(&place, proposal)?;
            let mut transactions = vec![
                ("update", json!(diff)),
                ("title", json!(title)),
                ("summary", json!(summary)),
            ];
            transactions.extend(self.bug());
            self.edit(Some(&revision), &transactions, &title)?;
            return Ok(Outcome::Updated { url });
        }
        let declined = self.revisions(&place, "abandoned")?;
        let same = declined.iter().rev().find(|revision| {
            let marker = &revision.marked.marker;
            let is_same = revision.title == title || marker.subjects == proposal.marker.subjects;
            // Anybody can write a marker, and abandon what they wrote.
            marker.group == proposal.group && is_same && revision.author == place.me
        });
        if let Some(revision) = same {
            let url = revision.url.clone();
            return Ok(Outcome::Declined { url });
        }
        let reviewers = self.reviewers(proposal)?;
        let diff = self.make_diff(&place, proposal)?;
        let mut transactions = vec![
            ("update", json!(diff)),
            ("title", json!(title)),
            ("summary", json!(summary)),
        ];
        if !reviewers.is_empty() {
            transactions.push(("reviewers.set", json!(reviewers)));
        }
        transactions.extend(self.bug());
        let made = self.edit(None, &transactions, &title)?;
        let id = made
            .as_ref()
            .and_then(|made| made.pointer("/object/id")?.as_u64());
        let url = match (id, made) {
            (Some(id), _) => format!("{}/D{id}", self.conduit.host),
            (None, None) => String::new(),
            (None, Some(_)) => return Err(self.conduit.lacks(EDIT, "number `object.id`")),
        };
        Ok(Outcome::Opened { url })
    }

    pub(super) fn withdraw_once(&self, group: &Group, why: &str) -> Result<Outcome, ForgeError> {
        let place = self.place()?;
        let Some(revision) = self.current(&place, group)? else {
            return Ok(Outcome::NotNeeded);
        };
        if let Some(why) = taken_on(&place, &revision) {
            let url = revision.url;
            return Ok(Outcome::Frozen { url, why });
        }
        match self.abandon(&revision, &format!("This is no longer needed: {why}"))? {
            true => Ok(Outcome::Withdrawn),
            false => Ok(Outcome::NotNeeded),
        }
    }

    /// The bug that a revision names, where the repository wants one.
    fn bug(&self) -> Option<(&'static str, Value)> {
        let bug = self.settings.bug?;
        Some(("bugzilla.bug-id", json!(bug.to_string())))
    }

    /// The open revision of a group. Of several of ours, which two runs at once can make, one that a person has accepted,
    /// or else the oldest; the others are abandoned. One of somebody else's counts where there is none of ours.
    fn current(&self, place: &Place, group: &Group) -> Result<Option<Revision>, ForgeError> {
        let mut open = self.revisions(place, "open()")?;
        open.retain(|revision| revision.marked.marker.group == *group);
        let is_free = |revision: &Revision| taken_on(place, revision).is_none();
        open.sort_by_key(|revision| (revision.author != place.me, is_free(revision), revision.id));
        let mut open = open.into_iter();
        let first = open.next();
        if let Some(first) = &first {
            for other in open.filter(is_free) {
                self.abandon(&other, &format!("The same as D{}.", first.id))?;
            }
        }
        Ok(first)
    }

    /// Abandons a revision of ours; whether it was still open. Its marker goes in the same call, because one that is
    /// abandoned and has its marker was abandoned by a person.
    fn abandon(&self, revision: &Revision, words: &str) -> Result<bool, ForgeError> {
        // To abandon what is abandoned is an error.
        if !self.is_open(revision)? {
            return Ok(false);
        }
        let transactions = [
            ("summary", json!(Marker::remove(&revision.summary))),
            ("comment", json!(words)),
            ("abandon", json!(true)),
        ];
        self.edit(
            Some(revision),
            &transactions,
            &format!("abandon D{}", revision.id),
        )?;
        Ok(true)
    }

    /// Makes a diff that says who made it; its id, absent in a dry run.
    fn make_diff(&self, place: &Place, proposal: &Proposal) -> Result<Option<String>, ForgeError> {
        let method = "differential.creatediff";
        let params = diff(&self.settings, proposal, &place.repository);
        let made = self
            .conduit
            .change(method, &params, &proposal.title_line())?;
        let id = made.as_ref().and_then(|made| made.get("diffid"));
        let id = match (id, &made) {
            (Some(id), _) => id.clone(),
            (None, None) => Value::Null,
            (None, Some(_)) => return Err(self.conduit.lacks(method, "`diffid`")),
        };
        let commits = commits(&self.settings, proposal);
        let params = json!({"diff_id": id, "name": "local:commits", "data": commits});
        self.conduit
            .change("differential.setdiffproperty", &params, "local:commits")?;
        let phid = made.map(|made| {
            self.conduit
                .text(method, &made, "/phid")
                .map(ToOwned::to_owned)
        });
        phid.transpose()
    }

    /// Makes or changes a revision.
    fn edit(
        &self,
        revision: Option<&Revision>,
        transactions: &[(&str, Value)],
        what: &str,
    ) -> Result<Option<Value>, ForgeError> {
        let transactions: Vec<Value> = transactions
            .iter()
            .map(|(kind, value)| json!({"type": kind, "value": value}))
            .collect();
        let mut params = json!({"transactions": transactions});
        if let Some(revision) = revision {
            params["objectIdentifier"] = json!(revision.phid);
        }
        self.conduit.change(EDIT, &params, what)
    }
}

/// What a person did with a revision that an update would undo, if anything.
fn taken_on(place: &Place, revision: &Revision) -> Option<String> {
    if revision.author != place.me {
        return Some("somebody has taken it over".to_owned());
    }
    (revision.status == "accepted").then(|| "somebody accepted it".to_owned())
}
