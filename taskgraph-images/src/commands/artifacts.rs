//! [`Folder`]: where a task leaves its artifacts.

use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// A folder of artifacts, which the worker publishes as `public/`.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn make(path: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(path)
            .map_err(|error| Failure::Files(format!("`{}`: {error}", path.display())))?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Writes an artifact, whole or not at all: a reader, or the worker of a task that is killed, never sees a part.
    pub(super) fn write(&self, name: &str, content: &str) -> Result<(), Failure> {
        self.put(name, |path| std::fs::write(path, content))
    }

    /// Copies a file, with its permissions.
    pub(super) fn copy(&self, name: &str, from: &Path) -> Result<(), Failure> {
        self.put(name, |path| std::fs::copy(from, path).map(|_| ()))
    }

    fn put(
        &self,
        name: &str,
        write: impl FnOnce(&Path) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        let path = self.path.join(name);
        let partial = path.with_extension("part");
        let put = || {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            write(&partial)?;
            std::fs::rename(&partial, &path)
        };
        put().map_err(|error| Failure::Files(format!("`{}`: {error}", path.display())))
    }
}
