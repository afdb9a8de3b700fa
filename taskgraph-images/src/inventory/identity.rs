//! [`Identity`]: what an image is in its cloud, however somebody spells it.

use std::fmt;

use serde::{Deserialize, Serialize};
use taskgraph_images_transforms::Cloud;

/// What an image is in its cloud, however somebody spells it: as a full address, as a path, or in parts.
///
/// Written as text, it is one of `google:<project>/<name>`, `aws:<AMI>`, `azure:<gallery definition>/<version>`,
/// `azure:<managed image>`, or whatever the reference was, after the cloud's word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identity(String);

impl Identity {
    /// What a reference means, such as a manifest's or a configuration's.
    pub fn of(cloud: Cloud, reference: &str) -> Self {
        let parts: Vec<&str> = reference.trim_matches('/').split('/').collect();
        let after = |word: &str| {
            let at = parts
                .iter()
                .position(|part| part.eq_ignore_ascii_case(word))?;
            parts.get(at + 1).copied()
        };
        match cloud {
            Cloud::Google => match (after("projects"), after("images")) {
                (Some(project), Some(name)) => Self::google(project, name),
                _ => Self(format!("google:{reference}")),
            },
            Cloud::Azure => match (after("images"), after("versions")) {
                (Some(definition), Some(version)) => Self::gallery(definition, version),
                (Some(name), None) => Self::managed(name),
                (None, _) => Self(format!("azure:{}", reference.to_lowercase())),
            },
            Cloud::Aws | Cloud::Qemu | Cloud::Container => Self(format!("{cloud}:{reference}")),
        }
    }

    /// An image of Google Cloud.
    pub fn google(project: &str, name: &str) -> Self {
        Self(format!("google:{project}/{name}"))
    }

    /// A version in an Azure compute gallery. Azure's names do not tell capitals apart.
    pub fn gallery(definition: &str, version: &str) -> Self {
        Self(format!("azure:{}/{version}", definition.to_lowercase()))
    }

    /// A managed image of Azure.
    pub fn managed(name: &str) -> Self {
        Self(format!("azure:{}", name.to_lowercase()))
    }

    /// An AMI.
    pub fn ami(id: &str) -> Self {
        Self(format!("aws:{id}"))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_image_are_one() {
        for (cloud, references, expect) in [
            (
                Cloud::Google,
                &[
                    "projects/p-1/global/images/i-1",
                    "https://www.googleapis.com/compute/v1/projects/p-1/global/images/i-1",
                ][..],
                "google:p-1/i-1",
            ),
            (
                Cloud::Azure,
                &[
                    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/x/images/Win11/versions/1.2.3",
                    "/subscriptions/S/resourcegroups/other/providers/Microsoft.Compute/galleries/y/images/win11/versions/1.2.3",
                ],
                "azure:win11/1.2.3",
            ),
            (
                Cloud::Azure,
                &[
                    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/ImageSet-1",
                ],
                "azure:imageset-1",
            ),
            (Cloud::Aws, &["ami-0abc"], "aws:ami-0abc"),
            (Cloud::Google, &["alpha"], "google:alpha"),
        ] {
            for reference in references {
                assert_eq!(Identity::of(cloud, reference).to_string(), expect);
            }
        }
    }
}
