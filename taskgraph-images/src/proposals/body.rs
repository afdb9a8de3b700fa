//! The text of a proposal: what it says, cut to what a forge takes, with its marker.

use sha2::{Digest as _, Sha256};

use crate::hex::hex;

use super::Proposal;

/// What stands where a text was cut.
const CUT: &str = "\n\n*(The text is longer than what fits here, and ends early.)*";

/// The hash of what a proposal says: its title and body. It stands in the marker, so that a body is written again only
/// when what we say has changed: a box that somebody ticked stays ticked.
pub fn body_hash(proposal: &Proposal) -> String {
    hash(&[&proposal.title_line(), &proposal.body])
}

/// The hash of what a proposal says and does: its title, body and edits. For forges that do not show the edits.
pub fn content_hash(proposal: &Proposal) -> String {
    let title = proposal.title_line();
    let mut parts = vec![title.as_str(), &proposal.body];
    for (path, edit) in proposal.changes() {
        // A new file and one that was empty differ.
        let kind = if edit.old.is_some() { "edit" } else { "new" };
        let old = edit.old.as_deref().unwrap_or_default();
        parts.extend([path, kind, old, &edit.new]);
    }
    hash(&parts)
}

/// A hash that tells where each part ends.
fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize()[..16])
}

/// The body with its marker, within a number of UTF-16 units, which is the strictest that "characters" can mean. The
/// hash is that of [`body_hash`] or [`content_hash`].
pub fn body_text(proposal: &Proposal, hash: &str, limit: usize) -> String {
    let marker = proposal.marker.write(hash);
    let body = escape_comments(proposal.body.trim_end());
    let left = limit.saturating_sub(units(&marker) + 2);
    let body = if units(&body) <= left {
        body
    } else {
        cut(&body, left)
    };
    format!("{body}\n\n{marker}")
}

/// A text in which no comment begins, so that nothing of it is a marker or hides what follows.
pub fn escape_comments(text: &str) -> String {
    text.replace("<!--", "&lt;!--")
}

/// The lines that fit, with whatever they open closed.
fn cut(body: &str, limit: usize) -> String {
    let closers = units(CUT) + 64;
    let mut left = limit.saturating_sub(closers);
    let (mut kept, mut fence, mut details) = (String::new(), None, 0_usize);
    for line in body.split_inclusive('\n') {
        let size = units(line);
        // What closes it needs room, too.
        let opened = "\n</details>".len() * details;
        if size + opened > left {
            break;
        }
        left -= size;
        kept += line;
        let start = line.trim_start();
        match fence {
            None if start.starts_with("```") => fence = Some("```"),
            None if start.starts_with("~~~") => fence = Some("~~~"),
            Some(open) if start.starts_with(open) => fence = None,
            _ => {}
        }
        if fence.is_none() {
            details += line.matches("<details>").count();
            details = details.saturating_sub(line.matches("</details>").count());
        }
    }
    let mut kept = kept.trim_end().to_owned();
    if let Some(fence) = fence {
        kept += &format!("\n{fence}");
    }
    kept += &"\n</details>".repeat(details);
    kept + CUT
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
