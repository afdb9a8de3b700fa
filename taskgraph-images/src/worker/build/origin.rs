//! [`origin`]: whether a machine was started from a parent's candidate. Pure.
//!
//! A machine may also run what was published of the candidate, which is the same disk under another name; that is known by
//! the label that publishing gives it, so the cloud has to be asked.

use taskgraph_images_transforms::{Cloud, Digest};

use crate::manifest::Manifest;
use crate::providers::{Reference, label_of_candidate};
use crate::worker::machine::Machine;

/// Where a machine comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// From the candidate.
    Candidate,
    /// From another image, which may be what was published of the candidate if it has this label.
    Published {
        /// The image that it was started from.
        image: Reference,
        /// The label's name and value.
        label: (&'static str, String),
    },
    /// From something else, in words.
    Other(String),
}

/// Says where a machine comes from, as far as it tells. `digest` is that of the parent's manifest.
pub fn origin(machine: &Machine, parent: &Manifest, digest: &Digest) -> Origin {
    let Some(image) = &machine.image else {
        let words = format!("`{}` was started from no image of one's own", machine.path);
        return Origin::Other(words);
    };
    if parent.cloud != machine.cloud {
        let words = format!("`{}` is a machine of {}", machine.path, machine.cloud);
        return Origin::Other(words);
    }
    let is_candidate = parent.artifacts.iter().any(|artifact| {
        let elsewhere = artifact.region.is_some() && artifact.region != machine.region;
        let is_it = match machine.cloud {
            Cloud::Google => google(&artifact.reference, machine) == google(image, machine),
            // Its ids are the same in whatever case they are written.
            Cloud::Azure => artifact.reference.eq_ignore_ascii_case(image),
            _ => artifact.reference == *image,
        };
        is_it && (machine.cloud != Cloud::Aws || !elsewhere)
    });
    if is_candidate {
        return Origin::Candidate;
    }
    Origin::Published {
        image: Reference {
            region: machine
                .region
                .clone()
                .filter(|_| machine.cloud == Cloud::Aws),
            name: image.clone(),
        },
        label: label_of_candidate(digest),
    }
}

/// The whole path of an image, of whose name Packer tells the last part alone: it is then of the machine's own project.
fn google(image: &str, machine: &Machine) -> String {
    match image.find("projects/") {
        Some(at) => image[at..].to_owned(),
        None => {
            let project = machine.path.split('/').nth(1).unwrap_or_default();
            format!("projects/{project}/global/images/{image}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Artifact;
    use crate::manifest::changes_tests::manifest;

    fn of(
        cloud: Cloud,
        region: Option<&str>,
        image: Option<&str>,
        candidates: &[(&str, &str)],
    ) -> String {
        let machine = Machine {
            cloud,
            id: "1".to_owned(),
            path: "projects/images-1/zones/z/instances/vm-1".to_owned(),
            region: region.map(str::to_owned),
            image: image.map(str::to_owned),
            disk: None,
        };
        let mut parent = manifest();
        parent.cloud = cloud;
        parent.artifacts = candidates
            .iter()
            .map(|(region, reference)| Artifact {
                region: Some((*region).to_owned()).filter(|region| !region.is_empty()),
                reference: (*reference).to_owned(),
                file: None,
            })
            .collect();
        let digest = "9".repeat(64).parse().unwrap();
        match origin(&machine, &parent, &digest) {
            Origin::Candidate => "candidate".to_owned(),
            Origin::Published { image, label } => {
                assert_eq!(label.1.len(), 40);
                format!("{} {}", image.region.unwrap_or_default(), image.name)
            }
            Origin::Other(words) => words,
        }
    }

    #[test]
    fn the_candidate_is_known_by_its_name() {
        let google =
            |image: &str, candidate: &str| of(Cloud::Google, None, Some(image), &[("", candidate)]);
        let base = "projects/images-1/global/images/base-1";
        assert_eq!(google(base, "base-1"), "candidate");
        assert_eq!(google(base, base), "candidate");
        let link = format!("https://www.googleapis.com/compute/v1/{base}");
        assert_eq!(google(base, &link), "candidate");
        assert_eq!(google(base, "base-2"), format!(" {base}"));
        let theirs = "projects/other/global/images/base-1";
        assert_eq!(google(theirs, "base-1"), format!(" {theirs}"));
        let aws = |region: &str| {
            let candidates = [("us-east-1", "ami-1"), ("us-west-2", "ami-2")];
            of(Cloud::Aws, Some(region), Some("ami-2"), &candidates)
        };
        assert_eq!(aws("us-west-2"), "candidate");
        assert_eq!(aws("us-east-1"), "us-east-1 ami-2");
        let ours = "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Compute/images/a";
        let azure = of(
            Cloud::Azure,
            Some("eastus2"),
            Some(&ours.to_lowercase()),
            &[("", ours)],
        );
        assert_eq!(azure, "candidate");
    }

    #[test]
    fn what_is_no_image_of_ours() {
        assert_eq!(
            of(Cloud::Google, None, None, &[("", "base-1")]),
            "`projects/images-1/zones/z/instances/vm-1` was started from no image of one's own"
        );
    }
}
