//! Branches of proposals: whose they are, and the one place that writes any.

use serde_json::{Value, json};

use super::GitHub;
use super::api::Written;
use super::objects::{Commit, Wanted, trailer};
use super::pulls::Pull;
use crate::forges::{ForgeError, ForgeErrorKind};
use crate::http::encode_path;
use crate::proposals::{Branch, Group};

/// Whose the commits of a branch are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// Ours: one commit that we made.
    Ours,
    /// Nobody's: the base holds all of it.
    Nobody,
    /// A person's, by this name.
    Person(String),
}

impl GitHub<'_> {
    /// Whose a branch is.
    pub(super) fn owner(
        &self,
        group: &Group,
        head: &Commit,
        base: &Commit,
        pulls: &[Pull],
    ) -> Result<Owner, ForgeError> {
        let is_named = self
            .identity
            .as_ref()
            .is_none_or(|name| *name == head.author);
        let last = head.message.trim_end().lines().next_back();
        if is_named && head.parents.len() == 1 && last == Some(&trailer(group, &head.tree)) {
            return Ok(Owner::Ours);
        }
        // What was merged by way of another commit is taken, too.
        if pulls
            .iter()
            .any(|pull| pull.is_merged && pull.head_id == head.sha)
        {
            return Ok(Owner::Nobody);
        }
        let ahead = self.compare(base, head)?;
        let ahead = ahead
            .as_ref()
            .and_then(|value| value.get("ahead_by")?.as_u64());
        Ok(match ahead {
            Some(0) => Owner::Nobody,
            _ => Owner::Person(head.author.clone()),
        })
    }

    /// Whether a commit of ours holds just what is wanted, on the head of the base.
    pub(super) fn holds(
        &self,
        head: &Commit,
        base: &Commit,
        wanted: &[Wanted],
    ) -> Result<bool, ForgeError> {
        if head.parents.first() != Some(&base.sha) {
            return Ok(false);
        }
        let Some(compared) = self.compare(base, head)? else {
            return Ok(false);
        };
        let files = compared.get("files").and_then(Value::as_array);
        let files = files.map_or(&[][..], Vec::as_slice);
        if files.len() != wanted.len() {
            return Ok(false);
        }
        for file in files {
            let path = self.api.text(file, "/filename")?;
            let status = self.api.text(file, "/status")?;
            let Some(wanted) = wanted.iter().find(|wanted| wanted.path == path) else {
                return Ok(false);
            };
            let is_edit = matches!(status, "added" | "modified");
            if !is_edit || self.blob(self.api.text(file, "/sha")?)? != wanted.content.as_bytes() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What a commit adds to another; absent if they have nothing in common.
    fn compare(&self, base: &Commit, head: &Commit) -> Result<Option<Value>, ForgeError> {
        self.api
            .get(&format!("/compare/{}...{}", base.sha, head.sha))
    }

    /// Points a branch to a commit, if it is still where it was seen; whether it was.
    pub(super) fn point(
        &self,
        branch: &Branch,
        default: &str,
        seen: Option<&Commit>,
        to: &str,
    ) -> Result<bool, ForgeError> {
        if !self.is_as_seen(branch, default, seen)? {
            return Ok(false);
        }
        let what = format!("branch {branch}");
        if seen.is_some() {
            let path = format!("/git/refs/heads/{}", encode_path(branch.as_str()));
            let body = json!({"sha": to, "force": true});
            match self.api.write("PATCH", &path, &body, &what)? {
                Written::Done(_) => return Ok(true),
                Written::Refused(_, words) if is_gone(&words) => {}
                Written::Refused(error, _) => return Err(error),
            }
        }
        let body = json!({"ref": format!("refs/heads/{branch}"), "sha": to});
        match self.api.write("POST", "/git/refs", &body, &what)? {
            Written::Done(_) => Ok(true),
            Written::Refused(_, words) if words.to_lowercase().contains("already exists") => {
                Ok(false)
            }
            Written::Refused(error, _) => Err(error),
        }
    }

    /// Deletes a branch, if it is still where it was seen; whether it was.
    pub(super) fn delete(
        &self,
        branch: &Branch,
        default: &str,
        seen: &Commit,
    ) -> Result<bool, ForgeError> {
        if !self.is_as_seen(branch, default, Some(seen))? {
            return Ok(false);
        }
        let path = format!("/git/refs/heads/{}", encode_path(branch.as_str()));
        match self
            .api
            .write("DELETE", &path, &Value::Null, &format!("branch {branch}"))?
        {
            Written::Refused(error, words) if !is_gone(&words) => Err(error),
            _ => Ok(true),
        }
    }

    /// Whether a branch may be written now. Every call that writes one has asked here: it is one of the prefix, it is
    /// not the default branch, and nobody has moved it since it was judged. GitHub cannot compare and swap where it
    /// forces, so it is looked at once more.
    fn is_as_seen(
        &self,
        branch: &Branch,
        default: &str,
        seen: Option<&Commit>,
    ) -> Result<bool, ForgeError> {
        if self.rules.prefix.group(branch.as_str()).is_none() || branch.as_str() == default {
            let words = format!("the branch `{branch}` is none of the proposals'");
            return Err(self.api.error(ForgeErrorKind::Missing(words)));
        }
        let now = self.head_id(branch.as_str())?;
        Ok(now.as_deref() == seen.map(|commit| commit.sha.as_str()))
    }
}

fn is_gone(words: &str) -> bool {
    words.to_lowercase().contains("does not exist")
}
