//! [`Locator`]: byte offsets to lines.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::diagnostic::Place;
use crate::tree::{Files, Tree, TreePath, View};

/// Finds the line of a place. Looks into the trees in order: what one does not hold, the next may.
#[derive(Debug)]
pub struct Locator<'a> {
    trees: Vec<&'a Tree>,
    /// Offsets at which lines start.
    lines: RefCell<HashMap<TreePath, Vec<u32>>>,
}

impl<'a> Locator<'a> {
    /// A locator over some trees.
    pub fn new(trees: impl IntoIterator<Item = &'a Tree>) -> Self {
        Self {
            trees: trees.into_iter().collect(),
            lines: RefCell::default(),
        }
    }

    /// The place as `file:line`; the file alone where the whole of it is meant.
    pub fn line(&self, place: &Place) -> String {
        match self.number(place) {
            Some(line) => format!("{}:{line}", place.path),
            None => place.path.to_string(),
        }
    }

    /// The line of the place, from 1; none where the whole file is meant.
    pub fn number(&self, place: &Place) -> Option<usize> {
        if place.span.end == 0 {
            return None;
        }
        let mut lines = self.lines.borrow_mut();
        let starts = lines
            .entry(place.path.clone())
            .or_insert_with(|| self.starts(&place.path));
        Some(starts.partition_point(|start| *start <= place.span.start))
    }

    fn starts(&self, path: &TreePath) -> Vec<u32> {
        let content = self
            .trees
            .iter()
            .find_map(|tree| View::new(tree).read(path).ok())
            .unwrap_or_default();
        let newlines = content
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n');
        std::iter::once(0)
            .chain(newlines.filter_map(|(at, _)| u32::try_from(at + 1).ok()))
            .collect()
    }
}
