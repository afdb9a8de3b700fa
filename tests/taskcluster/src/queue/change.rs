//! Changing tasks and groups.

use serde_json::json;

use super::{current, slugid};
use crate::answer::{Answer, Failure};
use crate::clock;
use crate::http::Context;
use crate::request::Request;
use crate::scopes::Expression;
use crate::state::{State, Task, TaskState};

const MAX_RUNS: usize = 50;

/// Who may change a task in some way.
fn may(verb: &str, id: &str, task: &Task) -> Expression {
    let (scheduler, group) = (task.text("schedulerId"), task.text("taskGroupId"));
    Expression::Any(vec![
        Expression::scope(format!("queue:{verb}-task:{scheduler}/{group}/{id}")),
        Expression::scope(format!(
            "queue:{verb}-task-in-project:{}",
            task.text("projectId")
        )),
        Expression::All(vec![
            Expression::scope(format!("queue:{verb}-task")),
            Expression::scope(format!("assume:scheduler-id:{scheduler}/{group}")),
        ]),
    ])
}

/// Changes a task before its deadline, if the caller may.
fn change(
    context: &Context,
    request: &Request,
    verb: &str,
    participle: &str,
    how: impl Fn(&mut State, &str, i64) -> Result<(), Failure>,
) -> Result<Answer, Failure> {
    let id = slugid(request, "taskId")?;
    let now = context.now();
    let mut state = context.state();
    let task = current(&mut state, id, now).ok_or_else(|| {
        Failure::not_found(format!(
            "`{id}` does not correspond to a task that exists.\nAre you sure this task has been submitted before?"
        ))
    })?;
    request.authorize(&may(verb, id, task))?;
    if task.deadline < now {
        return Err(Failure::conflict(format!(
            "Task `{id}` can't be {participle} past its deadline of {}.",
            clock::format(task.deadline)
        )));
    }
    how(&mut state, id, now)?;
    let status = current(&mut state, id, now).map(|task| task.status(id));
    Ok(Answer::json(&json!({"status": status})))
}

pub(crate) fn schedule_task(context: &Context, request: &Request) -> Result<Answer, Failure> {
    change(
        context,
        request,
        "schedule",
        "scheduled",
        |state, id, now| {
            if let Some(task) = state.tasks.get_mut(id)
                && task.runs.is_empty()
            {
                task.add_run("scheduled", now);
            }
            Ok(())
        },
    )
}

pub(crate) fn rerun_task(context: &Context, request: &Request) -> Result<Answer, Failure> {
    change(
        context,
        request,
        "rerun",
        "rescheduled",
        |state, id, now| {
            if let Some(task) = state.tasks.get_mut(id)
                && !matches!(task.state(), TaskState::Pending | TaskState::Running)
            {
                if task.runs.len() >= MAX_RUNS {
                    return Err(Failure::conflict(format!(
                        "Maximum number of runs reached ({MAX_RUNS})."
                    )));
                }
                task.add_run("rerun", now);
            }
            Ok(())
        },
    )
}

pub(crate) fn cancel_task(context: &Context, request: &Request) -> Result<Answer, Failure> {
    change(context, request, "cancel", "canceled", |state, id, now| {
        let resolved = state
            .tasks
            .get(id)
            .is_some_and(|task| task.state().is_resolved());
        if !resolved {
            state.resolve(id, TaskState::Exception, "canceled", now);
        }
        Ok(())
    })
}

pub(crate) fn seal_task_group(context: &Context, request: &Request) -> Result<Answer, Failure> {
    let id = slugid(request, "taskGroupId")?;
    let mut state = context.state();
    let group = state
        .groups
        .get_mut(id)
        .ok_or_else(|| Failure::not_found(format!("No task-group with taskGroupId: `{id}`")))?;
    request.authorize(&Expression::scope(format!(
        "queue:seal-task-group:{}/{id}",
        group.scheduler_id
    )))?;
    let sealed = *group.sealed.get_or_insert_with(|| context.now());
    Ok(Answer::json(&json!({
        "taskGroupId": id,
        "schedulerId": group.scheduler_id,
        "expires": clock::format(group.expires),
        "sealed": clock::format(sealed),
    })))
}
