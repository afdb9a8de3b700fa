//! What the makers of releases say to one audience: from Taskcluster's notes, the part for worker deployers.

use std::cmp::Ordering;

use super::{Release, escape, escape_line};
use crate::versions::{Scheme, compare};

/// The heading of the part for those who deploy workers.
pub const WORKER_DEPLOYERS: &str = "WORKER-DEPLOYERS";

/// What the notes of one release say to an audience. All texts are a stranger's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The release.
    pub version: String,
    /// Where the whole of it is.
    pub url: Option<String>,
    /// The part, in Markdown.
    pub text: String,
    /// Whether it calls some change major.
    pub is_major: bool,
}

/// What the notes of every release after one version and up to another say to an audience, newest first. Releases that
/// say nothing to it are left out.
pub fn notes(
    releases: &[Release],
    scheme: Scheme,
    from: &str,
    to: &str,
    audience: &str,
) -> Vec<Note> {
    let (Ok(from), Ok(to)) = (scheme.parse(from), scheme.parse(to)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for release in releases {
        let Ok(version) = scheme.parse(&release.version) else {
            continue;
        };
        let is_between = compare(&version, &from) == Some(Ordering::Greater)
            && compare(&version, &to).is_some_and(Ordering::is_le);
        let text = section(release.notes.as_deref().unwrap_or_default(), audience);
        if is_between && !text.is_empty() {
            let note = Note {
                version: release.version.clone(),
                url: release.url.clone(),
                is_major: text.lines().any(|line| line.contains("[MAJOR]")),
                text,
            };
            found.push((version, note));
        }
    }
    found.sort_by(|a, b| compare(&b.0, &a.0).unwrap_or(Ordering::Equal));
    found.into_iter().map(|(_, note)| note).collect()
}

/// Notes for a proposal, harmless, in at most so many characters. What is left out is said.
pub fn render(notes: &[Note], limit: usize) -> String {
    let mut rendered = String::new();
    let mut room = limit;
    for (place, note) in notes.iter().enumerate() {
        let major = if note.is_major { " (major)" } else { "" };
        let head = format!("**{}**{major}\n\n", escape_line(&note.version, 100));
        let size = head.chars().count();
        // Room for what says that the rest is left out, and for a few lines to be worth a heading.
        let Some(left) = room.checked_sub(size + 2).filter(|left| *left >= 400) else {
            let rest = notes.len() - place;
            rendered += &format!("*(The notes of {rest} more releases are left out here.)*\n");
            break;
        };
        let text = escape(&note.text, left - 200);
        room = left.saturating_sub(text.chars().count());
        rendered += &head;
        rendered += &text;
        rendered += "\n\n";
    }
    rendered.truncate(rendered.trim_end().len());
    rendered
}

/// The text below the headings of some name, up to the next heading of the same rank or a higher one.
fn section(notes: &str, audience: &str) -> String {
    let mut found = String::new();
    // The rank of the heading that is being read.
    let mut reading: Option<usize> = None;
    let mut fence: Option<&str> = None;
    for line in notes.lines() {
        let start = line.trim_start();
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            // What looks like a heading in a block of code is none.
            (None, None) => {
                if let Some((rank, title)) = heading(line) {
                    if title.eq_ignore_ascii_case(audience) {
                        reading = Some(rank);
                        continue;
                    }
                    if reading.is_some_and(|open| rank <= open) {
                        reading = None;
                    }
                }
            }
            _ => {}
        }
        if reading.is_some() {
            found += line;
            found.push('\n');
        }
    }
    found.trim().to_owned()
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let title = line.trim_start_matches('#');
    let rank = line.len() - title.len();
    let is_heading = (1..=6).contains(&rank) && title.starts_with([' ', '\t']);
    is_heading.then(|| (rank, title.trim().trim_end_matches('#').trim_end()))
}
