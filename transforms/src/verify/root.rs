//! A task that is root on its worker builds an image of the worker's own disk, and does nothing else: no other kind of task
//! is root, and none in a run whose code a stranger chose. Its worker takes no part of it from another task, and signs
//! nothing for it.

use super::{Faults, Graph};
use crate::definition::Kind;
use crate::payload::Payload;
use crate::transforms::scopes::RUN_AS_WORKER;

const HINT: &str =
    "leave it to the builder `task`, which is for images of clouds on generic-worker for Linux";

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    for task in graph.tasks() {
        let (root, chain_of_trust) = match &task.task.payload {
            Payload::GenericWorkerPosix(payload) => (
                payload.features.run_task_as_current_user,
                payload.features.chain_of_trust,
            ),
            Payload::GenericWorkerWindows(payload) => (
                payload.features.run_task_as_current_user,
                payload.features.chain_of_trust,
            ),
            Payload::DockerWorker(_) => (false, false),
        };
        let holds = task
            .task
            .scopes
            .iter()
            .any(|scope| scope.starts_with(RUN_AS_WORKER));
        if !root && !holds {
            continue;
        }
        let is_posix = matches!(task.task.payload, Payload::GenericWorkerPosix(_));
        let in_cloud = task
            .attributes
            .image
            .as_ref()
            .is_some_and(|image| image.cloud.has_accounts());
        for (wrong, what) in [
            (
                root != holds,
                "is root without the scope, or the other way round",
            ),
            (task.kind != Kind::Build, "is root, and builds nothing"),
            (!is_posix, "is root on a worker that is not Linux's"),
            (!in_cloud, "is root, and its image is of no cloud"),
            (
                graph.parameters.is_untrusted(),
                "is root in a run whose code a stranger chose",
            ),
            (
                chain_of_trust,
                "is root, and asks for a signature with a key that it could read",
            ),
            (
                task.task.payload.caches().next().is_some(),
                "is root, and mounts a cache: what is in it would be part of the image",
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
    use crate::definition::{Cloud, Kind};
    use crate::payload::{GenericWorkerFeatures, Mount, Payload};
    use crate::testing;

    fn features(task: &mut Task) -> &mut GenericWorkerFeatures {
        match &mut task.task.payload {
            Payload::GenericWorkerPosix(payload) => &mut payload.features,
            Payload::GenericWorkerWindows(payload) => &mut payload.features,
            Payload::DockerWorker(_) => unreachable!(),
        }
    }

    #[test]
    fn it_builds_an_image_of_its_own_disk_and_no_more() {
        let spoilt = |spoil: fn(&mut Task), expect| {
            check("root", |tasks| spoil(&mut tasks[0]), expect);
        };
        spoilt(
            |task| features(task).run_task_as_current_user = false,
            "the other way round",
        );
        spoilt(|task| task.task.scopes.clear(), "the other way round");
        spoilt(|task| task.kind = Kind::Verify.into(), "and builds nothing");
        spoilt(
            |task| task.attributes.image.as_mut().unwrap().cloud = Cloud::Qemu,
            "is of no cloud",
        );
        spoilt(
            |task| features(task).chain_of_trust = true,
            "asks for a signature",
        );
        spoilt(
            |task| {
                let Payload::GenericWorkerPosix(payload) = &mut task.task.payload else {
                    unreachable!()
                };
                payload.mounts.push(Mount::Cache {
                    cache_name: "td-level-1-x".to_owned(),
                    directory: "x".to_owned(),
                });
            },
            "mounts a cache",
        );
        check(
            "root",
            |tasks| {
                let windows = |task: &&mut Task| {
                    matches!(task.task.payload, Payload::GenericWorkerWindows(_))
                };
                let task = tasks.iter_mut().find(windows).unwrap();
                features(task).run_task_as_current_user = true;
            },
            "that is not Linux's",
        );
    }

    #[test]
    fn no_stranger_is_root() {
        check_in(
            &testing::stranger(),
            "root",
            |tasks| {
                let task = tasks.iter_mut().find(|task| task.kind == Kind::Build);
                let scope = "generic-worker:run-task-as-current-user:td-1/image-builder";
                task.unwrap().task.scopes.push(scope.to_owned());
            },
            "whose code a stranger chose",
        );
    }
}
