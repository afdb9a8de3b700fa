//! A task is kept until the deadline of those that need it: the queue refuses them otherwise.

use super::{Faults, Graph};

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        let deadline = task.task.deadline.after;
        for needed in task
            .dependencies
            .values()
            .filter_map(|label| graph.get(label))
        {
            let expires = needed.task.expires.after;
            if expires.as_seconds() < deadline.as_seconds() {
                faults.task(
                    task,
                    format!("has a deadline of {deadline}, but needs `{}`, which expires after {expires}", needed.label),
                    "raise `tasks.expires`",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check;

    use crate::definition::Duration;

    #[test]
    fn what_is_needed_is_kept() {
        check(
            "dependency-expiry",
            |tasks| tasks[0].task.expires = Duration::hours(1).into(),
            "needs `build-base-google`, which expires after 1 hour",
        );
    }
}
