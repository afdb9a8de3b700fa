//! [`Touched`]: which looks the difference between two trees can have altered.

use std::collections::{BTreeSet, HashSet};

use super::{Change, Look, Tree, TreePath};

/// The difference between two trees, as those who looked at one of them ask about it: would they see the same in the
/// other?
#[derive(Debug)]
pub struct Touched {
    /// The changed paths, and the folders that exist on one side only, in order.
    changed: Vec<TreePath>,
    /// Whether something came, went, or became another kind of thing; else no folder did.
    replaces: bool,
    /// The changed paths and every folder above them, for quick refusals.
    with_folders: HashSet<TreePath, foldhash::fast::RandomState>,
    /// Which lengths these paths have, for refusals that are quicker still: one bit for each, by the last digits. Whole
    /// fleets are asked, and few of their paths are as long as one that changed.
    lengths: [u64; 4],
}

impl Touched {
    /// What two trees that differ by `changes` can show differently.
    pub fn new(before: &Tree, after: &Tree, changes: &[(TreePath, Change)]) -> Self {
        let mut changed: BTreeSet<TreePath> = BTreeSet::new();
        let mut with_folders = HashSet::default();
        // The root is a folder above every path, and has no length.
        let mut lengths = [1, 0, 0, 0];
        for (path, _) in changes {
            let mut at = path.clone();
            while with_folders.insert(at.clone()) && !at.is_root() {
                let (word, bit) = length_bit(&at);
                lengths[word] |= bit;
                at = at.parent();
                // With its first file a folder comes into being, with its last it goes.
                if before.find(&at).is_ok() != after.find(&at).is_ok() {
                    changed.insert(at.clone());
                }
            }
            changed.insert(path.clone());
        }
        Self {
            changed: changed.into_iter().collect(),
            replaces: changes
                .iter()
                .any(|(_, change)| !matches!(change, Change::Modified | Change::Mode)),
            with_folders,
            lengths,
        }
    }

    /// Whether something changed at a path or below it.
    fn is_at_or_below(&self, path: &TreePath) -> bool {
        let (word, bit) = length_bit(path);
        self.lengths[word] & bit != 0 && self.with_folders.contains(path)
    }

    /// Whether none of the changes can have altered what these looks saw.
    pub fn spares<'l>(&self, looks: impl IntoIterator<Item = &'l Look>) -> bool {
        !looks.into_iter().any(|look| match look {
            // Only a change at the path, or of something above it, can be seen: the latter replaces a folder.
            Look::Path(path) => {
                self.is_at_or_below(path) && self.changed.iter().any(|changed| look.sees(changed))
                    || self.replaced_above(path)
            }
            Look::Entries(path) | Look::AllBelow(path) => {
                (self.is_at_or_below(path) || self.replaced_above(path))
                    && self.changed.iter().any(|changed| look.sees(changed))
            }
        })
    }

    /// Whether a folder above `path` became a file or link, or the other way round.
    fn replaced_above(&self, path: &TreePath) -> bool {
        if !self.replaces {
            return false;
        }
        let mut at = path.as_str();
        while let Some((above, _)) = at.rsplit_once('/') {
            let replaced = |changed: &TreePath| changed.as_str().cmp(above);
            if self.changed.binary_search_by(replaced).is_ok() {
                return true;
            }
            at = above;
        }
        false
    }
}

/// The word and the bit for a path's length.
fn length_bit(path: &TreePath) -> (usize, u64) {
    let length = path.as_str().len();
    (length / 64 % 4, 1 << (length % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{MemoryTree, changed_paths};

    #[test]
    fn paths_of_all_lengths_and_the_root_are_seen() {
        for length in 1..600 {
            let path = "x".repeat(length.min(200)) + &"/y".repeat(length.saturating_sub(200) / 2);
            let (before, after) = (
                MemoryTree::default(),
                MemoryTree::default().file(&path, "1"),
            );
            let (before, after) = (before.tree(), after.tree());
            let touched = Touched::new(&before, &after, &changed_paths(&before, &after).unwrap());
            let path = TreePath::from_git(&path);
            assert!(!touched.spares(&[Look::Path(path.clone())]), "{path}");
            assert!(!touched.spares(&[Look::Entries(path.parent())]), "{path}");
            assert!(
                !touched.spares(&[Look::AllBelow(TreePath::root())]),
                "{path}"
            );
            assert!(touched.spares(&[Look::Path(TreePath::from_git("z"))]));
        }
    }
}
