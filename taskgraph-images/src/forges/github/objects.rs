//! Git's objects on GitHub: what the base holds, and the commit that holds what it lacks.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::GitHub;
use crate::forges::{ForgeError, ForgeErrorKind};
use crate::http::encode_path;
use crate::proposals::{Group, Proposal};

/// A commit and its tree.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) sha: String,
    pub(super) tree: String,
    pub(super) parents: Vec<String>,
    pub(super) message: String,
    pub(super) author: String,
}

/// A file as the commit is to hold it.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) path: String,
    pub(super) mode: String,
    pub(super) content: String,
}

/// Trees that were read, by their ids: what each name in them is.
type Trees = BTreeMap<String, BTreeMap<String, Entry>>;

#[derive(Debug, Clone)]
struct Entry {
    mode: String,
    sha: String,
}

impl GitHub<'_> {
    /// The commit that a branch points to, if there is such a branch.
    pub(super) fn head(&self, branch: &str) -> Result<Option<Commit>, ForgeError> {
        let Some(sha) = self.head_id(branch)? else {
            return Ok(None);
        };
        let value = self.api.must(&format!("/git/commits/{sha}"))?;
        let text = |pointer| self.api.text(&value, pointer).map(ToOwned::to_owned);
        let parents = value.get("parents").and_then(Value::as_array);
        let parents = parents
            .into_iter()
            .flatten()
            .map(|parent| self.api.text(parent, "/sha"));
        Ok(Some(Commit {
            tree: text("/tree/sha")?,
            message: text("/message")?,
            author: text("/author/name").unwrap_or_default(),
            parents: parents
                .map(|sha| sha.map(ToOwned::to_owned))
                .collect::<Result<_, _>>()?,
            sha,
        }))
    }

    /// The id of the commit that a branch points to.
    pub(super) fn head_id(&self, branch: &str) -> Result<Option<String>, ForgeError> {
        let path = format!("/git/ref/heads/{}", encode_path(branch));
        let value = self.api.get(&path)?;
        value
            .map(|value| Ok(self.api.text(&value, "/object/sha")?.to_owned()))
            .transpose()
    }

    /// The head of the branch that a proposal is for.
    pub(super) fn base(&self, base: &str) -> Result<Commit, ForgeError> {
        self.head(base)?.ok_or_else(|| {
            let words = format!("there is no branch `{base}` for the proposal; is its name right?");
            self.api.error(ForgeErrorKind::Missing(words))
        })
    }

    /// Which files of a proposal the base does not hold yet.
    pub(super) fn wanted(
        &self,
        base: &Commit,
        proposal: &Proposal,
    ) -> Result<Vec<Wanted>, ForgeError> {
        let (mut trees, mut wanted, mut moved) = (Trees::new(), Vec::new(), Vec::new());
        for (path, edit) in proposal.changes() {
            let entry = self.entry(&mut trees, &base.tree, path)?;
            let held = match &entry {
                Some(entry) => Some(self.blob(&entry.sha)?),
                None => None,
            };
            if held.as_deref() == Some(edit.new.as_bytes()) {
                continue;
            }
            if held.as_deref() != edit.old.as_deref().map(str::as_bytes) {
                moved.push(path.to_owned());
                continue;
            }
            wanted.push(Wanted {
                path: path.to_owned(),
                mode: entry.map_or_else(|| "100644".to_owned(), |entry| entry.mode),
                content: edit.new.clone(),
            });
        }
        match moved.is_empty() {
            true => Ok(wanted),
            false => Err(self.api.error(ForgeErrorKind::Moved(moved))),
        }
    }

    /// The file at a path of a tree. No link is followed: behind one may be a file that no proposal touches.
    fn entry(
        &self,
        trees: &mut Trees,
        root: &str,
        path: &str,
    ) -> Result<Option<Entry>, ForgeError> {
        let parts: Vec<&str> = path.split('/').collect();
        let mut tree = root.to_owned();
        for (at, part) in parts.iter().enumerate() {
            if !trees.contains_key(&tree) {
                let read = self.tree(&tree)?;
                trees.insert(tree.clone(), read);
            }
            let Some(entry) = trees.get(&tree).and_then(|tree| tree.get(*part)) else {
                return Ok(None);
            };
            let is_last = at + 1 == parts.len();
            match (entry.mode.as_str(), is_last) {
                ("100644" | "100755", true) => return Ok(Some(entry.clone())),
                ("040000", false) => tree = entry.sha.clone(),
                (mode, _) => {
                    let what = match mode {
                        "120000" => "a symbolic link",
                        "160000" => "a submodule",
                        "040000" => "a folder",
                        _ => "a file",
                    };
                    let at = parts[..=at].join("/");
                    let words =
                        format!("`{path}` is no plain file in plain folders: `{at}` is {what}");
                    return Err(self.api.error(ForgeErrorKind::NotAFile(words)));
                }
            }
        }
        Ok(None)
    }

    fn tree(&self, sha: &str) -> Result<BTreeMap<String, Entry>, ForgeError> {
        let value = self.api.must(&format!("/git/trees/{sha}"))?;
        let lacks = |what: &str| {
            self.api.error(ForgeErrorKind::Answer {
                call: format!("GET …/git/trees/{sha}"),
                what: what.to_owned(),
            })
        };
        if value.get("truncated") == Some(&Value::Bool(true)) {
            return Err(lacks("end: the folder is too large"));
        }
        let entries = value.get("tree").and_then(Value::as_array);
        let entries = entries
            .ok_or_else(|| lacks("entries"))?
            .iter()
            .map(|entry| {
                let text = |pointer| self.api.text(entry, pointer).map(ToOwned::to_owned);
                let (mode, sha) = (text("/mode")?, text("/sha")?);
                Ok((text("/path")?, Entry { mode, sha }))
            });
        entries.collect()
    }

    /// What a file holds.
    pub(super) fn blob(&self, sha: &str) -> Result<Vec<u8>, ForgeError> {
        let value = self.api.must(&format!("/git/blobs/{sha}"))?;
        let content = self.api.text(&value, "/content")?;
        match value.get("encoding").and_then(Value::as_str) {
            Some("utf-8") => Ok(content.as_bytes().to_vec()),
            // GitHub breaks it into lines.
            _ => STANDARD
                .decode(content.replace(['\n', '\r'], ""))
                .map_err(|_| {
                    self.api.error(ForgeErrorKind::Answer {
                        call: format!("GET …/git/blobs/{sha}"),
                        what: "content in base64".to_owned(),
                    })
                }),
        }
    }

    /// Makes the commit that holds what the base lacks; its id.
    pub(super) fn commit(
        &self,
        base: &Commit,
        proposal: &Proposal,
        wanted: &[Wanted],
    ) -> Result<String, ForgeError> {
        let write = |path, body: &Value, what: &str| {
            let value = self.api.must_write("POST", path, body, what)?;
            Ok::<_, ForgeError>(self.api.text(&value, "/sha")?.to_owned())
        };
        let mut entries = Vec::new();
        for file in wanted {
            // In base64, so that every byte arrives: carriage returns, and a last line without an end.
            let body = json!({"content": STANDARD.encode(&file.content), "encoding": "base64"});
            let sha = write("/git/blobs", &body, &file.path)?;
            entries.push(json!({"path": file.path, "mode": file.mode, "type": "blob", "sha": sha}));
        }
        // Without `base_tree` the commit would delete every other file.
        let body = json!({"base_tree": base.tree, "tree": entries});
        let tree = write("/git/trees", &body, "the tree")?;
        let message = message(&proposal.title_line(), &proposal.group, &tree);
        let body = json!({"message": message, "tree": tree, "parents": [base.sha]});
        write("/git/commits", &body, &proposal.title_line())
    }
}

/// The message of a commit of ours: its last line names the group and the tree that was made.
pub(super) fn message(title: &str, group: &Group, tree: &str) -> String {
    format!("{title}\n\n{}", trailer(group, tree))
}

/// The last line of a message of ours. An amended commit has another tree, and so another line.
pub(super) fn trailer(group: &Group, tree: &str) -> String {
    format!("Taskgraph-Images: {group} {tree}")
}
