//! x

pub mod definitions;
pub mod diagnostic;
pub mod tree;
pub mod yaml;
