//! Providers: where images are published and kept. One trait, with an adapter for each cloud.
//!
//! A provider does what it is asked by calls that can be repeated: what an earlier run has done is found and continued,
//! never done twice, and nothing that has a name already is replaced. Each call that changes something goes through a
//! [`Session`], which says it, and in a dry run only says it.

mod aws;
mod azure;
mod container;
mod error;
mod folder;
mod google;
mod json;
mod promotion;
mod session;
mod snapshots;
#[cfg(test)]
mod tests;
mod variables;

use std::collections::BTreeMap;

use taskgraph_images_transforms::Cloud;

pub use aws::Aws;
pub use azure::Azure;
pub use container::Containers;
pub use error::{ProviderError, ProviderErrorKind};
pub use folder::Folders;
pub use google::Google;
pub use promotion::{Promotion, PromotionError, label_of_candidate, label_of_task, published_name};
pub use session::{Pace, Session};
pub use snapshots::{Disk, NewImage, Snapshots, snapshots};
pub use variables::Variables;

use crate::manifest::Artifact;

/// Where images are published and kept.
pub trait Provider {
    /// Makes a candidate available wherever it should be, and says where that is. Continues what an earlier run began;
    /// nobody can use the image anywhere before it is everywhere.
    ///
    /// # Errors
    /// When that is not so yet. Running it again continues.
    fn promote(&self, promotion: &Promotion) -> Result<Vec<Artifact>, ProviderError>;

    /// What is known of an image.
    ///
    /// # Errors
    /// When that cannot be said. That there is none is an answer.
    fn describe(&self, image: &Reference) -> Result<Option<Resource>, ProviderError>;

    /// Everything that carries a label: images, and machines and disks with it, as far as the provider has such.
    ///
    /// # Errors
    /// When that cannot be said.
    fn list(&self, name: &str, value: &str) -> Result<Vec<Resource>, ProviderError>;

    /// Says to users of an image that it should not be used any more; those who do still can.
    ///
    /// # Errors
    /// When that cannot be done.
    fn deprecate(&self, image: &Reference) -> Result<(), ProviderError>;

    /// Makes an image unusable until somebody enables it again, as far as the provider can; it stays there.
    ///
    /// # Errors
    /// When that cannot be done.
    fn disable(&self, image: &Reference) -> Result<(), ProviderError>;

    /// Deletes something, with what only it uses, such as an image's snapshots. What is gone already is no error.
    ///
    /// # Errors
    /// When that cannot be done.
    fn delete(&self, resource: &Resource) -> Result<(), ProviderError>;
}

/// What a provider calls something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The region, if the provider's names are of a region.
    pub region: Option<String>,
    /// The name: an AMI's id, a path, a file.
    pub name: String,
}

/// Something that a provider has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its name.
    pub reference: Reference,
    /// What it is.
    pub kind: ResourceKind,
    /// How it is doing, in the provider's word.
    pub state: String,
    /// Its labels, or tags.
    pub labels: BTreeMap<String, String>,
}

/// What something is. Things are deleted in this order: machines use disks and images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// A machine.
    Instance,
    /// A disk.
    Disk,
    /// An image.
    Image,
    /// A copy of a disk.
    Snapshot,
    /// What else a build has made, such as a network card.
    Other,
    /// A group of resources, with all that is in it.
    Group,
}

impl ResourceKind {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Disk => "disk",
            Self::Image => "image",
            Self::Snapshot => "snapshot",
            Self::Other => "resource",
            Self::Group => "resource group",
        }
    }
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} `{}`", self.kind.as_str(), self.reference.name)?;
        match &self.reference.region {
            Some(region) => write!(f, " in {region}"),
            None => Ok(()),
        }
    }
}

/// A token for the interface of Google Cloud or Azure, for whoever only asks there.
///
/// # Errors
/// When there are no credentials, or they are refused; for a cloud that has no such tokens.
pub fn token(
    cloud: Cloud,
    session: &Session<'_>,
    variables: &Variables,
) -> Result<String, ProviderError> {
    match cloud {
        Cloud::Google => google::token(session, variables),
        Cloud::Azure => azure::token(session, variables),
        Cloud::Aws | Cloud::Qemu | Cloud::Container => Err(ProviderError::new(
            format!("credentials of {cloud}"),
            ProviderErrorKind::Input("it has no tokens".to_owned()),
        )),
    }
}

/// The provider of a cloud.
///
/// # Errors
/// When it cannot be talked to with what the variables say.
pub fn provider<'a>(
    cloud: Cloud,
    session: &'a Session<'a>,
    variables: &'a Variables,
) -> Result<Box<dyn Provider + 'a>, ProviderError> {
    Ok(match cloud {
        Cloud::Aws => Box::new(Aws::new(session, variables)?),
        Cloud::Azure => Box::new(Azure::new(session, variables)?),
        Cloud::Google => Box::new(Google::new(session, variables)?),
        Cloud::Qemu => Box::new(Folders::new(session)),
        Cloud::Container => Box::new(Containers::new(session, variables)),
    })
}
