//! [`Pool`]: one worker pool, as the generator would make it, as far as images are concerned.

use std::collections::BTreeMap;

use taskgraph_images_transforms::{Cloud, Level};

use crate::diagnostic::Place;

/// One worker pool: one variant of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Its id, `<group>/<worker type>`.
    pub id: String,
    /// The key of its image, as its entry says it; none if it says none.
    pub image: Option<String>,
    /// Where that is written.
    pub image_place: Option<Place>,
    /// The key at the end of the aliases; none when they lead nowhere.
    pub resolved: Option<String>,
    /// The id of its provider.
    pub provider: String,
    /// The provider's cloud; none for machines that are nobody's cloud.
    pub cloud: Option<Cloud>,
    /// The regions, or locations, that it names, sorted.
    pub regions: Vec<String>,
    /// Where those are written, if its entry writes them.
    pub regions_place: Option<Place>,
    /// Which implementation its workers run.
    pub implementation: Option<String>,
    /// The level that its provider or else its group tells.
    pub level: Option<Level>,
    /// The trust domain that its group tells.
    pub trust_domain: Option<String>,
    /// Whom to write to.
    pub owner: Option<String>,
    /// Where its variant, or else its entry, is written.
    pub place: Place,
    /// The number of its entry.
    pub entry: usize,
    /// The variant's attributes that are scalars.
    pub attributes: BTreeMap<String, String>,
}

impl Pool {
    /// The part of its id before the slash.
    pub fn group(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    /// The part of its id after the slash.
    pub fn worker_type(&self) -> &str {
        self.id.split_once('/').map_or("", |(_, name)| name)
    }

    /// Whether it stays out of use: pools for trying images out.
    pub fn is_alpha(&self) -> bool {
        self.id.ends_with("-alpha")
    }
}

/// The trust domain of a group: what stands before its level, or before the `t` of tests.
pub(super) fn trust_domain(group: &str) -> Option<String> {
    let (domain, level) = group.rsplit_once('-')?;
    (matches!(level, "1" | "2" | "3" | "t") && !domain.is_empty()).then(|| domain.to_owned())
}
