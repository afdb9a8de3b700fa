//! YAML that people keep, edited in place: an edit changes the bytes of its value and nothing else.
//!
//! ```text
//! text ─ events ─ build ─▶ Source (byte ranges) ─ find ─ set | insert | remove ─▶ splices ─▶ new text
//!            └─▶ Shape (no places) ─ what was intended ─▶ guard ◀─ Shape of the new text ─┘
//! ```
//!
//! Comments, quotes, order, line ends, a byte-order mark and a missing final line break stay as they are. What is
//! ambiguous is refused: a value that comes through an alias or a merge key, or that others use by its anchor, a key
//! that stands twice, a second document. What is written is quoted unless every reader, of YAML 1.1 too, takes it for
//! a string. Afterwards the new text is read again, and refused unless its tree is the one that was meant (`guard`);
//! the guard shares the parser with the splicer, but no position.
//!
//! Nothing here re-indents, re-orders or formats, and literal and folded blocks are never written.
//!
//! ```
//! use taskgraph_images::edit::{Change, Edit, Scalar, apply};
//!
//! # fn main() -> Result<(), Vec<taskgraph_images::edit::EditError>> {
//! let text = "# Base images.\nbase:\n  version: '24.04'  # LTS\n";
//! let edit = Edit {
//!     path: ["base", "version"].into(),
//!     change: Change::Set(Scalar::Text("26.04".to_owned())),
//! };
//! let edited = apply("images.yml", text, &[edit])?;
//! assert_eq!(edited, "# Base images.\nbase:\n  version: '26.04'  # LTS\n");
//! # Ok(())
//! # }
//! ```

mod apply;
mod build;
mod error;
mod events;
mod find;
mod guard;
mod insert;
mod lines;
mod notes;
mod path;
mod remove;
mod scalars;
mod set;
mod shape;
mod source;
mod splice;
#[cfg(test)]
mod tests;
mod words;
mod write;

pub use apply::apply;
pub use error::{EditError, Refusal};
pub use path::{Path, Step};
pub use scalars::{ScalarAt, Style, scalars};

/// A change of one place of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The place: of the scalar that is set, the collection that is added to, or what is removed.
    pub path: Path,
    /// What happens there.
    pub change: Change,
}

/// What happens at a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Gives a scalar another value. Its quotes stay where they can; its anchor and tag stay.
    Set(Scalar),
    /// Adds an entry to a map, written like its neighbours.
    Insert {
        /// The key, which must not be there.
        key: String,
        /// The value.
        value: serde_json::Value,
        /// The key after which it is added; at the end if none is named.
        after: Option<String>,
    },
    /// Adds an item at the end of a sequence, written like its neighbours.
    Append(serde_json::Value),
    /// Takes an entry or an item away with the comments that belong to it: those directly above it in its column,
    /// the one on its line, and those inside of it.
    Remove,
}

/// The new value of a scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// A string: quoted when a reader could take it for something else.
    Text(String),
    /// Written plain on purpose, whatever it reads as: a number, `true`.
    Plain(String),
}
