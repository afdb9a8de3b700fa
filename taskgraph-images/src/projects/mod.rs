//! What a project has to change to use newer images: which worker pools it uses, which of them have successors, and where
//! its tree names them. Pure.
//!
//! ```text
//! public/task-graph.json   ─ Uses      the pools on which its tasks really run
//! taskcluster/config.yml   ─ names     where its tree names worker types, with by-* and patterns
//! the pools that there are ─ Successors
//! all three                ─ ProjectPlan: moves, and what somebody has to do by hand
//! ```
//!
//! A task graph says which pools a project uses, and its tree where they are named: neither alone is enough. An alias that
//! is a pattern (`win11-64(|-gpu)`, `worker-type: '{alias}'`) names many pools at once, so it is never edited, but said.

mod lines;
mod list;
mod names;
mod plan;
mod proposal;
mod successors;
pub mod summary;
#[cfg(test)]
mod tests;
mod uses;

pub use lines::successors;
pub use list::{Listed, listed};
pub use names::{Name, names};
pub use plan::{Move, ProjectPlan, Stay};
pub use proposal::proposal;
pub use successors::{Successor, Successors};
pub use uses::{Uses, UsesError};
