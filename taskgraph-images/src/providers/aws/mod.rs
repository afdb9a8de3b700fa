//! [`Aws`]: AMIs of Amazon EC2, by its Query API.
//!
//! Publishing copies the candidate into each region, also into its own: so a candidate and what was published of it are
//! two images, and deleting one leaves the other. A copy is known again by its name and its description. When all copies
//! are available, and not before, they are tagged and shared.

mod catalog;
mod copies;
mod credentials;
mod query;
mod resources;
mod sign;
mod snapshot;
mod ssm;
mod xml;

use std::collections::{BTreeMap, BTreeSet};

use self::query::{Ec2, Parameters};
use self::ssm::Ssm;
use self::xml::Image;
use super::{
    Promotion, Provider, ProviderError, ProviderErrorKind, Reference, Resource, ResourceKind,
    Session, Variables,
};
use crate::manifest::Artifact;
use crate::taskcluster::Timestamp;

/// AMIs of Amazon EC2.
pub struct Aws<'a> {
    ec2: Ec2<'a>,
    ssm: Ssm<'a>,
}

/// What EC2 says of what is gone.
const GONE: [&str; 5] = [
    "InvalidAMIID.NotFound",
    "InvalidAMIID.Unavailable",
    "InvalidInstanceID.NotFound",
    "InvalidSnapshot.NotFound",
    "InvalidVolume.NotFound",
];

impl<'a> Aws<'a> {
    /// Credentials are those of the usual variables, or the machine's.
    ///
    /// # Errors
    /// When the variables name an endpoint that is none.
    pub fn new(session: &'a Session<'a>, variables: &'a Variables) -> Result<Self, ProviderError> {
        Ok(Self {
            ec2: Ec2::new(session, variables)?,
            ssm: Ssm::new(session, variables)?,
        })
    }

    /// The images of a region that a question finds.
    fn images(
        &self,
        region: &str,
        parameters: &Parameters,
        assumed: &str,
    ) -> Result<Vec<Image>, ProviderError> {
        let pages = self
            .ec2
            .ask_all(region, "DescribeImages", parameters, assumed)?;
        let images = pages.iter().map(|page| xml::images(page));
        Ok(images.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn image(&self, region: &str, id: &str, assumed: &str) -> Result<Option<Image>, ProviderError> {
        let mut parameters = Parameters::default();
        parameters.set("ImageId.1", id);
        match self.images(region, &parameters, assumed) {
            Ok(images) => Ok(images
                .into_iter()
                .find(|image| image.id == id && !image.is_gone())),
            Err(error) if error.is_refused(&GONE) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Provider for Aws<'_> {
    fn promote(&self, promotion: &Promotion) -> Result<Vec<Artifact>, ProviderError> {
        let mut copies = BTreeMap::new();
        // All are begun before any is waited for: they take minutes.
        for region in &promotion.regions {
            copies.insert(region.as_str(), self.copy(promotion, region)?);
        }
        let mut images = BTreeMap::new();
        for (region, id) in &copies {
            images.insert(*region, self.available(region, id)?);
        }
        for (region, image) in &images {
            let mut parameters = Parameters::default();
            let ids = std::iter::once(&image.id).chain(&image.snapshots);
            for (at, id) in ids.enumerate() {
                parameters.set(&format!("ResourceId.{}", at + 1), id);
            }
            let mut labels = promotion.labels.clone();
            labels
                .entry("Name".to_owned())
                .or_insert_with(|| promotion.name.clone());
            for (at, (key, value)) in labels.iter().enumerate() {
                parameters.set(&format!("Tag.{}.Key", at + 1), key);
                parameters.set(&format!("Tag.{}.Value", at + 1), value);
            }
            self.ec2.change(region, "CreateTags", &parameters, "<r/>")?;
        }
        for (region, image) in &images {
            if promotion.share_with.is_empty() {
                continue;
            }
            let mut parameters = Parameters::default();
            parameters.set("ImageId", &image.id);
            for (at, account) in promotion.share_with.iter().enumerate() {
                parameters.set(&format!("LaunchPermission.Add.{}.UserId", at + 1), account);
            }
            self.ec2
                .change(region, "ModifyImageAttribute", &parameters, "<r/>")?;
        }
        let published = images.into_iter().map(|(region, image)| Artifact {
            region: Some(region.to_owned()),
            reference: image.id,
            file: None,
        });
        Ok(published.collect())
    }

    fn describe(&self, image: &Reference) -> Result<Option<Resource>, ProviderError> {
        let region = region(image)?;
        let found = self.image(region, &image.name, "<r/>")?;
        Ok(found.map(|image| image.resource(region)))
    }

    fn list(&self, name: &str, value: &str) -> Result<Vec<Resource>, ProviderError> {
        let mut found = Vec::new();
        for region in self.ec2.regions()? {
            found.extend(resources::labelled(&self.ec2, &region, name, value)?);
        }
        Ok(found)
    }

    fn deprecate(&self, image: &Reference) -> Result<(), ProviderError> {
        /// EC2 takes no time that has passed.
        const SOON: i64 = 2 * 60 * 1000;
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let now = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let mut parameters = Parameters::default();
        parameters.set("ImageId", &image.name);
        let at = Timestamp::from_millis(now.saturating_add(SOON));
        parameters.set("DeprecateAt", &at.to_string());
        let region = region(image)?;
        self.ec2
            .change(region, "EnableImageDeprecation", &parameters, "<r/>")?;
        Ok(())
    }

    fn disable(&self, image: &Reference) -> Result<(), ProviderError> {
        let mut parameters = Parameters::default();
        parameters.set("ImageId", &image.name);
        let region = region(image)?;
        self.ec2
            .change(region, "DisableImage", &parameters, "<r/>")?;
        Ok(())
    }

    fn delete(&self, resource: &Resource) -> Result<(), ProviderError> {
        let region = region(&resource.reference)?;
        let id = &resource.reference.name;
        let change = |action: &str, name: &str, id: &str| {
            let mut parameters = Parameters::default();
            parameters.set(name, id);
            match self.ec2.change(region, action, &parameters, "<r/>") {
                Err(error) if error.is_refused(&GONE) => Ok(()),
                result => result.map(|_| ()),
            }
        };
        match resource.kind {
            ResourceKind::Instance => change("TerminateInstances", "InstanceId.1", id),
            ResourceKind::Snapshot => change("DeleteSnapshot", "SnapshotId", id),
            ResourceKind::Disk => {
                // Its machine takes a while to let go of it.
                let call = format!("ec2.DeleteVolume of `{id}` in {region}");
                self.ec2
                    .session()
                    .wait(&call, || match change("DeleteVolume", "VolumeId", id) {
                        Err(error) if error.is_refused(&["VolumeInUse"]) => Ok(None),
                        result => result.map(Some),
                    })
            }
            ResourceKind::Image => {
                let snapshots = self.image(region, id, "<r/>")?.map(|image| image.snapshots);
                change("DeregisterImage", "ImageId", id)?;
                let snapshots: BTreeSet<String> = snapshots.into_iter().flatten().collect();
                snapshots
                    .iter()
                    .try_for_each(|snapshot| change("DeleteSnapshot", "SnapshotId", snapshot))
            }
            ResourceKind::Other | ResourceKind::Group => Ok(()),
        }
    }
}

fn region(reference: &Reference) -> Result<&str, ProviderError> {
    reference.region.as_deref().ok_or_else(|| {
        let words = format!("`{}` is of no region, and EC2's ids are", reference.name);
        ProviderError::new("aws", ProviderErrorKind::Input(words))
    })
}

#[cfg(test)]
mod tests;
