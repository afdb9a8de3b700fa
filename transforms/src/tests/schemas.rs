//! Every task against Taskcluster's own schemas, when `TASKGRAPH_IMAGES_SCHEMAS` names their folder.

#[path = "../../../tests/schemas/mod.rs"]
mod taskcluster;

use crate::definition::*;
use crate::json;
use crate::payload::Payload;
use crate::testing;

#[test]
fn every_task_is_legal() {
    let Some(schemas) = taskcluster::Schemas::from_environment() else {
        return;
    };
    let mut seen = [0; 3];
    for parameters in [
        testing::push(Level::One),
        testing::push(Level::Three),
        testing::cron(),
        testing::pull_request(),
        testing::stranger(),
    ] {
        for task in testing::graph(&parameters).tasks() {
            seen[match task.task.payload {
                Payload::GenericWorkerPosix(_) => 0,
                Payload::GenericWorkerWindows(_) => 1,
                Payload::DockerWorker(_) => 2,
            }] += 1;
            let faults = schemas.faults(&json::tree(&task.task));
            assert_eq!(faults, [""; 0], "{}", task.label);
        }
    }
    assert!(
        seen.iter().all(|count| *count > 5),
        "every payload's schema is used: {seen:?}"
    );
}
