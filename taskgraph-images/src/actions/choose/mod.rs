//! [`Work`]: what an action does, from what was asked and what stands. Pure: nothing is done yet.

mod again;
mod creation;
mod error;
mod more;

use std::collections::BTreeSet;

use taskgraph_images_transforms::{Kind, Label};

pub use again::verify_earlier;
use again::{publish, retrigger, verify};
pub use creation::Creation;
pub use error::ActionError;
use more::{add, apply_cleanup, rebuild};

use super::group::{Member, is_open};
use super::input::Input;
use super::subject::Subject;
use super::{Action, Context};
use crate::taskcluster::{TaskId, TaskState};

/// What an action does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Creates tasks.
    Create(Creation),
    /// Gives tasks a new run.
    Rerun(BTreeSet<TaskId>),
    /// Cancels tasks.
    Cancel(BTreeSet<TaskId>),
}

/// What an action does.
///
/// # Errors
/// Everything that stands against it.
pub fn choose(
    action: Action,
    input: &Input,
    task: Option<&TaskId>,
    subject: &Subject,
) -> Result<Work, Vec<ActionError>> {
    let target = match action.context() {
        Context::Group => None,
        _ => Some(target(action, task, subject).map_err(|error| vec![error])?),
    };
    match (action, target) {
        (Action::CancelAll, _) => Ok(Work::Cancel(open(subject))),
        (Action::AddNewTasks | Action::AddNewJobs, _) => add(input, subject),
        (Action::Rebuild, _) => rebuild(input, subject),
        (Action::ApplyCleanup, _) => apply_cleanup(input, subject),
        (Action::Rerun, Some((id, member))) => rerun(id, member),
        (Action::Cancel, Some((id, member))) => cancel(id, member),
        (Action::Retrigger, Some((id, member))) => retrigger(action, input, id, member, subject),
        (Action::VerifyAgain, Some((id, member))) => verify(action, input, id, member, subject),
        (Action::Publish, Some((id, member))) => publish(action, id, member, subject),
        // The context was looked at above.
        (_, None) => Err(vec![ActionError::NoTask(action)]),
    }
}

/// The task that an action is about.
fn target<'a>(
    action: Action,
    task: Option<&'a TaskId>,
    subject: &'a Subject,
) -> Result<(&'a TaskId, &'a Member), ActionError> {
    let id = task.ok_or(ActionError::NoTask(action))?;
    let member = subject
        .group
        .tasks
        .get(id)
        .ok_or_else(|| ActionError::Stranger {
            id: id.clone(),
            group: subject.decision.clone(),
        })?;
    Ok((id, member))
}

/// The label of a task, which must be of one of the kinds that the action is about.
fn label<'a>(
    action: Action,
    id: &TaskId,
    member: &'a Member,
    subject: &Subject,
) -> Result<&'a Label, ActionError> {
    let kinds = match action.context() {
        Context::Kinds(kinds) => kinds,
        _ => Kind::ALL,
    };
    member
        .label
        .as_ref()
        .filter(|label| {
            let task = subject.full.get(label);
            task.and_then(|task| task.kind.image())
                .is_some_and(|kind| kinds.contains(&kind))
        })
        .ok_or_else(|| ActionError::OtherKind {
            action,
            id: id.clone(),
            expected: kinds
                .iter()
                .map(|kind| format!("a {kind} task"))
                .collect::<Vec<_>>()
                .join(" or "),
        })
}

/// All that is left of a group, but for the decision itself: it may be creating tasks.
fn open(subject: &Subject) -> BTreeSet<TaskId> {
    subject
        .group
        .tasks
        .iter()
        .filter(|(id, member)| **id != subject.decision && is_open(member.status.state))
        .map(|(id, _)| id.clone())
        .collect()
}

fn rerun(id: &TaskId, member: &Member) -> Result<Work, Vec<ActionError>> {
    if member.is_broken() {
        return Ok(Work::Rerun(BTreeSet::from([id.clone()])));
    }
    let why = if member.status.state == TaskState::Completed {
        "what depends on it has its results; retrigger it instead"
    } else {
        "only a task that failed or met an exception gets a new run"
    };
    Err(vec![state(id, member, why)])
}

fn cancel(id: &TaskId, member: &Member) -> Result<Work, Vec<ActionError>> {
    if is_open(member.status.state) {
        return Ok(Work::Cancel(BTreeSet::from([id.clone()])));
    }
    Err(vec![state(id, member, "there is nothing left to cancel")])
}

fn state(id: &TaskId, member: &Member, why: &'static str) -> ActionError {
    ActionError::State {
        id: id.clone(),
        state: word(member.status.state),
        why,
    }
}

fn word(state: TaskState) -> &'static str {
    match state {
        TaskState::Unscheduled => "unscheduled",
        TaskState::Pending => "pending",
        TaskState::Running => "running",
        TaskState::Completed => "completed",
        TaskState::Failed => "failed",
        TaskState::Exception => "an exception",
    }
}
