//! [`History`]: what entries were before, and so what was rolled back.

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images_transforms::Cloud;

use crate::ci_config::{CiConfig, Reference};
use crate::inventory::Identity;

/// What each location of a configuration file was, commit by commit. Nothing else remembers what was rolled back, by this
/// program or by a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The sequence of values of each location, the oldest first, each with the commit that brought it.
    values: BTreeMap<(String, String), Vec<Value>>,
}

/// What a location was, and the commit that brought it.
type Value = (BTreeSet<Identity>, String);

impl History {
    /// Notes the state after a commit. Commits come in order, the oldest first.
    pub fn note(&mut self, config: &CiConfig, commit: &str) {
        for entry in config.images.values() {
            for location in &entry.locations {
                let now = identities(location.cloud, &location.reference);
                let key = (entry.name.clone(), location.provider.clone());
                let values = self.values.entry(key).or_default();
                if values.last().is_none_or(|(last, _)| *last != now) {
                    values.push((now, commit.to_owned()));
                }
            }
        }
    }

    /// The commit that took a location back from an image, or from one after it, to one before it. An image that was taken
    /// up again afterwards is not rolled back any more.
    pub fn rolled_back(&self, key: &str, provider: &str, identity: &Identity) -> Option<&str> {
        let values = self.values.get(&(key.to_owned(), provider.to_owned()))?;
        let last = values
            .iter()
            .rposition(|(value, _)| value.contains(identity))?;
        let back = values[last + 1..]
            .iter()
            .find(|(value, _)| values[..last].iter().any(|(earlier, _)| earlier == value));
        back.map(|(_, commit)| commit.as_str())
    }

    /// What a location was before it became what it is: where a roll-back leads.
    pub fn before(&self, key: &str, provider: &str) -> Option<&BTreeSet<Identity>> {
        let values = self.values.get(&(key.to_owned(), provider.to_owned()))?;
        let (last, _) = values.last()?;
        let first = values.iter().position(|(value, _)| value == last)?;
        values.get(first.checked_sub(1)?).map(|(value, _)| value)
    }
}

/// What a location names.
pub fn identities(cloud: Cloud, reference: &Reference) -> BTreeSet<Identity> {
    match reference {
        Reference::Google { path, .. } => BTreeSet::from([Identity::of(cloud, path)]),
        Reference::AzureGallery { version, name, .. } => {
            BTreeSet::from([Identity::gallery(name, version)])
        }
        Reference::AzureImages {
            images,
            deployment_id,
            ..
        } => images
            .values()
            .map(|image| match (image.contains('/'), deployment_id) {
                (true, _) => Identity::of(cloud, image),
                (false, Some(id)) => Identity::managed(&format!("{image}-{id}")),
                (false, None) => Identity::managed(image),
            })
            .collect(),
        Reference::Aws { amis } => amis.values().map(|ami| Identity::ami(ami)).collect(),
    }
}
