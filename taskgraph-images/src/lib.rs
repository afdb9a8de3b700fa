//! Says which machine images a change affects, and why, and renders the Taskcluster tasks that build, verify and
//! publish them.
//!
//! A repository holds image definitions: YAML, scripts, Packer templates, container contexts, checks. This crate reads
//! them at any git revision without a checkout, works out every file and value that goes into each image, and compares
//! two states by content. The answer is exact: an image is affected when something that it is made of differs, and
//! only then. Nothing here prints, exits or reads the environment; the binary of the same name does.
//!
//! # Example
//!
//! One of two images reads a library, which changes:
//!
//! ```
//! use taskgraph_images::affected::Affected;
//! use taskgraph_images::comparison::Snapshot;
//! use taskgraph_images::definitions::Layout;
//! use taskgraph_images::graph::Contents;
//! use taskgraph_images::output::preview::task_graph;
//! use taskgraph_images::transforms::{Level, Parameters};
//! use taskgraph_images::tree::{MemoryTree, changed_paths};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = "\
//! trust-domain: example
//! owner: team@example.org
//! workers:
//!   aliases:
//!     builder: {provisioner: example-1, worker-type: images, implementation: generic-worker, os: linux}
//! ";
//! let linux = "\
//! os: linux
//! cloud: google
//! builder: {task: {}}
//! build: {worker: builder, max-run-time: 1 hour}
//! ";
//! let files = MemoryTree::new([
//!     ("image-defs/config.yml", config),
//!     ("image-defs/fragments/linux.yml", linux),
//!     ("image-defs/images/small.yml", "extends: [linux]\nscripts: [scripts/small.sh]\n"),
//!     ("image-defs/images/large.yml", "extends: [linux]\nscripts: [scripts/large.sh]\n"),
//!     ("scripts/small.sh", "echo small\n"),
//!     ("scripts/large.sh", ". \"$(dirname \"$0\")/lib.sh\"\n"),
//!     ("scripts/lib.sh", "true\n"),
//! ]);
//! let base_tree = files.tree();
//! let head_tree = files.file("scripts/lib.sh", "false\n").tree();
//!
//! // What both states hold is hashed once.
//! let (layout, contents) = (Layout::default(), Contents::default());
//! let base = Snapshot::load(&base_tree, &layout, &contents)?;
//! let head = Snapshot::load(&head_tree, &layout, &contents)?;
//! assert!(base.fleet.is_sound() && head.fleet.is_sound());
//!
//! let changes = changed_paths(&base_tree, &head_tree)?;
//! let affected = Affected::compare(base.side(), head.side(), &changes);
//! let (id, image) = affected.images.first_key_value().expect("the library changed");
//! assert_eq!((affected.images.len(), id.to_string().as_str()), (1, "large@google"));
//!
//! // From the task to what changed, edge by edge.
//! let steps = image.reasons[0].via.iter();
//! let steps: Vec<String> = steps.map(|step| format!("{} {}", step.role, step.to)).collect();
//! assert_eq!(steps, ["script scripts/large.sh", "sourced-by scripts/lib.sh"]);
//!
//! // The tasks of a pull request.
//! let wanted = affected.images.keys().cloned().collect();
//! let revision = "0".repeat(40);
//! let parameters = Parameters::new(Level::One, "example", "https://example.org/images", &revision);
//! let tasks = task_graph(&head, Some(&wanted), &parameters).map_err(|errors| errors[0].to_string())?;
//! let labels: Vec<String> = tasks.tasks().map(|task| task.label.to_string()).collect();
//! assert_eq!(labels, ["build-large-google"]);
//! # Ok(())
//! # }
//! ```
//!
//! On a real repository [`comparison::Comparison::new`] does this for two revisions of a [`tree::Repository`], the
//! index, or the work tree.
//!
//! # How it works
//!
//! ```text
//! tree ─ definitions ─▶ ResolvedImage    YAML with places; fragments merged, by-* chosen, templates rendered
//!        fleet       ─▶ Fleet            every file that goes into each image, and every fault
//!        graph       ─▶ ImageGraph       tasks, files and values, acyclic; a digest each, over all below it
//! two of them
//!        affected    ─▶ Affected         image → tasks that differ, reasons with the shortest way
//!        transforms  ─▶ TaskGraph        typed task definitions
//!        output      ─▶ JSON, text, pages
//! ```
//!
//! A digest covers a node's own content and the digests of all that it depends on. So two states are compared by the
//! digests of their tasks, and only those that differ are explained, by walking the graph.
//!
//! # Limits
//!
//! What only a run can know is not guessed: code in strings, here-documents fed to a shell, and what a download brings
//! are not read. A reference that cannot be followed is an error until the definition declares it (`inputs`) or waives
//! it with a reason. The world outside of the repository counts by what the repository says of it: its pins. Nothing
//! here asks a network.

pub mod actions;
pub mod affected;
pub mod ci_config;
pub mod comparison;
pub mod containers;
pub mod datasources;
pub mod decision;
pub mod definitions;
pub mod destinations;
pub mod diagnostic;
pub mod difference;
pub mod edit;
pub mod fleet;
pub mod forges;
pub mod formats;
pub mod glob;
pub mod graph;
mod hex;
pub mod hook;
pub mod http;
pub mod import;
pub mod inventory;
pub mod lint;
pub mod local;
pub mod manifest;
pub mod output;
pub mod packer;
mod payloads;
pub mod pools;
pub mod projects;
pub mod proposals;
pub mod providers;
pub mod replay;
pub mod retention;
pub mod scripts;
pub mod taskcluster;
pub mod tree;
pub mod upgrade;
pub mod versions;
mod wildcard;
pub mod worker;
pub mod yaml;

pub use taskgraph_images_transforms as transforms;
