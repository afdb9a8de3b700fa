//! A GitHub in memory: git's objects, branches, pull requests, people; faults and other runs at any request.

mod git;
mod routes;

use std::cell::RefCell;

use serde_json::{Value, json};

use crate::forges::events::{Begin, Events, no_answer, say};
use crate::http::{Answer, Http, HttpError, Request};

pub(super) use git::{Commit, Git};

/// Where it is.
pub(super) const BASE: &str = "https://api.example.org";

/// A pull request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pull {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) state: &'static str,
    pub(super) merged: bool,
    pub(super) repo: String,
    pub(super) branch: String,
    pub(super) sha: String,
    pub(super) base: String,
    pub(super) labels: Vec<String>,
    pub(super) reviewers: Vec<String>,
    pub(super) teams: Vec<String>,
    pub(super) reviews: Vec<(String, String)>,
    pub(super) comments: Vec<(String, String)>,
    pub(super) events: Vec<Value>,
}

/// An issue.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Issue {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) state: &'static str,
    pub(super) labels: Vec<String>,
    pub(super) author: String,
    pub(super) kind: String,
    pub(super) association: String,
    /// Pull requests are issues, too.
    pub(super) is_pull: bool,
}

/// What it holds.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) git: Git,
    pub(super) pulls: Vec<Pull>,
    pub(super) issues: Vec<Issue>,
    pub(super) archived: bool,
    /// How often a label or reviewer meets a node that is not there yet.
    pub(super) late: usize,
}

/// The service.
#[derive(Default)]
pub(super) struct Fake {
    pub(super) state: RefCell<State>,
    pub(super) events: Events<Self>,
}

impl Fake {
    /// A repository with two files of ours and others, on `main`.
    pub(super) fn new() -> Self {
        let fake = Self::default();
        fake.push(
            "main",
            "Somebody",
            &[
                ("README.md", "Words.\n"),
                ("images/linux.yml", "image: v1\nkeep: 1\n"),
                ("images/deep/other.yml", "x: 1\n"),
                ("bin/run", "#!/bin/sh\n"),
            ],
        );
        fake
    }

    /// The requests that changed something, since they were last forgotten.
    pub(super) fn writes(&self) -> Vec<String> {
        let asked = self.events.asked.borrow();
        asked
            .iter()
            .filter(|call| !call.starts_with("GET "))
            .cloned()
            .collect()
    }

    /// Somebody pushes a commit to a branch.
    pub(super) fn push(&self, branch: &str, author: &str, files: &[(&str, &str)]) {
        let mut state = self.state.borrow_mut();
        let git = &mut state.git;
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
        drop(state);
        self.follow();
    }

    /// Lets open pull requests follow their branches, and closes those whose branch is gone.
    fn follow(&self) {
        let state = &mut *self.state.borrow_mut();
        for pull in state.pulls.iter_mut().filter(|pull| pull.state == "open") {
            match state.git.refs.get(&pull.branch) {
                Some(sha) => pull.sha.clone_from(sha),
                None => pull.state = "closed",
            }
        }
    }

    /// What a branch holds, a line a file.
    pub(super) fn show(&self, branch: &str) -> String {
        let state = self.state.borrow();
        let Some(sha) = state.git.refs.get(branch) else {
            return "nothing".to_owned();
        };
        let tree = &state.git.trees[&state.git.commits[sha].tree];
        let line = |(path, (mode, blob)): (&String, &(String, String))| {
            let content = String::from_utf8_lossy(&state.git.blobs[blob]).into_owned();
            format!("{mode} {path} {content:?}")
        };
        tree.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// All that people see: branches with their files, and pull requests.
    pub(super) fn shown(&self) -> String {
        let branches: Vec<String> = self.state.borrow().git.refs.keys().cloned().collect();
        let mut text = String::new();
        for branch in branches.iter().filter(|branch| *branch != "main") {
            text += &format!("branch {branch}\n{}\n", self.show(branch));
        }
        for pull in &self.state.borrow().pulls {
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
    pub(super) fn report(&self, author: &str, kind: &str, association: &str, body: &str) {
        let issues = &mut self.state.borrow_mut().issues;
        issues.push(Issue {
            number: issues.len() as u64 + 1,
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

    /// Changes the issue with a number.
    pub(super) fn issue(&self, number: u64, change: impl FnOnce(&mut Issue)) {
        let issues = &mut self.state.borrow_mut().issues;
        change(
            issues
                .iter_mut()
                .find(|issue| issue.number == number)
                .unwrap(),
        );
    }

    /// Changes the pull request with a number.
    pub(super) fn pull(&self, number: u64, change: impl FnOnce(&mut Pull)) {
        let mut state = self.state.borrow_mut();
        change(
            state
                .pulls
                .iter_mut()
                .find(|pull| pull.number == number)
                .unwrap(),
        );
    }
}

impl Http for Fake {
    fn send(&self, request: &Request) -> Result<Answer, HttpError> {
        let name = request.to_string().replace(BASE, "");
        let is_cut = match self.events.begin(self, &name) {
            Begin::Go { is_cut } => is_cut,
            Begin::Stop(answer) => return answer,
        };
        if request.authorization.as_deref() != Some("Bearer not-a-token") {
            return Ok(say(401, &json!({"message": "Bad credentials"})));
        }
        let answer = self.route(request);
        self.follow();
        match is_cut {
            true => Err(no_answer(&name)),
            false => Ok(answer),
        }
    }
}
