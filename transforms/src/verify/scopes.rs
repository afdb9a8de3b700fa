//! Scopes are printable ASCII, and no scope is a pattern: a task holds what it names and nothing else.

use super::{Faults, Graph};

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        for scope in &task.task.scopes {
            if !scope.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                faults.task(
                    task,
                    format!("the scope {scope:?} is not printable ASCII"),
                    "rename what it is made of",
                );
            }
            // The queue refuses `**`; a single star is a pattern, which no image task needs.
            if scope.ends_with('*') {
                faults.task(
                    task,
                    format!("the scope `{scope}` is a pattern"),
                    "name what the task needs, one by one",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check;

    #[test]
    fn no_scope_is_a_pattern() {
        for scope in ["secrets:get:project/td/level-1/*", "a**"] {
            check(
                "scopes",
                |tasks| tasks[0].task.scopes = vec![scope.into()],
                "is a pattern",
            );
        }
        check(
            "scopes",
            |tasks| tasks[0].task.scopes = vec!["ä".into()],
            "is not printable ASCII",
        );
    }
}
