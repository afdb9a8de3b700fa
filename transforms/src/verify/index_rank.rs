//! The rank fits the index's 31 bits: a larger one is silently never indexed.

use super::{Faults, Graph};

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        let rank = task.task.extra.index.rank;
        if !(0..=i64::from(i32::MAX)).contains(&rank) {
            faults.task(
                task,
                format!("the rank {rank} does not fit the index"),
                "give the build date in seconds, not in milliseconds",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check;

    #[test]
    fn milliseconds_are_found() {
        check(
            "index-rank",
            |tasks| tasks[0].task.extra.index.rank = 1_767_225_599_000,
            "does not fit the index",
        );
    }
}
