//! `run`: what became of tasks on this machine, as text and as JSON.

use serde::Serialize;
use taskgraph_images_transforms::{ImageId, Kind, Label, Level};

use super::VERSION;
use crate::local::execute::State;
use crate::taskcluster::TaskId;

/// The document of `run --format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunJson {
    /// [`VERSION`].
    pub version: u32,
    /// The folder of all artifacts: `<task id>/<artifact>`.
    pub store: String,
    /// The commit that the tasks check out.
    pub revision: String,
    /// Whether that is a snapshot of what was not committed.
    pub modified: bool,
    /// The level of the run.
    pub level: Level,
    /// The tasks, in an order in which they could run.
    pub tasks: Vec<TaskJson>,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskJson {
    /// Its label.
    pub label: Label,
    /// The image.
    pub image: ImageId,
    /// Its kind.
    pub kind: Kind,
    /// Its id, which names its folder of artifacts.
    pub task_id: TaskId,
    /// What became of it.
    pub result: ResultJson,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The exit code of the command that decided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// How often it was begun now.
    pub tries: u32,
    /// How long that took.
    pub seconds: u64,
    /// Its log, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// The names of its artifacts.
    pub artifacts: Vec<String>,
}

/// What became of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ResultJson {
    /// It completed now.
    Completed,
    /// It completed in an earlier run.
    Found,
    /// It failed.
    Failed,
    /// It did not come to an end of its own.
    Exception,
    /// It was not begun.
    Unscheduled,
}

impl From<State> for ResultJson {
    fn from(state: State) -> Self {
        match state {
            State::Completed => Self::Completed,
            State::Failed => Self::Failed,
            State::Exception => Self::Exception,
        }
    }
}

impl ResultJson {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Found => "found",
            Self::Failed => "failed",
            Self::Exception => "exception",
            Self::Unscheduled => "unscheduled",
        }
    }
}

impl RunJson {
    /// A document without tasks.
    pub fn new(store: String, revision: String, modified: bool, level: Level) -> Self {
        Self {
            version: VERSION,
            store,
            revision,
            modified,
            level,
            tasks: Vec::new(),
        }
    }
}

/// One line a task: what became of it, how long that took, its label, its id, why.
pub fn table(run: &RunJson) -> String {
    let label = run.tasks.iter().map(|task| task.label.as_str().len()).max();
    let label = label.unwrap_or_default();
    let mut text = String::new();
    for task in &run.tasks {
        let seconds = match task.result {
            ResultJson::Found | ResultJson::Unscheduled => "-".to_owned(),
            _ => format!("{} s", task.seconds),
        };
        let line = format!(
            "{:<11}  {seconds:>7}  {:<label$}  {}  {}",
            task.result.as_str(),
            task.label,
            task.task_id,
            task.reason.as_deref().unwrap_or_default()
        );
        text += line.trim_end();
        text.push('\n');
    }
    text
}
