//! [`Fault`]: why a proposal is not made.

/// Why a proposal is not made. All of a proposal's are told at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A path is none of a file in the repository.
    #[error("{path:?}: {why}; expected a path from the root of the repository downwards")]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A file decides what runs, or who approves.
    #[error("`{path}`: {why}; no proposal touches it, whatever is listed")]
    Forbidden {
        /// The path.
        path: String,
        /// What the file does.
        why: &'static str,
    },
    /// A file is not among those that these proposals may touch.
    #[error(
        "`{0}` is not among the files that may be edited; add it to their list if it should be"
    )]
    NotListed(String),
    /// One edited file would be the folder of another.
    #[error("`{0}` is edited as a file, and so is `{1}` in a folder of that name")]
    Clash(String, String),
    /// A file would be made, and only edits are allowed.
    #[error("`{0}` would be a new file; only files that are there may be edited")]
    NewFile(String),
    /// A file holds what no text does.
    #[error("`{path}` {why}")]
    NotText {
        /// The path.
        path: String,
        /// What it holds.
        why: &'static str,
    },
    /// The branch would run with a level that is kept for people's.
    #[error(
        "the branch `{branch}` matches `{pattern}`, whose pushes run at level {level}; choose another prefix"
    )]
    Level {
        /// The branch.
        branch: String,
        /// The pattern of the project's branches.
        pattern: String,
        /// The level.
        level: u8,
    },
    /// The branch is the one that the proposal is for, or cannot stand beside it.
    #[error("the branch `{branch}` cannot stand beside `{base}`, which the proposal is for")]
    Base {
        /// The branch.
        branch: String,
        /// The branch that the proposal is for.
        base: String,
    },
    /// There is no title.
    #[error("the title is empty")]
    NoTitle,
    /// The marker is another group's.
    #[error("the marker is of the group `{marker}`, the proposal of `{group}`")]
    Group {
        /// The marker's.
        marker: String,
        /// The proposal's.
        group: String,
    },
    /// The marker could not be read again.
    #[error("the marker {0}")]
    Marker(String),
    /// A label or reviewer is no name.
    #[error("{0:?} is no name of a label or reviewer")]
    Name(String),
}
