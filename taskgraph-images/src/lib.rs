//! x

pub mod containers;
pub mod diagnostic;
pub mod glob;
pub mod scripts;
pub mod tree;
