//! [`EditError`]: why an edit is refused.

use super::Path;

/// An edit that is refused: where, what was found there, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: cannot edit `{path}`: {refusal}")]
pub struct EditError {
    /// The file, as it was named to [`apply`](super::apply).
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What was to be edited.
    pub path: Path,
    /// Why it is refused.
    pub refusal: Refusal,
}

/// Why an edit is refused. Who wrote the file can fix it, except where it says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The file, or what the edits make of it, is larger than what is read.
    #[error("more than {limit} {what}; split it")]
    TooLarge {
        /// How much is allowed.
        limit: usize,
        /// What is counted.
        what: &'static str,
    },
    /// The file is no YAML.
    #[error("the file is not YAML: {0}; correct it by hand first")]
    Syntax(String),
    /// The file holds several documents.
    #[error("a second document starts here; keep one document a file")]
    Documents,
    /// The file holds no document.
    #[error("the file holds no value; write a first entry by hand")]
    NoDocument,
    /// A tab stands where readers disagree about it.
    #[error("a tab indents this; use spaces")]
    Tab,
    /// A line ends in a bare carriage return.
    #[error(
        "a carriage return without a line feed stands here; save the file with one kind of line ends"
    )]
    CarriageReturn,
    /// A map has no such key.
    #[error("the map has no key `{key}`{}; correct the path, or insert it", near(.nearest.as_deref()))]
    Absent {
        /// The key.
        key: String,
        /// A key of the map that may be meant.
        nearest: Option<String>,
    },
    /// A map has a key only through `<<`.
    #[error(
        "the key `{0}` comes from elsewhere through the merge key `<<`; edit it there, or insert it here"
    )]
    Merged(String),
    /// A key that is removed would stay there through `<<`.
    #[error(
        "without this entry the key `{0}` would come from elsewhere through the merge key `<<`; edit that by hand"
    )]
    StillMerged(String),
    /// A key stands more than once.
    #[error("the key `{key}` stands twice, first in line {first}; keep one of them")]
    Duplicate {
        /// The key.
        key: String,
        /// The line in which it stands first.
        first: usize,
    },
    /// A sequence has fewer items.
    #[error("the list has {len} items, no item {index}; correct the path")]
    OutOfRange {
        /// The index that was asked for.
        index: usize,
        /// How many items there are.
        len: usize,
    },
    /// Something else stands where the edit needs a certain kind of value.
    #[error("expected {expected}, found {found}; correct the path")]
    WrongKind {
        /// What the edit needs.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// The value is a literal or folded block.
    #[error("the value is a block scalar (`|` or `>`); edit it by hand")]
    BlockScalar,
    /// The value, or one above it, is an alias.
    #[error("the value is the alias `{0}`; edit what it names")]
    Alias(String),
    /// The value, or one above it, is used elsewhere by its anchor.
    #[error("through the anchor `&{name}` other places would change too ({uses}); edit it by hand")]
    Shared {
        /// The anchor.
        name: String,
        /// How many aliases name it.
        uses: usize,
    },
    /// What is removed holds an anchor that is used elsewhere.
    #[error("it holds the anchor `&{0}`, which is used elsewhere; remove those aliases first")]
    Anchored(String),
    /// The value's tag gives it another type than the edit does.
    #[error("the tag `{0}` gives the value another type; remove it by hand")]
    Tagged(String),
    /// The caller asks to write plain what cannot be.
    #[error("`{0}` cannot be written without quotes here; give it as text")]
    NotPlain(String),
    /// The key is there already.
    #[error("the key `{0}` is there already; set it instead")]
    Exists(String),
    /// A value that stands without braces, colon or owner, so that nothing can be added to it or taken away.
    #[error("{0}; edit it by hand")]
    Form(&'static str),
    /// An earlier edit of the same call touches the same.
    #[error("another edit of the same call changes or removes this; ask for one of them")]
    Conflict,
    /// The edit would change more than it should. A fault of this program.
    #[error("the edit would change something else too: {0}; edit it by hand, and report this")]
    Guard(String),
}

fn near(key: Option<&str>) -> String {
    key.map_or_else(String::new, |key| format!(" (there is `{key}`)"))
}

impl Refusal {
    /// A stable kebab-case identifier.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::Syntax(_) => "yaml-syntax",
            Self::Documents => "many-documents",
            Self::NoDocument => "no-document",
            Self::Tab => "tab",
            Self::CarriageReturn => "carriage-return",
            Self::Absent { .. } => "absent",
            Self::Merged(_) => "merged",
            Self::StillMerged(_) => "still-merged",
            Self::Duplicate { .. } => "duplicate-key",
            Self::OutOfRange { .. } => "out-of-range",
            Self::WrongKind { .. } => "wrong-kind",
            Self::BlockScalar => "block-scalar",
            Self::Alias(_) => "alias",
            Self::Shared { .. } => "shared",
            Self::Anchored(_) => "anchored",
            Self::Tagged(_) => "tagged",
            Self::NotPlain(_) => "not-plain",
            Self::Exists(_) => "exists",
            Self::Form(_) => "form",
            Self::Conflict => "conflict",
            Self::Guard(_) => "guard",
        }
    }
}

/// A refusal and the byte at which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) refusal: Refusal,
}

impl Refusal {
    pub(super) fn at(self, at: usize) -> Fault {
        Fault { at, refusal: self }
    }
}
