//! An image of a machine's own boot disk: made of the disk while the machine runs, which Compute Engine has to be told to do.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::json::{text, texts, there};
use super::super::{Disk, NewImage, ProviderError, ProviderErrorKind, Snapshots};
use super::{EXISTS, Google, path_of};
use crate::manifest::Artifact;
use crate::worker::machine::Machine;

impl Google<'_> {
    /// The image, whatever its state; held to this run.
    fn begun(&self, path: &str, image: &NewImage) -> Result<Option<Value>, ProviderError> {
        let found = self.get(path, &[], None)?;
        if let Some(found) = &found {
            image.hold("google.snapshot", path, &texts(found, "/labels"))?;
        }
        Ok(found)
    }
}

/// Where images of a disk's project are: `projects/<project>/global/images`.
fn images(disk: &Disk) -> String {
    let project = disk.name.split('/').nth(1).unwrap_or_default();
    format!("projects/{project}/global/images")
}

fn input(words: String) -> ProviderError {
    ProviderError::new("google.snapshot", ProviderErrorKind::Input(words))
}

impl Snapshots for Google<'_> {
    fn boot_disk(&self, machine: &Machine) -> Result<Disk, ProviderError> {
        let path = &machine.path;
        let assumed = json!({"id": machine.id, "disks": [
            {"boot": true, "type": "PERSISTENT", "source": format!("{path}-disk")}]});
        let found = there(path, self.get(path, &[], Some(assumed))?)?;
        if text(&found, "/id") != machine.id {
            let words = format!(
                "`{path}` has the number {}, and this machine {}: another has its name",
                text(&found, "/id"),
                machine.id
            );
            return Err(ProviderError::new(
                "google.snapshot",
                ProviderErrorKind::Conflict(words),
            ));
        }
        let disks = found["disks"].as_array();
        let boot = disks
            .into_iter()
            .flatten()
            .find(|disk| disk["boot"] == true && text(disk, "/type") == "PERSISTENT")
            .ok_or_else(|| input(format!("`{path}` has no boot disk that lasts")))?;
        let name = path_of(text(boot, "/source")).to_owned();
        let assumed = json!({"sourceImage": machine.image});
        let disk = there(&name, self.get(&name, &[], Some(assumed))?)?;
        let made_of = path_of(text(&disk, "/sourceImage"));
        if machine
            .image
            .as_deref()
            .is_some_and(|image| path_of(image) != made_of)
        {
            let words = format!(
                "`{name}` was made of `{made_of}`, and the metadata service says `{}`",
                machine.image.as_deref().unwrap_or_default()
            );
            return Err(ProviderError::new(
                "google.snapshot",
                ProviderErrorKind::Conflict(words),
            ));
        }
        Ok(Disk {
            name,
            machine: path.clone(),
            region: None,
            facts: Default::default(),
            others: Vec::new(),
        })
    }

    fn is_begun(&self, disk: &Disk, image: &NewImage) -> Result<bool, ProviderError> {
        let path = format!("{}/{}", images(disk), image.name);
        let found = self.begun(&path, image)?;
        Ok(found.is_some_and(|found| text(&found, "/status") != "FAILED"))
    }

    fn make(&self, disk: &Disk, image: &NewImage) -> Result<Artifact, ProviderError> {
        let images = images(disk);
        let path = format!("{images}/{}", image.name);
        let mut found = self.begun(&path, image)?;
        if let Some(failed) = &found
            && text(failed, "/status") == "FAILED"
        {
            // What was begun in vain is in the way of the next try.
            self.change(Method::DELETE, &path, None)?;
            found = None;
        }
        if found.is_none() {
            let body = json!({
                "name": image.name,
                "sourceDisk": disk.name,
                "description": image.description,
                "labels": image.labels,
            });
            let query = [("forceCreate", "true")];
            match self.change_with(Method::POST, &images, &query, Some(&body)) {
                Ok(done) => there(&images, done.map(|()| Value::Null)).map(|_| ())?,
                // An answer was lost, and the request came through: or it is another's.
                Err(error) if error.is_refused(&EXISTS) => {
                    self.begun(&path, image)?;
                }
                Err(error) => return Err(error),
            }
        }
        self.ready(&path, &image.name)?;
        Ok(Artifact {
            region: None,
            reference: path,
            file: None,
        })
    }
}
