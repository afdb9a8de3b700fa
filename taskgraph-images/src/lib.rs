//! x

pub mod diagnostic;
pub mod scripts;
pub mod tree;
