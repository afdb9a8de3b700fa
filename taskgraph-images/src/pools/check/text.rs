//! A [`Report`] as text for people.

use super::Report;
use super::report::place;
use crate::output::text::count;

impl Report {
    /// The findings, each with its place, rule and hint, and a last line that counts them.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for finding in &self.findings {
            let at = finding
                .place()
                .map_or_else(String::new, |place| format!("{place}: "));
            out += &format!(
                "{at}{}[{}]: {}\n",
                finding.severity.as_str(),
                finding.rule,
                line(&finding.message)
            );
            for note in &finding.notes {
                let at = place(&note.file, note.line);
                out += &format!("  {at}: {}\n", line(&note.message));
            }
            if let Some(hint) = &finding.hint {
                out += &format!("  hint: {}\n", line(hint));
            }
        }
        out += &self.summary();
        out.push('\n');
        out
    }

    /// How much was looked at and found, in a line.
    pub fn summary(&self) -> String {
        let counts = &self.counts;
        let aliases = match counts.aliases {
            0 => String::new(),
            1 => ", 1 alias".to_owned(),
            many => format!(", {many} aliases"),
        };
        format!(
            "{}{aliases}, {}: {}, {}, {}",
            count(counts.images, "image"),
            count(counts.pools, "pool"),
            count(counts.errors, "error"),
            count(counts.warnings, "warning"),
            count(counts.notes, "note")
        )
    }
}

/// Text of a file on one line of a terminal: what would move the cursor or colour it is shown as a space.
fn line(text: &str) -> String {
    text.chars()
        .map(|sign| if sign.is_control() { ' ' } else { sign })
        .collect()
}
