//! The queue service.

mod artifacts;
mod change;
mod create;
mod read;

use crate::answer::Failure;
use crate::request::Request;
use crate::router::Route;
use crate::state::{State, Task, is_slugid};

pub(crate) use create::{add_unchecked, complete};
pub(crate) use read::scattered;

/// From high to low.
pub(crate) const PRIORITIES: [&str; 7] = [
    "highest",
    "very-high",
    "high",
    "medium",
    "low",
    "very-low",
    "lowest",
];

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: "PUT",
        path: "/api/queue/v1/task/<taskId>",
        name: "createTask",
        handler: create::create_task,
    },
    Route {
        method: "GET",
        path: "/api/queue/v1/task/<taskId>",
        name: "task",
        handler: read::task,
    },
    Route {
        method: "GET",
        path: "/api/queue/v1/task/<taskId>/status",
        name: "status",
        handler: read::status,
    },
    Route {
        method: "POST",
        path: "/api/queue/v1/tasks",
        name: "tasks",
        handler: read::tasks,
    },
    Route {
        method: "POST",
        path: "/api/queue/v1/tasks/status",
        name: "statuses",
        handler: read::statuses,
    },
    Route {
        method: "GET",
        path: "/api/queue/v1/task-group/<taskGroupId>/list",
        name: "listTaskGroup",
        handler: read::list_task_group,
    },
    Route {
        method: "POST",
        path: "/api/queue/v1/task-group/<taskGroupId>/seal",
        name: "sealTaskGroup",
        handler: change::seal_task_group,
    },
    Route {
        method: "POST",
        path: "/api/queue/v1/task/<taskId>/schedule",
        name: "scheduleTask",
        handler: change::schedule_task,
    },
    Route {
        method: "POST",
        path: "/api/queue/v1/task/<taskId>/rerun",
        name: "rerunTask",
        handler: change::rerun_task,
    },
    Route {
        method: "POST",
        path: "/api/queue/v1/task/<taskId>/cancel",
        name: "cancelTask",
        handler: change::cancel_task,
    },
    Route {
        method: "GET",
        path: "/api/queue/v1/task/<taskId>/artifacts",
        name: "listLatestArtifacts",
        handler: artifacts::list_latest_artifacts,
    },
    Route {
        method: "GET",
        path: "/api/queue/v1/task/<taskId>/artifacts/<name*>",
        name: "getLatestArtifact",
        handler: artifacts::get_latest_artifact,
    },
    Route {
        method: "GET",
        path: "/artifact-storage/<taskId>/<name*>",
        name: "artifact storage",
        handler: artifacts::content,
    },
];

/// A parameter that must be a slugid.
fn slugid<'a>(request: &'a Request, name: &str) -> Result<&'a str, Failure> {
    let id = request.param(name);
    if is_slugid(id) {
        Ok(id)
    } else {
        Err(Failure::new(
            "InvalidRequestArguments",
            format!(
                "Invalid URL patterns:\nURL parameter '{name}' given as '{id}' must match regular expression: '/^[A-Za-z0-9_-]{{8}}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{{10}}[AQgw]$/'"
            ),
        ))
    }
}

/// A task as it stands now: past its deadline, it has met it.
fn current<'a>(state: &'a mut State, id: &str, now: i64) -> Option<&'a mut Task> {
    let task = state.tasks.get_mut(id)?;
    task.meet_deadline(now);
    Some(task)
}
