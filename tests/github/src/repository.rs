//! [`Repository`]: its objects and branches, its pull requests, and what people do in it.

use serde_json::Value;

use crate::git::{Commit, Git};

/// A pull request.
#[derive(Debug, Clone, PartialEq)]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// `open` or `closed`.
    pub state: &'static str,
    /// Whether it was merged.
    pub merged: bool,
    /// The repository of its branch.
    pub repo: String,
    /// Its branch.
    pub branch: String,
    /// The commit that its branch is at.
    pub sha: String,
    /// The branch that it is for.
    pub base: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Who is asked to review it.
    pub reviewers: Vec<String>,
    /// Which teams are asked to review it.
    pub teams: Vec<String>,
    /// Reviews: who, and in which state.
    pub reviews: Vec<(String, String)>,
    /// Comments: who, and what.
    pub comments: Vec<(String, String)>,
    /// What happened to it.
    pub events: Vec<Value>,
}

/// An issue.
#[derive(Debug, Clone, PartialEq)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// `open` or `closed`.
    pub state: &'static str,
    /// Its labels.
    pub labels: Vec<String>,
    /// Who opened it.
    pub author: String,
    /// What that is: `User` or `Bot`.
    pub kind: String,
    /// What that is to the repository, such as `MEMBER`.
    pub association: String,
    /// Pull requests are issues, too.
    pub is_pull: bool,
}

/// A repository.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    /// `owner/name`.
    pub name: String,
    /// Its objects and branches.
    pub git: Git,
    /// Its pull requests.
    pub pulls: Vec<Pull>,
    /// Its issues.
    pub issues: Vec<Issue>,
    /// Its releases, as the service lists them.
    pub releases: Vec<Value>,
    /// Whether it can only be read.
    pub archived: bool,
    /// How often a label or reviewer meets a node that is not there yet.
    pub late: usize,
}

impl Repository {
    /// A repository without a commit.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Somebody pushes a commit to a branch: files with their new contents.
    pub fn push(&mut self, branch: &str, author: &str, files: &[(&str, &str)]) {
        let git = &mut self.git;
        let parent = git.refs.get(branch).cloned();
        let base = parent.as_ref().map(|sha| git.commits[sha].tree.clone());
        let mut flat = base
            .map(|tree| git.trees[&tree].clone())
            .unwrap_or_default();
        for (path, content) in files {
            let sha = git.blob(content.as_bytes());
            let mode = if path.starts_with("bin/") {
                "100755"
            } else {
                "100644"
            };
            flat.insert((*path).to_owned(), (mode.to_owned(), sha));
        }
        let tree = git.tree(flat);
        let sha = git.commit(Commit {
            message: format!("{author} was here"),
            tree,
            parents: parent.into_iter().collect(),
            author: author.to_owned(),
        });
        git.refs.insert(branch.to_owned(), sha);
        self.follow();
    }

    /// Lets open pull requests follow their branches, and closes those whose branch is gone.
    pub(crate) fn follow(&mut self) {
        for pull in self.pulls.iter_mut().filter(|pull| pull.state == "open") {
            match self.git.refs.get(&pull.branch) {
                Some(sha) => pull.sha.clone_from(sha),
                None => pull.state = "closed",
            }
        }
    }

    /// The files of a branch with their contents, by their paths; none if there is no such branch.
    pub fn files(&self, branch: &str) -> Option<Vec<(String, Vec<u8>)>> {
        let sha = self.git.refs.get(branch)?;
        let tree = &self.git.trees[&self.git.commits[sha].tree];
        let files = tree.iter();
        let content = |blob: &String| self.git.blobs[blob].clone();
        Some(
            files
                .map(|(path, (_, blob))| (path.clone(), content(blob)))
                .collect(),
        )
    }

    /// What a branch holds, a line a file.
    pub fn show(&self, branch: &str) -> String {
        let Some(sha) = self.git.refs.get(branch) else {
            return "nothing".to_owned();
        };
        let tree = &self.git.trees[&self.git.commits[sha].tree];
        let line = |(path, (mode, blob)): (&String, &(String, String))| {
            let content = String::from_utf8_lossy(&self.git.blobs[blob]).into_owned();
            format!("{mode} {path} {content:?}")
        };
        tree.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// All that people see: branches with their files, and pull requests.
    pub fn shown(&self) -> String {
        let branches = self.git.refs.keys();
        let mut text = String::new();
        for branch in branches.filter(|branch| *branch != "main") {
            text += &format!("branch {branch}\n{}\n", self.show(branch));
        }
        for pull in &self.pulls {
            let Pull {
                number,
                title,
                state,
                merged,
                branch,
                base,
                labels,
                reviewers,
                teams,
                ..
            } = pull;
            text += &format!(
                "#{number} {state} {merged} {title:?} {branch} → {base} {labels:?} {reviewers:?} {teams:?}\n{}\n",
                pull.body
            );
            for (who, words) in &pull.comments {
                text += &format!("{who}: {words}\n");
            }
        }
        text
    }

    /// Somebody opens an issue.
    pub fn report(&mut self, author: &str, kind: &str, association: &str, body: &str) {
        self.issues.push(Issue {
            number: self.issues.len() as u64 + 1,
            title: "Something".to_owned(),
            body: body.to_owned(),
            state: "open",
            labels: Vec::new(),
            author: author.to_owned(),
            kind: kind.to_owned(),
            association: association.to_owned(),
            is_pull: false,
        });
    }

    /// The issue of a number, if there is one.
    pub fn issue(&mut self, number: u64) -> Option<&mut Issue> {
        self.issues.iter_mut().find(|issue| issue.number == number)
    }

    /// The pull request of a number, if there is one.
    pub fn pull(&mut self, number: u64) -> Option<&mut Pull> {
        self.pulls.iter_mut().find(|pull| pull.number == number)
    }
}
