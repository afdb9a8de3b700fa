//! What Packer's `manifest` post-processor wrote: where the image is.

use serde::Deserialize;
use taskgraph_images_transforms::Cloud;

/// Where an image is, as Packer tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The region, if Packer names one.
    pub region: Option<String>,
    /// The provider's name for it.
    pub reference: String,
}

/// What Packer's manifest says of the newest build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackerManifest {
    /// Where the image is; empty if it is files.
    pub places: Vec<Place>,
    /// The files that it made, as Packer names them.
    pub files: Vec<String>,
}

/// Why it cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackerManifestError {
    /// It is none.
    #[error("it is not what Packer's `manifest` post-processor writes: {0}")]
    Format(String),
    /// There was no build.
    #[error("it tells of no build: the source may be one that the template's builds do not name")]
    Empty,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    builds: Vec<Build>,
    #[serde(default)]
    last_run_uuid: String,
}

#[derive(Deserialize)]
struct Build {
    #[serde(default)]
    artifact_id: String,
    #[serde(default)]
    files: Option<Vec<Made>>,
    #[serde(default)]
    packer_run_uuid: String,
}

#[derive(Deserialize)]
struct Made {
    name: String,
}

impl PackerManifest {
    /// Reads the newest build of it.
    ///
    /// # Errors
    /// When it is none, or tells of no build.
    pub fn read(content: &[u8], cloud: Cloud) -> Result<Self, PackerManifestError> {
        let document: Document = serde_json::from_slice(content)
            .map_err(|error| PackerManifestError::Format(error.to_string()))?;
        let build = document
            .builds
            .into_iter()
            .rfind(|build| build.packer_run_uuid == document.last_run_uuid)
            .ok_or(PackerManifestError::Empty)?;
        let files: Vec<String> = build
            .files
            .unwrap_or_default()
            .into_iter()
            .map(|file| file.name)
            .collect();
        let places = match cloud {
            Cloud::Qemu | Cloud::Container => Vec::new(),
            // One pair of a region and an id for each region that Packer copied to.
            Cloud::Aws => build
                .artifact_id
                .split(',')
                .map(|pair| match pair.split_once(':') {
                    Some((region, id)) => Place {
                        region: Some(region.to_owned()),
                        reference: id.to_owned(),
                    },
                    None => Place {
                        region: None,
                        reference: pair.to_owned(),
                    },
                })
                .collect(),
            _ => vec![Place {
                region: None,
                reference: build.artifact_id,
            }],
        };
        Ok(Self { places, files })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_aws() {
        let text = br#"{"builds": [
            {"name": "old", "artifact_id": "us-east-1:ami-0", "files": null, "packer_run_uuid": "1"},
            {"name": "aws", "artifact_id": "us-west-2:ami-1,us-east-1:ami-2", "files": null, "packer_run_uuid": "2"}
        ], "last_run_uuid": "2"}"#;
        let found = PackerManifest::read(text, Cloud::Aws).unwrap();
        let places: Vec<_> = found
            .places
            .iter()
            .map(|place| {
                format!(
                    "{} {}",
                    place.region.as_deref().unwrap_or("-"),
                    place.reference
                )
            })
            .collect();
        assert_eq!(places, ["us-west-2 ami-1", "us-east-1 ami-2"]);
    }

    #[test]
    fn files_of_qemu() {
        let text = br#"{"builds": [{"artifact_id": "VM", "packer_run_uuid": "a",
            "files": [{"name": "x.qcow2", "size": 1}]}], "last_run_uuid": "a"}"#;
        let found = PackerManifest::read(text, Cloud::Qemu).unwrap();
        assert_eq!(
            (found.places.len(), found.files),
            (0, vec!["x.qcow2".to_owned()])
        );
    }

    #[test]
    fn nothing_was_built() {
        let text = br#"{"builds": [{"artifact_id": "VM", "packer_run_uuid": "old"}], "last_run_uuid": "new"}"#;
        assert_eq!(
            PackerManifest::read(text, Cloud::Qemu),
            Err(PackerManifestError::Empty)
        );
        assert!(matches!(
            PackerManifest::read(b"{", Cloud::Aws),
            Err(PackerManifestError::Format(_))
        ));
    }
}
