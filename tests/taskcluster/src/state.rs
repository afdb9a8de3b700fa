//! [`State`]: tasks, groups, the index, artifacts.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::artifact::Artifact;
use crate::clock;

/// Tasks, groups, the index, artifacts.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) tasks: BTreeMap<String, Task>,
    /// From a task to those that wait for it.
    pub(crate) dependents: HashMap<String, Vec<String>>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) index: BTreeMap<String, IndexEntry>,
    pub(crate) artifacts: BTreeMap<String, BTreeMap<String, Artifact>>,
    /// Provider and configuration of each worker pool.
    pub(crate) worker_pools: BTreeMap<String, (String, Value)>,
    pub(crate) secrets: BTreeMap<String, Value>,
}

/// A group of tasks.
pub(crate) struct Group {
    pub(crate) scheduler_id: String,
    pub(crate) expires: i64,
    pub(crate) sealed: Option<i64>,
    pub(crate) members: Vec<String>,
}

/// An entry of the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexEntry {
    /// The task. The queue need not know it.
    pub task_id: String,
    /// An entry of an equal or higher rank takes its place.
    #[serde(default)]
    pub rank: i64,
    /// Whatever was said with it.
    #[serde(default = "empty")]
    pub data: Value,
    /// When it is forgotten, such as `2027-01-01T00:00:00.000Z`.
    pub expires: String,
}

fn empty() -> Value {
    json!({})
}

impl IndexEntry {
    pub(crate) fn json(&self, path: &str) -> Value {
        json!({
            "namespace": path,
            "taskId": self.task_id,
            "rank": self.rank,
            "data": self.data,
            "expires": self.expires,
        })
    }

    pub(crate) fn is_expired(&self, now: i64) -> bool {
        clock::parse(&self.expires).is_none_or(|expires| expires <= now)
    }
}

/// A task's state, in the queue's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the queue's own words")]
pub enum TaskState {
    Unscheduled,
    Pending,
    Running,
    Completed,
    Failed,
    Exception,
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unscheduled => "unscheduled",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Exception => "exception",
        })
    }
}

impl TaskState {
    pub(crate) const fn is_resolved(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Exception)
    }
}

/// A task: what it is, and how it is doing.
pub(crate) struct Task {
    pub(crate) definition: Arc<Value>,
    pub(crate) deadline: i64,
    pub(crate) expires: i64,
    pub(crate) dependencies: Vec<String>,
    /// Whether dependencies may also fail.
    pub(crate) all_resolved: bool,
    pub(crate) runs: Vec<Run>,
}

/// A run of a task.
pub(crate) struct Run {
    pub(crate) state: TaskState,
    created_because: &'static str,
    resolved_because: Option<&'static str>,
    scheduled: i64,
    started: Option<i64>,
    resolved: Option<i64>,
}

impl Task {
    /// A task whose definition has all the queue's defaults.
    pub(crate) fn new(definition: Value) -> Self {
        let time = |key: &str| definition[key].as_str().and_then(clock::parse);
        Self {
            deadline: time("deadline").unwrap_or_default(),
            expires: time("expires").unwrap_or_default(),
            dependencies: strings(&definition["dependencies"])
                .map(str::to_owned)
                .collect(),
            all_resolved: definition["requires"] == "all-resolved",
            definition: Arc::new(definition),
            runs: Vec::new(),
        }
    }

    pub(crate) fn state(&self) -> TaskState {
        self.runs
            .last()
            .map_or(TaskState::Unscheduled, |run| run.state)
    }

    pub(crate) fn text(&self, key: &str) -> &str {
        self.definition[key].as_str().unwrap_or_default()
    }

    pub(crate) fn add_run(&mut self, because: &'static str, now: i64) {
        self.runs.push(Run {
            state: TaskState::Pending,
            created_because: because,
            resolved_because: None,
            scheduled: now,
            started: None,
            resolved: None,
        });
    }

    pub(crate) fn claim(&mut self, now: i64) {
        if let Some(run) = self.runs.last_mut() {
            run.state = TaskState::Running;
            run.started = Some(now);
        }
    }

    pub(crate) fn resolve(&mut self, state: TaskState, because: &'static str, now: i64) {
        if self.runs.is_empty() {
            self.add_run("exception", now);
        }
        if let Some(run) = self.runs.last_mut() {
            run.state = state;
            run.resolved_because = Some(because);
            run.resolved = Some(now);
        }
    }

    /// What the queue does at a task's deadline.
    pub(crate) fn meet_deadline(&mut self, now: i64) {
        if self.deadline < now && !self.state().is_resolved() {
            self.resolve(TaskState::Exception, "deadline-exceeded", now);
        }
    }

    pub(crate) fn status(&self, id: &str) -> Value {
        let of = |key: &str| self.definition[key].clone();
        let runs: Vec<Value> = self
            .runs
            .iter()
            .enumerate()
            .map(|(number, run)| run.json(number))
            .collect();
        json!({
            "taskId": id,
            "provisionerId": of("provisionerId"),
            "workerType": of("workerType"),
            "taskQueueId": of("taskQueueId"),
            "schedulerId": of("schedulerId"),
            "projectId": of("projectId"),
            "taskGroupId": of("taskGroupId"),
            "priority": of("priority"),
            "deadline": of("deadline"),
            "expires": of("expires"),
            "retriesLeft": of("retries"),
            "state": self.state(),
            "runs": runs,
        })
    }
}

impl Run {
    fn json(&self, number: usize) -> Value {
        let mut run = json!({
            "runId": number,
            "state": self.state,
            "reasonCreated": self.created_because,
            "scheduled": clock::format(self.scheduled),
        });
        if let Some(because) = self.resolved_because {
            run["reasonResolved"] = because.into();
        }
        if let Some(started) = self.started {
            run["started"] = clock::format(started).into();
            run["workerGroup"] = "fake".into();
            run["workerId"] = "fake".into();
        }
        if let Some(resolved) = self.resolved {
            run["resolved"] = clock::format(resolved).into();
        }
        run
    }
}

/// The strings in a list.
pub(crate) fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

impl State {
    /// Resolves a task, schedules those that only waited for it, and puts it into the index if it completed.
    pub(crate) fn resolve(&mut self, id: &str, state: TaskState, because: &'static str, now: i64) {
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        task.resolve(state, because, now);
        let definition = Arc::clone(&task.definition);
        if state == TaskState::Completed {
            self.index_routes(id, &definition);
        }
        for dependent in self.dependents.get(id).cloned().unwrap_or_default() {
            self.schedule_if_ready(&dependent, now);
        }
    }

    /// Schedules a task that waits for nothing more.
    pub(crate) fn schedule_if_ready(&mut self, id: &str, now: i64) {
        let Some(task) = self.tasks.get(id) else {
            return;
        };
        let satisfied = |dependency: &String| {
            let state = self.tasks.get(dependency).map(Task::state);
            state == Some(TaskState::Completed)
                || task.all_resolved && state.is_some_and(TaskState::is_resolved)
        };
        if task.runs.is_empty()
            && task.dependencies.iter().all(satisfied)
            && let Some(task) = self.tasks.get_mut(id)
        {
            task.add_run("scheduled", now);
        }
    }

    /// What the index service does when it hears that a task completed.
    fn index_routes(&mut self, id: &str, definition: &Value) {
        let extra = &definition["extra"]["index"];
        // A rank that the database cannot hold: the entry is silently never made.
        let rank = match &extra["rank"] {
            Value::Null => 0,
            rank => match rank.as_i64().and_then(|rank| i32::try_from(rank).ok()) {
                Some(rank) => i64::from(rank),
                None => return,
            },
        };
        let expires = extra["expires"]
            .as_str()
            .or_else(|| definition["expires"].as_str());
        let entry = IndexEntry {
            task_id: id.to_owned(),
            rank,
            data: match &extra["data"] {
                Value::Null => empty(),
                data => data.clone(),
            },
            expires: expires.unwrap_or_default().to_owned(),
        };
        for route in strings(&definition["routes"]) {
            if let Some(path) = route.strip_prefix("index.")
                && is_index_path(path)
            {
                self.insert_index(path, entry.clone());
            }
        }
    }

    /// Puts an entry into the index, unless one of a higher rank is there; returns what is there then.
    pub(crate) fn insert_index(&mut self, path: &str, entry: IndexEntry) -> &IndexEntry {
        let there = self
            .index
            .entry(path.to_owned())
            .or_insert_with(|| entry.clone());
        if entry.rank >= there.rank {
            *there = entry;
        }
        there
    }
}

/// Whether a text is a path of the index.
pub(crate) fn is_index_path(path: &str) -> bool {
    path.split('.').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_!~*'()%-".contains(&byte))
    })
}

/// Whether a text is the id of a task.
pub(crate) fn is_slugid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 22
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte))
        && b"QRST".contains(&bytes[8])
        && b"CGKOSWaeimquy26-".contains(&bytes[10])
        && b"AQgw".contains(&bytes[21])
}
