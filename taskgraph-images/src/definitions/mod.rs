//! Image definitions: from YAML files to resolved images.
//!
//! ```text
//! file ─ extends ─▶ merged over its fragments ─ variants ─▶ one per combination ─ by-…, {{…}} ─▶ ResolvedImage
//! ```
//!
//! Nothing here looks at scripts, templates or contexts: which files an image is made of is [`crate::fleet`]' work.

mod config;
mod foreign;
mod image;
mod layout;
mod load;
mod machine;
mod maintenance;
mod merge;
mod pins;
mod replicate;
#[cfg(test)]
mod schema_tests;
mod select;
mod tasks;
#[cfg(test)]
mod tests;
mod text;
mod variants;
mod written;
mod written_decode;

pub use config::{Config, ConfigFile};
pub use foreign::{ExternalPin, Foreign, Holds, Packed, ReadKey, Rendered, UsedFolder};
pub use image::{ResolvedImage, Written, WrittenBuilder};
pub use layout::Layout;
pub use load::DefinitionFile;
pub(crate) use load::{Loader, by_id, read, read_settings};
pub use pins::{Pin, Pins, PinsFile};
pub use tasks::ImageTasks;
pub(crate) use tasks::{Draft, NO_WORKER, Settings, complete};
pub use text::Parsed;
pub use written::{Attribute, ImageFile};
