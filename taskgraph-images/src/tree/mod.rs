//! The files of a repository at one moment: a git revision, the index, the work tree, or memory.
//!
//! A [`Tree`] answers by path and content id and never follows symbolic links; [`Files`] is the view that the
//! rest of the program reads through: it follows links inside the tree, refuses those that leave it, and is what
//! analysers of templates and scripts take.

pub mod checkout;
mod compare;
mod directory;
pub mod fetch;
mod history;
mod kept;
mod memory;
mod overlay;
mod path;
mod repository;
pub mod snapshot;
mod touched;
mod view;
mod work_tree;

use std::sync::Arc;

pub use compare::{Change, changed_paths};
pub use directory::{ContentId, Mode};
pub use history::{Commit, Lines};
pub use memory::MemoryTree;
pub use path::{PathError, TreePath};
pub use repository::{Repository, RepositoryError, Revision};
pub use touched::Touched;
pub use view::{Found, Look, MAX_FILE, Tree, View};

/// What stands at a path once links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A submodule: a commit of another repository, whose files are not in this tree.
    Submodule,
}

/// Why a path cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Nothing stands there.
    #[error("`{0}` does not exist")]
    Missing(TreePath),
    /// A directory or submodule stands where a file was expected.
    #[error("`{0}` is a directory, not a file")]
    NotAFile(TreePath),
    /// A file stands where a directory was expected.
    #[error("`{0}` is a file, not a directory")]
    NotADirectory(TreePath),
    /// The path lies inside a submodule.
    #[error("`{0}` lies in the submodule `{1}`, whose files are not in this repository")]
    InSubmodule(TreePath, TreePath),
    /// A symbolic link that leads out of the tree.
    #[error("the symbolic link `{0}` leads out of the repository, to `{1}`")]
    LinkEscapes(TreePath, String),
    /// Symbolic links that lead to one another.
    #[error("the symbolic link `{0}` leads back to itself")]
    LinkLoop(TreePath),
    /// A directory whose links to other directories show too many files.
    #[error("`{0}` shows more than {1} files through symbolic links")]
    TooManyLinked(TreePath, usize),
    /// The file is larger than anything that is read whole.
    #[error("`{0}` holds {1} bytes; at most {2} are read")]
    TooLarge(TreePath, u64, u64),
    /// The repository could not give the content.
    #[error("`{0}` cannot be read: {1}")]
    Unreadable(TreePath, String),
}

/// Read access to files by path, links followed. What analysers of templates and scripts take.
pub trait Files {
    /// What stands at `path`.
    ///
    /// # Errors
    /// When nothing stands there, or a link on the way cannot be followed.
    fn kind(&self, path: &TreePath) -> Result<FileKind, FileError>;

    /// The content of the file at `path`.
    ///
    /// # Errors
    /// When it is no file, or cannot be read.
    fn read(&self, path: &TreePath) -> Result<Arc<[u8]>, FileError>;

    /// The files (not directories) in the directory at `path`, in byte order of their paths; with `recursive`,
    /// also those below. Submodules are listed as files.
    ///
    /// # Errors
    /// When it is no directory, or a link on the way cannot be followed.
    fn list(&self, path: &TreePath, recursive: bool) -> Result<Vec<TreePath>, FileError>;
}
