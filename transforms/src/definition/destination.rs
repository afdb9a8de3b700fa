//! [`Destination`]: where in a cloud an image is published, as a definition names it.

use super::{Cloud, TextError};

/// Where an image is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A project of Google Cloud.
    Google {
        /// Its id.
        project: String,
    },
    /// A gallery of Azure.
    Azure {
        /// Its resource group.
        resource_group: String,
        /// Its name.
        gallery: String,
    },
    /// A repository of a container registry, `docker://…`, or an OCI layout, `oci:<folder>`; without a tag.
    Container {
        /// As it is written.
        repository: String,
    },
    /// A folder.
    Folder {
        /// Its path.
        path: String,
    },
}

impl Destination {
    /// Reads what a definition says of an image in a cloud.
    ///
    /// # Errors
    /// When it names nothing of that cloud.
    pub fn parse(cloud: Cloud, text: &str) -> Result<Self, TextError> {
        let (found, expected) = match cloud {
            Cloud::Google => (google(text), "the id of a project, such as `my-images-1`"),
            Cloud::Azure => (
                azure(text),
                "a resource group and a gallery in it, such as `images/worker_images`",
            ),
            Cloud::Container => (
                container(text),
                "`docker://<registry>/<name>` or `oci:<folder>`, without a tag or digest",
            ),
            Cloud::Qemu => (folder(text), "the path of a folder"),
            Cloud::Aws => (None, "nothing: AWS knows the account by the credentials"),
        };
        found.ok_or_else(|| TextError {
            what: "destination",
            text: text.to_owned(),
            expected,
        })
    }
}

fn google(text: &str) -> Option<Destination> {
    // Older projects have a domain before a colon.
    let is_project = (6..=63).contains(&text.len())
        && text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:".contains(&byte)
        });
    is_project.then(|| Destination::Google {
        project: text.to_owned(),
    })
}

fn azure(text: &str) -> Option<Destination> {
    let is_word = |word: &str| {
        !word.is_empty()
            && word.len() <= 90
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.()".contains(&byte))
    };
    let (group, gallery) = text.split_once('/')?;
    (is_word(group) && is_word(gallery)).then(|| Destination::Azure {
        resource_group: group.to_owned(),
        gallery: gallery.to_owned(),
    })
}

fn container(text: &str) -> Option<Destination> {
    let name = match (text.strip_prefix("docker://"), text.strip_prefix("oci:")) {
        // A registry may have a port, but a colon in the last part would be a tag.
        (Some(name), None) if name.contains('/') && !name.rsplit('/').next()?.contains(':') => name,
        (None, Some(path)) if !path.contains(':') => path,
        _ => return None,
    };
    let is_plain =
        !name.is_empty() && !name.contains('@') && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then(|| Destination::Container {
        repository: text.trim_end_matches('/').to_owned(),
    })
}

fn folder(text: &str) -> Option<Destination> {
    let is_plain = !text.is_empty() && !text.chars().any(char::is_control);
    is_plain.then(|| Destination::Folder {
        path: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_has_its_own() {
        for (cloud, good, bad) in [
            (Cloud::Google, "my-images-1", "My Images"),
            (Cloud::Google, "example.org:images", "a/b"),
            (Cloud::Azure, "images-l1/worker_images_l1", "images"),
            (Cloud::Azure, "a/b", "a/b/c"),
            (
                Cloud::Container,
                "docker://localhost:5000/team/tools",
                "localhost/tools",
            ),
            (
                Cloud::Container,
                "docker://r.example.org/tools",
                "docker://r.example.org/tools:latest",
            ),
            (Cloud::Container, "oci:out/layout", "oci:out:tag"),
            (Cloud::Container, "oci:out", "docker://r/tools@sha256:00"),
            (Cloud::Qemu, "/srv/images", ""),
        ] {
            assert!(Destination::parse(cloud, good).is_ok(), "{good}");
            assert!(Destination::parse(cloud, bad).is_err(), "{bad}");
        }
        let error = Destination::parse(Cloud::Aws, "account").unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"account\" is no destination: expected nothing: AWS knows the account by the credentials"
        );
    }
}
