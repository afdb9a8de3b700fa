//! [`changed_paths`]: which paths differ between two trees.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::directory::{Directory, Entry, Mode};
use super::{FileError, Tree, TreePath};

/// How a path differs between two trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It stands only in the later tree.
    Added,
    /// It stands only in the earlier tree.
    Removed,
    /// Its content differs.
    Modified,
    /// Its content is the same; its executable bit is not.
    Mode,
    /// It is another kind of thing: file, link, or submodule.
    Type,
}

/// The files, links and submodules that differ, in byte order. Directories that are the same object in both trees
/// are not looked into.
///
/// # Errors
/// When a directory cannot be read.
pub fn changed_paths(base: &Tree, head: &Tree) -> Result<Vec<(TreePath, Change)>, FileError> {
    let mut changes = BTreeSet::new();
    Comparison {
        base,
        head,
        changes: &mut changes,
    }
    .directories(&TreePath::root(), base.root(), head.root())?;
    Ok(changes.into_iter().collect())
}

struct Comparison<'a> {
    base: &'a Tree,
    head: &'a Tree,
    changes: &'a mut BTreeSet<(TreePath, Change)>,
}

impl Comparison<'_> {
    fn directories(
        &mut self,
        at: &TreePath,
        base: &Arc<Directory>,
        head: &Arc<Directory>,
    ) -> Result<(), FileError> {
        if Arc::ptr_eq(base, head) || (base.id.is_some() && base.id == head.id) {
            return Ok(());
        }
        let (mut left, mut right) = (
            base.entries.iter().peekable(),
            head.entries.iter().peekable(),
        );
        loop {
            match (left.peek(), right.peek()) {
                (None, None) => return Ok(()),
                (Some(old), None) => {
                    self.one_side(at, old, self.base, Change::Removed)?;
                    left.next();
                }
                (None, Some(new)) => {
                    self.one_side(at, new, self.head, Change::Added)?;
                    right.next();
                }
                (Some(old), Some(new)) => match old.name.cmp(&new.name) {
                    std::cmp::Ordering::Less => {
                        self.one_side(at, old, self.base, Change::Removed)?;
                        left.next();
                    }
                    std::cmp::Ordering::Greater => {
                        self.one_side(at, new, self.head, Change::Added)?;
                        right.next();
                    }
                    std::cmp::Ordering::Equal => {
                        self.both(at, old, new)?;
                        left.next();
                        right.next();
                    }
                },
            }
        }
    }

    fn both(&mut self, at: &TreePath, old: &Entry, new: &Entry) -> Result<(), FileError> {
        let path = at.child(&old.name);
        match (old.mode, new.mode) {
            (Mode::Directory, Mode::Directory) => {
                // Ids are comparable only where both sides come from git; the directories themselves know.
                let base = Directory::below(self.base.objects(), old, &path)?.clone();
                let head = Directory::below(self.head.objects(), new, &path)?.clone();
                self.directories(&path, &base, &head)
            }
            (Mode::Directory, _) | (_, Mode::Directory) => {
                self.one_side(at, old, self.base, Change::Removed)?;
                self.one_side(at, new, self.head, Change::Added)
            }
            (before, after) => {
                let regular = |mode| matches!(mode, Mode::File | Mode::Executable);
                let change = match (before == after, old.id == new.id) {
                    (true, true) => return Ok(()),
                    (true, false) => Change::Modified,
                    (false, _) if !(regular(before) && regular(after)) => Change::Type,
                    (false, true) => Change::Mode,
                    (false, false) => Change::Modified,
                };
                self.changes.insert((path, change));
                Ok(())
            }
        }
    }

    fn one_side(
        &mut self,
        at: &TreePath,
        entry: &Entry,
        tree: &Tree,
        change: Change,
    ) -> Result<(), FileError> {
        let path = at.child(&entry.name);
        if entry.mode != Mode::Directory {
            self.changes.insert((path, change));
            return Ok(());
        }
        let below = Directory::below(tree.objects(), entry, &path)?.clone();
        for entry in &below.entries {
            self.one_side(&path, entry, tree, change)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryTree;
    use super::*;

    #[test]
    fn names_every_difference() {
        let base = MemoryTree::new([
            ("a/kept", "k"),
            ("a/gone", "g"),
            ("dir/x", "x"),
            ("run.sh", "r"),
            ("link", "t"),
        ]);
        let head = MemoryTree::new([("a/kept", "K"), ("a/new", "n"), ("dir", "now a file")])
            .entry("run.sh", Mode::Executable, b"r")
            .entry("link", Mode::Link, b"t");
        let text: Vec<String> = changed_paths(&base.tree(), &head.tree())
            .unwrap()
            .into_iter()
            .map(|(path, change)| format!("{change:?} {path}"))
            .collect();
        insta::assert_snapshot!(text.join("\n"), @r"
        Removed a/gone
        Modified a/kept
        Added a/new
        Added dir
        Removed dir/x
        Type link
        Mode run.sh
        ");
        assert_eq!(changed_paths(&head.tree(), &head.tree()).unwrap(), []);
    }
}
