//! What is wrong with somebody's file, where, and what to do about it.
//!
//! Every stage that reads files returns its faults as [`Diagnostic`]s, all of them, not the first. Nothing here
//! prints: the binary renders them with their source snippets.

use std::ops::Range;

use crate::tree::TreePath;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The definitions cannot be used as they are.
    Error,
    /// The definitions can be used; somebody should look.
    Warning,
}

/// A stretch of bytes of one file of the tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub path: TreePath,
    /// The bytes meant, as offsets into the file. Empty at `0..0` when the whole file is meant.
    pub span: Span,
}

impl Place {
    /// The whole of a file.
    pub fn file(path: TreePath) -> Self {
        Self {
            path,
            span: Span::default(),
        }
    }

    /// Some bytes of a file.
    pub fn new(path: TreePath, span: impl Into<Span>) -> Self {
        Self {
            path,
            span: span.into(),
        }
    }
}

/// A byte range that is `Copy` and ordered, unlike [`Range`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range as `usize`, for slicing.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        let cut = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            start: cut(range.start),
            end: cut(range.end),
        }
    }
}

/// One finding: what, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Where it is; absent for faults that no file holds.
    pub place: Option<Place>,
    /// How bad it is.
    pub severity: Severity,
    /// A stable kebab-case identifier, such as `unknown-key`.
    pub code: &'static str,
    /// What is wrong: lower case, no final period.
    pub message: String,
    /// Other places that belong to the finding, each with a few words.
    pub notes: Vec<(Place, String)>,
    /// What to do.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A fault that makes the definitions unusable.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            place: None,
            severity: Severity::Error,
            code,
            message: message.into(),
            notes: Vec::new(),
            hint: None,
        }
    }

    /// A finding that somebody should look at.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// Says where the finding is.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Adds another place with a few words about it.
    #[must_use]
    pub fn note(mut self, place: Place, words: impl Into<String>) -> Self {
        self.notes.push((place, words.into()));
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, words: impl Into<String>) -> Self {
        self.hint = Some(words.into());
        self
    }
}

/// The known name nearest to a misspelt one, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(name.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}
