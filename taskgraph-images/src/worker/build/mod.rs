//! Building an image: what a builder left, as the parts of a manifest; and whose fault it is if it left nothing.

pub mod fault;
pub mod origin;
pub mod packer_manifest;
pub mod sbom;

pub use fault::{BuildFault, classify};
