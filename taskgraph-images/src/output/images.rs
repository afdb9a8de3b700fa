//! `images --format json`: every image with its inputs and digests.

use std::collections::BTreeMap;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use taskgraph_images_transforms::{Cloud, ImageId, Kind};

use super::{Locator, StepJson, VERSION, via};
use crate::comparison::Snapshot;
use crate::fleet::Where;

/// The document: `version`, and `images`, sorted by name, then cloud.
///
/// Each [`Image`] is made when it is written: all ways to all files take many times the room of the fleet.
#[derive(Debug)]
pub struct Images<'a> {
    snapshot: &'a Snapshot,
    locate: Locator<'a>,
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Its name.
    pub name: String,
    /// Its cloud.
    pub cloud: Cloud,
    /// The format that it is defined in.
    pub format: String,
    /// The file that defines it.
    pub definition: String,
    /// The kind of image in the words of the format; absent for native ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Revisions of other repositories that a recipe found.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pins: BTreeMap<String, Pin>,
    /// The image that it is built from, as `name@cloud`.
    pub parent: Option<ImageId>,
    /// The digest of each task that it has.
    pub digests: Digests,
    /// The files that it is made of, sorted by path.
    pub inputs: Vec<Input>,
}

/// A revision of another repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pin {
    /// The repository.
    pub repository: String,
    /// The revision, branch or tag.
    pub revision: String,
    /// Whether what it means changes without a change here.
    pub floats: bool,
}

/// Digests by kind of task, in hexadecimal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Digests {
    /// Of the build task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// Of the verify task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<String>,
    /// Of the publish task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish: Option<String>,
}

/// A file that goes into an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Input {
    /// The file.
    pub path: String,
    /// The kinds of tasks that it goes into.
    pub kinds: Vec<Kind>,
    /// What of it counts: its `bytes`, the `values` made of it, or `nothing`, where it merely travels along.
    pub counts: &'static str,
    /// The shortest way to it, every edge.
    pub via: Vec<StepJson>,
}

/// Digests of an image's tasks.
pub fn digests(snapshot: &Snapshot, id: &ImageId) -> Digests {
    let of = |kind| snapshot.digest(id, kind).map(|digest| digest.to_string());
    Digests {
        build: of(Kind::Build),
        verify: of(Kind::Verify),
        publish: of(Kind::Publish),
    }
}

fn pins(image: &crate::fleet::Image) -> BTreeMap<String, Pin> {
    let foreign = image.resolved().foreign.iter();
    foreign
        .flat_map(|foreign| &foreign.pins)
        .map(|(name, pin)| {
            let pin = Pin {
                repository: pin.repository.clone(),
                revision: pin.revision.clone(),
                floats: pin.floats,
            };
            (name.clone(), pin)
        })
        .collect()
}

impl<'a> Images<'a> {
    /// The images of a snapshot.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            locate: Locator::new([&snapshot.fleet.tree]),
        }
    }

    /// The images, each made when it is asked for.
    pub fn images(&self) -> impl Iterator<Item = Image> + '_ {
        let images = self.snapshot.fleet.images.iter();
        images.map(|(id, image)| Image {
            name: id.name.to_string(),
            cloud: id.cloud,
            format: self.snapshot.fleet.format().to_owned(),
            definition: image.resolved().path.to_string(),
            kind: image
                .resolved()
                .foreign
                .as_ref()
                .map(|foreign| foreign.kind.to_string()),
            pins: pins(image),
            parent: image.resolved().definition.parent.clone(),
            digests: digests(self.snapshot, id),
            inputs: self.inputs(id),
        })
    }

    fn inputs(&self, id: &ImageId) -> Vec<Input> {
        let inputs = self.snapshot.graph().inputs(id).into_iter();
        inputs
            .map(|(path, reached)| {
                let counts = reached.via.last().map(|step| step.role.counts());
                Input {
                    path: path.to_string(),
                    kinds: reached.kinds,
                    counts: match counts {
                        Some(Where::Values) => "values",
                        Some(Where::Nothing) => "nothing",
                        _ => "bytes",
                    },
                    via: via(&reached.via, &self.locate),
                }
            })
            .collect()
    }
}

impl Serialize for Images<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_struct("Images", 2)?;
        document.serialize_field("version", &VERSION)?;
        document.serialize_field("images", &Each(self))?;
        document.end()
    }
}

/// The list of images.
struct Each<'a>(&'a Images<'a>);

impl Serialize for Each<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.images())
    }
}
