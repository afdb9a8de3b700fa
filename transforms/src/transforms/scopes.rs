//! Gives a task the scopes that its payload needs, and no others. Needs the payload.
//!
//! Before: the secret `cloud/google`, a cache, the group `kvm`, on `td-1/image-builder`.
//! After: `secrets:get:project/td/level-1/cloud/google`, `generic-worker:cache:td-level-1-…`,
//! `generic-worker:os-group:td-1/image-builder/kvm`. Where a task makes its worker's own disk into an image, also
//! `generic-worker:run-task-as-current-user:td-1/image-builder`.
//!
//! A verify task that replicates others' tasks may create, rerun and cancel them, on the one pool of the candidate:
//! `queue:create-task:low:td-1/candidates`, `queue:cancel-task-in-project:td-level-1-replicas`, and so on.

use super::{Origin, Run, worker};
use crate::definition::{Kind, ProjectConfig, Replicate, SecretName, TaskQueueId, WorkerAlias};
use crate::error::TransformErrorKind;
use crate::parameters::Parameters;
use crate::shape::WorkerShape;
use crate::task::Task;

/// What the scope starts with that lets a task be the user that its worker runs as; the task queue follows.
pub(crate) const RUN_AS_WORKER: &str = "generic-worker:run-task-as-current-user:";

pub(super) fn apply(origin: &Origin<'_>, task: &mut Task) -> Result<(), TransformErrorKind> {
    let (shape, run) = (origin.shape, origin.run);
    let verify = origin.image.definition.verify.as_ref();
    let replicate = verify
        .filter(|_| origin.kind == Kind::Verify)
        .and_then(|verify| verify.replicate.as_ref());
    let besides = match replicate {
        Some(replicate) => {
            let alias = worker::known(&replicate.pool, run.config)?;
            let mut scopes = replicating(run.config, run.parameters);
            let queue = alias.task_queue(run.parameters.level);
            scopes.push(format!("queue:create-task:{}:{queue}", task.task.priority));
            scopes.extend(privileges(alias, &queue));
            scopes
        }
        None if shape.is_root() => vec![format!("{RUN_AS_WORKER}{}", task.task.task_queue_id)],
        None => Vec::new(),
    };
    task.task.scopes = needed(task, run, &shape.worker, &shape.secrets, besides);
    Ok(())
}

/// What whoever replicates tasks holds, wherever they run: of the queue's projects, one that nothing else is of.
pub(crate) fn replicating(config: &ProjectConfig, parameters: &Parameters) -> Vec<String> {
    let level = parameters.level;
    let project = Replicate::project(config, level);
    vec![
        format!("queue:scheduler-id:{}-level-{level}", config.trust_domain),
        format!("queue:create-task:project:{project}"),
        format!("queue:rerun-task-in-project:{project}"),
        format!("queue:cancel-task-in-project:{project}"),
    ]
}

/// The scopes of what an alias gives to its tasks.
fn privileges(alias: &WorkerAlias, queue: &TaskQueueId) -> impl Iterator<Item = String> {
    let groups = alias
        .os_groups
        .iter()
        .map(move |group| format!("generic-worker:os-group:{queue}/{group}"));
    let administrator = format!("generic-worker:run-as-administrator:{queue}");
    groups.chain(alias.administrator.then_some(administrator))
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
