//! A task is smaller than 10 MiB and holds no NUL: the queue answers either with a failure of its own.

use super::{Faults, Graph};
use crate::json;

const LARGEST: usize = 10 * 1024 * 1024;

/// What the queue's own fields (ids, dates, dependencies) may add to the definition when it is created.
const RESERVE: usize = 512 * 1024;

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        let body = json::compact(&task.task);
        if body.len() + RESERVE > LARGEST {
            faults.task(
                task,
                format!("has {} bytes of at most {}", body.len(), LARGEST - RESERVE),
                "shorten its texts",
            );
        }
        // An escaped backslash before `u0000` means that the text spells it out; a NUL has a backslash of its own.
        if body.contains("\\u0000") && json::holds_nul(&json::tree(&task.task)) {
            faults.task(
                task,
                "holds a NUL".to_owned(),
                "remove it from the definition",
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
            "body",
            |tasks| tasks[0].task.metadata.description = "x".repeat(10 << 20),
            "bytes of at most",
        );
        check(
            "body",
            |tasks| tasks[0].task.metadata.description = "a\0".into(),
            "holds a NUL",
        );
    }
}
