//! An AMI of a machine's own boot disk: made while the machine runs, without its other disks.

use super::super::{Disk, NewImage, ProviderError, ProviderErrorKind, Snapshots};
use super::query::Parameters;
use super::xml::{self, Image};
use super::{Aws, region};
use crate::manifest::Artifact;
use crate::providers::Reference;
use crate::worker::machine::Machine;

/// What EC2 says of a name that an image has already.
const EXISTS: &str = "InvalidAMIName.Duplicate";

impl Aws<'_> {
    /// The image, whatever its state; held to this run.
    fn begun(&self, at: &str, image: &NewImage) -> Result<Option<Image>, ProviderError> {
        let mut named = Parameters::default();
        named.set("Owner.1", "self");
        named.filter("name", &image.name);
        let found = self.images(at, &named, "<r/>")?.into_iter().next();
        if let Some(found) = &found {
            let place = format!("{}` ({}) in `{at}", image.name, found.id);
            image.hold("aws.snapshot", &place, &found.labels)?;
        }
        Ok(found)
    }

    fn create(&self, disk: &Disk, at: &str, image: &NewImage) -> Result<String, ProviderError> {
        let mut parameters = Parameters::default();
        parameters.set("InstanceId", &disk.machine);
        parameters.set("Name", &image.name);
        parameters.set("Description", &image.description);
        parameters.set("NoReboot", "true");
        for (at, device) in disk.others.iter().enumerate() {
            let start = format!("BlockDeviceMapping.{}", at + 1);
            parameters.set(&format!("{start}.DeviceName"), device);
            parameters.set(&format!("{start}.NoDevice"), "");
        }
        // From the first moment, so that what a killed build leaves is known.
        let start = "TagSpecification.1";
        parameters.set(&format!("{start}.ResourceType"), "image");
        tags(&mut parameters, &format!("{start}."), image);
        let assumed = "<r><imageId>ami-assumed</imageId></r>";
        match self.ec2.change(at, "CreateImage", &parameters, assumed) {
            Ok(answer) => xml::text(&answer, "imageId"),
            // An answer was lost, and the request came through: or it is another's.
            Err(error) if error.is_refused(&[EXISTS]) => match self.begun(at, image)? {
                Some(found) => Ok(found.id),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }
}

/// Sets an image's labels, below some start of the parameters' names.
fn tags(parameters: &mut Parameters, start: &str, image: &NewImage) {
    for (at, (key, value)) in image.labels.iter().enumerate() {
        parameters.set(&format!("{start}Tag.{}.Key", at + 1), key);
        parameters.set(&format!("{start}Tag.{}.Value", at + 1), value);
    }
}

fn place(disk: &Disk) -> Result<&str, ProviderError> {
    disk.region.as_deref().ok_or_else(|| {
        let words = format!("`{}` is of no region", disk.machine);
        ProviderError::new("aws.snapshot", ProviderErrorKind::Input(words))
    })
}

impl Snapshots for Aws<'_> {
    fn boot_disk(&self, machine: &Machine) -> Result<Disk, ProviderError> {
        let reference = Reference {
            region: machine.region.clone(),
            name: machine.path.clone(),
        };
        let at = region(&reference)?;
        let mut parameters = Parameters::default();
        parameters.set("InstanceId.1", &machine.path);
        let assumed = "<r><rootDeviceType>ebs</rootDeviceType><rootDeviceName>root</rootDeviceName><blockDeviceMapping><item>\
                       <deviceName>root</deviceName><ebs><volumeId>vol-assumed</volumeId></ebs></item></blockDeviceMapping></r>";
        let answer = self
            .ec2
            .ask_all(at, "DescribeInstances", &parameters, assumed)?;
        let disks = xml::disks(&answer.concat())?;
        let (boot, others): (Vec<_>, Vec<_>) = disks
            .volumes
            .into_iter()
            .partition(|(device, _)| *device == disks.root);
        let Some((_, volume)) = boot.into_iter().next().filter(|_| disks.kind == "ebs") else {
            let words = format!(
                "the boot disk of `{}` is no volume of EBS, and EC2 makes an image of no other while its machine runs",
                machine.path
            );
            return Err(ProviderError::new(
                "aws.snapshot",
                ProviderErrorKind::Input(words),
            ));
        };
        Ok(Disk {
            name: volume,
            machine: machine.path.clone(),
            region: machine.region.clone(),
            facts: Default::default(),
            others: others.into_iter().map(|(device, _)| device).collect(),
        })
    }

    fn is_begun(&self, disk: &Disk, image: &NewImage) -> Result<bool, ProviderError> {
        let found = self.begun(place(disk)?, image)?;
        Ok(found.is_some_and(|found| !found.has_failed()))
    }

    fn make(&self, disk: &Disk, image: &NewImage) -> Result<Artifact, ProviderError> {
        let at = place(disk)?;
        let id = match self.begun(at, image)? {
            Some(failed) if failed.has_failed() => {
                // What was begun in vain is in the way of the next try.
                super::Provider::delete(self, &failed.resource(at))?;
                self.create(disk, at, image)?
            }
            Some(found) => found.id,
            None => self.create(disk, at, image)?,
        };
        let made = self.available(at, &id)?;
        if !made.snapshots.is_empty() {
            // They are deleted with the image; whoever deletes the image otherwise can still tell whose they are.
            let mut parameters = Parameters::default();
            for (at, id) in made.snapshots.iter().enumerate() {
                parameters.set(&format!("ResourceId.{}", at + 1), id);
            }
            tags(&mut parameters, "", image);
            self.ec2.change(at, "CreateTags", &parameters, "<r/>")?;
        }
        Ok(Artifact {
            region: Some(at.to_owned()),
            reference: made.id,
            file: None,
        })
    }
}
