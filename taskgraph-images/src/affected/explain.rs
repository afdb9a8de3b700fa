//! What a path would affect, and why an image is or is not affected.

use std::collections::BTreeMap;

use taskgraph_images_transforms::{ImageId, Kind};

use super::{Affected, AffectedImage, Side, must_be_claimed};
use crate::fleet::Where;
use crate::graph::{NodeKey, Step};
use crate::tree::{Change, TreePath};

/// The answer to "what is this to the fleet?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explanation {
    /// A path that goes into images.
    Path {
        /// The path.
        path: TreePath,
        /// How it differs between base and head, if it does.
        change: Option<Change>,
        /// The images that depend on it: their tasks, and the shortest way from the first of them.
        images: BTreeMap<ImageId, (Vec<Kind>, Vec<Step>)>,
        /// Whether only the values made of it count, not its bytes.
        by_value: bool,
    },
    /// A path that goes into no image.
    Unclaimed {
        /// The path.
        path: TreePath,
        /// Whether it stands where every file should go into some image.
        reported: bool,
        /// Whether there is such a file at all.
        exists: bool,
    },
    /// An image that is affected.
    Affected(ImageId, AffectedImage),
    /// An image that is not affected.
    Unaffected {
        /// The image.
        id: ImageId,
        /// Files that changed and that it is made of, without effect on it.
        touched: Vec<TreePath>,
    },
}

/// What a path is to the fleet, changed or not. Of a folder, what the files in it are.
pub fn explain_path(
    head: Side<'_>,
    base: Option<Side<'_>>,
    path: &TreePath,
    changes: &[(TreePath, Change)],
) -> Explanation {
    let change = changes
        .iter()
        .find(|(changed, _)| changed == path)
        .map(|(_, change)| *change);
    let claimed = |side: Side<'_>| -> Vec<NodeKey> {
        let exact = NodeKey::File(path.clone());
        if side.graph.contains(&exact) {
            return vec![exact];
        }
        let mut below: Vec<NodeKey> = side
            .graph
            .keys()
            .filter(|key| matches!(key, NodeKey::File(file) if file.is_within(path)))
            .cloned()
            .collect();
        below.sort_unstable();
        below
    };
    let found = [Some(head), base]
        .into_iter()
        .flatten()
        .map(|side| (side, claimed(side)));
    let Some((side, files)) = found.into_iter().find(|(_, files)| !files.is_empty()) else {
        return Explanation::Unclaimed {
            path: path.clone(),
            reported: must_be_claimed(head.fleet, path),
            exists: head.fleet.tree.find(path).is_ok(),
        };
    };
    let mut images: BTreeMap<ImageId, (Vec<Kind>, Vec<Step>)> = BTreeMap::new();
    for file in &files {
        for ((id, kind), via) in side.graph.dependents(file, true) {
            let entry = images
                .entry(id)
                .or_insert_with(|| (Vec::new(), via.clone()));
            if !entry.0.contains(&kind) {
                entry.0.push(kind);
            }
            if via.len() < entry.1.len() {
                entry.1 = via;
            }
        }
    }
    for (kinds, _) in images.values_mut() {
        kinds.sort_unstable();
    }
    let by_value = images
        .values()
        .filter_map(|(_, via)| via.last())
        .all(|step| step.role.counts() == Where::Values);
    Explanation::Path {
        path: path.clone(),
        change,
        images,
        by_value,
    }
}

/// Why an image is affected, or which changes leave it as it is.
pub fn explain_image(
    head: Side<'_>,
    affected: &Affected,
    id: &ImageId,
    changes: &[(TreePath, Change)],
) -> Explanation {
    if let Some(image) = affected.images.get(id) {
        return Explanation::Affected(id.clone(), image.clone());
    }
    let inputs = head.graph.inputs(id);
    let touched = changes
        .iter()
        .map(|(path, _)| path)
        .filter(|path| inputs.contains_key(*path))
        .cloned()
        .collect();
    Explanation::Unaffected {
        id: id.clone(),
        touched,
    }
}
