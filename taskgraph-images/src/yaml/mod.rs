//! YAML that people write: read with exact spans and bounded work, decoded with every fault collected.
//!
//! ```text
//! bytes ─ read ─▶ Node (spans, no types) ─ merge, select, render (definitions) ─▶ Node ─ decode ─▶ typed values
//! ```
//!
//! Values keep the text they were written with until a decoder asks for a type, so a version `24.10` stays `24.10`.
//! What programs write and read goes through `serde_yaml` instead.

mod decode;
mod node;
mod read;
mod record;
mod schema;

pub use decode::{Decode, Decoder, OneOrMany, Phase, Spanned};
pub(crate) use decode::{Fields, by};
pub use node::{Key, Node, Value};
pub use read::{MAX_YAML, load, read, read_merging};
pub(crate) use record::record;
pub use schema::{absence_is_none, as_written};
