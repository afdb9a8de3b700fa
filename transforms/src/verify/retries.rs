//! The queue tries a task again at most 49 times.

use super::{Faults, Graph};

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        if let Some(retries) = task.task.retries.filter(|retries| *retries > 49) {
            faults.task(
                task,
                format!("has {retries} retries of at most 49"),
                "lower `retries`",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check;

    #[test]
    fn there_is_a_limit() {
        check(
            "retries",
            |tasks| tasks[0].task.retries = Some(50),
            "50 retries",
        );
    }
}
