//! Worker pools and the images that they start from.

pub mod update;
