//! A validate task stands in for a build that a stranger's run may not have, and for nothing else: it is in no other run,
//! has no result that anything could take for an image, and talks to nobody.

use super::{Faults, Graph};
use crate::definition::Kind;
use crate::payload::Payload;

const HINT: &str = "leave validate tasks to the transforms";

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks().filter(|task| task.kind == Kind::Validate) {
        let proxy = match &task.task.payload {
            Payload::GenericWorkerPosix(payload) => payload.features.taskcluster_proxy,
            Payload::GenericWorkerWindows(payload) => payload.features.taskcluster_proxy,
            Payload::DockerWorker(payload) => payload.features.taskcluster_proxy,
        };
        let indexed = task
            .task
            .routes
            .iter()
            .any(|route| route.starts_with("index."));
        for (wrong, what) in [
            (
                !graph.parameters.is_untrusted(),
                "validates in a run that may build",
            ),
            (proxy, "validates with Taskcluster's proxy"),
            (indexed, "validates, and is indexed"),
            (
                task.optimization.is_some(),
                "validates, and looks for a result in its place",
            ),
            (
                !task.dependencies.is_empty(),
                "validates, and waits for another task",
            ),
        ] {
            if wrong {
                faults.task(task, what.to_owned(), HINT);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::{check, check_in};

    use crate::Task;
    use crate::definition::{IndexPath, Kind, Label};
    use crate::payload::Payload;
    use crate::task::Optimization;
    use crate::testing;

    fn validate(tasks: &mut [Task]) -> &mut Task {
        tasks
            .iter_mut()
            .find(|task| task.kind == Kind::Validate)
            .unwrap()
    }

    #[test]
    fn it_stands_in_for_a_build_and_no_more() {
        check(
            "validate",
            |tasks| tasks[0].kind = Kind::Validate.into(),
            "validates in a run that may build",
        );
        let stranger = testing::stranger();
        let spoilt = |spoil: fn(&mut Task), expect| {
            check_in(
                &stranger,
                "validate",
                |tasks| spoil(validate(tasks)),
                expect,
            );
        };
        spoilt(
            |task| {
                let Payload::GenericWorkerPosix(payload) = &mut task.task.payload else {
                    unreachable!()
                };
                payload.features.taskcluster_proxy = true;
            },
            "with Taskcluster's proxy",
        );
        spoilt(
            |task| task.task.routes.push("index.td.cache.pr.8.x".to_owned()),
            "and is indexed",
        );
        spoilt(
            |task| {
                let path = IndexPath::new("td.cache.level-1.x").unwrap();
                task.optimization = Some(Optimization::IndexSearch(vec![path]));
            },
            "looks for a result",
        );
        spoilt(
            |task| {
                let disk = Label::new("build-disk-qemu").unwrap();
                task.dependencies.insert("build".to_owned(), disk);
            },
            "waits for another",
        );
    }
}
