//! `affected --format json`: what a change affects, and why.

use serde::Serialize;
use taskgraph_images_transforms::{Cloud, ImageId, Kind};

use super::{Locator, StepJson, VERSION, via};
use crate::affected::{AffectedImage, ImageChange, Reason, ReasonKind, Unresolved};
use crate::comparison::Comparison;
use crate::diagnostic::Diagnostic;
use crate::tree::Change;

/// The document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Affected {
    /// [`VERSION`].
    pub version: u32,
    /// The base: a commit's id, or `nothing`.
    pub base: String,
    /// The head: a commit's id, `index` or `work tree`.
    pub head: String,
    /// The affected images, sorted by name, then cloud.
    pub images: Vec<Image>,
    /// Changed files of provisioning folders that go into no image.
    pub unclaimed: Vec<String>,
    /// Images of which nothing can be said, because their definitions are at fault.
    pub unresolved: Vec<UnresolvedJson>,
}

/// An image, or a definition whose images are not known, that cannot be resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnresolvedJson {
    /// Its name; absent when the definition is too broken to tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its cloud, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<Cloud>,
    /// The file that defines it.
    pub definition: String,
    /// What is wrong, each with its place.
    pub faults: Vec<String>,
}

/// An affected image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Its name.
    pub name: String,
    /// Its cloud.
    pub cloud: Cloud,
    /// What happened to it.
    pub change: ImageChange,
    /// Its affected tasks.
    pub tasks: Vec<Kind>,
    /// Why.
    pub reasons: Vec<ReasonJson>,
}

/// A reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonJson {
    /// What sort of cause.
    pub kind: ReasonKind,
    /// The file that it lies in.
    pub path: Option<String>,
    /// How the file changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The key whose value differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The shortest way to it, every edge.
    pub via: Vec<StepJson>,
}

impl Affected {
    /// The result of a comparison.
    pub fn new(comparison: &Comparison) -> Self {
        let locate = Locator::new([&comparison.head.fleet.tree, &comparison.base.fleet.tree]);
        Self {
            version: VERSION,
            base: comparison.base.name.clone(),
            head: comparison.head.name.clone(),
            images: images(&comparison.affected.images, &locate),
            unclaimed: comparison
                .affected
                .unclaimed
                .iter()
                .map(ToString::to_string)
                .collect(),
            unresolved: comparison
                .affected
                .unresolved
                .iter()
                .map(|unresolved| unresolved_json(unresolved, &locate))
                .collect(),
        }
    }
}

/// Affected images.
pub(super) fn images<'a>(
    images: impl IntoIterator<Item = (&'a ImageId, &'a AffectedImage)>,
    locate: &Locator<'_>,
) -> Vec<Image> {
    images
        .into_iter()
        .map(|(id, image)| Image {
            name: id.name.to_string(),
            cloud: id.cloud,
            change: image.change,
            tasks: image.tasks.clone(),
            reasons: reasons(image, locate),
        })
        .collect()
}

pub(super) fn unresolved_json(unresolved: &Unresolved, locate: &Locator<'_>) -> UnresolvedJson {
    let fault = |fault: &Diagnostic| match &fault.place {
        Some(place) => format!("{}: {}", locate.line(place), fault.message),
        None => fault.message.clone(),
    };
    UnresolvedJson {
        name: unresolved.image.as_ref().map(|id| id.name.to_string()),
        cloud: unresolved.image.as_ref().map(|id| id.cloud),
        definition: unresolved.definition.to_string(),
        faults: unresolved.faults.iter().map(fault).collect(),
    }
}

/// The reasons of an image.
pub fn reasons(image: &AffectedImage, locate: &Locator<'_>) -> Vec<ReasonJson> {
    image
        .reasons
        .iter()
        .map(|reason| one(reason, locate))
        .collect()
}

fn one(reason: &Reason, locate: &Locator<'_>) -> ReasonJson {
    ReasonJson {
        kind: reason.kind,
        path: reason.path.as_ref().map(ToString::to_string),
        change: reason.change,
        key: reason.key.clone(),
        via: via(&reason.via, locate),
    }
}
