//! What of a machine must not be part of the image that is made of its disk, and taking it away. For Linux.
//!
//! [`PLACES`] lists what any machine has; [`TaskWorker`] finds what the Taskcluster worker has whose task this is. Where something
//! cannot be taken away, no image may be made: [`seal`] tells all of it. What a script of the image leaves behind besides is
//! that script's to remove.

mod obstacles;
mod places;
mod remove;
#[cfg(test)]
mod tests;
mod worker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use obstacles::obstacles;
pub use places::{How, PLACES, Place};
pub use worker::{TaskWorker, WorkerError};

use obstacles::{shared, swap};
use remove::{Faults, expand};

/// What is taken away of the task itself, and what is not.
#[derive(Debug, Clone, Default)]
pub struct OwnTask {
    /// The task's folder; none by hand.
    pub folder: Option<PathBuf>,
}

/// The folder of the task's folder that its worker writes the task's log to, as long as the task runs. The log is public.
const LOGS: &str = "generic-worker";

/// Something that should not be in an image cannot be taken away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` ({what}): {why}")]
pub struct Left {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub what: &'static str,
    /// Why it is still there.
    pub why: String,
}

/// Takes away what must not be part of an image, of the file system below `root`; how much of each sort there was.
///
/// # Errors
/// Everything that is still there. All else is gone by then; but where file systems of other machines are mounted, nothing is
/// taken away.
pub fn seal(
    root: &Path,
    worker: Option<&TaskWorker>,
    own: &OwnTask,
) -> Result<BTreeMap<&'static str, usize>, Vec<Left>> {
    let others = shared(root);
    if !others.is_empty() {
        return Err(others);
    }
    let mut faults = Faults::default();
    let mut done = BTreeMap::new();
    let own_folder = own.folder.as_deref();
    for place in PLACES {
        for path in expand(root, place.pattern, place.what, &mut faults) {
            let count = remove::apply(&path, place.how, place.what, own_folder, &mut faults);
            *done.entry(place.what).or_default() += count;
        }
    }
    for (path, what, how) in worker
        .into_iter()
        .flat_map(|worker| worker.places(own_folder))
    {
        let count = remove::apply(&path, how, what, own_folder, &mut faults);
        *done.entry(what).or_default() += count;
    }
    if let Some(folder) = own_folder {
        let what = "the task's folder";
        for path in remove::children(folder, what, &mut faults) {
            if path.file_name().is_some_and(|name| name != LOGS) {
                let count = remove::apply(&path, How::Remove, what, None, &mut faults);
                *done.entry(what).or_default() += count;
            }
        }
    }
    faults.0.extend(swap(root));
    if faults.0.is_empty() {
        done.retain(|_, count| *count > 0);
        Ok(done)
    } else {
        Err(faults.0)
    }
}
