//! x

pub mod definitions;
pub mod diagnostic;
pub mod scripts;
pub mod tree;
pub mod yaml;
