//! [`MemoryTree`]: a tree made of literals, for examples and tests.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::directory::{ContentId, Directory, Mode, Objects};
use super::{FileError, FileKind, Files, Tree, TreePath, View};

/// Builds a [`Tree`] from paths and contents.
///
/// ```
/// use taskgraph_images::tree::{Files, MemoryTree, TreePath};
///
/// let tree = MemoryTree::new([("scripts/a.sh", "echo a\n")]);
/// assert_eq!(&*tree.read(&TreePath::parse("scripts/a.sh")?)?, b"echo a\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryTree {
    files: BTreeMap<TreePath, (Mode, Arc<[u8]>)>,
}

impl MemoryTree {
    /// A tree of the given paths and contents.
    ///
    /// # Panics
    /// When a path leaves the tree: the caller writes these paths.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        files
            .into_iter()
            .fold(Self::default(), |tree, (path, text)| tree.file(path, text))
    }

    /// Adds or replaces a file.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.entry(path, Mode::File, content.as_ref())
    }

    /// Adds or replaces anything that has a path: an executable file, a link (content: its target), a submodule
    /// (content: any bytes that stand for its commit).
    ///
    /// # Panics
    /// When the path leaves the tree: the caller writes these paths.
    #[must_use]
    pub fn entry(mut self, path: &str, mode: Mode, content: &[u8]) -> Self {
        let path = TreePath::parse(path).expect("paths of a literal tree are plain");
        self.files.insert(path, (mode, Arc::from(content)));
        self
    }

    /// Removes a file.
    #[must_use]
    pub fn without(mut self, path: &str) -> Self {
        self.files.retain(|file, _| file.as_str() != path);
        self
    }

    /// The tree as the rest of the program takes it.
    pub fn tree(&self) -> Tree {
        let mut blobs = HashMap::new();
        let listing: Vec<_> = self
            .files
            .iter()
            .map(|(path, (mode, content))| {
                let id = ContentId::new(&Sha256::digest(content));
                blobs.insert(id, content.clone());
                (path.clone(), *mode, id)
            })
            .collect();
        Tree::new(
            "memory",
            Directory::from_files(listing),
            Arc::new(Blobs(blobs)),
        )
    }
}

#[derive(Debug)]
struct Blobs(HashMap<ContentId, Arc<[u8]>>);

impl Objects for Blobs {
    fn directory(&self, _: ContentId, path: &TreePath) -> Result<Arc<Directory>, FileError> {
        Err(FileError::Missing(path.clone()))
    }

    fn blob(&self, id: ContentId, path: &TreePath) -> Result<Arc<[u8]>, FileError> {
        self.0
            .get(&id)
            .cloned()
            .ok_or_else(|| FileError::Missing(path.clone()))
    }
}

impl Files for MemoryTree {
    fn kind(&self, path: &TreePath) -> Result<FileKind, FileError> {
        View::new(&self.tree()).kind(path)
    }

    fn read(&self, path: &TreePath) -> Result<Arc<[u8]>, FileError> {
        View::new(&self.tree()).read(path)
    }

    fn list(&self, path: &TreePath, recursive: bool) -> Result<Vec<TreePath>, FileError> {
        View::new(&self.tree()).list(path, recursive)
    }
}
