//! What the commands that run in tasks share: the task's environment, others' artifacts, secrets, where results go.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use taskgraph_images::comparison::Snapshot;
use taskgraph_images::manifest::{self, Expected, Manifest, Stage};
use taskgraph_images::taskcluster::{Client, Secrets as _, TaskId};
use taskgraph_images::transforms::{Digest, ImageId, Kind};
use taskgraph_images::worker::mask::Mask;
use taskgraph_images::worker::remove::remove_folder;
use taskgraph_images::worker::store::{FolderStore, Store};
use taskgraph_images::worker::task::Task;

use super::decision::connect;
use crate::exit::Failure;

/// Names the folder that holds others' artifacts, where no queue does.
const STORE: &str = "TASKGRAPH_IMAGES_STORE";

/// What a command of a task works with.
pub(super) struct Worker {
    pub(super) task: Task,
    client: Option<Client>,
    store: Option<FolderStore>,
}

/// What secrets say: variables for the programs that need them.
#[derive(Default)]
pub(super) struct Secrets {
    pub(super) variables: BTreeMap<String, String>,
    pub(super) mask: Mask,
}

impl Worker {
    pub(super) fn new() -> Result<Self, Failure> {
        let variable = |name: &str| std::env::var(name).ok();
        let task = Task::from_variables(variable).map_err(|errors| {
            let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Failure::Usage(words.join("; "), None)
        })?;
        let store = variable(STORE)
            .filter(|folder| !folder.is_empty())
            .map(FolderStore::new);
        Ok(Self {
            task,
            client: connect(false)?,
            store,
        })
    }

    /// Where the artifacts of other tasks are.
    pub(super) fn store(&self) -> Result<&dyn Store, Failure> {
        match (&self.store, &self.client) {
            (Some(store), _) => Ok(store),
            (None, Some(client)) => Ok(client),
            (None, None) => Err(Failure::Usage(
                "the results of other tasks are nowhere to be had".to_owned(),
                Some(format!(
                    "set `TASKCLUSTER_ROOT_URL`, or name a folder of artifacts with `{STORE}`"
                )),
            )),
        }
    }

    /// The queue, where artifacts are its.
    pub(super) fn queue(&self) -> Option<&Client> {
        self.client.as_ref().filter(|_| self.store.is_none())
    }

    /// The task that an edge leads to.
    pub(super) fn needs(&self, edge: &str) -> Result<&TaskId, Failure> {
        self.task.needs.get(edge).ok_or_else(|| {
            let variable = format!("TASKGRAPH_IMAGES_{}_TASK_ID", edge.to_uppercase());
            Failure::Usage(format!("the variable `{variable}` is not set"), None)
        })
    }

    /// An empty folder for what the task leaves, below the folder of all its artifacts.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = std::path::absolute(&self.task.upload)?.join(name);
        remove_folder(&folder).map_err(|error| unusable(&folder, &error))?;
        std::fs::create_dir_all(&folder).map_err(|error| unusable(&folder, &error))?;
        Ok(folder)
    }

    /// Whether the checkout is what the decision saw.
    pub(super) fn check_digest(
        &self,
        snapshot: &Snapshot,
        id: &ImageId,
        kind: Kind,
    ) -> Result<Digest, Failure> {
        let found: Digest = snapshot
            .digest(id, kind)
            .map(Into::into)
            .ok_or_else(|| Failure::Usage(format!("`{id}` has no {kind} task"), None))?;
        match &self.task.digest {
            Some(expected) if *expected != found => Err(Failure::Usage(
                format!(
                    "the {kind} of `{id}` has the digest {found} here, and the decision recorded {expected}"
                ),
                Some(
                    "work on the revision of the decision, with the program of the decision: both go into the digest"
                        .to_owned(),
                ),
            )),
            _ => Ok(found),
        }
    }

    /// The manifest of a build that this task takes, held to what it should be, and its SHA-256.
    pub(super) fn candidate(
        &self,
        edge: &str,
        image: &ImageId,
        digest: Digest,
    ) -> Result<(TaskId, Manifest, Digest), Failure> {
        let task = self.needs(edge)?;
        let name = format!("public/image/{}", manifest::NAME);
        let content = self
            .store()?
            .read(task, &name)?
            .ok_or_else(|| Failure::Files(format!("the task `{task}` has no artifact `{name}`")))?;
        let fault = |error: &dyn std::fmt::Display| {
            Failure::Files(format!("`{name}` of the task `{task}`: {error}"))
        };
        let manifest = Manifest::read(&content).map_err(|error| fault(&error))?;
        let expected = Expected {
            image,
            stage: Stage::Candidate,
            digests: &[(Kind::Build, digest)],
        };
        manifest.expect(&expected).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            fault(&errors.join("; "))
        })?;
        Ok((task.clone(), manifest, sha256(&content)))
    }

    /// Fetches the file of a build, and holds it to the manifest's checksum.
    pub(super) fn fetch(
        &self,
        task: &TaskId,
        file: &manifest::File,
        folder: &Path,
    ) -> Result<PathBuf, Failure> {
        let to = folder.join(&file.name);
        let name = format!("public/image/{}", file.name);
        if !self.store()?.download(task, &name, &to)? {
            return Err(Failure::Files(format!(
                "the task `{task}` has no artifact `{name}`, which its manifest names"
            )));
        }
        let (found, size) = sha256_of(&to)?;
        if found != file.sha256 || size != file.size {
            return Err(Failure::Files(format!(
                "`{name}` of the task `{task}` is not what its manifest says: {size} bytes with the SHA-256 {found}, \
                 expected {} with {}",
                file.size, file.sha256
            )));
        }
        Ok(to)
    }

    /// What the task's secrets say. Each is an object; its texts become variables of the programs that need them.
    pub(super) fn secrets(&self) -> Result<Secrets, Failure> {
        let mut variables = BTreeMap::new();
        for name in &self.task.secrets {
            let client = self.client.as_ref().ok_or_else(|| {
                Failure::Usage(
                    format!("the secret `{name}` is nowhere to be had"),
                    Some(
                        "set `TASKCLUSTER_ROOT_URL`; or, by hand, unset `TASKGRAPH_IMAGES_SECRETS` and set the variables \
                         that it stands for"
                            .to_owned(),
                    ),
                )
            })?;
            let value = client.secret(name).map_err(Failure::Taskcluster)?;
            let entries = value.as_object().ok_or_else(|| {
                Failure::Usage(
                    format!("the secret `{name}` is no object of variables"),
                    None,
                )
            })?;
            for (key, value) in entries {
                let text = match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                variables.insert(key.clone(), text);
            }
        }
        Ok(Secrets {
            mask: Mask::new(variables.values()),
            variables,
        })
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Files(format!("`{}`: {error}", path.display()))
}

/// The SHA-256 of some bytes.
pub(super) fn sha256(content: &[u8]) -> Digest {
    taskgraph_images::graph::Digest::of(content).into()
}

fn digest(bytes: &[u8]) -> Digest {
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.parse().expect("64 hexadecimal digits")
}

/// The SHA-256 of a file, and its size in bytes.
pub(super) fn sha256_of(path: &Path) -> Result<(Digest, u64), Failure> {
    let hash = || {
        let mut file = std::fs::File::open(path)?;
        let mut hasher = Sha256::new();
        let size = std::io::copy(&mut file, &mut HashWriter(&mut hasher))?;
        std::io::Result::Ok((digest(hasher.finalize().as_slice()), size))
    };
    hash().map_err(|error| unusable(path, &error))
}

struct HashWriter<'a>(&'a mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A file of a task's folder, as a manifest names it.
pub(super) fn described(folder: &Path, name: &str) -> Result<manifest::File, Failure> {
    let (sha256, size) = sha256_of(&folder.join(name))?;
    Ok(manifest::File {
        name: name.to_owned(),
        sha256,
        size,
    })
}

/// Writes what a program says to standard output and to a log.
pub(super) struct Log {
    file: std::fs::File,
}

impl Log {
    pub(super) fn new(path: &Path) -> Result<Self, Failure> {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|error| unusable(path, &error))?;
        Ok(Self { file })
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write_all(bytes)?;
        std::io::stdout().write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()?;
        std::io::stdout().flush()
    }
}
