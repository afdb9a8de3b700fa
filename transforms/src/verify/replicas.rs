//! Tasks of other projects run again on candidates, and nowhere else: a verify task that creates such tasks may do so on
//! one pool, of its own level, where nothing else of this project runs. What they do there is strangers' business, as far
//! as this project goes.

use std::collections::BTreeSet;

use super::{Faults, Graph, level_queues};
use crate::definition::TaskQueueId;
use crate::task::Task;
use crate::transforms::scopes::replicating;

const APART: &str = "let `replicate.pool` name a worker alias of a pool that does nothing else";

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    let taken = taken(graph);
    for task in graph.tasks() {
        let queues: BTreeSet<&str> = task
            .task
            .scopes
            .iter()
            .filter_map(|scope| created_on(task, scope))
            .collect();
        if queues.len() > 1 {
            let named: Vec<&str> = queues.iter().copied().collect();
            faults.task(
                task,
                format!("may create tasks on several pools: {}", named.join(", ")),
                APART,
            );
        }
        for queue in queues {
            if taken.contains(queue) {
                faults.task(
                    task,
                    format!("may create tasks on `{queue}`, where others of this project run"),
                    APART,
                );
            }
            match known(graph, queue) {
                Some(known) => {
                    if let Some((message, hint)) = level_queues::fault(graph, &known) {
                        faults.task(task, message, hint);
                    }
                }
                None => faults.task(
                    task,
                    format!("may create tasks on `{queue}`, which no worker alias names"),
                    APART,
                ),
            }
        }
    }
}

/// Whether a scope is one by which a task creates others and ends them. Their pool is for [`check`] to look at.
pub(super) fn is_theirs(graph: &Graph<'_>, task: &Task, scope: &str) -> bool {
    let mut queues = task
        .task
        .scopes
        .iter()
        .filter_map(|scope| created_on(task, scope));
    let Some(queue) = queues.next() else {
        return false;
    };
    let group = format!("generic-worker:os-group:{queue}/");
    created_on(task, scope).is_some()
        || (scope.starts_with(&group) && scope.len() > group.len())
        || scope == format!("generic-worker:run-as-administrator:{queue}")
        || replicating(graph.config, graph.parameters)
            .iter()
            .any(|own| own == scope)
}

/// The pool on which a scope lets a task create others of its own priority.
fn created_on<'a>(task: &Task, scope: &'a str) -> Option<&'a str> {
    let start = format!("queue:create-task:{}:", task.task.priority);
    scope
        .strip_prefix(&start)
        .filter(|queue| queue.contains('/') && !queue.contains('*'))
}

/// The pool of that name, if a worker alias has it at the run's level.
fn known(graph: &Graph<'_>, queue: &str) -> Option<TaskQueueId> {
    let level = graph.parameters.level;
    let aliases = graph.config.workers.values();
    aliases
        .map(|alias| alias.task_queue(level))
        .find(|known| known.to_string() == queue)
}

/// The pools on which tasks of this project run, in this graph or any other.
fn taken(graph: &Graph<'_>) -> BTreeSet<String> {
    let (config, level) = (graph.config, graph.parameters.level);
    let maintenance = config.maintenance.values().map(|task| &task.worker);
    let validate = config.validate.iter().map(|validate| &validate.worker);
    let aliases = maintenance
        .chain(validate)
        .filter_map(|name| config.workers.get(name))
        .map(|alias| alias.task_queue(level).to_string());
    let mut taken: BTreeSet<String> = graph
        .tasks()
        .map(|task| task.task.task_queue_id.to_string())
        .collect();
    taken.extend(aliases);
    taken.insert(format!("{}-{level}/decision", config.trust_domain));
    taken
}

#[cfg(test)]
mod tests {
    use crate::definition::{AliasName, Kind, Level};
    use crate::full::{ImageTasks, full_task_graph};
    use crate::parameters::Parameters;
    use crate::templates::KindTemplates;
    use crate::testing;
    use crate::verify::testing::check;

    /// The scopes of the verify task of an image that is verified by replicas on an alias, or why there is none.
    fn scopes(pool: &str, parameters: &Parameters) -> Result<Vec<String>, String> {
        let mut image = testing::image("a", "linux-builder");
        let mut replicate = testing::replicate();
        replicate.pool = AliasName::new(pool).unwrap();
        image.verify.as_mut().unwrap().replicate = Some(replicate);
        let tasks = ImageTasks::new(&image, "a.yml", testing::digests());
        let templates = KindTemplates::embedded();
        let graph = full_task_graph(&[tasks], &testing::config(), parameters, &templates).map_err(
            |errors| {
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                errors.join("; ")
            },
        )?;
        let label = image.id.label(Kind::Verify);
        Ok(graph
            .get(&label)
            .map_or_else(Vec::new, |task| task.task.scopes.clone()))
    }

    #[test]
    fn who_replicates_creates_on_one_pool() {
        insta::assert_snapshot!(scopes("candidates", &testing::push(Level::Three)).unwrap().join("\n"), @"
        generic-worker:os-group:td-3/candidates/video
        generic-worker:os-group:td-3/image-builder/kvm
        queue:cancel-task-in-project:td-level-3-replicas
        queue:create-task:low:td-3/candidates
        queue:create-task:project:td-level-3-replicas
        queue:rerun-task-in-project:td-level-3-replicas
        queue:scheduler-id:td-level-3
        ");
        assert_eq!(scopes("candidates", &testing::stranger()).unwrap(), [""; 0]);
        for (alias, expect) in [
            ("linux-builder", "where others of this project run"),
            ("maintenance", "where others of this project run"),
            ("sweeper", "where others of this project run"),
            ("nowhere", "unknown worker alias `nowhere`"),
        ] {
            let error = scopes(alias, &testing::push(Level::Three)).unwrap_err();
            assert!(error.contains(expect), "{alias}: {error}");
        }
    }

    #[test]
    fn nothing_of_elsewhere() {
        for (scopes, expect) in [
            (
                vec![
                    "queue:create-task:low:td-1/a",
                    "queue:create-task:low:td-1/candidates",
                ],
                "on several pools",
            ),
            (
                vec!["queue:create-task:low:td-1/a"],
                "which no worker alias names",
            ),
            (vec!["queue:create-task:low:td-3/candidates"], "which no"),
        ] {
            check(
                "replicas",
                |tasks| {
                    tasks[0].task.scopes = scopes.into_iter().map(str::to_owned).collect();
                },
                expect,
            );
        }
        for scope in [
            "queue:scheduler-id:td-level-3",
            "queue:create-task:project:none",
            "queue:cancel-task-in-project:none",
            "queue:cancel-task:td-level-1/*",
            "queue:create-task:highest:td-1/candidates",
            "generic-worker:os-group:td-1/linux-builder/kvm",
        ] {
            check(
                "level-scopes",
                |tasks| {
                    let verify = tasks.iter_mut().find(|task| task.kind == Kind::Verify);
                    verify.unwrap().task.scopes = vec![
                        "queue:create-task:low:td-1/candidates".to_owned(),
                        scope.to_owned(),
                    ];
                },
                scope,
            );
        }
    }
}
