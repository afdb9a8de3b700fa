//! What comes after `index.` in a route is a legal path: the index ignores others without a word.

use super::{Faults, Graph};
use crate::definition::IndexPath;

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        for path in task
            .task
            .routes
            .iter()
            .filter_map(|route| route.strip_prefix("index."))
        {
            if let Err(error) = IndexPath::new(path) {
                faults.task(
                    task,
                    error.to_string(),
                    "change the names that it is made of",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check;

    #[test]
    fn illegal_paths_are_found() {
        check(
            "index-paths",
            |tasks| tasks[0].task.routes = vec!["index.a+b".into()],
            "\"a+b\" is no index path",
        );
    }
}
