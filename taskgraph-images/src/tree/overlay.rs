//! A tree with other contents in some of its files, without writing anything: what an edit would lead to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::directory::{ContentId, Directory, Entry, Mode, Objects};
use super::kept::Kept;
use super::{FileError, Tree, TreePath};

impl Tree {
    /// The tree with some files' contents replaced, or with files that it does not have. A file keeps its mode; links
    /// stay what they are.
    ///
    /// # Errors
    /// When a directory on the way cannot be read, or is none, or a directory or link stands where the file should.
    pub fn with(&self, files: &BTreeMap<TreePath, Vec<u8>>) -> Result<Self, FileError> {
        let mut root = Arc::clone(self.root());
        let mut blobs = HashMap::new();
        for (path, content) in files {
            if let Ok(found) = self.find(path)
                && found.path == *path
                && found.mode != Mode::Directory
                && *self.blob(found.id, path)? == **content
            {
                continue;
            }
            // No id of git's: those are padded with zeros when they are shorter, and of contents with a header.
            let id = ContentId::new(&Sha256::digest(content));
            blobs.insert(id, Arc::from(content.as_slice()));
            let parts: Vec<&str> = path.components().collect();
            root = replaced(self.objects(), &root, &TreePath::root(), &parts, id, path)?;
        }
        let objects = Overlay {
            blobs,
            below: self.clone(),
        };
        let name = format!("{} with edits", self.name());
        Ok(Self::new(&name, root, Arc::new(objects)))
    }
}

/// A directory with another id for the file at `parts` below it.
fn replaced(
    objects: &dyn Objects,
    directory: &Directory,
    at: &TreePath,
    parts: &[&str],
    id: ContentId,
    whole: &TreePath,
) -> Result<Arc<Directory>, FileError> {
    let Some((name, rest)) = parts.split_first() else {
        return Err(FileError::NotAFile(whole.clone()));
    };
    let here = at.child(name);
    let there = directory.entry(name);
    let entry = match (there.map(|entry| entry.mode), rest.is_empty()) {
        (None, true) => Entry::new(name, Mode::File, id),
        (Some(mode @ (Mode::File | Mode::Executable)), true) => Entry::new(name, mode, id),
        (Some(Mode::Directory | Mode::Submodule | Mode::Link), true) => {
            return Err(FileError::NotAFile(whole.clone()));
        }
        (None, false) => {
            let below = replaced(objects, &Directory::default(), &here, rest, id, whole)?;
            Entry::directory(name, below)
        }
        (Some(Mode::Directory), false) => {
            let entry = there.ok_or_else(|| FileError::Missing(here.clone()))?;
            let below = Directory::below(objects, entry, &here)?;
            Entry::directory(name, replaced(objects, below, &here, rest, id, whole)?)
        }
        (Some(_), false) => return Err(FileError::NotADirectory(here)),
    };
    let mut entries: Vec<Entry> = directory
        .entries
        .iter()
        .filter(|entry| *entry.name != **name)
        .map(Entry::shared)
        .collect();
    entries.push(entry);
    Ok(Arc::new(Directory::new(entries, None)))
}

/// Contents of edits before those of the tree below.
#[derive(Debug)]
struct Overlay {
    blobs: HashMap<ContentId, Arc<[u8]>>,
    below: Tree,
}

impl Objects for Overlay {
    fn directory(&self, id: ContentId, path: &TreePath) -> Result<Arc<Directory>, FileError> {
        self.below.objects().directory(id, path)
    }

    fn blob(&self, id: ContentId, path: &TreePath) -> Result<Arc<[u8]>, FileError> {
        match self.blobs.get(&id) {
            Some(content) => Ok(Arc::clone(content)),
            None => self.below.objects().blob(id, path),
        }
    }

    fn kept(&self) -> Option<&Kept> {
        self.below.objects().kept()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Files as _, MemoryTree, View, changed_paths};

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).unwrap()
    }

    #[test]
    fn only_the_edited_files_differ() {
        let tree = MemoryTree::new([("a/b/c.yml", "1\n"), ("a/d.sh", "2\n"), ("e", "3\n")])
            .entry("a/run.sh", Mode::Executable, b"4\n")
            .entry("link", Mode::Link, b"a")
            .tree();
        let edits = BTreeMap::from([
            (path("a/b/c.yml"), b"one\n".to_vec()),
            (path("a/run.sh"), b"four\n".to_vec()),
            (path("new/file"), b"five\n".to_vec()),
            (path("e"), b"3\n".to_vec()),
        ]);
        let edited = tree.with(&edits).unwrap();
        let view = View::new(&edited);
        assert_eq!(&*view.read(&path("link/b/c.yml")).unwrap(), b"one\n");
        assert_eq!(&*view.read(&path("a/d.sh")).unwrap(), b"2\n");
        assert_eq!(
            edited.find(&path("a/run.sh")).unwrap().mode,
            Mode::Executable
        );
        let changes = changed_paths(&tree, &edited).unwrap();
        let changes: Vec<&str> = changes.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(changes, ["a/b/c.yml", "a/run.sh", "new/file"]);
        // What was there before is untouched.
        assert_eq!(&*View::new(&tree).read(&path("a/b/c.yml")).unwrap(), b"1\n");
    }

    #[test]
    fn a_file_stands_only_where_one_can() {
        let tree = MemoryTree::new([("a/b", "1\n")])
            .entry("link", Mode::Link, b"a")
            .tree();
        for (at, expect) in [
            ("a", "`a` is a directory, not a file"),
            ("a/b/c", "`a/b` is a file, not a directory"),
            ("link", "`link` is a directory, not a file"),
        ] {
            let edits = BTreeMap::from([(path(at), b"x".to_vec())]);
            assert_eq!(tree.with(&edits).unwrap_err().to_string(), expect);
        }
    }
}
