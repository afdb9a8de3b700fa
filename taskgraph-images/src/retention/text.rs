//! A plan as text and as Markdown.

use std::fmt::Write as _;

use super::{Action, Plan};

impl Plan {
    /// A line an image: what happens to it, the image, when it was published, the reason. What no manifest accounts for is
    /// named by its cloud, its region and the provider's name for it.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for item in &self.items {
            let _ = writeln!(
                text,
                "{}\t{}\t{}\t{}",
                if item.gone {
                    "gone".to_owned()
                } else {
                    item.action.to_string()
                },
                item.image,
                item.published,
                item.reason
            );
        }
        for stray in &self.strays {
            let _ = writeln!(
                text,
                "{}\t{}\t{}\t{}",
                stray.action, stray.cloud, stray.place, stray.reason
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
        let strays: Vec<_> = self
            .strays
            .iter()
            .filter(|stray| stray.action > Action::Keep)
            .collect();
        if changes.is_empty() && strays.is_empty() {
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
        for stray in &strays {
            let _ = writeln!(
                text,
                "| **{}** | left over in {} | | {} | `{}` |",
                stray.action,
                stray.cloud,
                cell(&stray.reason),
                cell(&stray.place.to_string())
            );
        }
        let all = self.items.len() + self.strays.len();
        let kept = all - changes.len() - strays.len();
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
