//! Lines of a [`Source`]: where they begin and end, and what they hold.

use std::collections::BTreeMap;
use std::ops::Range;

use super::source::{Node, Source, is_blank, position};

impl Source {
    /// The first byte of the line of `at`.
    pub(super) fn line_start(&self, at: usize) -> usize {
        let start = self.text[..at].rfind('\n').map_or(0, |found| found + 1);
        // A byte-order mark belongs to the file, not to its first line.
        if start == 0 {
            self.mark().min(at)
        } else {
            start
        }
    }

    /// How long the byte-order mark is.
    pub(super) fn mark(&self) -> usize {
        if self.text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        }
    }

    /// The line break that ends the line of `at`, or the end of the text.
    pub(super) fn line_end(&self, at: usize) -> usize {
        match self.text[at..].find('\n') {
            // `at` may be between the two bytes of a line break.
            Some(found) if found > 0 && self.text[at..at + found].ends_with('\r') => at + found - 1,
            Some(found) => at + found,
            None => self.text.len(),
        }
    }

    /// The first byte of the line after that of `at`, or the end of the text.
    pub(super) fn next_line(&self, at: usize) -> usize {
        self.text[at..]
            .find('\n')
            .map_or(self.text.len(), |found| at + found + 1)
    }

    /// The column of a byte, in characters from 0.
    pub(super) fn column(&self, at: usize) -> usize {
        self.text[self.line_start(at)..at].chars().count()
    }

    /// Whether only blanks stand before a byte in its line.
    pub(super) fn is_first(&self, at: usize) -> bool {
        is_blank(&self.text[self.line_start(at)..at])
    }

    /// Line and column of a byte, both from 1.
    pub(super) fn position(&self, at: usize) -> (usize, usize) {
        position(&self.text, at)
    }

    /// The byte at an offset.
    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The line break to write beside `at`: as the line has one, or else the one before.
    pub(super) fn line_break(&self, at: usize) -> &'static str {
        let end = self.line_end(at);
        let rest = &self.text[end..];
        let nearest = if rest.is_empty() {
            &self.text[..self.line_start(at)]
        } else {
            &rest[..self.next_line(end) - end]
        };
        if nearest.ends_with("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }

    /// The comment that begins between two bytes, first of them.
    pub(super) fn comment_in(&self, range: Range<usize>) -> Option<&Range<usize>> {
        let first = self
            .comments
            .partition_point(|comment| comment.start < range.start);
        self.comments
            .get(first)
            .filter(|comment| comment.start < range.end)
    }

    /// The comment that has the line beginning at `line` to itself.
    pub(super) fn comment_line(&self, line: usize) -> Option<&Range<usize>> {
        self.comment_in(line..self.line_end(line))
            .filter(|comment| self.is_first(comment.start))
    }

    /// Whether the line beginning at `line` is blank, and no part of a block scalar.
    pub(super) fn is_blank_line(&self, line: usize) -> bool {
        let next = self.blocks.partition_point(|block| block.end < line);
        line < self.text.len()
            && is_blank(&self.text[line..self.line_end(line)])
            && self.blocks.get(next).is_none_or(|block| line < block.start)
    }

    /// The nodes that carry anchors, by their numbers.
    pub(super) fn anchors(&self) -> BTreeMap<usize, &Node> {
        let mut found = BTreeMap::new();
        if let Some(root) = &self.root {
            root.visit(&mut |node| {
                if let Some((id, _)) = &node.anchor {
                    found.insert(*id, node);
                }
            });
        }
        found
    }
}
