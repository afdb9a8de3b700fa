//! [`Source`]: a document as a tree of byte ranges, with its comments and lines.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Style;

/// A document and where its parts stand.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) text: String,
    pub(super) root: Option<Node>,
    /// Every comment, from its `#` to the end of its line; in order.
    pub(super) comments: Vec<Range<usize>>,
    /// What lies inside of literal and folded blocks, in order.
    pub(super) blocks: Vec<Range<usize>>,
    /// Where each anchor is used, by its number.
    pub(super) uses: BTreeMap<usize, Vec<usize>>,
}

/// A value.
#[derive(Debug)]
pub(super) struct Node {
    /// Right after what the value belongs to (a colon, a dash) and after its anchor and tag.
    pub(super) lead: usize,
    /// Its first byte without anchor and tag.
    pub(super) start: usize,
    /// One past its last byte; for a block scalar, before its last line break.
    pub(super) end: usize,
    /// Its anchor's number and name.
    pub(super) anchor: Option<(usize, String)>,
    /// Its tag, as it is written and as it is meant.
    pub(super) tag: Option<(String, String)>,
    pub(super) kind: Kind,
}

/// The shapes of a value.
#[derive(Debug)]
pub(super) enum Kind {
    Scalar { text: String, style: Style },
    Alias(usize),
    List { flow: bool, items: Vec<Item> },
    Map { flow: bool, entries: Vec<Entry> },
}

/// An item of a sequence.
#[derive(Debug)]
pub(super) struct Item {
    /// Its dash; in flow style, its first byte.
    pub(super) start: usize,
    pub(super) value: Node,
}

/// An entry of a map.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its first byte: of the key with anchor and tag, or a `?`.
    pub(super) start: usize,
    pub(super) key: Node,
    pub(super) colon: Option<usize>,
    pub(super) value: Node,
}

impl Entry {
    /// The key's text, if it is a scalar.
    pub(super) fn name(&self) -> Option<&str> {
        self.key.text()
    }

    /// Whether it is a merge key.
    pub(super) fn is_merge(&self) -> bool {
        matches!(&self.key.kind, Kind::Scalar { text, style: Style::Plain } if text == "<<")
    }
}

impl Node {
    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The entries of a map.
    pub(super) fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Map { entries, .. } => Some(entries),
            _ => None,
        }
    }

    /// The ranges of its children: entries or items.
    pub(super) fn children(&self) -> Vec<Range<usize>> {
        match &self.kind {
            Kind::Scalar { .. } | Kind::Alias(_) => Vec::new(),
            Kind::List { items, .. } => items
                .iter()
                .map(|item| item.start..item.value.end)
                .collect(),
            Kind::Map { entries, .. } => entries
                .iter()
                .map(|entry| entry.start..entry.value.end)
                .collect(),
        }
    }

    /// Whether it is a collection in braces or brackets.
    pub(super) fn is_flow(&self) -> bool {
        matches!(
            self.kind,
            Kind::List { flow: true, .. } | Kind::Map { flow: true, .. }
        )
    }

    /// What it is, for messages.
    pub(super) fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar {
                style: Style::Empty,
                ..
            } => "nothing",
            Kind::Scalar { .. } => "a scalar",
            Kind::Alias(_) => "an alias",
            Kind::List { .. } => "a list",
            Kind::Map { .. } => "a map",
        }
    }

    /// Calls `see` with this value and every one below it, keys too.
    pub(super) fn visit<'n>(&'n self, see: &mut dyn FnMut(&'n Self)) {
        see(self);
        match &self.kind {
            Kind::Scalar { .. } | Kind::Alias(_) => {}
            Kind::List { items, .. } => items.iter().for_each(|item| item.value.visit(see)),
            Kind::Map { entries, .. } => {
                for entry in entries {
                    entry.key.visit(see);
                    entry.value.visit(see);
                }
            }
        }
    }
}

pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte == b'\t')
}

/// Line and column of a byte, both from 1.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line = before.rfind('\n').map_or(0, |found| found + 1);
    let column = before[line..]
        .trim_start_matches('\u{feff}')
        .chars()
        .count();
    (before.matches('\n').count() + 1, column + 1)
}

/// Line and column along a text, for many places in order: a line may be as long as the file.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    at: usize,
    lines: usize,
    column: usize,
}

impl Cursor {
    /// Line and column of a byte, both from 0.
    pub(super) fn go(&mut self, text: &str, at: usize) -> (usize, usize) {
        if at < self.at {
            *self = Self::default();
        }
        for c in text.get(self.at..at).unwrap_or_default().chars() {
            match c {
                '\n' => (self.lines, self.column) = (self.lines + 1, 0),
                // A byte-order mark belongs to the file, not to its first line.
                '\u{feff}' if self.lines == 0 && self.column == 0 => {}
                _ => self.column += 1,
            }
        }
        self.at = at;
        (self.lines, self.column)
    }
}

/// The next byte at or after `at` that is no blank, line break or comment.
pub(super) fn skip_trivia(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\r' | b'\n') => at += 1,
            Some(b'#') => at = text[at..].find('\n').map_or(text.len(), |found| at + found),
            Some(0xef) if text[at..].starts_with('\u{feff}') => at += '\u{feff}'.len_utf8(),
            _ => return at,
        }
    }
}
