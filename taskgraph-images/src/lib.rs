//! x

pub mod affected;
pub mod comparison;
pub mod containers;
pub mod definitions;
pub mod diagnostic;
pub mod fleet;
pub mod glob;
pub mod graph;
pub mod lint;
pub mod output;
pub mod packer;
mod payloads;
pub mod scripts;
pub mod tree;
pub mod yaml;

pub use taskgraph_images_transforms as transforms;
