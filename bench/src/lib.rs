//! Synthetic repositories of any size, in the native format, whose right answer is known.
//!
//! [`Synthetic`] decides what every image uses, [`Synthetic::write`] makes a git repository of it: a dozen commits,
//! packed as a clone's objects are, and a last commit that appends a line to one shared script; on request, commits of
//! everyday work after it. The same size gives the same bytes, commit ids included.
//!
//! Shape, for N images: N/10 shared scripts (at least 20), of which each image uses about ten and a third sources one
//! or two others; one fragment a family and cloud, pins, one Packer template with a source a family, to which the
//! scripts go as a variable; half of the images are built on another image.

mod edits;
mod files;
mod history;
mod shape;

pub use shape::{Image, Script, Synthetic};
