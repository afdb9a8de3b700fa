//! [`Marker`]: what a program reads of a proposal, in its text.
//!
//! There is no database. An open proposal says in a comment of its body what it moves from where to where, and which
//! text it was made with. Anybody who can edit the body can edit that, so it decides nothing but whether a proposal is
//! ours and up to date, and it is taken only if it is, byte for byte, what would be written for the values in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::group::Group;

/// What begins a marker.
const OPEN: &str = "<!-- taskgraph-images: ";

/// What ends one.
const CLOSE: &str = " -->";

/// The longest marker, in bytes; half of what GitHub takes as a body.
const LONGEST: usize = 32 * 1024;

/// The longest text in a marker, in characters.
const LONGEST_WORD: usize = 512;

/// What a proposal is about, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The group.
    pub group: Group,
    /// What moves, such as an image or a pin, and from where to where.
    pub subjects: BTreeMap<String, Step>,
}

/// From where to where something moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it is now.
    pub from: String,
    /// What it is to be.
    pub to: String,
    /// The digest of the manifest or asset behind `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A marker as it was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The marker.
    pub marker: Marker,
    /// The hash of what the proposal said when it was written; see [`body_hash`](super::body_hash).
    pub hash: String,
}

/// The JSON of a marker, version 1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u8,
    group: Group,
    subjects: BTreeMap<String, Step>,
    body: String,
}

impl Marker {
    /// The marker as a comment, with the hash of what the proposal says. Nothing in it ends the comment, names a person
    /// or closes an issue.
    pub fn write(&self, hash: &str) -> String {
        let written = Written {
            version: 1,
            group: self.group.clone(),
            subjects: self.subjects.clone(),
            body: hash.to_owned(),
        };
        let json = serde_json::to_string(&written).expect("texts in maps are JSON");
        let mut text = OPEN.to_owned();
        let mut last = ' ';
        for c in json.chars() {
            let is_plain = c.is_ascii_graphic() && !matches!(c, '<' | '>' | '@' | '#' | '&');
            if is_plain && (c, last) != ('-', '-') || c == ' ' {
                text.push(c);
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    text += &format!("\\u{unit:04x}");
                }
            }
            last = c;
        }
        text + CLOSE
    }

    /// The marker of a text: the first and only one, exactly as it would be written. Whatever else is there counts as
    /// none.
    pub fn read(text: &str) -> Option<Marked> {
        let (_, rest) = text.split_once(OPEN)?;
        let (json, after) = rest.split_once(CLOSE)?;
        if json.len() > LONGEST || after.contains(OPEN) {
            return None;
        }
        let written: Written = serde_json::from_str(json).ok()?;
        let marked = Marked {
            marker: Self {
                group: written.group,
                subjects: written.subjects,
            },
            hash: written.body,
        };
        let is_hash = marked.hash.len() <= 64 && marked.hash.bytes().all(|b| b.is_ascii_hexdigit());
        let again = marked.marker.write(&marked.hash);
        let is_exact = again.strip_prefix(OPEN)?.strip_suffix(CLOSE)? == json;
        (written.version == 1 && is_hash && is_exact && marked.marker.fault().is_none())
            .then_some(marked)
    }

    /// A text without whatever could be a marker.
    pub fn remove(text: &str) -> String {
        let mut parts = text.split(OPEN);
        let mut kept = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            kept += part.split_once(CLOSE).map_or("", |(_, after)| after);
        }
        kept.trim_end().to_owned()
    }

    /// Why it could not be read again, if it could not.
    pub(super) fn fault(&self) -> Option<String> {
        let size = self.write("").len();
        if size > LONGEST - 64 {
            return Some(format!(
                "holds {size} bytes, at most {} fit: split the group",
                LONGEST - 64
            ));
        }
        let words = self.subjects.iter().flat_map(|(what, step)| {
            [
                Some(what),
                Some(&step.from),
                Some(&step.to),
                step.digest.as_ref(),
            ]
        });
        let is_bad = |word: &&String| {
            word.chars().count() > LONGEST_WORD || word.chars().any(char::is_control)
        };
        let word = words.flatten().find(is_bad)?;
        let start: String = word.chars().take(40).collect();
        Some(format!(
            "holds {start:?}: expected at most {LONGEST_WORD} characters, and no control characters"
        ))
    }
}
