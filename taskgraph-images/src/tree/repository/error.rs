//! [`RepositoryError`].

use std::path::PathBuf;

use crate::tree::TreePath;

/// Why the repository cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// There is no repository here, or it cannot be opened.
    #[error("no git repository at `{}`: {why}", .path.display())]
    NotARepository {
        /// Where it was looked for.
        path: PathBuf,
        /// The cause.
        why: String,
    },
    /// The name stands for no commit that this clone holds.
    #[error("`{name}` names no commit in this clone{}", if *.shallow { ", which is shallow" } else { "" })]
    UnknownRevision {
        /// The name as given.
        name: String,
        /// Whether the clone is shallow, so that the commit may exist elsewhere.
        shallow: bool,
    },
    /// The two commits share no ancestor in this clone.
    #[error("`{base}` and `{head}` have no common ancestor in this clone{}", if *.shallow { ", which is shallow" } else { "" })]
    Unrelated {
        /// One commit.
        base: String,
        /// The other.
        head: String,
        /// Whether the clone is shallow, so that the ancestor may exist elsewhere.
        shallow: bool,
    },
    /// The index holds entries that a merge left unresolved.
    #[error("`{0}` has an unresolved merge conflict in the index")]
    Conflict(TreePath),
    /// A bare repository has no work tree and no index.
    #[error("a bare repository has no {0}")]
    Bare(&'static str),
    /// The references are in a format that cannot be read.
    #[error(
        "the repository keeps its references in the reftable format, which cannot be read; \
         `git refs migrate --ref-format=files` converts them"
    )]
    References,
    /// An object or file could not be read.
    #[error("the repository cannot be read: {0}")]
    Unreadable(String),
}

pub(in crate::tree) fn unreadable(error: impl std::fmt::Display) -> RepositoryError {
    RepositoryError::Unreadable(error.to_string())
}
