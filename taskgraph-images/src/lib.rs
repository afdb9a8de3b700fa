//! x

pub mod affected;
pub mod definitions;
pub mod diagnostic;
pub mod scripts;
pub mod fleet;
pub mod graph;
pub mod tree;
pub mod yaml;
