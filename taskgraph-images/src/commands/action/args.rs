//! What the two commands are told.

use std::path::PathBuf;

use serde_json::Value;
use taskgraph_images::actions::input::Input;
use taskgraph_images::actions::{Action, UnknownAction, document};
use taskgraph_images::decision::parameters::DecisionParameters;
use taskgraph_images::taskcluster::{TaskId, TaskIdError};

use super::Asked;
use crate::exit::Failure;

/// Do what somebody asked for on a page of Taskcluster or Treeherder
///
/// This is what an action task runs. It is told by the environment that `.taskcluster.yml` sets. It makes the task graph
/// of the decision anew from the revision and the decision's parameters, checks the input and the scopes, writes its
/// artifacts, and only then creates, reruns or cancels tasks. It can run again at any point: nothing is created twice.
#[derive(Debug, clap::Args)]
pub(crate) struct CallbackArgs {
    /// The action
    #[arg(long, value_name = "NAME", env = "ACTION_CALLBACK", value_parser = action)]
    callback: Action,
    /// The decision's task group
    #[arg(long, value_name = "ID", env = "ACTION_TASK_GROUP_ID", value_parser = task_id)]
    task_group_id: TaskId,
    /// The task that the action is about, as JSON: its id, or `null`
    #[arg(
        long,
        value_name = "JSON",
        env = "ACTION_TASK_ID",
        default_value = "null"
    )]
    action_task_id: String,
    /// What was said beside it, as JSON
    #[arg(
        long,
        value_name = "JSON",
        env = "ACTION_INPUT",
        default_value = "null"
    )]
    input: String,
    /// The id of this task, from which those of its tasks are derived
    #[arg(long, value_name = "ID", env = "TASK_ID", value_parser = task_id)]
    task_id: TaskId,
    /// `action`, or `pr-action` on a pull request
    #[arg(long, value_name = "EVENT", env = "TASKGRAPH_IMAGES_TASKS_FOR")]
    pub(super) tasks_for: String,
    /// The level of the run: 1 or 3
    #[arg(long, value_name = "N", env = "TASKGRAPH_IMAGES_LEVEL")]
    level: String,
    /// The repository of the head
    #[arg(long, value_name = "URL", env = "TASKGRAPH_IMAGES_HEAD_REPOSITORY")]
    head_repository: String,
    /// The revision of the head
    #[arg(long, value_name = "REV", env = "TASKGRAPH_IMAGES_HEAD_REV")]
    head_rev: String,
    /// The repository that the role of this task is of
    #[arg(long, value_name = "URL", env = "TASKGRAPH_IMAGES_BASE_REPOSITORY")]
    pub(super) base_repository: String,
    /// The folder that artifacts are written to
    #[arg(
        long,
        value_name = "DIR",
        default_value = "artifacts",
        env = "TASKGRAPH_IMAGES_ARTIFACTS"
    )]
    pub(super) artifacts: PathBuf,
    /// A folder with this program for other platforms, as `taskgraph-images-<os>-<arch>`, for tasks that run there
    #[arg(long, value_name = "DIR", env = "TASKGRAPH_IMAGES_TOOLS")]
    pub(super) tools: Option<PathBuf>,
}

/// Show what an action would do, without doing it
///
/// Asks Taskcluster what stands of the decision if the environment names one, and goes by the decision's artifacts if
/// not. Prints what would happen to each task, and writes the artifacts that the action task would leave.
#[derive(Debug, clap::Args)]
pub(crate) struct TestArgs {
    /// The action, such as `rebuild`
    #[arg(value_name = "NAME", value_parser = action)]
    callback: Action,
    /// The decision: a file or folder of its artifacts, `task-id=ID`, `project=NAME` or `index=PATH`
    #[arg(long, value_name = "SPEC")]
    pub(super) parameters: String,
    /// The decision's task group; by default as the artifacts say
    #[arg(long, value_name = "ID", value_parser = task_id)]
    pub(super) task_group_id: Option<TaskId>,
    /// The task that the action is about
    #[arg(long, value_name = "ID", value_parser = task_id)]
    task_id: Option<TaskId>,
    /// What is said beside it, as JSON
    #[arg(long, value_name = "JSON", default_value = "null")]
    input: String,
    /// The folder that artifacts are written to
    #[arg(
        long,
        value_name = "DIR",
        default_value = "artifacts",
        env = "TASKGRAPH_IMAGES_ARTIFACTS"
    )]
    pub(super) artifacts: PathBuf,
}

fn action(text: &str) -> Result<Action, UnknownAction> {
    text.parse()
}

fn task_id(text: &str) -> Result<TaskId, TaskIdError> {
    text.parse()
}

fn input(action: Action, text: &str) -> Result<Input, Failure> {
    let value = json("input", text)?;
    Input::read(action, &value).map_err(Failure::Input)
}

fn json(name: &str, text: &str) -> Result<Value, Failure> {
    let text = if text.is_empty() { "null" } else { text };
    serde_json::from_str(text)
        .map_err(|error| Failure::Usage(format!("--{name}: it is not JSON: {error}"), None))
}

impl CallbackArgs {
    pub(super) fn asked(&self) -> Result<Asked, Failure> {
        let task = match json("action-task-id", &self.action_task_id)? {
            Value::Null => None,
            Value::String(id) => {
                let id = task_id(&id);
                Some(
                    id.map_err(|error| Failure::Usage(format!("--action-task-id: {error}"), None))?,
                )
            }
            other => {
                let words = format!("--action-task-id: {other} is neither a task's id nor `null`");
                return Err(Failure::Usage(words, None));
            }
        };
        Ok(Asked {
            action: self.callback,
            input: input(self.callback, &self.input)?,
            task,
            group: self.task_group_id.clone(),
            own: self.task_id.clone(),
        })
    }

    /// Whether this task is about the same as the decision. Whoever fires a hook says what it is about, so a hook of
    /// one repository, revision or level could be pointed at the task group of another.
    pub(super) fn agrees(&self, decision: &DecisionParameters) -> Result<(), Failure> {
        let event = document::event(
            decision
                .for_tasks()
                .is_ok_and(|parameters| parameters.is_pull_request()),
        );
        let differences: Vec<String> = [
            ("the event", self.tasks_for.as_str(), event),
            ("the level", &self.level, &decision.level),
            (
                "the repository",
                &self.head_repository,
                &decision.head_repository,
            ),
            ("the revision", &self.head_rev, &decision.head_rev),
        ]
        .into_iter()
        .filter(|(_, own, other)| own != other)
        .map(|(what, own, other)| format!("{what} is {own:?} here and {other:?} there"))
        .collect();
        if differences.is_empty() {
            return Ok(());
        }
        Err(Failure::Usage(
            format!(
                "this task and the decision `{}` are not about the same: {}",
                self.task_group_id,
                differences.join("; ")
            ),
            Some("start the action from the `actions.json` of that decision".to_owned()),
        ))
    }
}

impl TestArgs {
    pub(super) fn asked(&self, group: TaskId) -> Result<Asked, Failure> {
        Ok(Asked {
            action: self.callback,
            input: input(self.callback, &self.input)?,
            task: self.task_id.clone(),
            group,
            own: TaskId::placeholder(),
        })
    }
}
