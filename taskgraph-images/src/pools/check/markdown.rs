//! A [`Report`] as Markdown, in which no value can be anything but text.

use super::{Finding, Report};
use crate::output::markdown::{cell, plain};

impl Report {
    /// A table of the findings, or a sentence that there are none.
    pub fn to_markdown(&self) -> String {
        let mut out = format!(
            "### Worker pools and images\n\n{}\n",
            plain(&self.summary())
        );
        if self.findings.is_empty() {
            return out;
        }
        out += "\n| | rule | where | what |\n| --- | --- | --- | --- |\n";
        for finding in &self.findings {
            out += &format!(
                "| {} | {} | {} | {} |\n",
                finding.severity.as_str(),
                code(&finding.rule),
                finding
                    .place()
                    .map_or_else(String::new, |place| code(&place)),
                what(finding)
            );
        }
        out
    }
}

fn what(finding: &Finding) -> String {
    let mut out = prose(&finding.message);
    for note in &finding.notes {
        let at = super::report::place(&note.file, note.line);
        out += &format!("<br>{}: {}", code(&at), prose(&note.message));
    }
    if let Some(hint) = &finding.hint {
        out += &format!("<br>*{}*", prose(hint));
    }
    out
}

/// A message: what stands in backticks is code, and stays so.
fn prose(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        out += &plain(before);
        match after.split_once('`') {
            Some((inner, after)) => {
                out += &code(inner);
                rest = after;
            }
            None => {
                out += &plain("`");
                rest = after;
            }
        }
    }
    out + &plain(rest)
}

/// A value as code in the cell of a table.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|sign| if sign.is_control() { ' ' } else { sign })
        .collect();
    if text.trim().is_empty() {
        return "(nothing)".to_owned();
    }
    // Behind a backslash, no sign keeps a `|` in its cell and in the code.
    if text.contains('\\') && text.contains('|') {
        return format!("<code>{}</code>", plain(&text));
    }
    cell(&text)
}
