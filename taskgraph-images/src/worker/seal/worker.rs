//! [`TaskWorker`]: the Taskcluster worker whose task this is: generic-worker, and the worker-runner that started it. They are
//! found among the processes that this one descends from, and what they were started with says where their files are.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::How;

/// The programs, as their releases are named: with the system and processor after it.
const WORKER: &str = "generic-worker";
const RUNNER: &str = "start-worker";
/// Where the worker's settings are if it was told nothing, in the folder that it runs in.
const SETTINGS: &str = "generic-worker.config";
/// What the worker writes into the folder that it runs in. Among it are accounts with their passwords.
const STATE: [&str; 5] = [
    "current-task-user.json",
    "directory-caches.json",
    "file-caches.json",
    "next-task-user.json",
    "tasks-resolved-count.txt",
];
/// What the names of the folders of tasks start with.
const TASKS: &str = "task_";

/// The worker whose task this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskWorker {
    /// Its files, and folders whose contents are its own.
    files: Vec<(PathBuf, &'static str, How)>,
    /// The folder of the folders of tasks.
    pub(super) tasks: PathBuf,
    /// After how many tasks it takes no more; 0 for never.
    pub tasks_to_run: u64,
}

/// What a worker has on its machine cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: {why}")]
pub struct WorkerError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

impl WorkerError {
    fn new(path: &Path, why: impl ToString) -> Self {
        Self {
            path: path.to_owned(),
            why: why.to_string(),
        }
    }
}

impl TaskWorker {
    /// Finds it below the root of a file system; nothing if no worker started this.
    ///
    /// # Errors
    /// When there is one, and its settings cannot be read.
    pub fn find(root: &Path) -> Result<Option<Self>, WorkerError> {
        let mut found: Option<Self> = None;
        let mut process = "self".to_owned();
        // Each has one parent, and the first has none; a list of some length is a circle of nonsense.
        for _ in 0..100 {
            let folder = root.join("proc").join(&process);
            let Ok(status) = fs::read_to_string(folder.join("status")) else {
                break;
            };
            let words = command(&folder);
            let program = words.first().map(|word| Path::new(word).file_name());
            let program = program.flatten().unwrap_or_default().to_string_lossy();
            if program.starts_with(WORKER) && found.is_none() {
                found = Some(Self::of(root, &folder, &words)?);
            } else if program.starts_with(RUNNER)
                && let (Some(found), Some(settings)) = (&mut found, words.get(1))
            {
                found.runner(root, &folder, settings)?;
            }
            let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
            match parent.map(str::trim) {
                None | Some("0") => break,
                Some(parent) => process = parent.to_owned(),
            }
        }
        Ok(found)
    }

    fn of(root: &Path, process: &Path, words: &[String]) -> Result<Self, WorkerError> {
        let here = folder(root, process)?;
        let told = words.iter().enumerate().find_map(|(at, word)| {
            word.strip_prefix("--config=").or_else(|| {
                words
                    .get(at + 1)
                    .filter(|_| word == "--config")
                    .map(String::as_str)
            })
        });
        let settings = place(root, &here, told.unwrap_or(SETTINGS));
        let text = fs::read(&settings).map_err(|error| WorkerError::new(&settings, error))?;
        // It holds credentials: no word of it is told.
        let read: Value = serde_json::from_slice(&text)
            .map_err(|_| WorkerError::new(&settings, "the worker's settings are no JSON"))?;
        let text = |name: &str| read[name].as_str().filter(|text| !text.is_empty());
        let mut files = vec![(settings, "the worker's credentials", How::Remove)];
        if let Some(key) = text("ed25519SigningKeyLocation") {
            files.push((
                place(root, &here, key),
                "the worker's signing key",
                How::Remove,
            ));
        }
        for name in STATE {
            files.push((here.join(name), "the worker's state", How::Remove));
        }
        for (name, default) in [("cachesDir", "caches"), ("downloadsDir", "downloads")] {
            let folder = place(root, &here, text(name).unwrap_or(default));
            files.push((folder, "the worker's caches", How::Empty));
        }
        Ok(Self {
            files,
            tasks: place(root, &here, text("tasksDir").unwrap_or("/home")),
            tasks_to_run: read["numberOfTasksToRun"].as_u64().unwrap_or_default(),
        })
    }

    /// What the runner keeps for the next start: credentials, and what the worker's settings are made of.
    fn runner(&mut self, root: &Path, process: &Path, settings: &str) -> Result<(), WorkerError> {
        let here = folder(root, process)?;
        let settings = place(root, &here, settings);
        let text =
            fs::read_to_string(&settings).map_err(|error| WorkerError::new(&settings, error))?;
        let read: Value = serde_yaml::from_str(&text)
            .map_err(|_| WorkerError::new(&settings, "the worker-runner's settings are no YAML"))?;
        if let Some(cache) = read["cacheOverRestarts"].as_str() {
            let cache = place(root, &here, cache);
            self.files
                .push((cache, "the worker's credentials", How::Remove));
        }
        Ok(())
    }

    /// What of it must not be in an image. Of its tasks' folders, all but this task's own.
    pub(super) fn places(&self, own: Option<&Path>) -> Vec<(PathBuf, &'static str, How)> {
        let mut places = self.files.clone();
        let entries = fs::read_dir(&self.tasks).into_iter().flatten().flatten();
        let mut tasks: Vec<PathBuf> = entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(TASKS))
            .map(|entry| entry.path())
            .filter(|path| own != Some(path))
            .collect();
        tasks.sort_unstable();
        places.extend(
            tasks
                .into_iter()
                .map(|path| (path, "folders of other tasks", How::Remove)),
        );
        places
    }
}

/// The words that a process was started with.
fn command(process: &Path) -> Vec<String> {
    let text = fs::read(process.join("cmdline")).unwrap_or_default();
    text.split(|byte| *byte == 0)
        .filter(|word| !word.is_empty())
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

/// The folder that a process runs in.
fn folder(root: &Path, process: &Path) -> Result<PathBuf, WorkerError> {
    let link = process.join("cwd");
    let found = fs::read_link(&link).map_err(|error| WorkerError::new(&link, error))?;
    Ok(below(root, &found))
}

/// A path that something in a folder names.
fn place(root: &Path, here: &Path, path: &str) -> PathBuf {
    if Path::new(path).is_absolute() {
        below(root, Path::new(path))
    } else {
        here.join(path)
    }
}

/// An absolute path, as it is seen from outside of the root.
fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}
