//! [`Stock`]: what providers themselves hold of a project's images, found by its label.
//!
//! Manifests say what was published; a provider says what is there. What only one of them knows is left over, or gone.

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images_transforms::{Cloud, ProjectConfig};

use super::{Identity, Inventory, Published};
use crate::providers::{Reference, Resource, ResourceKind, label_of_task};

/// The label of all that the tasks of a project make: images and candidates. Its value is the project's trust domain.
const PROJECT_LABEL: &str = "taskgraph-images-project";

/// The label of a project's images. Without it nothing counts as the project's.
pub fn label_of_project(config: &ProjectConfig) -> (&'static str, String) {
    (PROJECT_LABEL, config.trust_domain.to_string())
}

/// What providers hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stock {
    /// How many images each provider that was asked holds.
    pub asked: BTreeMap<Cloud, usize>,
    /// The images: published ones, and candidates.
    pub held: Vec<Held>,
    /// Places that manifests name and where their provider has nothing.
    pub gone: BTreeSet<Identity>,
}

/// An image that a provider holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The cloud.
    pub cloud: Cloud,
    /// The provider's name for it.
    pub reference: Reference,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

impl Held {
    /// What it is in its cloud.
    pub fn identity(&self) -> Identity {
        Identity::of(self.cloud, &self.reference.name)
    }
}

impl Stock {
    /// Adds what a provider said, which may be more than images.
    pub fn add(&mut self, cloud: Cloud, resources: Vec<Resource>) {
        let images = resources
            .into_iter()
            .filter(|resource| resource.kind == ResourceKind::Image);
        let count = self.asked.entry(cloud).or_default();
        for image in images {
            *count += 1;
            self.held.push(Held {
                cloud,
                reference: image.reference,
                labels: image.labels,
            });
        }
        self.held
            .sort_by(|a, b| (a.cloud, &a.reference).cmp(&(b.cloud, &b.reference)));
    }

    /// The places of manifests of the clouds that were asked, of which no list told: each is asked for by itself, as what
    /// was published by an earlier program has no label.
    pub fn unseen<'a>(&self, inventory: &'a Inventory) -> Vec<(&'a Published, Reference)> {
        let seen: BTreeSet<Identity> = self.held.iter().map(Held::identity).collect();
        let mut unseen = Vec::new();
        for published in inventory.published() {
            let cloud = published.manifest.cloud;
            if !self.asked.contains_key(&cloud) {
                continue;
            }
            for artifact in &published.manifest.artifacts {
                if !seen.contains(&Identity::of(cloud, &artifact.reference)) {
                    let reference = Reference {
                        region: artifact.region.clone(),
                        name: artifact.reference.clone(),
                    };
                    unseen.push((published, reference));
                }
            }
        }
        unseen
    }

    /// Whether a manifest's image is nowhere any more.
    pub fn is_gone(&self, published: &Published) -> bool {
        let mut places = published.identities().peekable();
        places.peek().is_some() && places.all(|place| self.gone.contains(&place))
    }

    /// The images that no manifest accounts for. `stays` says whether the image of a manifest stays, and with it the
    /// candidates that it was made of and built on: others may be built on these.
    pub fn strays<'a>(
        &'a self,
        inventory: &Inventory,
        stays: impl Fn(&Published) -> bool,
    ) -> Vec<&'a Held> {
        let mut named = BTreeSet::new();
        let mut candidates = BTreeSet::new();
        for published in inventory.published() {
            named.extend(published.identities());
            if stays(published) {
                let parent = published.manifest.parent.as_ref();
                let tasks = parent.map(|parent| &parent.task_id);
                for task in tasks
                    .into_iter()
                    .chain(published.manifest.tasks.get("build"))
                {
                    let (name, value) = label_of_task(task);
                    candidates.insert((name.to_owned(), value));
                }
            }
        }
        self.held
            .iter()
            .filter(|held| {
                let is_candidate = held
                    .labels
                    .iter()
                    .any(|(name, value)| candidates.contains(&(name.clone(), value.clone())));
                !is_candidate && !named.contains(&held.identity())
            })
            .collect()
    }
}
