//! [`Known`]: what is defined and published, and which entry of the configuration it belongs to.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use taskgraph_images_transforms::{ImageId, Level};

use crate::ci_config::Reference;
use crate::manifest::{Manifest, Stage};

/// What is known of images besides the configuration.
#[derive(Debug, Clone, Default)]
pub struct Known {
    published: Vec<Published>,
    /// The images that definitions build, if they were read.
    pub defined: Option<BTreeSet<ImageId>>,
    /// The images that are built for an entry, by its key: names differ, so somebody declares it.
    pub builds: BTreeMap<String, BTreeSet<ImageId>>,
}

/// One publication, as far as rules need it.
#[derive(Debug, Clone)]
pub(super) struct Published {
    pub(super) image: ImageId,
    pub(super) level: Level,
    pub(super) date: Option<NaiveDate>,
    references: Vec<String>,
}

impl Known {
    /// Adds manifests; those of mere candidates are not looked at.
    #[must_use]
    pub fn with_manifests<'a>(mut self, manifests: impl IntoIterator<Item = &'a Manifest>) -> Self {
        let published = manifests
            .into_iter()
            .filter(|manifest| manifest.stage == Stage::Published)
            .map(|manifest| Published {
                image: manifest.image.clone(),
                level: manifest.level,
                date: DateTime::from_timestamp_millis(manifest.finished.as_millis())
                    .map(|moment| moment.date_naive()),
                references: manifest
                    .artifacts
                    .iter()
                    .map(|artifact| artifact.reference.clone())
                    .collect(),
            });
        self.published.extend(published);
        self
    }

    /// The publication that a reference is of.
    pub(super) fn published(&self, reference: &Reference) -> Option<&Published> {
        self.published
            .iter()
            .find(|published| published.references.iter().any(|other| reference.is(other)))
    }
}
