//! In a run whose code a stranger chose, no task holds a secret or a cloud's credentials, and none makes an image in a
//! cloud, whose credentials may be the worker's own.

use super::{Faults, Graph};
use crate::definition::Kind;

/// What scopes start with that give their holder a secret, credentials of another service, or more tasks.
const CREDENTIALS: &[&str] = &["secrets:", "auth:", "assume:", "queue:", "*"];

const HINT: &str = "leave such tasks out of the graph of this event";

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    if !graph.parameters.is_untrusted() {
        return;
    }
    let event = &graph.parameters.tasks_for;
    for task in graph.tasks() {
        for scope in &task.task.scopes {
            if CREDENTIALS.iter().any(|start| scope.starts_with(start)) {
                faults.task(
                    task,
                    format!("holds the scope `{scope}` in `{event}`, whose code a stranger chose"),
                    HINT,
                );
            }
        }
        if let Some(secrets) = task.task.payload.env().get("TASKGRAPH_IMAGES_SECRETS") {
            faults.task(
                task,
                format!(
                    "is to read the secrets `{}` in `{event}`, whose code a stranger chose",
                    secrets.as_str()
                ),
                HINT,
            );
        }
        let cloud = task.attributes.image.as_ref().map(|image| image.cloud);
        if let Some(cloud) = cloud.filter(|cloud| cloud.has_accounts())
            && task.kind != Kind::Validate
        {
            faults.task(
                task,
                format!("uses {cloud} in `{event}`, whose code a stranger chose"),
                HINT,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::verify::testing::check_in;

    use crate::definition::{Cloud, Kind};
    use crate::payload::Payload;
    use crate::testing;

    #[test]
    fn a_stranger_gets_nothing() {
        let stranger = testing::stranger();
        for scope in [
            "secrets:get:project/td/level-1/x",
            "auth:aws-s3:read-write:bucket/",
            "auth:gcp:access-token:project/account",
            "auth:azure-table:read-write:account/table",
            "assume:project:td",
            "queue:create-task:low:td-1/candidates",
            "*",
        ] {
            check_in(
                &stranger,
                "untrusted-credentials",
                |tasks| tasks[0].task.scopes = vec![scope.into()],
                "whose code a stranger chose",
            );
        }
        check_in(
            &stranger,
            "untrusted-credentials",
            |tasks| {
                let Payload::GenericWorkerPosix(payload) = &mut tasks[0].task.payload else {
                    unreachable!()
                };
                payload
                    .env
                    .insert("TASKGRAPH_IMAGES_SECRETS".into(), "a".into());
            },
            "is to read the secrets `a`",
        );
        check_in(
            &stranger,
            "untrusted-credentials",
            |tasks| {
                let task = tasks
                    .iter_mut()
                    .find(|task| task.kind == Kind::Build)
                    .unwrap();
                task.attributes.image.as_mut().unwrap().cloud = Cloud::Aws;
            },
            "uses aws",
        );
    }
}
