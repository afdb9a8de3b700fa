//! A GitHub in memory, with faults and other runs at any request.

use std::cell::RefCell;

use fake_github::{Issue, Pull, Repository};
use serde_json::json;

use crate::forges::events::{Begin, Events, no_answer, say};
use crate::http::{Answer, Http, HttpError, Request};

/// Where it is.
pub(super) const BASE: &str = "https://api.example.org";

/// The service, with one repository.
pub(super) struct Fake {
    pub(super) state: RefCell<Repository>,
    pub(super) events: Events<Self>,
}

impl Fake {
    /// A repository with two files of ours and others, on `main`.
    pub(super) fn new() -> Self {
        let fake = Self {
            state: RefCell::new(Repository::new("example/images")),
            events: Events::default(),
        };
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
        self.state.borrow_mut().push(branch, author, files);
    }

    /// What a branch holds, a line a file.
    pub(super) fn show(&self, branch: &str) -> String {
        self.state.borrow().show(branch)
    }

    /// All that people see: branches with their files, and pull requests.
    pub(super) fn shown(&self) -> String {
        self.state.borrow().shown()
    }

    /// Somebody opens an issue.
    pub(super) fn report(&self, author: &str, kind: &str, association: &str, body: &str) {
        self.state
            .borrow_mut()
            .report(author, kind, association, body);
    }

    /// Changes the issue with a number.
    pub(super) fn issue(&self, number: u64, change: impl FnOnce(&mut Issue)) {
        change(self.state.borrow_mut().issue(number).unwrap());
    }

    /// Changes the pull request with a number.
    pub(super) fn pull(&self, number: u64, change: impl FnOnce(&mut Pull)) {
        change(self.state.borrow_mut().pull(number).unwrap());
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
        let body = request.body.as_deref();
        let mut state = self.state.borrow_mut();
        let reply = state.answer(request.method, &request.url, body);
        match is_cut {
            true => Err(no_answer(&name)),
            false => Ok(Answer {
                status: reply.status,
                headers: reply.headers,
                body: reply.body,
            }),
        }
    }
}
