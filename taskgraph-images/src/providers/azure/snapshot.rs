//! A managed image of a machine's own boot disk: a snapshot of the disk while the machine runs, an image of the snapshot, and
//! the snapshot is deleted.
//!
//! That the disk is generalized is said, not looked at: Azure's own way is to tell a stopped machine, which a task is not on.
//! No image can be had so of a disk that is the machine's own (ephemeral), nor of one with Trusted Launch or a confidential
//! machine's, of which Azure makes no managed image.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::json::{text, texts, there};
use super::super::{
    Disk, NewImage, Provider, ProviderError, ProviderErrorKind, Reference, Resource, ResourceKind,
    Snapshots,
};
use super::{Azure, resources};
use crate::manifest::Artifact;
use crate::worker::machine::Machine;

fn input(words: String) -> ProviderError {
    ProviderError::new("azure.snapshot", ProviderErrorKind::Input(words))
}

/// A sibling of the disk's machine, in the same resource group.
fn beside(disk: &Disk, kind: &str, name: &str) -> String {
    let end = "/providers/Microsoft.Compute/";
    // Its case is whatever somebody once wrote.
    let at = disk.machine.to_lowercase().find(&end.to_lowercase());
    let group = at.map_or(disk.machine.as_str(), |at| &disk.machine[..at]);
    format!("{group}{end}{kind}/{name}")
}

impl Azure<'_> {
    fn resource(&self, path: &str, assumed: Option<Value>) -> Result<Option<Value>, ProviderError> {
        let version = resources::api_version(path).unwrap_or(resources::MANAGER);
        let query = [("api-version", version)];
        self.call(Method::GET, path, &query, None, assumed)
    }

    /// The snapshot or image, whatever its state; held to this run.
    fn begun(&self, path: &str, image: &NewImage) -> Result<Option<Value>, ProviderError> {
        let found = self.resource(path, None)?;
        if let Some(found) = &found {
            image.hold("azure.snapshot", path, &texts(found, "/tags"))?;
        }
        Ok(found)
    }

    /// Makes a snapshot or image, or goes on with it, and waits until it can be used.
    fn made(&self, path: &str, image: &NewImage, body: &Value) -> Result<(), ProviderError> {
        let state = |found: &Value| text(found, "/properties/provisioningState").to_owned();
        let mut found = self.begun(path, image)?;
        if found.as_ref().map(state).as_deref() == Some("Failed") {
            self.remove(path, ResourceKind::Image)?;
            found = None;
        }
        if found.is_none() {
            let version = resources::api_version(path).unwrap_or(resources::MANAGER);
            let query = [("api-version", version)];
            let written = self.call(Method::PUT, path, &query, Some(body), Some(json!({})))?;
            there(path, written)?;
        }
        let call = format!("PUT of `{path}`");
        self.rest.session().wait(&call, || {
            let assumed = json!({"properties": {"provisioningState": "Succeeded"}});
            // It may not be known everywhere yet.
            let Some(found) = self.resource(path, Some(assumed))? else {
                return Ok(None);
            };
            match state(&found).as_str() {
                "Succeeded" => Ok(Some(())),
                state @ ("Failed" | "Canceled") => {
                    let words = format!("it is {state}; run it again");
                    Err(ProviderError::new(
                        &call,
                        ProviderErrorKind::Unfinished(words),
                    ))
                }
                _ => Ok(None),
            }
        })
    }

    fn remove(&self, path: &str, kind: ResourceKind) -> Result<(), ProviderError> {
        self.delete(&Resource {
            reference: Reference {
                region: None,
                name: path.to_owned(),
            },
            kind,
            state: String::new(),
            labels: Default::default(),
        })
    }
}

impl Snapshots for Azure<'_> {
    fn boot_disk(&self, machine: &Machine) -> Result<Disk, ProviderError> {
        let name = machine.disk.clone().ok_or_else(|| {
            input(format!(
                "the boot disk of `{}` is the machine's own (ephemeral), and Azure makes a snapshot of no such disk: give the \
                 worker pool managed disks",
                machine.path
            ))
        })?;
        let assumed = json!({"location": machine.region, "managedBy": machine.path,
            "properties": {"osType": "Linux", "hyperVGeneration": "V2"}});
        let disk = there(&name, self.resource(&name, Some(assumed))?)?;
        if !text(&disk, "/managedBy").eq_ignore_ascii_case(&machine.path) {
            let words = format!(
                "`{name}` is attached to `{}`, and this is `{}`",
                text(&disk, "/managedBy"),
                machine.path
            );
            let kind = ProviderErrorKind::Conflict(words);
            return Err(ProviderError::new("azure.snapshot", kind));
        }
        let security = text(&disk, "/properties/securityProfile/securityType");
        if !matches!(security, "" | "Standard") {
            return Err(input(format!(
                "`{name}` is of a machine with the security type `{security}`, and Azure makes a managed image of no such disk: \
                 give the worker pool the type `Standard`, or make the image with Packer"
            )));
        }
        let generation = match text(&disk, "/properties/hyperVGeneration") {
            "" => "V1",
            generation => generation,
        };
        Ok(Disk {
            name,
            machine: machine.path.clone(),
            region: machine.region.clone(),
            facts: [("generation", generation.to_owned())].into(),
            others: Vec::new(),
        })
    }

    fn is_begun(&self, disk: &Disk, image: &NewImage) -> Result<bool, ProviderError> {
        let failed = |found: &Value| text(found, "/properties/provisioningState") == "Failed";
        for kind in ["images", "snapshots"] {
            let found = self.begun(&beside(disk, kind, &image.name), image)?;
            if found.is_some_and(|found| !failed(&found)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn make(&self, disk: &Disk, image: &NewImage) -> Result<Artifact, ProviderError> {
        let path = beside(disk, "images", &image.name);
        let snapshot = beside(disk, "snapshots", &image.name);
        let done = |found: &Value| text(found, "/properties/provisioningState") == "Succeeded";
        // Once there is an image, the snapshot may be gone.
        if !self.begun(&path, image)?.as_ref().is_some_and(done) {
            let body = json!({
                "location": disk.region,
                "tags": image.labels,
                "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": disk.name}, "incremental": false},
            });
            self.made(&snapshot, image, &body)?;
            let body = json!({
                "location": disk.region,
                "tags": image.labels,
                "properties": {
                    "hyperVGeneration": disk.facts.get("generation"),
                    "storageProfile": {"osDisk": {"osType": "Linux", "osState": "Generalized", "snapshot": {"id": snapshot}}},
                },
            });
            self.made(&path, image, &body)?;
        }
        if self.begun(&snapshot, image)?.is_some() {
            self.remove(&snapshot, ResourceKind::Snapshot)?;
        }
        Ok(Artifact {
            region: None,
            reference: path,
            file: None,
        })
    }
}
