//! [`remove_folder`]: removes a folder that programs worked in, and nothing else; [`Scratch`]: one that goes away.

use std::io;
use std::path::{Path, PathBuf};

/// Removes a folder with all that is in it, if it is there. Where something is mounted below it, as a builder that was
/// killed leaves it, nothing is removed: what is mounted may be this machine's own.
///
/// # Errors
/// When something is mounted there, which is named, or it cannot be removed.
pub fn remove_folder(folder: &Path) -> io::Result<()> {
    let real = match folder.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    refuse(&mounted(&real))?;
    std::fs::remove_dir_all(&real)
}

/// A folder for programs to work in, which goes away with this value, as far as [`remove_folder`] removes it.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes a folder of a new name in another.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(prefix: &str, parent: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(prefix).tempdir_in(parent)?;
        Ok(Self {
            path: folder.keep(),
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody can be told here; what stays is seen where the task ran.
        let _ = remove_folder(&self.path);
    }
}

/// Refuses to go on where something is mounted.
fn refuse(mounted: &[PathBuf]) -> io::Result<()> {
    if mounted.is_empty() {
        return Ok(());
    }
    let places: Vec<String> = mounted
        .iter()
        .map(|place| format!("`{}`", place.display()))
        .collect();
    Err(io::Error::new(
        io::ErrorKind::ResourceBusy,
        format!(
            "it is not removed, because something is mounted at {}: unmount it first",
            places.join(", ")
        ),
    ))
}

/// What is mounted in a folder, deepest first: in an order in which it can be unmounted. Only Linux tells.
fn mounted(folder: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    below(&text, folder)
}

fn below(mounts: &str, folder: &Path) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(|place| PathBuf::from(unescape(place)))
        .filter(|place| place.starts_with(folder))
        .collect();
    places.sort_unstable_by(|a, b| b.cmp(a));
    places.dedup();
    places
}

/// Text in which the kernel wrote spaces and the like as octal numbers.
fn unescape(text: &str) -> String {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, more)) = rest.split_first() {
        let number = more
            .get(..3)
            .filter(|_| first == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match number {
            Some(byte) => {
                plain.push(byte);
                rest = &more[3..];
            }
            None => {
                plain.push(first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 254:0 / / rw - ext4 /dev/vda rw
30 22 0:5 / /tmp/a\\040b/root/dev/shm rw - tmpfs tmpfs rw
31 22 0:5 / /tmp/a\\040b/root rw - tmpfs tmpfs rw
32 22 0:5 / /tmp/a\\040bc rw - tmpfs tmpfs rw
33 22
";

    #[test]
    fn what_is_mounted_below() {
        let found = |folder: &str| {
            let places = below(MOUNTS, Path::new(folder));
            let texts = places.iter().map(|place| place.display().to_string());
            texts.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found("/tmp/a b"), "/tmp/a b/root/dev/shm /tmp/a b/root");
        assert_eq!(found("/tmp/a"), "");
        assert_eq!(unescape("a\\134b\\9\\"), "a\\b\\9\\");
    }

    #[test]
    fn a_folder_and_nothing() {
        let keep = tempfile::tempdir().unwrap();
        let folder = keep.path().join("folder");
        std::fs::create_dir_all(folder.join("a/b")).unwrap();
        remove_folder(&folder).unwrap();
        assert!(!folder.exists());
        remove_folder(&folder).unwrap();
        let scratch = Scratch::new(".build-", keep.path()).unwrap();
        let path = scratch.path().to_owned();
        std::fs::write(path.join("file"), "").unwrap();
        drop(scratch);
        assert!(!path.exists());
    }

    #[test]
    fn what_is_mounted_is_left_alone() {
        let error = refuse(&below(MOUNTS, Path::new("/tmp/a b"))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "it is not removed, because something is mounted at `/tmp/a b/root/dev/shm`, `/tmp/a b/root`: unmount it first"
        );
        assert!(refuse(&[]).is_ok());
    }
}
