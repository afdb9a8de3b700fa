//! A task's deadline is within 5 days, and it is kept at least until then, its artifacts no longer than it.

use super::{Faults, Graph};
use crate::definition::Duration;
use crate::payload::Payload;
use crate::task::RelativeDatestamp;

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        let (deadline, expires) = (task.task.deadline.after, task.task.expires.after);
        if deadline > Duration::days(5) {
            faults.task(
                task,
                format!("the deadline of {deadline} is beyond 5 days"),
                "lower `tasks.deadline`",
            );
        }
        if deadline <= task.task.created.after {
            faults.task(
                task,
                format!("the deadline of {deadline} is over at once"),
                "raise `tasks.deadline`",
            );
        }
        if expires.as_seconds() < deadline.as_seconds() {
            faults.task(
                task,
                format!("expires after {expires}, before its deadline of {deadline}"),
                "raise `tasks.expires`",
            );
        }
        for artifact in artifacts(&task.task.payload) {
            if artifact.after.as_seconds() > expires.as_seconds() {
                faults.task(
                    task,
                    format!(
                        "an artifact expires after {}, the task after {expires}",
                        artifact.after
                    ),
                    "raise `tasks.expires`",
                );
            }
        }
    }
}

fn artifacts(payload: &Payload) -> Vec<RelativeDatestamp> {
    match payload {
        Payload::GenericWorkerPosix(payload) => payload
            .artifacts
            .iter()
            .map(|artifact| artifact.expires)
            .collect(),
        Payload::GenericWorkerWindows(payload) => payload
            .artifacts
            .iter()
            .map(|artifact| artifact.expires)
            .collect(),
        Payload::DockerWorker(payload) => payload
            .artifacts
            .values()
            .map(|artifact| artifact.expires)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check;

    use crate::definition::Duration;

    #[test]
    fn there_are_limits() {
        check(
            "times",
            |tasks| tasks[0].task.deadline = Duration::days(6).into(),
            "beyond 5 days",
        );
        check(
            "times",
            |tasks| tasks[0].task.deadline = Duration::seconds(0).into(),
            "over at once",
        );
        check(
            "times",
            |tasks| tasks[0].task.expires = Duration::hours(1).into(),
            "expires after 1 hour, before",
        );
        check(
            "times",
            |tasks| tasks[0].task.expires = Duration::days(1).into(),
            "an artifact expires after",
        );
    }
}
