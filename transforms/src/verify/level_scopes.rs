//! A task holds scopes of its own trust domain, level and task queue only.
//!
//! This is a list of what may be, not of what may not: a scope of a new sort is refused until it is added here.

use super::{Faults, Graph, replicas};
use crate::definition::Kind;
use crate::task::Task;
use crate::transforms::caches;
use crate::transforms::scopes::RUN_AS_WORKER;

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        for scope in task
            .task
            .scopes
            .iter()
            .filter(|scope| !allowed(graph, task, scope))
        {
            faults.task(
                task,
                format!(
                    "the scope `{scope}` is not of this trust domain and level {}",
                    graph.parameters.level
                ),
                "name secrets without `project/`, so that they follow the level of the run",
            );
        }
    }
}

fn allowed(graph: &Graph<'_>, task: &Task, scope: &str) -> bool {
    let (domain, level) = (&graph.config.trust_domain, graph.parameters.level);
    let cache = caches::prefix(graph.config, graph.parameters);
    let queue = &task.task.task_queue_id;
    let settings = task
        .kind
        .maintenance()
        .and_then(|kind| graph.config.maintenance.get(&kind));
    let mut tokens = settings
        .and_then(|settings| settings.github.as_ref())
        .into_iter()
        .flat_map(|github| github.scopes());
    if graph.parameters.maintains() && tokens.any(|token| token == scope) {
        return true;
    }
    // What they may be is another rule's.
    if task.kind == Kind::Verify && replicas::is_theirs(graph, task, scope) {
        return true;
    }
    [
        format!("secrets:get:project/{domain}/level-{level}/"),
        format!("secrets:get:project/{domain}/level-any/"),
        format!("generic-worker:cache:{cache}"),
        format!("docker-worker:cache:{cache}"),
        format!("generic-worker:os-group:{queue}/"),
    ]
    .iter()
    .any(|start| scope.len() > start.len() && scope.starts_with(start))
        || scope == format!("generic-worker:run-as-administrator:{queue}")
        // Which tasks may hold it is for the rule `root`.
        || scope == format!("{RUN_AS_WORKER}{queue}")
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::{check, check_at};

    use crate::definition::Level;

    #[test]
    fn nothing_of_elsewhere() {
        for scope in [
            "secrets:get:project/td/level-3/x",
            "secrets:get:project/other/level-1/x",
            "secrets:get:project/td/level-1/",
            "generic-worker:cache:td-level-3-x",
            "generic-worker:os-group:td-3/image-builder/kvm",
            "queue:create-task:highest:td-1/image-builder",
            "queue:scheduler-id:td-level-1",
            "index:insert-task:td.cache.level-1.x",
            "generic-worker:run-task-as-current-user:td-3/image-builder",
            "assume:repo:github.com/o/r:branch:main",
            "auth:github-repo-token:bot/example/images:contents:write",
            "*",
        ] {
            check(
                "level-scopes",
                |tasks| tasks[0].task.scopes = vec![scope.into()],
                "is not of this trust domain",
            );
        }
        check_at(
            Level::Three,
            "level-scopes",
            |tasks| tasks[0].task.scopes = vec!["secrets:get:project/td/level-1/x".into()],
            "and level 3",
        );
    }
}
