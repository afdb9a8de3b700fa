//! A task needs at most 9,999 others: the queue takes 10,000, and one is the decision task.

use super::{Faults, Graph};

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        let count = task.dependencies.len();
        if count > 9999 {
            faults.task(
                task,
                format!("needs {count} tasks of at most 9999"),
                "put a task between",
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
            "dependencies",
            |tasks| {
                let label = tasks
                    .iter()
                    .find(|task| task.label.as_str() == "build-win11-azure")
                    .unwrap()
                    .label
                    .clone();
                tasks[0].dependencies = (0..10_000)
                    .map(|number| (number.to_string(), label.clone()))
                    .collect();
            },
            "needs 10000 tasks",
        );
    }
}
