//! [`Folders`]: QEMU's images, as files: in a folder, or only among the artifacts of the task that publishes them.
//!
//! A folder holds `<image>/<name>.qcow2`, its checksum beside it in `<name>.qcow2.sha256`, which is written last: an image
//! without one is not there. Labels are in `<name>.qcow2.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use taskgraph_images_transforms::Destination;

use super::session::file_error;
use super::{
    Promotion, Provider, ProviderError, ProviderErrorKind, Reference, Resource, ResourceKind,
    Session,
};
use crate::manifest::{Artifact, File};

/// QEMU's images, as files.
pub struct Folders<'a> {
    session: &'a Session<'a>,
}

impl<'a> Folders<'a> {
    /// Needs no credentials.
    pub fn new(session: &'a Session<'a>) -> Self {
        Self { session }
    }

    fn publish(
        &self,
        promotion: &Promotion,
        folder: &Path,
        file: &File,
    ) -> Result<PathBuf, ProviderError> {
        let call = "folder.promote";
        let (from, folder) = (
            promotion.folder.join(&file.name),
            folder.join(promotion.image.name.as_str()),
        );
        let ending = Path::new(&file.name).extension().unwrap_or_default();
        let name = format!("{}.{}", promotion.name, ending.to_string_lossy());
        let to = folder.join(&name);
        let sum = beside(&to, "sha256");
        let line = format!("{}  {name}\n", file.sha256);
        match fs::read_to_string(&sum) {
            Ok(known) if known == line && to.is_file() => return Ok(to),
            Ok(known) => {
                let known = known.trim();
                let words = format!(
                    "`{}` is there with the checksum `{known}`, and this one's is {}: nothing is replaced; look at it, \
                     and move it away",
                    to.display(),
                    file.sha256
                );
                return Err(ProviderError::new(call, ProviderErrorKind::Conflict(words)));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(file_error(call, &sum, &error)),
        }
        let labels =
            serde_json::to_string_pretty(&promotion.labels).expect("a map of texts is JSON");
        self.session.files(
            &format!("copy {} to {}", file.name, to.display()),
            &to,
            || {
                fs::create_dir_all(&folder)?;
                let partial = beside(&to, "part");
                fs::copy(&from, &partial)?;
                fs::File::open(&partial)?.sync_all()?;
                fs::rename(&partial, &to)
            },
        )?;
        let described = beside(&to, "json");
        self.session.files(
            &format!("write {}", described.display()),
            &described,
            || whole(&described, &labels),
        )?;
        self.session
            .files(&format!("write {}", sum.display()), &sum, || {
                whole(&sum, &line)
            })?;
        Ok(to)
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Writes a file whole, or not at all.
fn whole(path: &Path, text: &str) -> std::io::Result<()> {
    let partial = beside(path, "part");
    fs::write(&partial, text)?;
    fs::rename(&partial, path)
}

impl Provider for Folders<'_> {
    fn promote(&self, promotion: &Promotion) -> Result<Vec<Artifact>, ProviderError> {
        let mut published = Vec::new();
        for candidate in &promotion.candidate {
            let file = candidate.file.as_ref().ok_or_else(|| {
                let words = format!("the candidate `{}` has no file", candidate.reference);
                ProviderError::new("folder.promote", ProviderErrorKind::Input(words))
            })?;
            let reference = match &promotion.destination {
                Some(Destination::Folder { path }) => self
                    .publish(promotion, Path::new(path), file)?
                    .to_string_lossy()
                    .into_owned(),
                _ => {
                    self.session
                        .say(&format!("keep {} as an artifact", file.name));
                    file.name.clone()
                }
            };
            published.push(Artifact {
                region: None,
                reference,
                file: Some(file.clone()),
            });
        }
        Ok(published)
    }

    fn describe(&self, image: &Reference) -> Result<Option<Resource>, ProviderError> {
        let path = Path::new(&image.name);
        if !path.is_file() || !beside(path, "sha256").is_file() {
            return Ok(None);
        }
        let described = beside(path, "json");
        let labels = match fs::read(&described) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                file_error("folder.describe", &described, &std::io::Error::other(error))
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(file_error("folder.describe", &described, &error)),
        };
        let state = if beside(path, "deprecated").exists() {
            "deprecated"
        } else {
            "available"
        };
        Ok(Some(Resource {
            reference: image.clone(),
            kind: ResourceKind::Image,
            state: state.to_owned(),
            labels,
        }))
    }

    /// A folder is nobody's but its owner's, and this one knows of none: whoever has a path asks [`Self::describe`].
    fn list(&self, _: &str, _: &str) -> Result<Vec<Resource>, ProviderError> {
        Ok(Vec::new())
    }

    fn deprecate(&self, image: &Reference) -> Result<(), ProviderError> {
        let mark = beside(Path::new(&image.name), "deprecated");
        self.session
            .files(&format!("write {}", mark.display()), &mark, || {
                whole(&mark, "")
            })
    }

    /// A file can be read by whoever may read it, so this is no more than a mark.
    fn disable(&self, image: &Reference) -> Result<(), ProviderError> {
        self.deprecate(image)
    }

    fn delete(&self, resource: &Resource) -> Result<(), ProviderError> {
        let path = Path::new(&resource.reference.name);
        // Without its checksum it is not there any more, whatever happens next.
        let files = ["sha256", "json", "deprecated"].map(|ending| beside(path, ending));
        for file in files.iter().map(PathBuf::as_path).chain([path]) {
            if !file.exists() {
                continue;
            }
            self.session
                .files(&format!("delete {}", file.display()), file, || {
                    fs::remove_file(file)
                })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::tests::{recorder, said};

    fn promotion(folder: &Path, to: Option<&Path>) -> Promotion {
        let content = b"a disk";
        fs::write(folder.join("debian.qcow2"), content).unwrap();
        let mut promotion = crate::providers::tests::promotion();
        promotion.folder = folder.to_owned();
        promotion.destination = to.map(|path| Destination::Folder {
            path: path.to_string_lossy().into_owned(),
        });
        promotion.candidate = vec![Artifact {
            region: None,
            reference: "debian.qcow2".to_owned(),
            file: Some(File {
                name: "debian.qcow2".to_owned(),
                sha256: crate::graph::Digest::of(content).into(),
                size: content.len() as u64,
            }),
        }];
        promotion
    }

    #[test]
    fn published_once_and_never_replaced() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let promotion = promotion(from.path(), Some(to.path()));
        recorder(false, |session| {
            let folders = Folders::new(session);
            let published = folders.promote(&promotion).unwrap();
            let image = Reference {
                region: None,
                name: published[0].reference.clone(),
            };
            let found = folders.describe(&image).unwrap().unwrap();
            assert_eq!(found.labels, promotion.labels);
            assert_eq!(fs::read(&image.name).unwrap(), b"a disk");
            let calls = said().len();
            assert_eq!(folders.promote(&promotion).unwrap(), published);
            assert_eq!(said().len(), calls, "nothing is done twice");

            let sum = beside(Path::new(&image.name), "sha256");
            fs::write(&sum, "another\n").unwrap();
            let error = folders.promote(&promotion).unwrap_err();
            assert!(
                matches!(error.kind, ProviderErrorKind::Conflict(_)),
                "{error}"
            );

            folders.deprecate(&image).unwrap();
            assert_eq!(
                folders.describe(&image).unwrap().unwrap().state,
                "deprecated"
            );
            folders.delete(&found).unwrap();
            assert_eq!(folders.describe(&image).unwrap(), None);
            folders.delete(&found).unwrap();
        });
    }

    #[test]
    fn what_was_cut_off_is_not_there_and_is_done_again() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let promotion = promotion(from.path(), Some(to.path()));
        let folder = to.path().join("debian");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("debian-20261125173000.qcow2");
        fs::write(&path, "half").unwrap();
        recorder(false, |session| {
            let folders = Folders::new(session);
            let image = Reference {
                region: None,
                name: path.to_string_lossy().into_owned(),
            };
            assert_eq!(folders.describe(&image).unwrap(), None);
            folders.promote(&promotion).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"a disk");
        });
    }

    #[test]
    fn a_dry_run_leaves_nothing() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let promotion = promotion(from.path(), Some(to.path()));
        recorder(true, |session| {
            Folders::new(session).promote(&promotion).unwrap();
            assert_eq!(said().len(), 3);
            assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
        });
    }
}
