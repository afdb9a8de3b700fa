//! Turns resolved machine image definitions into Taskcluster task definitions.
//!
//! An image has up to three tasks: *build* makes it, *verify* checks what was built, *publish* makes it available to
//! worker pools. Where a stranger chose the code and a build needs credentials, *validate* stands in for it: it looks at
//! the Packer template. This crate renders them for every image of a repository, and the tasks about the fleet that the
//! settings ask for ([`MaintenanceKind`]), as the graph that Taskgraph's tools read. It is pure: no input or output, no
//! clock, no network, no environment. Reading definitions, computing digests, looking things up in the index and creating
//! tasks are done elsewhere.
//!
//! # Example
//!
//! ```
//! use std::collections::BTreeMap;
//! use taskgraph_images_transforms::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // What the project shares: here one worker alias, queued by the level of the run.
//! let mut config = ProjectConfig::new(TrustDomain::new("example")?);
//! config.workers.insert(
//!     AliasName::new("linux-builder")?,
//!     WorkerAlias::new(
//!         ByLevel::new(ProvisionerId::new("example-1")?, ProvisionerId::new("example-3")?),
//!         ByLevel::same(WorkerType::new("image-builder")?),
//!         Implementation::GenericWorker,
//!         Os::Linux,
//!     ),
//! );
//!
//! // An image that is built and nothing else.
//! let image = ImageDefinition {
//!     id: "ubuntu-2404@google".parse()?,
//!     definition: "ubuntu-2404".to_owned(),
//!     description: "Headless Ubuntu workers".to_owned(),
//!     owner: "team@example.org".to_owned(),
//!     os: Os::Linux,
//!     arch: Arch::Amd64,
//!     level: None,
//!     attributes: BTreeMap::new(),
//!     parent: None,
//!     builder: Builder::Packer {
//!         template: "image-defs/packer/linux".to_owned(),
//!         source: "googlecompute.google".to_owned(),
//!         variables: BTreeMap::new(),
//!         var_files: Vec::new(),
//!     },
//!     scripts: vec!["image-defs/scripts/base.sh".to_owned()],
//!     build: BuildTask {
//!         worker: AliasName::new("linux-builder")?,
//!         max_run_time: "2 hours".parse()?,
//!         retries: None,
//!         secrets: vec![SecretName::new("cloud/google")?],
//!     },
//!     verify: None,
//!     publish: None,
//!     max_age: None,
//!     treeherder: None,
//! };
//!
//! // What goes into the image, as the caller computed it, and the event.
//! let digests = BTreeMap::from([(Kind::Build, Digest::new(&"a".repeat(64))?)]);
//! let images = [ImageTasks::new(&image, "image-defs/images/ubuntu-2404.yml", digests)];
//! let parameters = Parameters::new(Level::One, "example", "https://github.com/example/images", &"b".repeat(40));
//!
//! let graph = full_task_graph(&images, &config, &parameters, &KindTemplates::embedded())
//!     .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
//! let task = graph.get(&image.id.label(Kind::Build)).expect("every image has a build task");
//! assert_eq!(task.task.task_queue_id.to_string(), "example-1/image-builder");
//! assert_eq!(task.task.scopes, ["secrets:get:project/example/level-1/cloud/google"]);
//! assert!(graph.to_json().starts_with("{\n  \"build-ubuntu-2404-google\": {"));
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! ```text
//! ImageDefinition × Kind ─ PayloadShape ─ KindTemplates ─▶ Payload      what runs, typed for the worker
//!                          transforms                   ─▶ Task         edges, index, scopes, metadata
//!                          TaskGraph                    ─▶ a graph      unique labels, no circle
//!                          verify                       ─▶ a legal one  what the queue takes, what a level may do
//! ```
//!
//! - [`definition`] has the words: images, levels, names that are checked when they are made.
//! - [`KindTemplates`] are YAML whose string leaves are Handlebars. YAML is read first, into types; each string is
//!   rendered by itself; so no value can break out of its place. A repository may override a kind's template; it
//!   cannot name scopes, routes or workers there.
//! - [`PayloadShape`] is all that decides what a task runs, apart from which image it is for.
//!   [`payload_fingerprint`] hashes what runs, the same at all levels and revisions, so that it can enter digests.
//! - [`verify`] looks at rendered tasks, one rule a file.
//!
//! # What must never be true
//!
//! - There is no publish task below level 3, in any graph, nor at any level that a pull request claims.
//! - No task holds a scope, route, cache, secret or task queue of another level or trust domain. Whatever cannot be
//!   shown to be its own is refused.
//! - Level 3 never looks at results of a lower level.
//! - In a run whose code a stranger chose, no task holds a secret, and nothing is made in a cloud.
//! - A task that may change a repository is in no run but one of level 3 by a cron job or an action, and apart from images'
//!   tasks; no other task holds a repository's token.
//! - Text from a definition, a setting or an event never changes the structure of a task.
//!
//! # Limits
//!
//! The level and the trust domain themselves are claims: Taskcluster holds the decision task to them by its scopes.
//! An alias may use a
//! provisioner besides `<trust domain>-<level>` only if [`ProjectConfig::provisioners`] lists it for the level.

mod credentials;
pub mod definition;
mod error;
mod full;
mod graph;
pub mod json;
mod parameters;
mod payload;
mod quote;
mod shape;
mod task;
mod templates;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod transforms;
pub mod verify;

pub use credentials::withheld;
pub use definition::*;
pub use error::{TaskName, TransformError, TransformErrorKind};
pub use full::{ImageTasks, full_task_graph, kinds};
pub use graph::{GraphError, TaskGraph};
pub use parameters::Parameters;
pub use payload::*;
pub use shape::{Fingerprints, PayloadShape, WorkerShape, payload_fingerprint};
pub use task::*;
pub use templates::{KindTemplates, RenderError, TemplateError};
pub use transforms::index::publications;
pub use verify::Violation;
