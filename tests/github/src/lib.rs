//! GitHub's interface for branches, pull requests and releases, for tests: in memory, and on loopback.
//!
//! It answers as the report on that interface has it: the same statuses and words, pages, and traps. A [`Repository`] is
//! asked directly where a test wants to choose what happens between two requests; a [`Server`] holds some of them, and is
//! called by HTTP as the program calls GitHub.
//!
//! ```
//! use fake_github::{Repository, Server};
//!
//! let server = Server::start();
//! let mut repository = Repository::new("example/images");
//! repository.push("main", "Somebody", &[("README.md", "Words.\n")]);
//! server.add(repository);
//! assert!(server.requests().is_empty());
//! ```
//!
//! # Limits
//! Ids are not those of git, histories are lines, and nothing checks who may do what but the token that a call carries.

#![expect(
    clippy::unwrap_used,
    reason = "a call that is none is a test that has failed"
)]

mod git;
mod http;
mod repository;
mod routes;
mod server;

use std::collections::BTreeMap;

pub use git::{Commit, Files, Git};
pub use http::{Call, listen};
pub use repository::{Issue, Pull, Repository};
pub use server::Server;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers, in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Reply {
    /// An answer of JSON. One that says that there is no content has none.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let body = match status {
            204 => Vec::new(),
            _ => body.to_string().into_bytes(),
        };
        Self {
            status,
            headers: BTreeMap::new(),
            body,
        }
    }
}
