//! Worker pools and their images: what is wrong with a configuration repository, who uses which image, and pools made
//! for images, and entries that move to newer ones.
//!
//! Everything here is a function of a [`CiConfig`](crate::ci_config::CiConfig) and of what the caller knows besides;
//! nothing reads a file, a clock or a service, and nothing edits.

pub mod check;
pub mod generate;
pub mod update;
pub mod usage;
