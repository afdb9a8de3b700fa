//! [`Contents`]: what files hold, as digests.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use super::{Digest, Fields};
use crate::tree::{ContentId, FileError, Found, Mode, Tree, TreePath};

/// Digests of contents, shared by graphs: what two trees have in common is hashed once. Clones share what they know.
#[derive(Debug, Default, Clone)]
pub struct Contents {
    known: Arc<RwLock<HashMap<ContentId, Digest, foldhash::fast::RandomState>>>,
    by_id: bool,
}

impl Contents {
    /// Takes git's id of a content for its digest, and reads nothing. Graphs that are made with it can only be compared
    /// with one another: their digests are not those that tasks are found by.
    pub fn by_id() -> Self {
        Self {
            by_id: true,
            ..Self::default()
        }
    }

    fn of(&self, tree: &Tree, found: &Found) -> Result<Digest, FileError> {
        if let Some(digest) = self.known.read().expect("no writer panics").get(&found.id) {
            return Ok(*digest);
        }
        let digest = if self.by_id {
            Digest::of(found.id.as_bytes())
        } else {
            Digest::of(&tree.blob(found.id, &found.path)?)
        };
        self.known
            .write()
            .expect("no writer panics")
            .insert(found.id, digest);
        Ok(digest)
    }
}

/// The digest of a file's own content.
pub(super) fn own_digest(
    tree: &Tree,
    contents: &Contents,
    path: &TreePath,
) -> Result<Digest, FileError> {
    let found = tree.find(path)?;
    let mut fields = Fields::new("taskgraph-images file 1");
    match found.mode {
        Mode::File | Mode::Executable => {
            fields.add(if found.mode == Mode::Executable {
                "executable"
            } else {
                "file"
            });
            fields.add(contents.of(tree, &found)?.as_bytes());
        }
        Mode::Submodule => {
            fields.add("submodule").add(found.id.as_bytes());
        }
        Mode::Directory | Mode::Link => {
            fields.add("directory");
        }
    }
    Ok(fields.finish())
}
