//! A decision to be made: a repository, a Taskcluster on loopback that knows the decision task, and the event.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fake_taskcluster::{Options, Server};
use serde_json::Value;

use crate::support::{Ran, Repo};

/// The decision task.
pub(crate) const TASK_ID: &str = "fN1SbArXTPSVFNUvaOlinQ";

/// What a pull request's decision needs.
pub(crate) const LEVEL_1: [&str; 11] = [
    "auth:current-scopes",
    "queue:create-task:project:none",
    "queue:status:*",
    "queue:get-task:*",
    "queue:list-artifacts:*",
    "index:find-task:*",
    "generic-worker:run-task-as-current-user:example-1/*",
    "queue:create-task:low:example-1/*",
    "queue:scheduler-id:example-level-1",
    "queue:route:index.example.cache.pr.*",
    "queue:route:checks",
];

/// A repository, a Taskcluster that knows its decision task, and what the decision is told.
pub(crate) struct Case {
    pub(crate) repo: Repo,
    pub(crate) server: Server,
    pub(crate) artifacts: PathBuf,
    pub(crate) event: BTreeMap<String, String>,
}

impl Case {
    /// A push to `main` at level 3, of the fleet's first commit.
    pub(crate) fn push(options: Options) -> Self {
        Self::at(3, options)
    }

    pub(crate) fn at(level: u8, options: Options) -> Self {
        let repo = Repo::new();
        repo.append("image-defs/scripts/child.sh", "echo more\n")
            .commit();
        let server = Server::start(options);
        let (head, base) = (
            repo.git(&["rev-parse", "HEAD"]),
            repo.git(&["rev-parse", "start"]),
        );
        let event = [
            ("TASKS_FOR", "github-push"),
            ("LEVEL", "3"),
            ("HEAD_REPOSITORY", "https://github.com/example/images"),
            ("HEAD_REF", "refs/heads/main"),
            ("HEAD_REV", head.trim()),
            ("BASE_REV", base.trim()),
            ("OWNER", "somebody@example.org"),
            ("PUSHDATE", "1767225599"),
        ]
        .map(|(name, value)| (format!("TASKGRAPH_IMAGES_{name}"), value.to_owned()))
        .into();
        let case = Self {
            artifacts: repo.beside("artifacts"),
            repo,
            server,
            event,
        };
        case.decision_task(level);
        case
    }

    pub(crate) fn pull_request(options: Options) -> Self {
        let mut case = Self::at(1, options);
        case.tell("TASKS_FOR", "github-pull-request");
        case.tell("LEVEL", "1");
        case.tell("PULL_REQUEST_NUMBER", "7");
        case
    }

    pub(crate) fn tell(&mut self, name: &str, value: &str) {
        self.event
            .insert(format!("TASKGRAPH_IMAGES_{name}"), value.to_owned());
    }

    /// Makes the decision task itself known to the queue, as one of some level.
    pub(crate) fn decision_task(&self, level: u8) {
        let definition = serde_json::json!({
            "taskQueueId": format!("example-{level}/decision"), "taskGroupId": TASK_ID,
            "schedulerId": format!("example-level-{level}"),
            "created": self.server.time(),
            "deadline": self.server.time_after(std::time::Duration::from_secs(86_400)),
            "expires": self.server.time_after(std::time::Duration::from_secs(400 * 86_400)),
            "payload": {}, "metadata": {"name": "decision", "description": "", "owner": "a@example.org", "source": "https://example.org"},
        });
        self.server
            .insert_task(TASK_ID, definition, fake_taskcluster::TaskState::Running);
    }

    pub(crate) fn run(&self) -> Ran {
        self.run_with(&[])
    }

    pub(crate) fn run_with(&self, more: &[&str]) -> Ran {
        self.with_arguments(more, |arguments, env| {
            self.repo.run_at(&self.repo.path, arguments, env)
        })
    }

    pub(crate) fn with_arguments<T>(
        &self,
        more: &[&str],
        run: impl FnOnce(&[&str], &[(&str, &str)]) -> T,
    ) -> T {
        let artifacts = self.artifacts.to_string_lossy().into_owned();
        let mut arguments = vec!["decision", "--artifacts", &artifacts];
        arguments.extend(more);
        let root = self.server.root_url();
        let mut env: Vec<(&str, &str)> = vec![
            ("TASK_ID", TASK_ID),
            ("TASKCLUSTER_ROOT_URL", &root),
            ("TASKCLUSTER_PROXY_URL", &root),
        ];
        env.extend(
            self.event
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        run(&arguments, &env)
    }

    pub(crate) fn artifact(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.artifacts.join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The artifacts that were left, as text, by their names.
    pub(crate) fn left(&self) -> BTreeMap<String, String> {
        fn read(folder: &Path, at: &str, found: &mut BTreeMap<String, String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let name = format!("{at}{}", entry.file_name().to_string_lossy());
                if entry.path().is_dir() {
                    read(&entry.path(), &format!("{name}/"), found);
                } else {
                    let content = std::fs::read(entry.path()).unwrap();
                    found.insert(name, String::from_utf8_lossy(&content).into_owned());
                }
            }
        }
        let mut found = BTreeMap::new();
        read(&self.artifacts, "", &mut found);
        found
    }

    /// Makes all created tasks an hour older.
    pub(crate) fn age(&self) {
        let earlier = self.server.time_before(Duration::from_secs(3600));
        for (id, mut task) in self.server.tasks() {
            if let Some(state) = self.server.task_state(&id)
                && id != TASK_ID
            {
                task["created"] = earlier.clone().into();
                self.server.insert_task(&id, task, state);
            }
        }
    }

    /// The created tasks without their times, by label.
    pub(crate) fn created(&self) -> BTreeMap<String, Value> {
        let mut tasks = BTreeMap::new();
        for (id, mut task) in self.server.tasks() {
            if id == TASK_ID {
                continue;
            }
            let label = task["metadata"]["name"].as_str().unwrap().to_owned();
            forget_times(&mut task);
            task["taskId"] = id.into();
            assert!(
                tasks.insert(label.clone(), task).is_none(),
                "`{label}` twice"
            );
        }
        tasks
    }
}

pub(crate) fn forget_times(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if matches!(name.as_str(), "created" | "deadline" | "expires") {
                    *value = Value::Null;
                } else {
                    forget_times(value);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(forget_times),
        _ => {}
    }
}
