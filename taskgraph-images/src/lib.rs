//! x

pub mod diagnostic;
pub mod packer;
pub mod tree;
