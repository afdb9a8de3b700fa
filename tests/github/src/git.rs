//! Git's objects in memory. Ids are digests, as git's are; a commit's is also of its turn, as of its time.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// All files below a tree: their modes and blobs.
pub type Files = BTreeMap<String, (String, String)>;

/// A commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// Its message.
    pub message: String,
    /// Its tree.
    pub tree: String,
    /// What it was made from.
    pub parents: Vec<String>,
    /// The name of whoever made it.
    pub author: String,
}

/// All objects of a repository, by their ids, and its branches.
#[derive(Debug, Clone, Default)]
pub struct Git {
    /// The commits that branches are at, by their names.
    pub refs: BTreeMap<String, String>,
    /// Commits.
    pub commits: BTreeMap<String, Commit>,
    /// Trees, each with all that is below it.
    pub trees: BTreeMap<String, Files>,
    /// Contents of files.
    pub blobs: BTreeMap<String, Vec<u8>>,
}

fn id(kind: &str, content: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(kind);
    hash.update(content);
    hash.finalize()[..20]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Git {
    /// Keeps the content of a file.
    pub fn blob(&mut self, content: &[u8]) -> String {
        let sha = id("blob", content);
        self.blobs.insert(sha.clone(), content.to_vec());
        sha
    }

    /// Keeps a tree, and every folder of it.
    pub fn tree(&mut self, files: Files) -> String {
        let folders: BTreeSet<String> = files
            .keys()
            .filter_map(|path| Some(path.split_once('/')?.0.to_owned()))
            .collect();
        for folder in folders {
            self.tree(below(&files, &folder));
        }
        let sha = tree_id(&files);
        self.trees.insert(sha.clone(), files);
        sha
    }

    /// Keeps a commit.
    pub fn commit(&mut self, commit: Commit) -> String {
        let sha = id(
            "commit",
            format!("{} {commit:?}", self.commits.len()).as_bytes(),
        );
        self.commits.insert(sha.clone(), commit);
        sha
    }

    /// What is directly in a tree, as the service lists it.
    pub(crate) fn entries(&self, sha: &str) -> Option<Value> {
        let files = self.trees.get(sha)?;
        let mut entries = BTreeMap::new();
        for (path, (mode, blob)) in files {
            let (name, mode, sha) = match path.split_once('/') {
                Some((folder, _)) => (folder, "040000", tree_id(&below(files, folder))),
                None => (path.as_str(), mode.as_str(), blob.clone()),
            };
            entries.insert(name, json!({"path": name, "mode": mode, "sha": sha}));
        }
        let tree: Vec<Value> = entries.into_values().collect();
        Some(json!({"sha": sha, "tree": tree, "truncated": false}))
    }

    fn history(&self, sha: &str) -> BTreeSet<String> {
        let (mut seen, mut left) = (BTreeSet::new(), vec![sha.to_owned()]);
        while let Some(sha) = left.pop() {
            if let Some(commit) = self.commits.get(&sha) {
                left.extend(commit.parents.iter().cloned());
                seen.insert(sha);
            }
        }
        seen
    }

    /// What one commit adds to another.
    pub(crate) fn compare(&self, base: &str, head: &str) -> Option<Value> {
        let (old, new) = (self.history(base), self.history(head));
        // Histories here are lines: what both have is the newest that both have.
        let merge = new
            .iter()
            .filter(|sha| old.contains(*sha))
            .max_by_key(|sha| self.history(sha).len())?;
        let (from, to) = (
            &self.trees[&self.commits[merge].tree],
            &self.trees[&self.commits[head].tree],
        );
        let paths: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        let file = |path: &&String| {
            let (status, sha) = match (from.get(*path), to.get(*path)) {
                (Some(old), Some(new)) if old == new => return None,
                (Some(_), Some(new)) => ("modified", &new.1),
                (None, Some(new)) => ("added", &new.1),
                (Some(old), None) => ("removed", &old.1),
                (None, None) => return None,
            };
            Some(json!({"filename": path, "status": status, "sha": sha}))
        };
        let files: Vec<Value> = paths.iter().filter_map(file).collect();
        Some(json!({
            "ahead_by": new.difference(&old).count(),
            "behind_by": old.difference(&new).count(),
            "files": files,
        }))
    }
}

fn below(files: &Files, folder: &str) -> Files {
    let strip = |(path, file): (&String, &(String, String))| {
        let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
        Some((rest.to_owned(), file.clone()))
    };
    files.iter().filter_map(strip).collect()
}

fn tree_id(files: &Files) -> String {
    id("tree", format!("{files:?}").as_bytes())
}
