//! A task is indexed below its own level only, a pull request's below its own namespace only, and by name only if it
//! publishes at level 3, or is about the fleet there.
//!
//! This is a list of what may be, not of what may not.

use super::{Faults, Graph};
use crate::definition::{Kind, Level};
use crate::task::Task;
use crate::transforms::index;

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        for route in task
            .task
            .routes
            .iter()
            .filter(|route| !allowed(graph, task, route))
        {
            faults.task(
                task,
                format!(
                    "the route `{route}` is not for this event at level {}",
                    graph.parameters.level
                ),
                "leave routes to the transforms, and `index.prefix` to a name of the project's own",
            );
        }
    }
}

fn allowed(graph: &Graph<'_>, task: &Task, route: &str) -> bool {
    let (config, parameters) = (graph.config, graph.parameters);
    if let Some(kind) = task.kind.maintenance() {
        let own = index::maintenance(kind, config, parameters);
        return parameters.may_hold(kind) && own.is_ok_and(|path| route == format!("index.{path}"));
    }
    if route == "checks" || route.starts_with("tc-treeherder.v2.") {
        return true;
    }
    let namespace = if parameters.is_pull_request() {
        index::pull_request_namespace(parameters)
    } else {
        format!("cache.level-{}", parameters.level)
    };
    let by_name = task.kind == Kind::Publish && parameters.level == Level::Three;
    (index::prefix_is_plain(config)
        && route.starts_with(&format!("index.{}.{namespace}.", config.index_prefix)))
        || (by_name && route.starts_with(&format!("index.{}.v2.", config.trust_domain)))
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::{check, check_at};

    use crate::definition::Level;

    #[test]
    fn nothing_of_elsewhere() {
        for route in [
            "index.td.cache.level-3.images.v1.a.hash.b",
            "index.td.cache.pr.7.images.v1.a.hash.b",
            "index.td.v2.images.latest.images.a",
            "index.other.cache.level-1.x",
            "index.td.cache.level-1",
            "notify.email.somebody@example.org.on-any",
        ] {
            check(
                "level-routes",
                |tasks| tasks[0].task.routes = vec![route.into()],
                "is not for this event",
            );
        }
        check_at(
            Level::Three,
            "level-routes",
            |tasks| tasks[0].task.routes = vec!["index.td.v2.images.latest.images.a".into()],
            "is not for this event at level 3",
        );
    }
}
