//! [`Saved`]: a server's state as a document, for scripts that seed it and look at it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::http::Context;
use crate::queue::{add_unchecked, complete};
use crate::state::{IndexEntry, TaskState};

/// A server's state as a document. Artifacts are not part of it: they come from a folder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// All tasks by their ids.
    #[serde(default)]
    pub tasks: BTreeMap<String, SavedTask>,
    /// All entries of the index by their paths.
    #[serde(default)]
    pub index: BTreeMap<String, IndexEntry>,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedTask {
    /// How it is doing.
    pub state: TaskState,
    /// What it is. When loaded, whatever is left out has the queue's default, or some value.
    #[serde(default = "empty")]
    pub definition: Value,
}

fn empty() -> Value {
    json!({})
}

/// The state as it is.
pub(crate) fn save(context: &Context) -> Saved {
    let mut state = context.state();
    let now = context.now();
    let tasks = state
        .tasks
        .iter_mut()
        .map(|(id, task)| {
            task.meet_deadline(now);
            let saved = SavedTask {
                state: task.state(),
                definition: (*task.definition).clone(),
            };
            (id.clone(), saved)
        })
        .collect();
    Saved {
        tasks,
        index: state.index.clone(),
    }
}

/// Adds to the state, without a check; what has the same name is replaced.
pub(crate) fn load(context: &Context, saved: Saved) {
    for (id, task) in saved.tasks {
        insert_task(context, &id, task.definition, task.state);
    }
    context.state().index.extend(saved.index);
}

/// Adds a task in some state, without a check. Nothing is put into the index by that.
pub(crate) fn insert_task(context: &Context, id: &str, definition: Value, to: TaskState) {
    let now = context.now();
    let definition = complete(id, definition, now);
    let mut state = context.state();
    add_unchecked(&mut state, id, definition);
    if let Some(task) = state.tasks.get_mut(id) {
        if to != TaskState::Unscheduled {
            task.add_run("scheduled", now);
        }
        match to {
            TaskState::Unscheduled | TaskState::Pending => {}
            TaskState::Running => task.claim(now),
            TaskState::Completed => task.resolve(to, "completed", now),
            TaskState::Failed => task.resolve(to, "failed", now),
            TaskState::Exception => task.resolve(to, "internal-error", now),
        }
    }
}

/// Brings a task that there is into a state, as a worker would: what completes is put into the index, and tasks that
/// only waited for it become pending. False if there is no such task, or a worker cannot do that.
pub(crate) fn bring(context: &Context, id: &str, to: TaskState) -> bool {
    let now = context.now();
    let mut state = context.state();
    let Some(task) = state.tasks.get_mut(id) else {
        return false;
    };
    match to {
        TaskState::Unscheduled => return false,
        TaskState::Pending => {
            task.add_run("scheduled", now);
            return true;
        }
        TaskState::Running | TaskState::Completed | TaskState::Failed | TaskState::Exception => {}
    }
    if task.runs.is_empty() {
        task.add_run("scheduled", now);
    }
    if task.state() == TaskState::Pending {
        task.claim(now);
    }
    match to {
        TaskState::Completed => state.resolve(id, to, "completed", now),
        TaskState::Failed => state.resolve(id, to, "failed", now),
        TaskState::Exception => state.resolve(id, to, "internal-error", now),
        _ => {}
    }
    true
}
