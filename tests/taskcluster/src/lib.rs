//! Taskcluster's queue, index, auth, secrets and worker-manager services on loopback, for tests.
//!
//! It answers as the real services were seen to answer: the same checks in the same order, the same error bodies, the
//! same traps. What it adds is what tests need: it records every request, answers with faults on demand, moves its
//! clock, resolves tasks, and shows what was created.
//!
//! ```
//! use fake_taskcluster::{Options, Server};
//!
//! let server = Server::start(Options::default());
//! assert!(server.root_url().starts_with("http://127.0.0.1:"));
//! assert!(server.tasks().is_empty());
//! ```
//!
//! # Limits
//! No pulse messages, no workers (a test claims and resolves tasks itself), no expiry jobs: what is past its time stays,
//! as it does for a while in the real services. Services other than these have no routes; a [`Server`] answers 404.

mod answer;
mod artifact;
mod auth;
mod authentication;
mod clock;
mod control;
mod fault;
mod http;
mod index;
mod options;
mod queue;
mod record;
mod request;
mod router;
mod saved;
mod schemas;
mod scopes;
mod secrets;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod worker_manager;

pub use artifact::{Artifact, Content};
pub use fault::{Fault, Faults, Seen};
pub use options::{Authentication, OnRequest, Options};
pub use record::{Record, Signature};
pub use saved::{Saved, SavedTask};
pub use server::Server;
pub use state::{IndexEntry, TaskState};
