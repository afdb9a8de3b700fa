//! A plan as text and as Markdown.

use std::fmt::Write as _;

use super::{Action, Plan};

impl Plan {
    /// A line an image: what happens to it, the image, when it was published, the reason.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for item in &self.items {
            let _ = writeln!(
                text,
                "{}\t{}\t{}\t{}",
                item.action, item.image, item.published, item.reason
            );
        }
        text
    }

    /// What changes, for a page: a table, and how many are kept.
    pub fn to_markdown(&self) -> String {
        let mut text = "# Plan for published images\n\n".to_owned();
        let _ = writeln!(text, "Made {}.\n", self.made);
        let changes: Vec<_> = self
            .items
            .iter()
            .filter(|item| item.action > Action::Keep)
            .collect();
        if changes.is_empty() {
            text += "Every image is kept.\n";
            return text;
        }
        text +=
            "| action | image | published | reason | places |\n| --- | --- | --- | --- | --- |\n";
        for item in &changes {
            let places: Vec<String> = item
                .references
                .iter()
                .map(|place| format!("`{}`", cell(&place.reference)))
                .collect();
            let _ = writeln!(
                text,
                "| **{}** | `{}` | {} | {} | {} |",
                item.action,
                item.image,
                item.published,
                cell(&item.reason),
                places.join(" ")
            );
        }
        let kept = self.items.len() - changes.len();
        let _ = writeln!(text, "\n{kept} kept.");
        text
    }
}

/// Text inside of a table's cell.
fn cell(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
        .replace('|', "\\|")
        .replace('<', "&lt;")
}
