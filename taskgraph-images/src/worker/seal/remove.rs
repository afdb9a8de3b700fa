//! Taking things away from a file system, and telling all that stays.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::{How, Left};

/// What services have for themselves while they run, below temporary folders.
const PRIVATE: &str = "systemd-private-";
/// Up to which size a file is overwritten before it goes: what is secret is small.
const SMALL: u64 = 1024 * 1024;
/// The endings of logs that were put away.
const PUT_AWAY: [&str; 5] = ["gz", "xz", "zst", "bz2", "old"];

/// What is still there.
#[derive(Debug, Default)]
pub(super) struct Faults(pub(super) Vec<Left>);

impl Faults {
    pub(super) fn add(&mut self, path: &Path, what: &'static str, why: String) {
        self.0.push(Left {
            path: path.to_owned(),
            what,
            why,
        });
    }

    /// What cannot be found is not there; anything else is a fault.
    fn check<T>(&mut self, path: &Path, what: &'static str, result: io::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                None
            }
            Err(error) => {
                self.add(path, what, error.to_string());
                None
            }
        }
    }
}

/// The paths that a pattern finds, sorted.
pub(super) fn expand(
    root: &Path,
    pattern: &str,
    what: &'static str,
    faults: &mut Faults,
) -> Vec<PathBuf> {
    let mut found = vec![root.to_owned()];
    for part in pattern.split('/') {
        let Some((start, end)) = part.split_once('*') else {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        };
        let names = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // Both ends have to be apart.
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        };
        found = found
            .iter()
            .flat_map(|folder| children(folder, what, faults))
            .filter(names)
            .collect();
    }
    found.retain(|path| {
        faults
            .check(path, what, fs::symlink_metadata(path))
            .is_some()
    });
    found
}

/// What is in a folder, sorted; nothing if there is no such folder.
pub(super) fn children(folder: &Path, what: &'static str, faults: &mut Faults) -> Vec<PathBuf> {
    let Some(entries) = faults.check(folder, what, fs::read_dir(folder)) else {
        return Vec::new();
    };
    let mut paths = Vec::new();
    for entry in entries {
        if let Some(entry) = faults.check(folder, what, entry) {
            paths.push(entry.path());
        }
    }
    paths.sort_unstable();
    paths
}

/// Does something to a path, but to nothing that `keep` is in; how many things it was done to.
pub(super) fn apply(
    path: &Path,
    how: How,
    what: &'static str,
    keep: Option<&Path>,
    faults: &mut Faults,
) -> usize {
    match how {
        How::Remove => remove(path, what, keep, faults),
        How::Empty => children(path, what, faults)
            .iter()
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                !name.starts_with(PRIVATE)
            })
            .map(|path| remove(path, what, keep, faults))
            .sum(),
        How::Truncate => usize::from(faults.check(path, what, truncate(path)).is_some()),
        How::Logs => logs(path, what, faults),
    }
}

/// Removes a path with all that is in it. What the kept path is in stays, and so does that path.
fn remove(path: &Path, what: &'static str, keep: Option<&Path>, faults: &mut Faults) -> usize {
    if let Some(keep) = keep
        && keep.starts_with(path)
    {
        if keep == path {
            return 0;
        }
        return children(path, what, faults)
            .iter()
            .map(|path| remove(path, what, Some(keep), faults))
            .sum();
    }
    let Some(data) = faults.check(path, what, fs::symlink_metadata(path)) else {
        return 0;
    };
    if data.is_dir() {
        let count = children(path, what, faults)
            .iter()
            .map(|path| remove(path, what, None, faults))
            .sum::<usize>();
        // What is still in it was told.
        let is_empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        if is_empty {
            faults.check(path, what, fs::remove_dir(path));
        }
        return count + 1;
    }
    if data.is_file() && is_ours_alone(&data) && data.len() <= SMALL {
        // The disk's blocks are part of the image, also where no file is any more. What cannot be written can be removed.
        let _ = overwrite(path, data.len());
    }
    usize::from(faults.check(path, what, fs::remove_file(path)).is_some())
}

/// Whether a file has no other name, by which somebody may still want what is in it.
fn is_ours_alone(data: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        data.nlink() == 1
    }
    #[cfg(not(unix))]
    {
        let _ = data;
        true
    }
}

fn overwrite(path: &Path, size: u64) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    io::copy(&mut io::Read::take(io::repeat(0), size), &mut file)?;
    file.flush()?;
    file.sync_data()
}

fn truncate(path: &Path) -> io::Result<()> {
    fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(path)
        .map(|_| ())
}

fn logs(folder: &Path, what: &'static str, faults: &mut Faults) -> usize {
    let mut count = 0;
    for path in children(folder, what, faults) {
        let Some(data) = faults.check(&path, what, fs::symlink_metadata(&path)) else {
            continue;
        };
        if data.is_dir() {
            count += logs(&path, what, faults);
        } else if data.is_file() {
            let ending = path.extension().unwrap_or_default().to_string_lossy();
            let is_put_away = PUT_AWAY.contains(&&*ending)
                || !ending.is_empty() && ending.bytes().all(|byte| byte.is_ascii_digit());
            count += if is_put_away {
                remove(&path, what, None, faults)
            } else {
                usize::from(faults.check(&path, what, truncate(&path)).is_some())
            };
        }
    }
    count
}
