//! [`Directory`]: one directory of a tree, loaded when somebody first looks into it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::kept::Kept;
use super::{FileError, TreePath};

/// The identity of some content: equal ids mean equal bytes. Git's object id, padded with zeros.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentId([u8; 32]);

impl ContentId {
    /// An id of up to 32 bytes; shorter ones (SHA-1) are padded.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut id = [0; 32];
        id[..bytes.len()].copy_from_slice(bytes);
        Self(id)
    }

    /// The id, padded with zeros.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn bytes(&self, length: usize) -> &[u8] {
        &self.0[..length]
    }
}

impl std::fmt::Debug for ContentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0[..4]
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What an entry of a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A regular file.
    File,
    /// A regular file with the executable bit.
    Executable,
    /// A symbolic link; its content is the target's path.
    Link,
    /// A directory.
    Directory,
    /// A submodule; its id is a commit of another repository.
    Submodule,
}

/// A named thing in a directory.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: Box<str>,
    pub(super) mode: Mode,
    /// Of a directory that is not in git (index, work tree, memory): meaningless.
    pub(super) id: ContentId,
    /// The directory itself, once loaded.
    below: OnceLock<Arc<Directory>>,
}

impl Entry {
    pub(super) fn new(name: &str, mode: Mode, id: ContentId) -> Self {
        Self {
            name: name.into(),
            mode,
            id,
            below: OnceLock::new(),
        }
    }

    /// A directory that is loaded already.
    pub(super) fn directory(name: &str, below: Arc<Directory>) -> Self {
        Self {
            name: name.into(),
            mode: Mode::Directory,
            id: ContentId([0; 32]),
            below: OnceLock::from(below),
        }
    }

    /// The same entry, for another directory; what is loaded of it is shared.
    pub(super) fn shared(&self) -> Self {
        Self {
            name: self.name.clone(),
            mode: self.mode,
            id: self.id,
            below: self.below.clone(),
        }
    }
}

/// The entries of one directory, sorted by name.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) entries: Box<[Entry]>,
    /// The tree object's id, where the directory comes from git.
    pub(super) id: Option<ContentId>,
}

/// Where directories and contents come from.
pub(super) trait Objects: Send + Sync + std::fmt::Debug {
    /// The directory of a tree object.
    fn directory(&self, id: ContentId, path: &TreePath) -> Result<Arc<Directory>, FileError>;
    /// The content of a blob.
    fn blob(&self, id: ContentId, path: &TreePath) -> Result<Arc<[u8]>, FileError>;
    /// Where to keep what is made of contents, if they are likely to be met again.
    fn kept(&self) -> Option<&Kept> {
        None
    }
}

impl Directory {
    pub(super) fn new(mut entries: Vec<Entry>, id: Option<ContentId>) -> Self {
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Self {
            entries: entries.into_boxed_slice(),
            id,
        }
    }

    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries
            .binary_search_by(|entry| (*entry.name).cmp(name))
            .ok()
            .map(|at| &self.entries[at])
    }

    /// The directory below `entry`, which is one of this directory's.
    pub(super) fn below<'a>(
        objects: &dyn Objects,
        entry: &'a Entry,
        path: &TreePath,
    ) -> Result<&'a Arc<Self>, FileError> {
        if let Some(below) = entry.below.get() {
            return Ok(below);
        }
        let loaded = objects.directory(entry.id, path)?;
        Ok(entry.below.get_or_init(|| loaded))
    }

    /// Builds directories from a flat listing. A directory given whole (`Mode::Directory`) is loaded by its id.
    pub(super) fn from_files(
        files: impl IntoIterator<Item = (TreePath, Mode, ContentId)>,
    ) -> Arc<Self> {
        #[derive(Default)]
        struct Building {
            files: Vec<Entry>,
            directories: BTreeMap<String, Self>,
        }
        impl Building {
            fn finish(self) -> Arc<Directory> {
                let mut entries = self.files;
                for (name, directory) in self.directories {
                    entries.push(Entry::directory(&name, directory.finish()));
                }
                Arc::new(Directory::new(entries, None))
            }
        }
        let mut root = Building::default();
        for (path, mode, id) in files {
            let mut at = &mut root;
            let mut parts: Vec<&str> = path.components().collect();
            let Some(name) = parts.pop() else { continue };
            for part in parts {
                if !at.directories.contains_key(part) {
                    at.directories.insert(part.to_owned(), Building::default());
                }
                at = at.directories.get_mut(part).expect("inserted a line above");
            }
            at.files.push(Entry::new(name, mode, id));
        }
        root.finish()
    }
}
