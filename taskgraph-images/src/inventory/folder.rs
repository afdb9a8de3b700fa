//! The inventory of a folder: manifests as files, such as those that `run` leaves, or that somebody downloaded.

use std::path::{Path, PathBuf};

use super::{Inventory, Origin, Published, Refused, read};
use crate::manifest;
use crate::taskcluster::Timestamp;

/// How deep a folder is looked into.
const DEEPEST: usize = 8;
/// The largest file that is read, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

impl Inventory {
    /// What the manifests below a folder say: files named `manifest.json`, and others that end in `.json` and are
    /// manifests. Candidates' are passed by.
    ///
    /// # Errors
    /// When the folder, or something below it, cannot be read: what is not known is not taken for absent.
    pub fn of_folder(folder: &Path, now: Timestamp) -> Result<Self, (PathBuf, std::io::Error)> {
        let mut files = Vec::new();
        list(folder, 0, &mut files)?;
        let (mut published, mut refused) = (Vec::new(), Vec::new());
        for path in files {
            let origin = Origin::File(path.clone());
            let is_named = path.file_name().is_some_and(|name| name == manifest::NAME);
            let size = std::fs::metadata(&path).map_err(|error| (path.clone(), error))?;
            if size.len() > LARGEST {
                if is_named {
                    let why = format!("it is larger than {} MiB", LARGEST >> 20);
                    refused.push(Refused { origin, why });
                }
                continue;
            }
            let content = std::fs::read(&path).map_err(|error| (path.clone(), error))?;
            if !is_named && !looks_like_one(&content) {
                continue;
            }
            match read(&content, now) {
                Ok(Some((manifest, sha256))) => published.push(Published {
                    manifest,
                    sha256,
                    origin,
                }),
                Ok(None) => {}
                Err(why) => refused.push(Refused { origin, why }),
            }
        }
        Ok(Self::sorted(published, refused))
    }
}

/// Whether some JSON says the things that only manifests say.
fn looks_like_one(content: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(content).is_ok_and(|value| {
        ["version", "stage", "image", "artifacts"]
            .iter()
            .all(|key| value.get(key).is_some())
    })
}

fn list(
    folder: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
) -> Result<(), (PathBuf, std::io::Error)> {
    let fault = |error| (folder.to_owned(), error);
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .map_err(fault)?
        .collect::<Result<_, _>>()
        .map_err(fault)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(|error| (path.clone(), error))?;
        if kind.is_dir() {
            if depth < DEEPEST {
                list(&path, depth + 1, files)?;
            }
        } else if kind.is_file() && path.extension().is_some_and(|end| end == "json") {
            // A link could lead anywhere, so none is followed.
            files.push(path);
        }
    }
    Ok(())
}
