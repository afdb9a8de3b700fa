//! [`Proof`]: the imported definitions, loaded as they will stand, against the images that they were made from.

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images_transforms::ImageId;

use super::is_replaced;
use crate::comparison::{ComparisonError, Snapshot};
use crate::definitions::Layout;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fleet::Where;
use crate::graph::Contents;
use crate::tree::{Files as _, MemoryTree, TreePath, View};

/// How the imported images compare with those that a recipe read.
#[derive(Debug)]
pub struct Proof {
    /// How many images there are.
    pub images: usize,
    /// How many inputs they have in common.
    pub inputs: usize,
    /// Images that are not made of the same.
    pub differences: BTreeMap<ImageId, Difference>,
    /// What is wrong with the imported definitions.
    pub faults: Vec<Diagnostic>,
}

impl Proof {
    /// Whether every input was kept.
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
            && self
                .differences
                .values()
                .all(|difference| difference.lost.is_empty())
    }
}

/// What the imported image is made of, and the old one was not, or the other way round.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Inputs that were lost.
    pub lost: BTreeSet<TreePath>,
    /// Inputs that came.
    pub came: BTreeSet<TreePath>,
}

/// Loads the tree with the imported files in it.
pub(super) fn load(
    snapshot: &Snapshot,
    root: &TreePath,
    files: &BTreeMap<TreePath, String>,
) -> Result<Snapshot, ComparisonError> {
    let tree = &snapshot.fleet.tree;
    let view = View::new(tree);
    let mut memory = MemoryTree::default();
    for path in view.list(&TreePath::root(), true)? {
        let found = tree.find(&path)?;
        let content = match view.read(&path) {
            Ok(content) => content,
            // A submodule, or a file too large to be read, is the same on both sides.
            Err(_) => found.id.as_bytes().as_slice().into(),
        };
        memory = memory.entry(path.as_str(), found.mode, &content);
    }
    for (path, text) in files {
        memory = memory.file(path.as_str(), text);
    }
    Snapshot::load(
        &memory.tree(),
        &Layout::at(root.clone()),
        &Contents::default(),
    )
}

/// The files of each image that hold references which cannot be followed.
pub(super) fn unfollowed(trial: &Snapshot) -> BTreeMap<ImageId, BTreeSet<TreePath>> {
    let mut waived: BTreeMap<ImageId, BTreeSet<TreePath>> = BTreeMap::new();
    for (id, image) in &trial.fleet.images {
        for finding in &image.findings {
            let asked = matches!(finding.code, "unresolved-reference" | "unreadable-script");
            if let (true, Severity::Error, Some(place)) = (asked, finding.severity, &finding.place)
            {
                waived
                    .entry(id.clone())
                    .or_default()
                    .insert(place.path.clone());
            }
        }
    }
    waived
}

/// Compares what images are made of.
pub(super) fn compare(before: &Snapshot, after: &Snapshot, root: &TreePath) -> Proof {
    let mut proof = Proof {
        images: 0,
        inputs: 0,
        differences: BTreeMap::new(),
        faults: after
            .fleet
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .cloned()
            .collect(),
    };
    for (id, image) in &before.fleet.images {
        proof.images += 1;
        let rendered = image
            .resolved()
            .foreign
            .as_ref()
            .is_some_and(|foreign| foreign.rendered.is_some());
        let counted = |snapshot: &Snapshot, old: bool| -> BTreeSet<TreePath> {
            snapshot
                .graph()
                .inputs(id)
                .into_iter()
                .filter(|(path, reached)| {
                    let role = reached.via.last().map(|step| step.role);
                    role.is_some_and(|role| {
                        role.counts() != Where::Nothing && !(old && is_replaced(role, rendered))
                    }) && !path.is_within(root)
                })
                .map(|(path, _)| path)
                .collect()
        };
        let (old, new) = (counted(before, true), counted(after, false));
        proof.inputs += old.intersection(&new).count();
        let difference = Difference {
            lost: old.difference(&new).cloned().collect(),
            came: new.difference(&old).cloned().collect(),
        };
        if difference != Difference::default() {
            proof.differences.insert(id.clone(), difference);
        }
    }
    proof
}
