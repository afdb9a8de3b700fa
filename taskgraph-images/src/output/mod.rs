//! What is shown: published JSON types, and text for people. Pure: values in, text out.
//!
//! The JSON is versioned and its types are its own: what the rest of the program holds may change, these may not.

pub mod affected;
pub mod dot;
pub mod html;
pub mod images;
mod locate;
pub mod manifest;
pub(crate) mod markdown;
pub mod mermaid;
pub mod preview;
pub mod replay;
pub mod run;
#[cfg(test)]
mod samples;
pub mod summary;
pub mod template;
pub mod text;

pub use locate::Locator;
pub use markdown::plain as markdown_text;

use serde::Serialize;

use crate::graph::{NodeKey, Step};

/// The version of every JSON document of this program. It changes only when a reader could break.
pub const VERSION: u32 = 1;

/// One edge of a path from an image to a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepJson {
    /// What depends: a task's label, or a file.
    pub from: String,
    /// How it depends: `script`, `sourced-by`, `upload`, `parent`, …
    pub how: &'static str,
    /// What it depends on.
    pub to: String,
    /// Where that is written, as `file:line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// A path as JSON.
pub fn via(steps: &[Step], locate: &Locator<'_>) -> Vec<StepJson> {
    steps
        .iter()
        .map(|step| StepJson {
            from: node(&step.from),
            how: step.role.as_str(),
            to: node(&step.to),
            at: step.at.as_ref().map(|place| locate.line(place)),
        })
        .collect()
}

fn node(key: &NodeKey) -> String {
    key.to_string()
}

/// Pretty JSON with a final newline.
pub fn json(value: &impl Serialize) -> String {
    let mut text =
        serde_json::to_string_pretty(value).expect("the published types are maps, lists and text");
    text.push('\n');
    text
}
