//! [`Place`]: where tasks run and where their results are, below one folder laid out like the queue.

use std::path::{Component, Path, PathBuf};

use crate::taskcluster::TaskId;

/// The folder of the tasks' own folders: no task's id starts with a dot.
const FOLDERS: &str = ".tasks";
/// The name of a task's log among its artifacts, as workers have it.
pub(super) const LOG: &str = "public/logs/live.log";

/// Where tasks run and where their results are: `<root>/<task id>/<artifact>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    root: PathBuf,
}

impl Place {
    /// The place below a folder, given as an absolute path.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder of everything.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the artifacts of a task are.
    pub fn artifacts(&self, task: &TaskId) -> PathBuf {
        self.root.join(task.as_str())
    }

    /// The log of a task.
    pub fn log(&self, task: &TaskId) -> PathBuf {
        self.artifacts(task).join(LOG)
    }

    /// The folder of all tasks' folders.
    pub fn folders(&self) -> PathBuf {
        self.root.join(FOLDERS)
    }

    /// The folder that a task runs in.
    pub fn folder(&self, task: &TaskId) -> PathBuf {
        self.folders().join(task.as_str())
    }

    /// The clone that holds a work tree which was not committed.
    pub fn snapshot(&self) -> PathBuf {
        self.root.join(".snapshot.git")
    }

    /// The file that keeps two runs from each other.
    pub fn lock(&self) -> PathBuf {
        self.root.join(".lock")
    }
}

/// A path below a folder, unless it leads out of it. Both sorts of slashes separate.
pub(super) fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut full = folder.to_owned();
    for component in Path::new(&path.replace('\\', "/")).components() {
        match component {
            Component::Normal(name) => full.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_out() {
        let of = |path| inside(Path::new("/t"), path);
        assert_eq!(of("a/./b\\c"), Some(PathBuf::from("/t/a/b/c")));
        for path in ["/etc", "../x", "a/../../x", "\\x"] {
            assert_eq!(of(path), None, "{path}");
        }
    }
}
