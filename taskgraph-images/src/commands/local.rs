//! What the commands that run tasks on this machine share: the folder of artifacts, this program, what is secret.

use std::env;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use taskgraph_images::local::Place;
use taskgraph_images::worker::mask::Mask;

use crate::exit::Failure;

/// The folder of artifacts, unless another is named.
pub(super) const FOLDER: &str = ".taskgraph-images";

/// The place below a folder, which is made if it is not there.
pub(super) fn place(folder: &Path) -> Result<Place, Failure> {
    Ok(Place::new(std::path::absolute(folder).map_err(
        |error| Failure::Files(format!("`{}`: {error}", folder.display())),
    )?))
}

/// Makes the folder, and keeps other runs out of it as long as the answer lives.
pub(super) fn lock(place: &Place) -> Result<File, Failure> {
    let fault =
        |error: std::io::Error| Failure::Files(format!("`{}`: {error}", place.root().display()));
    let is_new = match std::fs::read_dir(place.root()) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => true,
    };
    std::fs::create_dir_all(place.folders()).map_err(fault)?;
    // What git does not see cannot become part of the next snapshot, nor of a commit. A folder of somebody's own stays
    // as it is.
    if is_new {
        std::fs::write(place.root().join(".gitignore"), "*\n").map_err(fault)?;
    }
    let file = File::create(place.lock()).map_err(fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::Usage(
            format!("another run works in `{}`", place.root().display()),
            Some("wait for its end, or name another folder with `--out`".to_owned()),
        )),
        Err(TryLockError::Error(error)) => Err(fault(error)),
    }
}

/// This program, as a file.
pub(super) fn program() -> Result<PathBuf, Failure> {
    env::current_exe().map_err(|error| Failure::Program {
        name: "taskgraph-images".to_owned(),
        why: error.to_string(),
    })
}

/// The path on which programs are found.
pub(super) fn path() -> String {
    env::var_os("PATH")
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// What no output of a task may show: our credentials, and what else is given to it.
pub(super) fn mask(more: &[String]) -> Mask {
    let own = ["TASKCLUSTER_ACCESS_TOKEN", "TASKCLUSTER_CERTIFICATE"];
    let own = own.iter().filter_map(|name| env::var(name).ok());
    Mask::new(own.chain(more.iter().cloned()))
}
