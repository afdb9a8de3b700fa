//! [`LocalTask`]: a task's definition as the queue has it, read for what this machine must do.
//!
//! Definitions of all projects are read, so what is not known here is no fault: it is told as something that this
//! machine does not have.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use taskgraph_images_transforms::ArtifactType;

/// What docker-worker's and d2g's tasks take for their home.
const CONTAINER_HOME: &str = "/builds/worker";
/// How often the queue tries a task again that says nothing of it.
const RETRIES: u32 = 5;
/// Features of workers that need nothing here: logs, and uploads.
const ALWAYS: [&str; 5] = [
    "artifacts",
    "backingLog",
    "bulkLog",
    "liveLog",
    "localLiveLog",
];

/// A task as this machine does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTask {
    /// Its name: the label, for tasks of a graph.
    pub name: String,
    /// The worker that it is written for.
    pub worker: Worker,
    /// What it runs, one after the other until one fails.
    pub commands: Vec<Command>,
    /// The environment of its commands.
    pub environment: BTreeMap<String, String>,
    /// How long all of its commands may take together.
    pub limit: Duration,
    /// What it is given, in the order in which it is.
    pub mounts: Vec<Mount>,
    /// What it leaves.
    pub rules: Vec<Rule>,
    /// The exit codes after which a new run may help.
    pub retry: BTreeSet<i64>,
    /// How often it is run again after one of these.
    pub retries: u32,
    /// What its worker would have given it, and this machine does not: in words.
    pub missing: Vec<String>,
}

/// The worker that a task is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worker {
    /// generic-worker on Linux, macOS and their like.
    Posix,
    /// generic-worker on Windows.
    Windows,
    /// docker-worker, or generic-worker's imitation of it.
    Container,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A program and its arguments.
    Words(Vec<String>),
    /// A line of a batch file.
    Line(String),
}

/// Something that a task is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where, relative to the task's folder.
    pub path: String,
    /// What. Of a folder that outlives the task on its worker, nothing: it is an empty folder.
    pub content: Option<Content>,
    /// The format of the archive of which a folder is made; a file has none.
    pub archive: Option<String>,
}

/// Where a mount's content is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An artifact of a task.
    Artifact {
        /// The task.
        task: String,
        /// The artifact's name.
        name: String,
        /// The SHA-256 that it must have.
        sha256: Option<String>,
    },
    /// An artifact of the task that the index has somewhere.
    Indexed {
        /// The index path.
        path: String,
        /// The artifact's name.
        name: String,
    },
    /// What an address gives.
    Url {
        /// The address.
        url: String,
        /// The SHA-256 that it must have.
        sha256: Option<String>,
    },
    /// The text itself.
    Raw(String),
    /// The bytes themselves, in base 64.
    Base64(String),
}

/// Something that a task leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name; of a folder, what the names of all that is in it start with.
    pub name: String,
    /// Where, relative to the task's folder.
    pub path: String,
    /// Whether it is a file or a folder.
    pub kind: ArtifactType,
    /// Whether it need not be there.
    pub optional: bool,
}

/// Why a task cannot be done here; whoever wrote it can fix it, or nobody need.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// The definition is none that a worker of the known sorts takes.
    #[error("its definition is not understood: {0}")]
    Format(String),
    /// It has no command, so only its container knows what it does.
    #[error("it has no command of its own: its container has, and there is none here")]
    NoCommand,
    /// A mount has no content that is known.
    #[error("its mount {0} is of a sort that is not known here")]
    Mount(usize),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    payload: Payload,
    #[serde(default)]
    scopes: Vec<String>,
    retries: Option<u32>,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    /// Only a container's has it.
    image: Option<Value>,
    #[serde(default)]
    command: Vec<CommandJson>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    max_run_time: u64,
    #[serde(default)]
    mounts: Vec<MountJson>,
    #[serde(default)]
    cache: BTreeMap<String, String>,
    artifacts: Option<Artifacts>,
    #[serde(default)]
    on_exit_status: OnExitStatus,
    #[serde(default)]
    features: BTreeMap<String, Value>,
    #[serde(default)]
    capabilities: BTreeMap<String, Value>,
    #[serde(default)]
    os_groups: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CommandJson {
    Words(Vec<String>),
    Word(String),
}

#[derive(Default, Deserialize)]
struct OnExitStatus {
    #[serde(default)]
    retry: Vec<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Artifacts {
    List(Vec<ArtifactJson>),
    Map(BTreeMap<String, ArtifactJson>),
}

#[derive(Deserialize)]
struct ArtifactJson {
    name: Option<String>,
    path: String,
    r#type: String,
    #[serde(default)]
    optional: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MountJson {
    file: Option<String>,
    directory: Option<String>,
    cache_name: Option<String>,
    content: Option<ContentJson>,
    format: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContentJson {
    artifact: Option<String>,
    task_id: Option<String>,
    namespace: Option<String>,
    url: Option<String>,
    raw: Option<String>,
    base64: Option<String>,
    sha256: Option<String>,
}

impl LocalTask {
    /// Reads a definition.
    ///
    /// # Errors
    /// When it is of a sort that cannot be done here.
    pub fn read(definition: &Value) -> Result<Self, Vec<PayloadError>> {
        let definition: Definition = Definition::deserialize(definition)
            .map_err(|error| vec![PayloadError::Format(error.to_string())])?;
        let payload = definition.payload;
        let container = payload.image.is_some();
        let mut errors = Vec::new();
        let mut missing = missing(&payload, &definition.scopes);
        let (worker, commands) = commands(payload.command, container);
        if commands.is_empty() {
            errors.push(PayloadError::NoCommand);
        }
        let mut mounts = Vec::new();
        for (at, mount) in payload.mounts.into_iter().enumerate() {
            if let Some(name) = &mount.cache_name {
                missing.push(format!("the cache `{name}`: an empty folder stands in"));
            }
            match read_mount(mount) {
                Some(mount) => mounts.push(mount),
                None => errors.push(PayloadError::Mount(at)),
            }
        }
        for (name, path) in payload.cache {
            missing.push(format!("the cache `{name}`: an empty folder stands in"));
            mounts.push(Mount {
                path: relative(&path),
                content: None,
                archive: None,
            });
        }
        let mut rules = rules(payload.artifacts);
        if container {
            for rule in &mut rules {
                rule.path = relative(&rule.path);
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            name: definition.metadata.name,
            worker,
            commands,
            environment: payload.env,
            limit: Duration::from_secs(payload.max_run_time),
            mounts,
            rules,
            retry: payload.on_exit_status.retry.into_iter().collect(),
            retries: definition.retries.unwrap_or(RETRIES),
            missing,
        })
    }
}

/// A place in a container's home as one in the task's folder. Other text stays.
fn relative(text: &str) -> String {
    in_home(text).unwrap_or(text).to_owned()
}

/// What of some text is below the home of a container's tasks, if it is a place there.
pub(super) fn in_home(text: &str) -> Option<&str> {
    match text.strip_prefix(CONTAINER_HOME)? {
        "" | "/" => Some("."),
        rest => rest.strip_prefix('/'),
    }
}

fn commands(written: Vec<CommandJson>, container: bool) -> (Worker, Vec<Command>) {
    let mut lists = Vec::new();
    let mut words = Vec::new();
    for command in written {
        match command {
            CommandJson::Words(list) => lists.push(Command::Words(list)),
            CommandJson::Word(word) => words.push(word),
        }
    }
    if container {
        let commands = if words.is_empty() {
            lists
        } else {
            vec![Command::Words(words)]
        };
        (Worker::Container, commands)
    } else if words.is_empty() {
        (Worker::Posix, lists)
    } else {
        let lines = words.into_iter().map(Command::Line).collect();
        (Worker::Windows, lines)
    }
}

fn read_mount(mount: MountJson) -> Option<Mount> {
    let content = match mount.content {
        None => None,
        Some(content) => Some(read_content(content)?),
    };
    match (mount.file, mount.directory) {
        // Compressed files are taken apart by the worker.
        (Some(_), _) if mount.format.is_some() => None,
        (Some(path), _) => Some(Mount {
            path,
            content: Some(content?),
            archive: None,
        }),
        (None, Some(path)) => Some(Mount {
            path,
            archive: content.as_ref().and(mount.format),
            content,
        }),
        (None, None) => None,
    }
}

fn read_content(content: ContentJson) -> Option<Content> {
    let sha256 = content.sha256;
    Some(
        match (
            content.artifact,
            content.task_id,
            content.namespace,
            content.url,
        ) {
            (Some(name), Some(task), _, _) => Content::Artifact { task, name, sha256 },
            (Some(name), None, Some(path), _) => Content::Indexed { path, name },
            (None, _, _, Some(url)) => Content::Url { url, sha256 },
            _ => match (content.raw, content.base64) {
                (Some(raw), _) => Content::Raw(raw),
                (None, Some(text)) => Content::Base64(text),
                (None, None) => return None,
            },
        },
    )
}

fn rules(artifacts: Option<Artifacts>) -> Vec<Rule> {
    let list: Vec<(Option<String>, ArtifactJson)> = match artifacts {
        None => Vec::new(),
        Some(Artifacts::List(list)) => list.into_iter().map(|rule| (None, rule)).collect(),
        Some(Artifacts::Map(map)) => map
            .into_iter()
            .map(|(name, rule)| (Some(name), rule))
            .collect(),
    };
    list.into_iter()
        .map(|(name, rule)| Rule {
            name: name
                .or(rule.name)
                .unwrap_or_else(|| rule.path.replace('\\', "/")),
            kind: if rule.r#type == "file" {
                ArtifactType::File
            } else {
                ArtifactType::Directory
            },
            path: rule.path,
            optional: rule.optional,
        })
        .collect()
}

fn missing(payload: &Payload, scopes: &[String]) -> Vec<String> {
    let mut missing = Vec::new();
    if let Some(image) = &payload.image {
        let name = image
            .as_str()
            .or_else(|| image["namespace"].as_str())
            .or_else(|| image["taskId"].as_str())
            .unwrap_or("of its own");
        missing.push(format!(
            "the container `{name}`: its command runs on this machine itself"
        ));
    }
    if !scopes.is_empty() {
        let s = if scopes.len() == 1 { "" } else { "s" };
        missing.push(format!("its {} scope{s}", scopes.len()));
    }
    let asked = |value: &Value| !matches!(value, Value::Bool(false) | Value::Null);
    let features = payload.features.iter().chain(&payload.capabilities);
    for (name, _) in
        features.filter(|(name, value)| asked(value) && !ALWAYS.contains(&name.as_str()))
    {
        missing.push(format!("the worker's `{name}`"));
    }
    if !payload.os_groups.is_empty() {
        missing.push(format!("the groups {}", payload.os_groups.join(", ")));
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn task(payload: &Value) -> Value {
        json!({"metadata": {"name": "x"}, "scopes": ["a", "b"], "payload": payload})
    }

    #[test]
    fn generic_worker() {
        let task = LocalTask::read(&task(&json!({
            "command": [["chmod", "+x", "tool"], ["./tool", "build", "a b"]],
            "env": {"UPLOAD_DIR": "artifacts"},
            "maxRunTime": 60,
            "mounts": [
                {"file": "tool", "content": {"taskId": "fN1SbArXTPSVFNUvaOlinQ", "artifact": "public/bin/tool"}},
                {"directory": "cache", "cacheName": "git"},
                {"directory": "sdk", "format": "tar.gz", "content": {"url": "https://example.org/x", "sha256": "00"}},
                {"file": "text", "content": {"raw": "hello"}},
            ],
            "artifacts": [{"name": "public/image", "path": "artifacts/image", "type": "directory", "expires": "x"},
                          {"path": "a\\log.txt", "type": "file", "optional": true}],
            "onExitStatus": {"retry": [4, 75]},
            "features": {"taskclusterProxy": true, "chainOfTrust": false, "liveLog": true},
            "osGroups": ["kvm"],
        })))
        .unwrap();
        insta::assert_snapshot!(format!("{task:#?}"));
    }

    #[test]
    fn a_container_is_this_machine() {
        let task = LocalTask::read(&task(&json!({
            "image": {"type": "indexed-image", "namespace": "td.images.x", "path": "public/image.tar.zst"},
            "command": ["taskgraph-images", "build", "a"],
            "env": {"UPLOAD_DIR": "/builds/worker/artifacts", "OTHER": "/builds/workers"},
            "maxRunTime": 60,
            "cache": {"git": "/builds/worker/checkouts"},
            "artifacts": {"public/image": {"path": "/builds/worker/artifacts/image", "type": "directory"}},
        })))
        .unwrap();
        insta::assert_snapshot!(format!("{task:#?}"));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let said = |payload: Value| match LocalTask::read(&task(&payload)) {
            Ok(task) => format!("{:?} {:?}", task.worker, task.commands),
            Err(errors) => errors
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        };
        assert_eq!(
            said(
                json!({"image": "debian", "maxRunTime": 1, "mounts": [{"file": "x", "content": {}}]})
            ),
            "it has no command of its own: its container has, and there is none here; its mount 0 is of a sort that is \
             not known here"
        );
        assert_eq!(
            said(json!({"command": ["echo %PATH%"], "maxRunTime": 1})),
            "Windows [Line(\"echo %PATH%\")]"
        );
        assert_eq!(
            said(json!({"command": []})),
            "its definition is not understood: missing field `maxRunTime`"
        );
    }
}
