//! [`MemoryTree`]: a tree made of literals, for examples and tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{FileError, FileKind, Files, TreePath};

/// Files held in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryTree {
    files: BTreeMap<TreePath, Arc<[u8]>>,
}

impl MemoryTree {
    /// A tree of the given paths and contents.
    ///
    /// # Panics
    /// When a path leaves the tree: the caller writes these paths.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let files = files
            .into_iter()
            .map(|(path, text)| {
                (
                    TreePath::parse(path).expect("paths of a literal tree are plain"),
                    Arc::from(text.as_bytes()),
                )
            })
            .collect();
        Self { files }
    }
}

impl Files for MemoryTree {
    fn kind(&self, path: &TreePath) -> Result<FileKind, FileError> {
        if self.files.contains_key(path) {
            Ok(FileKind::File)
        } else if path.is_root() || self.files.keys().any(|file| file.is_within(path)) {
            Ok(FileKind::Directory)
        } else {
            Err(FileError::Missing(path.clone()))
        }
    }

    fn read(&self, path: &TreePath) -> Result<Arc<[u8]>, FileError> {
        match self.files.get(path) {
            Some(content) => Ok(content.clone()),
            None => Err(match self.kind(path) {
                Ok(_) => FileError::NotAFile(path.clone()),
                Err(error) => error,
            }),
        }
    }

    fn list(&self, path: &TreePath, recursive: bool) -> Result<Vec<TreePath>, FileError> {
        if self.kind(path)? == FileKind::File {
            return Err(FileError::NotADirectory(path.clone()));
        }
        Ok(self
            .files
            .keys()
            .filter(|file| {
                file.strip_prefix(path)
                    .is_some_and(|rest| recursive || !rest.contains('/'))
            })
            .cloned()
            .collect())
    }
}
