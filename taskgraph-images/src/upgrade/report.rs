//! What `upgrade --check` shows: a row a pin.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use taskgraph_images_transforms::ImageId;

use super::{Found, Upgrade};
use crate::taskcluster::Timestamp;

/// What is known of a pin: a published JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// The pin.
    pub pin: String,
    /// What it is proposed with.
    pub group: String,
    /// Its value.
    pub from: String,
    /// What it can go to.
    pub to: Option<String>,
    /// Whether that changes the first number of the version.
    pub major: bool,
    /// For how many days the current version has been out, as far as its source tells.
    pub age: Option<i64>,
    /// The images that the new version rebuilds.
    pub images: Vec<String>,
    /// `newest`, `upgrade`, `held`, `floats`, `no-datasource` or `failed`.
    pub state: &'static str,
    /// What a person should know: what failed, what is held back and why, what was tampered with, an overdue review.
    pub notes: Vec<String>,
}

/// A row for each pin. `images` are those that the upgrade of a pin rebuilds.
pub fn rows(
    upgrades: &[Upgrade],
    images: &BTreeMap<String, Vec<ImageId>>,
    now: Timestamp,
) -> Vec<Row> {
    upgrades
        .iter()
        .map(|upgrade| row(upgrade, images, now))
        .collect()
}

fn row(upgrade: &Upgrade, images: &BTreeMap<String, Vec<ImageId>>, now: Timestamp) -> Row {
    let mut notes = Vec::new();
    let (mut state, mut age, mut major) = ("no-datasource", None, false);
    match &upgrade.found {
        Found::Nowhere => {}
        Found::Floats(release) => {
            state = "floats";
            let released = release.released;
            age = released.map(|released| days(released, now));
            notes.push(format!("floats: a build takes `{}` now", release.version));
        }
        Found::Failed { why, .. } => {
            state = "failed";
            notes.push(why.clone());
        }
        Found::Answer(answer) => {
            state = match (&answer.choice.newest, answer.choice.held.is_empty()) {
                (Some(_), _) => "upgrade",
                (None, false) => "held",
                (None, true) => "newest",
            };
            major = answer.choice.major;
            age = answer.released.map(|released| days(released, now));
            notes.extend(answer.choice.warnings.iter().map(ToString::to_string));
            notes.extend(answer.choice.held.iter().map(ToString::to_string));
        }
    }
    notes.extend(upgrade.overdue.clone());
    let images = images.get(&upgrade.pin).into_iter().flatten();
    Row {
        pin: upgrade.pin.clone(),
        group: upgrade.group.clone(),
        from: upgrade.from.clone(),
        to: upgrade.to().map(|to| to.version.clone()),
        major,
        age,
        images: images.map(ToString::to_string).collect(),
        state,
        notes,
    }
}

fn days(since: Timestamp, now: Timestamp) -> i64 {
    (now.as_seconds() - since.as_seconds()).max(0) / 86_400
}

/// The rows as a table for a terminal: a pin a line, what a person should know indented below it.
pub fn table(rows: &[Row]) -> String {
    let heads = ["PIN", "FROM", "TO", "AGE", "IMAGES"];
    let cells: Vec<[String; 5]> = rows
        .iter()
        .map(|row| {
            [
                row.pin.clone(),
                row.from.clone(),
                match (&row.to, row.state) {
                    (Some(to), _) if row.major => format!("{to} (major)"),
                    (Some(to), _) => to.clone(),
                    (None, state) => state.to_owned(),
                },
                row.age
                    .map_or_else(|| "-".to_owned(), |days| format!("{days} days")),
                match row.images.len() {
                    0 => "-".to_owned(),
                    count => count.to_string(),
                },
            ]
        })
        .collect();
    let width = |column: usize| {
        let lengths = cells.iter().map(|row| row[column].chars().count());
        lengths
            .chain([heads[column].len()])
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut text = String::new();
    let mut line = |row: &[String]| {
        let mut words = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(words, "{cell:width$}  ");
        }
        text += words.trim_end();
        text.push('\n');
    };
    line(&heads.map(str::to_owned));
    for row in &cells {
        line(row);
    }
    for row in rows.iter().filter(|row| !row.notes.is_empty()) {
        let _ = writeln!(text, "\n{}", row.pin);
        for note in &row.notes {
            let _ = writeln!(text, "  {note}");
        }
    }
    text
}

/// The rows as Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = "| pin | from | to | images |\n| --- | --- | --- | --- |\n".to_owned();
    for row in rows {
        let to = match &row.to {
            // A version holds nothing that means something in Markdown: its scheme has read it.
            Some(to) if row.major => format!("`{to}` (major)"),
            Some(to) => format!("`{to}`"),
            None => row.state.to_owned(),
        };
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {to} | {} |",
            row.pin,
            row.from,
            row.images.len()
        );
    }
    text
}
