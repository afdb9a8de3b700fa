//! Turns resolved machine image definitions into Taskcluster task definitions.

pub mod definition;

pub use definition::*;
