//! [`Affected`]: two graphs compared: which images' tasks differ, and why.
//!
//! It never runs git and reads nothing: a [`Side`] is a fleet and its graph, the answer is a value. A task is
//! affected when its digest differs or it is new. Reasons are found afterwards, by walking from what itself changed.

mod because;
mod explain;
mod scope;
mod unresolved;

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images_transforms::{ImageId, Kind};

pub use explain::{Explanation, explain_image, explain_path};
pub(crate) use scope::may_differ;
pub use unresolved::Unresolved;
pub(crate) use unresolved::{is_partial, unresolved};

use crate::diagnostic::Severity;
use crate::fleet::Fleet;
use crate::glob::Glob;
use crate::graph::{ImageGraph, NodeKey, Step};
use crate::tree::{Change, TreePath};

/// A fleet and its graph.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The fleet.
    pub fleet: &'a Fleet,
    /// Its graph.
    pub graph: &'a ImageGraph,
}

/// What a change affects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// Affected images.
    pub images: BTreeMap<ImageId, AffectedImage>,
    /// Files of provisioning folders that changed although no image claims them, on either side.
    pub unclaimed: Vec<TreePath>,
    /// Images of the head of which nothing can be said. Only where a recipe reads the definitions: native ones must be
    /// sound as a whole.
    pub unresolved: Vec<Unresolved>,
}

/// An affected image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffectedImage {
    /// What happened to it.
    pub change: ImageChange,
    /// Its affected tasks, in the order they run; of a removed image, none.
    pub tasks: Vec<Kind>,
    /// Why, nearest causes first.
    pub reasons: Vec<Reason>,
}

/// What happened to an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageChange {
    /// It exists only at the head.
    New,
    /// Some task differs.
    Changed,
    /// It existed only at the base.
    Removed,
}

/// One cause, and the way from it to the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What sort of cause.
    pub kind: ReasonKind,
    /// The file that changed, if one did.
    pub path: Option<TreePath>,
    /// How the file changed, if it did.
    pub change: Option<Change>,
    /// The key of the definition, pin or settings whose value differs.
    pub key: Option<String>,
    /// From the image's task to the cause, every edge.
    pub via: Vec<Step>,
}

/// What sort of cause a [`Reason`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKind {
    /// The image is new.
    New,
    /// The image is gone.
    Removed,
    /// A value of the definition differs.
    Definition,
    /// A pin that the definition names differs.
    Pin,
    /// What the template means for the image differs.
    Template,
    /// The content, mode or existence of a file that goes into it differs.
    Input,
    /// The worker alias that a task runs on differs, or what the rendered task runs.
    Task,
    /// The image that it is built from is affected.
    Parent,
    /// Somebody asked for it.
    Forced,
    /// The base's definition is at fault, so that nothing is known of the image there.
    BaseAtFault,
}

impl ReasonKind {
    /// The kind's name in JSON and text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Removed => "removed",
            Self::Definition => "definition",
            Self::Pin => "pin",
            Self::Template => "template",
            Self::Input => "input",
            Self::Task => "task",
            Self::Parent => "parent",
            Self::Forced => "forced",
            Self::BaseAtFault => "base-at-fault",
        }
    }
}

impl Affected {
    /// Compares two sides that differ by `changes`. Where one side was loaded like the other, graphs of the images that
    /// `scope` names are enough.
    pub fn compare(base: Side<'_>, head: Side<'_>, changes: &[(TreePath, Change)]) -> Self {
        let mut images = BTreeMap::new();
        let mut differing: BTreeSet<(ImageId, Kind)> = BTreeSet::new();
        // A definition at fault may have made the image; where none is, it did not exist.
        let hidden = |image: &crate::fleet::Image| {
            let mut faulty = base
                .fleet
                .files
                .iter()
                .filter(|file| !file.faults.is_empty());
            if base.fleet.is_foreign() {
                // With recipes a file makes its own images, whatever they extend.
                faulty.any(|file| file.path == image.resolved().path)
            } else {
                faulty.next().is_some()
            }
        };
        let unresolved = unresolved(head.fleet, Some(base.fleet));
        let unknown: BTreeSet<&ImageId> = unresolved
            .iter()
            .filter_map(|unresolved| unresolved.image.as_ref())
            .collect();
        for (id, image) in &head.fleet.images {
            if unknown.contains(id) {
                continue;
            }
            if !base.fleet.images.contains_key(id) {
                let (change, reason) = if hidden(image) {
                    (ImageChange::Changed, ReasonKind::BaseAtFault)
                } else {
                    (ImageChange::New, ReasonKind::New)
                };
                let affected = AffectedImage {
                    change,
                    tasks: image.kinds().collect(),
                    reasons: vec![because::alone(reason, &image.resolved().path)],
                };
                images.insert(id.clone(), affected);
                continue;
            }
            if at_fault(base.fleet, id) {
                let affected = AffectedImage {
                    change: ImageChange::Changed,
                    tasks: image.kinds().collect(),
                    reasons: vec![because::alone(
                        ReasonKind::BaseAtFault,
                        &image.resolved().path,
                    )],
                };
                images.insert(id.clone(), affected);
                continue;
            }
            let mut key = NodeKey::Task(id.clone(), Kind::Build);
            for kind in image.kinds() {
                // A graph of a part leaves out the images that cannot differ.
                if let NodeKey::Task(_, of) = &mut key {
                    *of = kind;
                }
                if base.graph.digest(&key) != head.graph.digest(&key) {
                    differing.insert((id.clone(), kind));
                }
            }
        }
        for (id, image) in &base.fleet.images {
            if !head.fleet.images.contains_key(id) && !unknown.contains(id) {
                let reasons = vec![because::alone(ReasonKind::Removed, &image.resolved().path)];
                images.insert(
                    id.clone(),
                    AffectedImage {
                        change: ImageChange::Removed,
                        tasks: Vec::new(),
                        reasons,
                    },
                );
            }
        }
        let mut reasons = because::reasons(base, head, changes, &differing);
        for (id, kind) in differing {
            let entry = images.entry(id.clone()).or_insert_with(|| AffectedImage {
                change: ImageChange::Changed,
                tasks: Vec::new(),
                reasons: reasons.remove(&id).unwrap_or_default(),
            });
            entry.tasks.push(kind);
        }
        Self {
            images,
            unclaimed: unclaimed(base, head, changes),
            unresolved,
        }
    }

    /// What changes affect that nothing in a side was looked at for: no image.
    pub(crate) fn elsewhere(fleet: &Fleet, changes: &[(TreePath, Change)]) -> Self {
        // What an image claims was looked at, so that no change is claimed.
        let changed = changes.iter().map(|(path, _)| path);
        Self {
            images: BTreeMap::new(),
            unresolved: unresolved(fleet, None),
            unclaimed: changed
                .filter(|path| must_be_claimed(fleet, path))
                .cloned()
                .collect(),
        }
    }

    /// Everything at the head, as if nothing had been there before.
    pub fn all(head: &Fleet, kind: ReasonKind) -> Self {
        let unresolved = unresolved(head, None);
        let known = |id: &ImageId| {
            !unresolved
                .iter()
                .any(|unresolved| unresolved.image.as_ref() == Some(id))
        };
        let images = head
            .images
            .iter()
            .filter(|(id, _)| known(id))
            .map(|(id, image)| {
                let reasons = vec![because::alone(kind, &image.resolved().path)];
                let tasks = image.kinds().collect();
                (
                    id.clone(),
                    AffectedImage {
                        change: ImageChange::Changed,
                        tasks,
                        reasons,
                    },
                )
            })
            .collect();
        Self {
            images,
            unclaimed: Vec::new(),
            unresolved,
        }
    }
}

/// Whether something is wrong with the image itself, so that its digests say nothing.
fn at_fault(fleet: &Fleet, id: &ImageId) -> bool {
    fleet.images.get(id).is_some_and(|image| {
        image
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    })
}

/// Changed files of provisioning folders that go into no image of either side.
fn unclaimed(base: Side<'_>, head: Side<'_>, changes: &[(TreePath, Change)]) -> Vec<TreePath> {
    let claimed = |side: Side<'_>, path: &TreePath| side.graph.counts(&NodeKey::File(path.clone()));
    changes
        .iter()
        .map(|(path, _)| path)
        .filter(|path| must_be_claimed(head.fleet, path) || must_be_claimed(base.fleet, path))
        .filter(|path| !claimed(base, path) && !claimed(head, path))
        .cloned()
        .collect()
}

/// Whether a file stands in a folder in which every file must go into some image.
pub(crate) fn must_be_claimed(fleet: &Fleet, path: &TreePath) -> bool {
    let layout = &fleet.layout;
    let ours =
        *path == layout.config() || *path == layout.pins() || path.is_within(&layout.kinds());
    fleet
        .claimed_folders()
        .iter()
        .any(|folder| path.is_within(folder))
        && !ours
        && !fleet
            .unclaimed_ok()
            .any(|glob| Glob::parse(&glob.value).is_ok_and(|glob| glob.matches(path)))
}
