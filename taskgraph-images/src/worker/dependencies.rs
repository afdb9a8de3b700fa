//! [`dependencies`]: the tasks that a task builds on, held to what the queue says of them. Pure.

use crate::taskcluster::{TaskId, TaskState, TaskStatus};

/// A task is not what another one may build on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {edge} task `{task}` {why}")]
pub struct Refusal {
    /// Its edge.
    pub edge: String,
    /// The task.
    pub task: TaskId,
    /// What is wrong with it.
    pub why: String,
}

/// Holds the tasks that this one builds on to what the queue says of them: that they are completed, that this task
/// depends on them, and that who scheduled this one scheduled them.
///
/// # Errors
/// Everything that is otherwise.
pub fn dependencies<'a>(
    own: &TaskStatus,
    named: &[String],
    needed: impl IntoIterator<Item = (&'a str, &'a TaskId, Option<&'a TaskStatus>)>,
) -> Result<(), Vec<Refusal>> {
    let mut refusals = Vec::new();
    for (edge, task, status) in needed {
        let mut refuse = |why: String| {
            refusals.push(Refusal {
                edge: edge.to_owned(),
                task: task.clone(),
                why,
            });
        };
        if !named.iter().any(|name| name == task.as_str()) {
            refuse("is no dependency of this task".to_owned());
        }
        match status {
            None => refuse("is not known to the queue".to_owned()),
            Some(status) => {
                if status.state != TaskState::Completed {
                    refuse(format!("is {:?}, expected completed", status.state).to_lowercase());
                }
                if status.scheduler_id != own.scheduler_id {
                    refuse(format!(
                        "was scheduled by `{}`, and this one by `{}`",
                        status.scheduler_id, own.scheduler_id
                    ));
                }
            }
        }
    }
    if refusals.is_empty() {
        Ok(())
    } else {
        Err(refusals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taskcluster::Timestamp;

    const BUILD: &str = "fN1SbArXTPSVFNUvaOlinQ";

    #[test]
    fn tasks_are_held_to_the_queue() {
        let status = |state, scheduler: &str| TaskStatus {
            task_id: BUILD.parse().unwrap(),
            task_group_id: BUILD.parse().unwrap(),
            scheduler_id: scheduler.to_owned(),
            state,
            deadline: Timestamp::from_millis(0),
            expires: Timestamp::from_millis(0),
        };
        let own = status(TaskState::Running, "td-level-3");
        let build: TaskId = BUILD.parse().unwrap();
        let good = status(TaskState::Completed, "td-level-3");
        let named = [BUILD.to_owned()];
        assert_eq!(
            dependencies(&own, &named, [("build", &build, Some(&good))]),
            Ok(())
        );
        let bad = status(TaskState::Failed, "td-level-1");
        let refusals = dependencies(
            &own,
            &[],
            [("build", &build, Some(&bad)), ("verify", &build, None)],
        );
        let lines: Vec<String> = refusals
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        the build task `fN1SbArXTPSVFNUvaOlinQ` is no dependency of this task
        the build task `fN1SbArXTPSVFNUvaOlinQ` is failed, expected completed
        the build task `fN1SbArXTPSVFNUvaOlinQ` was scheduled by `td-level-1`, and this one by `td-level-3`
        the verify task `fN1SbArXTPSVFNUvaOlinQ` is no dependency of this task
        the verify task `fN1SbArXTPSVFNUvaOlinQ` is not known to the queue
        ");
    }
}
