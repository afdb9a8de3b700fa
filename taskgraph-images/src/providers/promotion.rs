//! [`Promotion`]: what is published, where, and under which names. Pure.

use std::collections::BTreeMap;
use std::path::PathBuf;

use taskgraph_images_transforms::{Destination, Digest, ImageId, PublishTask};

use crate::manifest::{Artifact, Manifest};
use crate::taskcluster::TaskId;

/// The label of whatever a task has made for itself: its own machines, disks and candidates.
pub(super) const TASK_LABEL: &str = "taskgraph-images-task";
/// The label of a published image: which candidate it is of.
const CANDIDATE_LABEL: &str = "taskgraph-images-candidate";
/// As much of a digest as a label can hold in every cloud.
const IDENTITY: usize = 40;
/// The longest name in every cloud.
pub(super) const LONGEST: usize = 63;

/// What is published, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// The image.
    pub image: ImageId,
    /// What it is called where it is published: unlike any other build's.
    pub name: String,
    /// The version, where a provider counts versions: it grows from build to build.
    pub version: String,
    /// The family, or gallery definition, that it joins.
    pub family: String,
    /// Where in the cloud; none where the definition says nothing.
    pub destination: Option<Destination>,
    /// Where it should be.
    pub regions: Vec<String>,
    /// Its labels, also those by which it is known again.
    pub labels: BTreeMap<String, String>,
    /// The accounts that may use it.
    pub share_with: Vec<String>,
    /// The candidate, in each place where it is.
    pub candidate: Vec<Artifact>,
    /// The folder that holds the candidate's files, which is where what is published is left.
    pub folder: PathBuf,
}

/// What is asked for cannot be published; whoever wrote the definition can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PromotionError {
    /// The destination is none of the cloud's.
    #[error("`publish.destination`: {0}")]
    Destination(String),
    /// The cloud has regions, and none is named.
    #[error("`publish.regions` names no region of {0}")]
    Regions(String),
}

impl Promotion {
    /// What a definition says of a candidate, whose manifest has the digest.
    ///
    /// # Errors
    /// Everything that the definition lacks.
    pub fn new(
        publish: &PublishTask,
        candidate: &Manifest,
        digest: &Digest,
        folder: PathBuf,
    ) -> Result<Self, Vec<PromotionError>> {
        use taskgraph_images_transforms::Cloud;
        let mut errors = Vec::new();
        let destination = publish.destination.as_ref().and_then(|text| {
            Destination::parse(candidate.cloud, text)
                .map_err(|error| errors.push(PromotionError::Destination(error.to_string())))
                .ok()
        });
        let has_regions = matches!(candidate.cloud, Cloud::Aws | Cloud::Azure);
        if has_regions && publish.regions.is_empty() {
            errors.push(PromotionError::Regions(candidate.cloud.to_string()));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let image = &candidate.image;
        let family = publish.family.clone();
        let family = family.unwrap_or_else(|| image.name.to_string());
        let mut labels = publish.labels.clone();
        let (label, identity) = label_of_candidate(digest);
        labels.insert(label.to_owned(), identity);
        let mut regions = publish.regions.clone();
        regions.sort();
        regions.dedup();
        Ok(Self {
            image: image.clone(),
            name: published_name(&family, candidate),
            version: version(candidate),
            family,
            destination,
            regions,
            labels,
            share_with: publish.share_with.clone(),
            candidate: candidate.artifacts.clone(),
            folder,
        })
    }

    /// The label by which what is published of this candidate is known again.
    pub fn identity(&self) -> (&'static str, &str) {
        let value = self.labels.get(CANDIDATE_LABEL);
        (CANDIDATE_LABEL, value.map_or("", String::as_str))
    }
}

/// What a build is called where it is published: its family and when it was done, at most 63 characters.
pub fn published_name(family: &str, candidate: &Manifest) -> String {
    let time = candidate.finished.compact();
    format!("{}-{time}", fitting(family, LONGEST - time.len() - 1))
}

/// A name that is no longer than the room there is.
pub(super) fn fitting(name: &str, room: usize) -> String {
    if name.len() <= room {
        return name.to_owned();
    }
    // Cut where a character ends, and told apart by a digest of the whole.
    let digest = crate::graph::Digest::of(name.as_bytes()).to_string();
    let mut end = room - 9;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{}", &name[..end], &digest[..8])
}

/// When a build was done, as three numbers that grow: the date, the time, and no more.
fn version(candidate: &Manifest) -> String {
    let time = candidate.finished.compact();
    let (date, time) = time.split_at(8);
    // Numbers have no zeros before them.
    let time = time.trim_start_matches('0');
    format!("{date}.{}.0", if time.is_empty() { "0" } else { time })
}

/// The label of what is published of a candidate, whose manifest has the digest.
pub fn label_of_candidate(digest: &Digest) -> (&'static str, String) {
    (CANDIDATE_LABEL, digest.as_str()[..IDENTITY].to_owned())
}

/// The label of what a task has made: its id in lower case hexadecimal digits, which every cloud takes.
pub fn label_of_task(task: &TaskId) -> (&'static str, String) {
    (TASK_LABEL, task.to_hex())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::changes_tests::manifest;
    use proptest::prelude::*;

    #[test]
    fn names_and_versions_are_of_the_build() {
        let mut candidate = manifest();
        assert_eq!(
            published_name("debian", &candidate),
            "debian-20261125173000"
        );
        assert_eq!(version(&candidate), "20261125.173000.0");
        candidate.finished = "2026-11-25T00:00:09.000Z".parse().unwrap();
        assert_eq!(version(&candidate), "20261125.9.0");
        candidate.finished = "2026-11-25T00:00:00.000Z".parse().unwrap();
        assert_eq!(version(&candidate), "20261125.0.0");
    }

    #[test]
    fn a_tasks_label_is_legal_in_every_cloud() {
        let task = "fN1SbArXTPSVFNUvaOlinQ".parse().unwrap();
        let (name, value) = label_of_task(&task);
        assert_eq!((name, value.len()), ("taskgraph-images-task", 32));
        assert_eq!(value, "7cdd526c0ad74cf49514d52f68e9629d");
    }

    proptest! {
        #[test]
        fn no_name_is_too_long_and_none_is_anothers(a in "[a-z]{40,70}", b in "[a-z]{40,70}") {
            let candidate = manifest();
            let (one, two) = (published_name(&a, &candidate), published_name(&b, &candidate));
            prop_assert!(one.len() <= LONGEST);
            prop_assert_eq!(one == two, a == b);
        }
    }
}
