//! Mounts: what a task is given before its commands run, put into its folder.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use taskgraph_images_transforms::IndexPath;

use super::payload::{Content, Mount};
use super::place::inside;
use crate::taskcluster::{ApiError, Client, Index as _, TaskId};
use crate::worker::mask::Mask;
use crate::worker::process::{Program, ProgramError};
use crate::worker::store::{Store as _, StoreError};

/// Gets the contents of mounts.
pub trait Contents: Sync {
    /// Writes a content to a file that is not there yet.
    ///
    /// # Errors
    /// When it cannot be had, or not be written.
    fn put(&self, content: &Content, to: &Path) -> Result<(), MountError>;
}

/// Why a task cannot be given what it mounts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MountError {
    /// The mount leads out of the task's folder.
    #[error("the mount `{0}` leads out of the task's folder")]
    Outside(String),
    /// There is nothing of that name.
    #[error("there is no {0}")]
    Absent(String),
    /// It is not what the task says it is.
    #[error("{what} has the SHA-256 {found}, expected {expected}")]
    Digest {
        /// What it is.
        what: String,
        /// Its digest.
        found: String,
        /// What the task says.
        expected: String,
    },
    /// A name in the payload is none.
    #[error("{0}")]
    Name(String),
    /// Taskcluster refused, or did not answer.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// An artifact cannot be had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be written.
    #[error("`{path}`: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// An archive cannot be taken apart.
    #[error("the archive for `{path}` cannot be taken apart: {why}")]
    Archive {
        /// Where it should appear.
        path: String,
        /// Why.
        why: String,
    },
}

/// How long an archive may take.
const UNPACKING: Duration = Duration::from_secs(3600);

/// Puts all mounts into a task's folder.
pub(super) fn mount(
    mounts: &[Mount],
    folder: &Path,
    contents: &dyn Contents,
) -> Result<(), MountError> {
    for mount in mounts {
        let target =
            inside(folder, &mount.path).ok_or_else(|| MountError::Outside(mount.path.clone()))?;
        let fault = |error: std::io::Error| file(&target, &error);
        match (&mount.content, &mount.archive) {
            (None, _) => std::fs::create_dir_all(&target).map_err(fault)?,
            (Some(content), None) => {
                if let Some(parent) = target.parent() {
                    std::fs::create_dir_all(parent).map_err(fault)?;
                }
                contents.put(content, &target)?;
            }
            (Some(content), Some(format)) => {
                std::fs::create_dir_all(&target).map_err(fault)?;
                let archive = folder.join(".archive");
                contents.put(content, &archive)?;
                unpack(&mount.path, &archive, format, &target)?;
                std::fs::remove_file(&archive).map_err(fault)?;
            }
        }
    }
    Ok(())
}

/// Takes an archive apart by the system's own programs, which refuse names that lead out of the folder.
fn unpack(path: &str, archive: &Path, format: &str, to: &Path) -> Result<(), MountError> {
    let words = |words: &[&str]| {
        words
            .iter()
            .map(std::ffi::OsString::from)
            .collect::<Vec<_>>()
    };
    let (name, mut arguments) = match format {
        "zip" => ("unzip", words(&["-q", "-n"])),
        // It sees by itself how it is compressed.
        format if format.starts_with("tar") => ("tar", words(&["-x", "-f"])),
        other => {
            return Err(MountError::Archive {
                path: path.to_owned(),
                why: format!("`{other}` is no format that is known here, which are tar and zip"),
            });
        }
    };
    arguments.push(archive.into());
    arguments.push(if name == "tar" { "-C" } else { "-d" }.into());
    arguments.push(to.into());
    let program = Program::new(name, arguments, to, UNPACKING);
    let fault = |why| MountError::Archive {
        path: path.to_owned(),
        why,
    };
    let ended = program
        .run(&Mask::default(), &mut std::io::sink())
        .map_err(|error: ProgramError| fault(error.to_string()))?;
    if ended.is_success() {
        Ok(())
    } else {
        Err(fault(ended.words()))
    }
}

/// This program, for the tasks of a graph: all that they mount is this, from wherever their worker would have it.
#[derive(Debug, Clone)]
pub struct Tool(
    /// The program.
    pub PathBuf,
);

impl Contents for Tool {
    fn put(&self, _: &Content, to: &Path) -> Result<(), MountError> {
        link(&self.0, to)
    }
}

/// Puts a program that runs under a second name, which takes no time; nobody can write to it while it runs. Copies it
/// where that cannot be.
pub(super) fn link(program: &Path, to: &Path) -> Result<(), MountError> {
    if std::fs::hard_link(program, to).is_ok() {
        return Ok(());
    }
    std::fs::copy(program, to)
        .map(|_| ())
        .map_err(|error| file(to, &error))
}

/// Contents from where the payload says that they are.
pub struct Remote<'a>(
    /// The services.
    pub &'a Client,
);

impl Contents for Remote<'_> {
    fn put(&self, content: &Content, to: &Path) -> Result<(), MountError> {
        match content {
            Content::Artifact { task, name, sha256 } => {
                let id: TaskId = task
                    .parse()
                    .map_err(|error| MountError::Name(format!("{error}")))?;
                self.artifact(&id, name, to)?;
                check(&format!("`{name}` of `{id}`"), to, sha256.as_deref())
            }
            Content::Indexed { path, name } => {
                let path =
                    IndexPath::new(path).map_err(|error| MountError::Name(error.to_string()))?;
                let found = self.0.find_tasks(&[path.clone()].into())?;
                let id = found
                    .get(&path)
                    .map(|entry| &entry.task_id)
                    .ok_or_else(|| MountError::Absent(format!("task at `{path}` in the index")))?;
                self.artifact(id, name, to)
            }
            Content::Url { url, sha256 } => {
                if !self.0.url_to_file(url, to)? {
                    return Err(MountError::Absent(format!("file at `{url}`")));
                }
                check(&format!("`{url}`"), to, sha256.as_deref())
            }
            Content::Raw(text) => std::fs::write(to, text).map_err(|error| file(to, &error)),
            Content::Base64(text) => {
                let bytes = STANDARD
                    .decode(text)
                    .map_err(|error| MountError::Name(format!("a mount is no base 64: {error}")))?;
                std::fs::write(to, bytes).map_err(|error| file(to, &error))
            }
        }
    }
}

impl Remote<'_> {
    fn artifact(&self, id: &TaskId, name: &str, to: &Path) -> Result<(), MountError> {
        if self.0.download(id, name, to)? {
            Ok(())
        } else {
            Err(MountError::Absent(format!("artifact `{name}` of `{id}`")))
        }
    }
}

/// Holds a file to the digest that it must have.
fn check(what: &str, path: &Path, expected: Option<&str>) -> Result<(), MountError> {
    let Some(expected) = expected else {
        return Ok(());
    };
    let digest = || -> std::io::Result<String> {
        let mut stream = std::fs::File::open(path)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match stream.read(&mut buffer)? {
                0 => break,
                count => hasher.update(&buffer[..count]),
            }
        }
        let bytes = hasher.finalize();
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    };
    let found = digest().map_err(|error| file(path, &error))?;
    if found == expected {
        return Ok(());
    }
    let _ = std::fs::remove_file(path);
    Err(MountError::Digest {
        what: what.to_owned(),
        found,
        expected: expected.to_owned(),
    })
}

fn file(path: &Path, error: &std::io::Error) -> MountError {
    MountError::File {
        path: path.to_owned(),
        why: error.to_string(),
    }
}
