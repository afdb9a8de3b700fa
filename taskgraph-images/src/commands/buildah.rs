//! [`Buildah`]: containers without a daemon, in a storage of their own.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use taskgraph_images::worker::mask::Mask;
use taskgraph_images::worker::process::Program;

use crate::exit::Failure;

/// Buildah with a storage below a folder.
pub(super) struct Buildah<'a> {
    name: &'a OsStr,
    storage: PathBuf,
    folder: &'a Path,
    limit: Duration,
}

impl<'a> Buildah<'a> {
    pub(super) fn new(name: &'a OsStr, scratch: &Path, folder: &'a Path, limit: Duration) -> Self {
        Self {
            name,
            storage: scratch.join("containers"),
            folder,
            limit,
        }
    }

    /// Buildah with some arguments.
    pub(super) fn program(&self, arguments: Vec<OsString>) -> Program {
        let path = |name: &str, below: &str| {
            let mut flag = OsString::from(name);
            flag.push(self.storage.join(below));
            flag
        };
        let mut all = vec![
            path("--root=", "root"),
            path("--runroot=", "run"),
            // Needs no privileges, and no file system of a certain sort.
            "--storage-driver=vfs".into(),
        ];
        all.extend(arguments);
        let folder = [("TMPDIR".to_owned(), self.storage.display().to_string())];
        Program::new(self.name, all, self.folder, self.limit).with(folder)
    }

    /// What brings an archive into the storage.
    pub(super) fn pull(&self, archive: &Path) -> Vec<OsString> {
        let mut from = OsString::from("docker-archive:");
        from.push(archive);
        vec!["pull".into(), from]
    }

    /// What Buildah answers, without its final line break.
    pub(super) fn ask(&self, arguments: Vec<OsString>) -> Result<String, Failure> {
        std::fs::create_dir_all(&self.storage)?;
        let program = self.program(arguments);
        let answer = program.ask(&Mask::default())?;
        if answer.ended.is_success() {
            return Ok(answer.output.trim_end().to_owned());
        }
        Err(Failure::Files(format!(
            "`{}` failed: {}",
            self.name.to_string_lossy(),
            answer.ended.words()
        )))
    }
}

/// An archive without its compression, which Buildah does not know.
pub(super) fn unpacked(archive: &str, scratch: &Path) -> Result<PathBuf, Failure> {
    let to = scratch.join("archive.tar");
    let unpack = || {
        let mut from = zstd::Decoder::new(std::fs::File::open(archive)?)?;
        std::io::copy(&mut from, &mut std::fs::File::create(&to)?)
    };
    unpack().map_err(|error: std::io::Error| Failure::Files(format!("`{archive}`: {error}")))?;
    Ok(to)
}
