//! Comments, by the values that they stand beside: reading them, and comparing those before and after a change.

use granit_parser::{Event, ScalarStyle, StructureStyle};

use super::events::Spot;
use super::shape::Document;
use super::source::{Cursor, skip_trivia};

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) text: String,
    /// How many leaves (scalars, aliases, and opening braces and brackets) stand before it.
    pub(super) leaves: usize,
    /// The column, where it has the line to itself but for dashes.
    pub(super) own_line: Option<usize>,
    /// Whether a dash stands before it in its line.
    pub(super) is_behind_dash: bool,
}

/// The comments of a document, and the column of each leaf.
pub(super) fn notes(spots: &[Spot<'_>], text: &str) -> (Vec<Note>, Vec<usize>) {
    // Comments may be told before or after what they stand beside; where they stand decides.
    // Where each stands, where its column is taken, and what is added to that.
    let mut leaves: Vec<(usize, usize, usize)> = Vec::new();
    let mut comments = Vec::new();
    let mut end = 0;
    let mut is_root = true;
    for (index, spot) in spots.iter().enumerate() {
        let at = spot.span.start;
        let anchor = match spots.get(index + 1) {
            Some(Spot {
                event: Event::Anchor(..),
                span,
                ..
            }) => Some(span),
            _ => None,
        };
        let mark = || {
            let mark = skip_trivia(text, end);
            let is_mark = matches!(text.as_bytes().get(mark), Some(b':' | b'-' | b'?'));
            if is_mark { mark + 1 } else { end }
        };
        match &spot.event {
            Event::Comment(words, _) => comments.push((at, words)),
            // What is empty, or a block after a header, stands right behind its colon or dash; the parser may
            // tell another place.
            Event::Scalar(_, style, ..)
                if spot.span.is_empty()
                    || matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) =>
            {
                let from = mark();
                let tag = spot.tag.as_ref().map_or(0, |tag| tag.end);
                let lead = from.max(tag).max(anchor.map_or(0, |anchor| anchor.end));
                // A value would stand one column further.
                leaves.push((lead, from, 1));
                end = lead.max(if spot.span.is_empty() {
                    0
                } else {
                    spot.span.end
                });
            }
            Event::Scalar(..)
            | Event::Alias(_)
            | Event::SequenceStart(StructureStyle::Flow, ..)
            | Event::MappingStart(StructureStyle::Flow, ..) => {
                let tag = spot.tag.as_ref().map_or(at, |tag| tag.start);
                let from = at.min(tag).min(anchor.map_or(at, |anchor| anchor.start));
                leaves.push((at, from, 0));
                end = spot.span.end;
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if !is_root => {
                end = mark().max(spot.tag.as_ref().map_or(0, |tag| tag.end));
            }
            Event::Anchor(..) => end = end.max(spot.span.end),
            // Blocks end where the next token begins, which is no place of theirs.
            Event::SequenceEnd | Event::MappingEnd if spot.span.is_empty() => {}
            Event::DocumentStart(true, _) | Event::SequenceEnd | Event::MappingEnd => {
                end = spot.span.end;
            }
            _ => {}
        }
        is_root = matches!(spot.event, Event::DocumentStart(..) | Event::StreamStart)
            || is_root && matches!(spot.event, Event::Comment(..));
    }
    leaves.sort_unstable();
    comments.sort_unstable();
    let before = |at: usize| {
        let line = text[..at].rfind('\n').map_or(0, |found| found + 1);
        text[line..at].trim_start_matches('\u{feff}')
    };
    let notes = comments.into_iter().map(|(at, words)| Note {
        text: words.to_string(),
        is_behind_dash: before(at).contains('-'),
        leaves: leaves.partition_point(|(leaf, ..)| *leaf < at),
        own_line: {
            let (line, is_mark) = (before(at), |c| " \t-?".contains(c));
            line.chars().all(is_mark).then(|| line.chars().count())
        },
    });
    let notes = notes.collect();
    let mut cursor = Cursor::default();
    let columns = leaves
        .iter()
        .map(|(_, from, more)| cursor.go(text, *from).1 + more)
        .collect();
    (notes, columns)
}

/// The leaves that a change touches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Touched {
    /// How many stand before them.
    pub(super) at: usize,
    /// How many go.
    pub(super) gone: usize,
    /// How many come.
    pub(super) come: usize,
}

/// Every comment is there, beside the same leaves.
pub(super) fn beside(before: &[Note], after: &[Note], touched: &[Touched]) -> Result<(), String> {
    if before.len() != after.len() {
        return Err("the number of comments".to_owned());
    }
    // Scalars that are set go and come; only what is added moves comments, and that is one.
    let added = touched.iter().find(|touched| touched.gone == 0);
    for (note, found) in before.iter().zip(after) {
        let (least, most) = match added {
            Some(added) if added.at < note.leaves => (added.come, added.come),
            // What comes may stand on either side.
            Some(added) if added.at == note.leaves => (0, added.come),
            _ => (0, 0),
        };
        let is_there = [least, most]
            .map(|more| note.leaves + more)
            .contains(&found.leaves);
        // Behind a dash that gets its value, a comment no longer has its line to itself.
        let is_behind = |touched: &Touched| touched.at + touched.gone == note.leaves;
        let is_moved = note.own_line.is_some() != found.own_line.is_some();
        if note.text != found.text || !is_there || is_moved && !touched.iter().any(is_behind) {
            return Err(format!("the comment `#{}`", note.text));
        }
    }
    Ok(())
}

/// Every comment is there, except one run of those that belong to what was removed.
pub(super) fn without(
    before: &Document,
    after: &Document,
    removed: Touched,
    is_item: bool,
) -> Result<(), String> {
    let (old, new) = (&before.notes, &after.notes);
    let Some(gone) = old.len().checked_sub(new.len()) else {
        return Err("the number of comments".to_owned());
    };
    let end = removed.at + removed.gone;
    let column = before.columns.get(removed.at).copied().unwrap_or_default();
    // A dash stands two columns before what it stands for, or more.
    let outer = if is_item {
        column.saturating_sub(2)
    } else {
        column
    };
    let is_inside = |note: &Note| removed.at < note.leaves && note.leaves < end;
    let may_go = |note: &Note| {
        let is_own = |own| own <= column || note.is_behind_dash;
        let is_above = note.leaves == removed.at && note.own_line.is_some_and(is_own);
        // On its line, or indented below it: never the heading of what follows.
        let is_behind = note.leaves == end && note.own_line.is_none_or(|own| own > outer);
        is_above || is_inside(note) || is_behind
    };
    let kept = |old: &Note, new: &Note| {
        let leaves = match old.leaves {
            leaves if leaves >= end => leaves - removed.gone + removed.come,
            // It stays in front, or behind the braces of a map that is empty now.
            leaves if leaves == removed.at && new.leaves != leaves => leaves + removed.come,
            leaves => leaves,
        };
        !is_inside(old) && old.text == new.text && leaves == new.leaves
    };
    // The first and last place at which the run can begin.
    let first = old
        .iter()
        .zip(new)
        .take_while(|(old, new)| kept(old, new))
        .count();
    let last = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(old, new)| kept(old, new))
        .count();
    let begins = new.len().saturating_sub(last)..=first;
    let is_own = |from: usize| old[from..from + gone].iter().all(may_go);
    if gone == 0 && first == new.len() || begins.into_iter().any(is_own) {
        return Ok(());
    }
    let lost = old.get(first).map_or("", |note| note.text.as_str());
    Err(format!("the comment `#{lost}`"))
}
