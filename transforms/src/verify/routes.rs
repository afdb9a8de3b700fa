//! A task has at most 64 routes, each once, each of 1 to 249 printable ASCII characters.

use super::{Faults, Graph};

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        let routes = &task.task.routes;
        if routes.len() > 64 {
            faults.task(
                task,
                format!("has {} routes, the queue takes 64", routes.len()),
                "index it at fewer paths",
            );
        }
        for (index, route) in routes.iter().enumerate() {
            if routes[..index].contains(route) {
                faults.task(task, format!("has the route `{route}` twice"), "remove one");
            }
            if !(1..=249).contains(&route.len())
                || !route.bytes().all(|byte| byte.is_ascii_graphic())
            {
                faults.task(
                    task,
                    format!("the route {route:?} is not of 1 to 249 printable ASCII characters"),
                    "shorten the names that it is made of",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check;

    #[test]
    fn there_are_limits() {
        let many = || (0..65).map(|number| format!("r{number}")).collect();
        check(
            "routes",
            |tasks| tasks[0].task.routes = many(),
            "has 65 routes",
        );
        check(
            "routes",
            |tasks| tasks[0].task.routes = vec!["a".into(), "a".into()],
            "route `a` twice",
        );
        check(
            "routes",
            |tasks| tasks[0].task.routes = vec!["a".repeat(250)],
            "not of 1 to 249",
        );
        check(
            "routes",
            |tasks| tasks[0].task.routes = vec!["a b".into()],
            "not of 1 to 249",
        );
    }
}
