//! [`Snapshots`]: a machine's own boot disk, made into an image. Only clouds have it.
//!
//! As with all that providers do: each call that changes something goes through the [`Session`], nothing that has a name is
//! replaced, and what an earlier run has begun is continued.

use std::collections::BTreeMap;

use taskgraph_images_transforms::{Cloud, ImageId};

use super::promotion::{LONGEST, TASK_LABEL, fitting};
use super::{
    Aws, Azure, Google, ProviderError, ProviderErrorKind, Session, Variables, label_of_task,
};
use crate::manifest::Artifact;
use crate::taskcluster::{TaskId, Timestamp};
use crate::worker::machine::Machine;

/// Images of a machine's own boot disk.
pub trait Snapshots {
    /// The boot disk of a machine, which the cloud can make an image of.
    ///
    /// # Errors
    /// When it cannot, or that cannot be said.
    fn boot_disk(&self, machine: &Machine) -> Result<Disk, ProviderError>;

    /// Whether the image has been begun: by an earlier try of the same run.
    ///
    /// # Errors
    /// When another's has its name, or that cannot be said.
    fn is_begun(&self, disk: &Disk, image: &NewImage) -> Result<bool, ProviderError>;

    /// Makes the image of the disk as it is now, while its machine runs, and waits until it can be used. One that has been
    /// begun is waited for, and one that failed is made again.
    ///
    /// # Errors
    /// When there is no such image yet. Running it again continues.
    fn make(&self, disk: &Disk, image: &NewImage) -> Result<Artifact, ProviderError>;
}

/// A machine's boot disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// What the cloud calls it.
    pub name: String,
    /// What the cloud calls its machine.
    pub machine: String,
    /// The region (AWS) or location (Azure) that both are in.
    pub region: Option<String>,
    /// What else the cloud wants to know to make an image of it.
    pub(super) facts: BTreeMap<&'static str, String>,
    /// Disks of the machine that are no part of the image, as the machine names them (AWS).
    pub(super) others: Vec<String>,
}

/// An image that is made of a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImage {
    /// Its name, which is this run's and no other's.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Its labels. By that of its task it is known again.
    pub labels: BTreeMap<String, String>,
}

impl NewImage {
    /// The candidate of an image that a run of a task makes: `<name>-<task>-<run>`; by hand that somebody makes at a time:
    /// `<name>-<time>`, which nobody can continue.
    pub fn new(id: &ImageId, task: Option<&TaskId>, run: u32, time: Timestamp) -> Self {
        /// As much of a task's id as fits, with some runs, where other candidates have the time.
        const TASK: usize = 12;
        let end = match task {
            Some(task) => format!("{}-{run}", &task.to_hex()[..TASK]),
            None => time.compact(),
        };
        let mut labels = BTreeMap::new();
        labels.insert("image".to_owned(), id.name.to_string());
        if let Some(task) = task {
            let (name, value) = label_of_task(task);
            labels.insert(name.to_owned(), value);
        }
        let name = fitting(id.name.as_str(), LONGEST - end.len() - 1);
        Self {
            name: format!("{name}-{end}"),
            description: format!("{id}, a candidate by taskgraph-images"),
            labels,
        }
    }

    /// Holds what has the name already to this run.
    pub(super) fn hold(
        &self,
        call: &str,
        at: &str,
        labels: &BTreeMap<String, String>,
    ) -> Result<(), ProviderError> {
        let name = TASK_LABEL;
        match self.labels.get(name) {
            Some(own) if labels.get(name) == Some(own) => Ok(()),
            _ => {
                let words = format!(
                    "`{at}` is there, and not of this task: nothing is replaced; look at it"
                );
                Err(ProviderError::new(call, ProviderErrorKind::Conflict(words)))
            }
        }
    }
}

/// What makes images of machines in a cloud; nothing where there are no machines.
///
/// # Errors
/// When it cannot be talked to with what the variables say.
pub fn snapshots<'a>(
    cloud: Cloud,
    session: &'a Session<'a>,
    variables: &'a Variables,
) -> Result<Option<Box<dyn Snapshots + 'a>>, ProviderError> {
    Ok(match cloud {
        Cloud::Aws => Some(Box::new(Aws::new(session, variables)?)),
        Cloud::Azure => Some(Box::new(Azure::new(session, variables)?)),
        Cloud::Google => Some(Box::new(Google::new(session, variables)?)),
        Cloud::Qemu | Cloud::Container => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_the_run_and_fit_every_cloud() {
        let time = "2026-11-25T17:30:00.000Z".parse().unwrap();
        let task: TaskId = "fN1SbArXTPSVFNUvaOlinQ".parse().unwrap();
        let name = |id: &str, task: Option<&TaskId>, run: u32| {
            let image = NewImage::new(&id.parse().unwrap(), task, run, time);
            assert!(image.name.len() <= LONGEST, "{}", image.name);
            image.name
        };
        assert_eq!(name("a@aws", Some(&task), 0), "a-7cdd526c0ad7-0");
        assert_eq!(name("a@aws", Some(&task), 1), "a-7cdd526c0ad7-1");
        assert_eq!(name("a@aws", None, 0), "a-20261125173000");
        let long = format!("{}@aws", "a".repeat(60));
        assert!(name(&long, Some(&task), 12).ends_with("-7cdd526c0ad7-12"));
    }

    #[test]
    fn by_hand_nothing_is_continued() {
        let time = "2026-11-25T17:30:00.000Z".parse().unwrap();
        let image = NewImage::new(&"a@aws".parse().unwrap(), None, 0, time);
        let error = image.hold("call", "a", &image.labels).unwrap_err();
        assert!(error.to_string().contains("nothing is replaced"), "{error}");
    }
}
