//! Verifying an image: which checks there are, what they found, and the documents that say so.

pub mod boot;
pub mod replicate;
pub mod results;

pub use results::{Check, Verification};
