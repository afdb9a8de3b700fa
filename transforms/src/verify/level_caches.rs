//! A task mounts caches of its own trust domain and level only, and a publish task none.

use super::{Faults, Graph};
use crate::definition::Kind;
use crate::transforms::caches;

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    let start = caches::prefix(graph.config, graph.parameters);
    for task in graph.tasks() {
        for cache in task.task.payload.caches() {
            let apart = graph.parameters.is_pull_request()
                || !cache
                    .strip_prefix(&start)
                    .is_some_and(|rest| rest.starts_with("pr-"));
            if !cache.starts_with(&start) || !apart {
                faults.task(
                    task,
                    format!("mounts the cache `{cache}`, which is not below `{start}`"),
                    "leave the names of caches to the transforms",
                );
            }
            if task.kind == Kind::Publish {
                faults.task(
                    task,
                    format!(
                        "mounts the cache `{cache}`; another task may have left anything there"
                    ),
                    "let publish tasks mount no cache",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::{check, check_at};

    use crate::definition::Level;
    use crate::payload::{Mount, Payload};

    fn mount(task: &mut crate::Task, name: &str) {
        let Payload::GenericWorkerPosix(payload) = &mut task.task.payload else {
            unreachable!()
        };
        payload.mounts.push(Mount::Cache {
            cache_name: name.into(),
            directory: "x".into(),
        });
    }

    #[test]
    fn nothing_of_elsewhere() {
        for cache in ["td-level-3-x", "other-level-1-x", "td-level-1-pr-x", "x"] {
            check(
                "level-caches",
                |tasks| mount(&mut tasks[0], cache),
                "which is not below `td-level-1-`",
            );
        }
        check_at(
            Level::Three,
            "level-caches",
            |tasks| {
                let publish = tasks
                    .iter_mut()
                    .find(|task| task.label.as_str() == "publish-base-google")
                    .unwrap();
                mount(publish, "td-level-3-x");
            },
            "another task may have left anything there",
        );
    }
}
