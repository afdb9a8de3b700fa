//! [`ImageEntry`]: one key of the file of images, and where it says that the image is.

use std::collections::BTreeMap;

use taskgraph_images_transforms::Cloud;

use crate::diagnostic::Place;
use crate::manifest::Manifest;

/// One image, or an alias of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageEntry {
    /// Its key.
    pub name: String,
    /// Where the key is written.
    pub place: Place,
    /// The key that it stands for, if it is an alias.
    pub alias_of: Option<String>,
    /// Where the value is written.
    pub value: Place,
    /// Where the image is, by provider, in written order.
    pub locations: Vec<Location>,
    /// The address of the script that made it, where the entry tells it.
    pub provenance: Option<Scalar>,
}

/// Where an entry says that the image is, for one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The provider's id.
    pub provider: String,
    /// Its cloud.
    pub cloud: Cloud,
    /// What it says.
    pub reference: Reference,
    /// Where that is written.
    pub place: Place,
    /// The keys from the root of the file to what is written for the provider.
    pub path: Vec<String>,
}

/// What an image is in a cloud.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// An image of Google Compute Engine.
    Google {
        /// The project that holds it; none if the path has another form.
        project: Option<String>,
        /// The whole path, as written.
        path: String,
    },
    /// A version in an Azure gallery.
    AzureGallery {
        /// The version.
        version: String,
        /// The resource group of the gallery.
        resource_group: String,
        /// What the version was configured from.
        deployment_id: String,
        /// The name of the gallery and of the image in it.
        name: String,
    },
    /// A managed image of Azure in each location.
    AzureImages {
        /// The resource group of the images, where the paths do not hold it.
        resource_group: Option<String>,
        /// What ends their names, if anything does.
        deployment_id: Option<String>,
        /// The image's name or path, by location as written.
        images: BTreeMap<String, String>,
    },
    /// An Amazon Machine Image in each region.
    Aws {
        /// The image's id, by region.
        amis: BTreeMap<String, String>,
    },
}

/// A scalar, and the keys from the root of the file to it: what an editor takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The keys.
    pub path: Vec<String>,
    /// What is written.
    pub value: String,
}

impl ImageEntry {
    /// What it says for a provider.
    pub fn location(&self, provider: &str) -> Option<&Location> {
        self.locations
            .iter()
            .find(|location| location.provider == provider)
    }
}

impl Location {
    /// The scalars that say which image it is.
    pub fn scalars(&self) -> Vec<Scalar> {
        let at = |key: &str, value: &str| Scalar {
            path: self.path.iter().cloned().chain([key.to_owned()]).collect(),
            value: value.to_owned(),
        };
        match &self.reference {
            Reference::Google { path, .. } => vec![Scalar {
                path: self.path.clone(),
                value: path.clone(),
            }],
            Reference::AzureGallery {
                version,
                resource_group,
                deployment_id,
                name,
            } => vec![
                at("version", version),
                at("resource_group", resource_group),
                at("deployment_id", deployment_id),
                at("name", name),
            ],
            Reference::AzureImages { images: by, .. } | Reference::Aws { amis: by } => {
                by.iter().map(|(key, value)| at(key, value)).collect()
            }
        }
    }
}

impl Reference {
    /// The regions that it has an image of its own for; none when it is the same everywhere.
    pub fn regions(&self) -> Option<Vec<&str>> {
        match self {
            Self::Google { .. } | Self::AzureGallery { .. } => None,
            Self::AzureImages { images: by, .. } | Self::Aws { amis: by } => {
                Some(by.keys().map(String::as_str).collect())
            }
        }
    }

    /// The names in it that people chose, for whatever looks at names. An image's id is none.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Google { path, .. } => vec![path.rsplit('/').next().unwrap_or(path)],
            Self::AzureGallery { name, .. } => vec![name],
            Self::AzureImages { images, .. } => images
                .values()
                .map(|path| path.rsplit('/').next().unwrap_or(path))
                .collect(),
            Self::Aws { .. } => Vec::new(),
        }
    }

    /// What it is in a region, as the provider takes it; of Azure's images, without the subscription where the
    /// configuration does not name it. Nothing where it has no image.
    pub fn in_region(&self, region: Option<&str>) -> Option<String> {
        // Locations of Azure are written with and without `-`.
        let bare = |region: &str| region.replace('-', "");
        match self {
            Self::Google { path, .. } => Some(path.clone()),
            Self::AzureGallery {
                version,
                resource_group: group,
                name,
                ..
            } => Some(format!(
                "resourceGroups/{group}/providers/Microsoft.Compute/galleries/{name}/images/{name}/versions/{version}"
            )),
            Self::AzureImages { images, .. } => images
                .iter()
                .find(|(other, _)| bare(other) == bare(region.unwrap_or_default()))
                .map(|(_, image)| self.image_path(image)),
            Self::Aws { amis } => amis.get(region?).cloned(),
        }
    }

    /// Whether one of the places that a manifest names is this image.
    pub fn is_of(&self, manifest: &Manifest) -> bool {
        let mut artifacts = manifest.artifacts.iter();
        artifacts.any(|artifact| self.is(&artifact.reference))
    }

    /// Whether a provider's own reference, as manifests hold it, is this image. Ids of Azure differ in case from
    /// answer to answer.
    pub fn is(&self, reference: &str) -> bool {
        let ends = |path: &str| {
            let (reference, path) = (reference.to_ascii_lowercase(), path.to_ascii_lowercase());
            reference == path || reference.ends_with(&format!("/{}", path.trim_start_matches('/')))
        };
        match self {
            Self::Google { path, .. } => ends(path),
            Self::Aws { amis } => amis.values().any(|ami| ami == reference),
            Self::AzureGallery { .. } => self.in_region(None).is_some_and(|path| ends(&path)),
            Self::AzureImages { images, .. } => {
                images.values().any(|image| ends(&self.image_path(image)))
            }
        }
    }

    fn image_path(&self, image: &str) -> String {
        match self {
            Self::AzureImages {
                resource_group: Some(group),
                deployment_id,
                ..
            } => {
                let end = deployment_id
                    .as_ref()
                    .map_or_else(String::new, |id| format!("-{id}"));
                format!("resourceGroups/{group}/providers/Microsoft.Compute/images/{image}{end}")
            }
            _ => image.to_owned(),
        }
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Google { path, .. } => f.write_str(path),
            Self::AzureGallery {
                version,
                deployment_id,
                name,
                ..
            } => write!(f, "{name} {version} ({deployment_id})"),
            Self::AzureImages { images: by, .. } | Self::Aws { amis: by } => {
                let each: Vec<String> = by
                    .iter()
                    .map(|(region, image)| format!("{region}: {image}"))
                    .collect();
                f.write_str(&each.join(", "))
            }
        }
    }
}
