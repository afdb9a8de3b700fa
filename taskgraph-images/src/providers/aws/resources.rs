//! What of EC2 carries a tag: machines, disks, images and snapshots of a region.

use super::super::{ProviderError, Resource, ResourceKind};
use super::query::{Ec2, Parameters};
use super::xml;

pub(super) fn labelled(
    ec2: &Ec2<'_>,
    region: &str,
    name: &str,
    value: &str,
) -> Result<Vec<Resource>, ProviderError> {
    let mut found = Vec::new();
    for (action, kind) in [
        ("DescribeInstances", ResourceKind::Instance),
        ("DescribeVolumes", ResourceKind::Disk),
        ("DescribeImages", ResourceKind::Image),
        ("DescribeSnapshots", ResourceKind::Snapshot),
    ] {
        let mut parameters = Parameters::default();
        parameters.filter(&format!("tag:{name}"), value);
        match kind {
            ResourceKind::Image => parameters.set("Owner.1", "self"),
            ResourceKind::Snapshot => parameters.set("Owner.1", "self"),
            _ => {}
        }
        for page in ec2.ask_all(region, action, &parameters, "<r/>")? {
            if kind == ResourceKind::Image {
                let images = xml::images(&page)?;
                found.extend(images.iter().map(|image| image.resource(region)));
            } else {
                found.extend(xml::things(&page, kind, region)?);
            }
        }
    }
    // Machines stay in the list for an hour after they are gone.
    found.retain(|one| {
        !matches!(
            one.state.as_str(),
            "terminated" | "shutting-down" | "deleting" | "deregistered"
        )
    });
    Ok(found)
}
