//! Gives a task the scopes that its payload needs, and no others. Needs the payload.
//!
//! Before: the secret `cloud/google`, a cache, the group `kvm`, on `td-1/image-builder`.
//! After: `secrets:get:project/td/level-1/cloud/google`, `generic-worker:cache:td-level-1-…`,
//! `generic-worker:os-group:td-1/image-builder/kvm`. Where a task makes its worker's own disk into an image, also
//! `generic-worker:run-task-as-current-user:td-1/image-builder`.

use super::{Origin, Run};
use crate::definition::SecretName;
use crate::error::TransformErrorKind;
use crate::shape::WorkerShape;
use crate::task::Task;

/// What the scope starts with that lets a task be the user that its worker runs as; the task queue follows.
pub(crate) const RUN_AS_WORKER: &str = "generic-worker:run-task-as-current-user:";

#[expect(
    clippy::unnecessary_wraps,
    reason = "all transforms have one signature"
)]
pub(super) fn apply(origin: &Origin<'_>, task: &mut Task) -> Result<(), TransformErrorKind> {
    let shape = origin.shape;
    let root = shape
        .is_root()
        .then(|| format!("{RUN_AS_WORKER}{}", task.task.task_queue_id));
    task.task.scopes = needed(task, origin.run, &shape.worker, &shape.secrets, root);
    Ok(())
}

/// What a task needs for its payload, its worker and its secrets, and what it is given besides.
pub(super) fn needed<'a>(
    task: &Task,
    run: &Run<'_>,
    worker: &WorkerShape,
    secrets: impl IntoIterator<Item = &'a SecretName>,
    besides: impl IntoIterator<Item = String>,
) -> Vec<String> {
    let implementation = task.implementation();
    let queue = &task.task.task_queue_id;
    let mut scopes: Vec<String> = secrets
        .into_iter()
        .map(|secret| {
            format!(
                "secrets:get:{}",
                secret.at(&run.config.trust_domain, run.parameters.level)
            )
        })
        .chain(besides)
        .collect();
    scopes.extend(
        task.task
            .payload
            .caches()
            .map(|cache| format!("{implementation}:cache:{cache}")),
    );
    scopes.extend(
        worker
            .os_groups
            .iter()
            .map(|group| format!("generic-worker:os-group:{queue}/{group}")),
    );
    if worker.administrator {
        scopes.push(format!("generic-worker:run-as-administrator:{queue}"));
    }
    scopes.sort();
    scopes.dedup();
    scopes
}
