//! A task is queued where workers of its own trust domain and level take it.
//!
//! That is the provisioner `<trust domain>-<level>`, or one that the settings name for the level. What is marked as
//! another level's is refused even then.

use super::{Faults, Graph};
use crate::definition::{Level, TaskQueueId};

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        if let Some((message, hint)) = fault(graph, &task.task.task_queue_id) {
            faults.task(task, message, hint);
        }
    }
}

/// What is wrong with a queue of the run's level, and what to do.
pub(super) fn fault(graph: &Graph<'_>, queue: &TaskQueueId) -> Option<(String, &'static str)> {
    let (config, level) = (graph.config, graph.parameters.level);
    let own = format!("{}-{level}", config.trust_domain);
    if let Some(marked) = marks(queue).find(|marked| *marked != level) {
        Some((
            format!(
                "the task queue `{queue}` is one of level {marked}, the run is of level {level}"
            ),
            "let the worker alias differ by level",
        ))
    } else if queue.provisioner.as_str() != own
        && !config.provisioners.at(level).contains(&queue.provisioner)
    {
        Some((
            format!("the provisioner of the task queue `{queue}` is not `{own}`"),
            "use it in the worker alias, or list the provisioner in `provisioners` for the level",
        ))
    } else {
        None
    }
}

/// The levels that a queue's id names: `td-3/x`, `level-3-builders/x`, `td/b-linux-l3`.
///
/// A worker type that ends in a bare digit says nothing: `win11-3` may be a third pool.
fn marks(queue: &TaskQueueId) -> impl Iterator<Item = Level> {
    let provisioner = queue.provisioner.as_str().to_lowercase();
    let last = provisioner
        .rsplit(['-', '_'])
        .next()
        .and_then(|word| word.parse().ok());
    let mut marks: Vec<Level> = last.into_iter().collect();
    named(&provisioner, &mut marks);
    named(queue.worker_type.as_str(), &mut marks);
    marks.into_iter()
}

/// Every level that a name spells: it may spell one that is ours, and another that is not.
fn named(text: &str, marks: &mut Vec<Level>) {
    let words: Vec<&str> = text.split(['-', '_']).collect();
    marks.extend(words.iter().filter_map(|word| {
        word.strip_prefix("level")
            .or_else(|| word.strip_prefix('l'))
            .and_then(|digit| digit.parse::<Level>().ok())
    }));
    marks.extend(
        words
            .windows(2)
            .filter(|pair| pair[0] == "level")
            .filter_map(|pair| pair[1].parse::<Level>().ok()),
    );
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::{check, check_at};

    use crate::definition::{Level, ProvisionerId, WorkerType};

    #[test]
    fn nothing_of_elsewhere() {
        for (provisioner, worker_type, expect) in [
            ("td-3", "image-builder", "is one of level 3"),
            ("td_l3", "image-builder", "is one of level 3"),
            ("shared", "b-linux-level-3", "is one of level 3"),
            ("td-1", "b-linux-l3", "is one of level 3"),
            ("td-1", "l1-level-3", "is one of level 3"),
            ("other-1", "image-builder", "is not `td-1`"),
            ("td", "image-builder", "is not `td-1`"),
        ] {
            check(
                "level-queues",
                |tasks| {
                    tasks[0].task.task_queue_id.provisioner =
                        ProvisionerId::new(provisioner).unwrap();
                    tasks[0].task.task_queue_id.worker_type = WorkerType::new(worker_type).unwrap();
                },
                expect,
            );
        }
        check_at(
            Level::Three,
            "level-queues",
            |tasks| tasks[0].task.task_queue_id.provisioner = ProvisionerId::new("td-1").unwrap(),
            "is one of level 1, the run is of level 3",
        );
    }
}
