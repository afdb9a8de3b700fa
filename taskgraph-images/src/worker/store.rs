//! [`Store`]: where the artifacts of other tasks are: in the queue, or in a folder laid out like it.

use std::path::{Path, PathBuf};

use crate::taskcluster::{ApiError, Client, Queue as _, TaskId};

/// Where artifacts of tasks are.
pub trait Store: Sync {
    /// The content of a small artifact of a task's latest run; nothing if there is none of that name.
    ///
    /// # Errors
    /// When that cannot be said.
    fn read(&self, task: &TaskId, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Writes an artifact of any size to a file that is not there yet, whole or not at all; says whether there is one.
    ///
    /// # Errors
    /// When it cannot be had, or not be written.
    fn download(&self, task: &TaskId, name: &str, to: &Path) -> Result<bool, StoreError>;
}

/// Why an artifact cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The queue refused, or did not answer.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A file cannot be read or written.
    #[error("`{path}`: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
}

impl Store for Client {
    fn read(&self, task: &TaskId, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.artifact(task, name)?)
    }

    fn download(&self, task: &TaskId, name: &str, to: &Path) -> Result<bool, StoreError> {
        Ok(self.artifact_to_file(task, name, to)?)
    }
}

/// A folder that holds the artifacts of tasks, as `<task id>/public/…`: what a run on one machine leaves.
#[derive(Debug, Clone)]
pub struct FolderStore {
    root: PathBuf,
}

impl FolderStore {
    /// The store below a folder, which need not be there yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where the artifacts of a task are.
    pub fn of(&self, task: &TaskId) -> PathBuf {
        self.root.join(task.as_str())
    }

    fn fault(path: &Path, error: &std::io::Error) -> StoreError {
        StoreError::File {
            path: path.to_owned(),
            why: error.to_string(),
        }
    }
}

impl Store for FolderStore {
    fn read(&self, task: &TaskId, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.of(task).join(name);
        match std::fs::read(&path) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Self::fault(&path, &error)),
        }
    }

    fn download(&self, task: &TaskId, name: &str, to: &Path) -> Result<bool, StoreError> {
        let path = self.of(task).join(name);
        if !path.exists() {
            return Ok(false);
        }
        let partial = to.with_extension("part");
        std::fs::copy(&path, &partial)
            .and_then(|_| std::fs::rename(&partial, to))
            .map_err(|error| Self::fault(to, &error))?;
        Ok(true)
    }
}
