//! Tags have at most 4,096 characters.

use super::{Faults, Graph};

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        for (name, value) in &task.task.tags {
            let length = value.chars().count();
            if length > 4096 {
                faults.task(
                    task,
                    format!("the tag `{name}` has {length} characters of at most 4096"),
                    "shorten it",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check;

    #[test]
    fn there_is_a_limit() {
        check(
            "tags",
            |tasks| {
                tasks[0].task.tags.insert("project", "x".repeat(4097));
            },
            "has 4097 characters",
        );
    }
}
