//! No two tasks are indexed at one path: the later one would hide the other.

use std::collections::BTreeMap;

use super::{Faults, Graph};

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    let mut holders: BTreeMap<&str, &crate::Label> = BTreeMap::new();
    for task in graph.tasks() {
        for route in task
            .task
            .routes
            .iter()
            .filter(|route| route.starts_with("index."))
        {
            if let Some(other) = holders.insert(route, &task.label) {
                faults.task(
                    task,
                    format!("the route `{route}` is also that of `{other}`"),
                    "rename one of the images",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check;

    #[test]
    fn a_path_has_one_holder() {
        check(
            "unique-index-paths",
            |tasks| tasks[0].task.routes = tasks[1].task.routes[..1].to_vec(),
            "also that of `build-base-google`",
        );
    }
}
