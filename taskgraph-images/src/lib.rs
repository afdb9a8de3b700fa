//! x

pub mod diagnostic;
pub mod tree;
