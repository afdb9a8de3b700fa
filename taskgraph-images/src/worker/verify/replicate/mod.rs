//! Tasks of other projects, run again on a candidate: which ones, as what, and what their ends mean.
//!
//! ```text
//! a decision's task-graph.json ─ graph ─▶ heads ─ select ─▶ the chosen ─ replica ─▶ definitions, and what was left out
//!                                                            statuses of what they need ─ needs ─┘
//! runs of the replicas ─ outcome ─▶ passed, failed by whose fault, or to be run once more
//! ```
//!
//! All of it is pure. What a decision of another project says is strangers' text: a definition is made anew from its
//! payload, and nothing else of it is taken over.

pub mod graph;
pub mod needs;
pub mod outcome;
mod payload;
pub mod replica;
#[cfg(test)]
mod testing;
mod text;

pub use text::shown;
