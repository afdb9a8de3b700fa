//! What a replica waits for: its payload names results of tasks that the decision has only just created, maybe.

use std::collections::BTreeMap;

use serde_json::json;

use super::replica::{LeftOut, Replica};
use crate::taskcluster::{TaskId, TaskState, TaskStatus, Timestamp};

/// The replicas that can run, each depending on what is still to come; and those that never will.
pub fn settle(
    replicas: Vec<Replica>,
    known: &BTreeMap<TaskId, TaskStatus>,
    deadline: Timestamp,
) -> (Vec<Replica>, Vec<LeftOut>) {
    let (mut able, mut left_out) = (Vec::new(), Vec::new());
    for mut replica in replicas {
        let mut waits_for = Vec::new();
        let mut why = None;
        for id in &replica.needs {
            match known.get(id) {
                Some(status) if status.state == TaskState::Completed => {}
                Some(status)
                    if matches!(status.state, TaskState::Failed | TaskState::Exception) =>
                {
                    why = Some(format!("the task `{id}`, which it needs, has failed"));
                }
                // The queue would refuse it.
                Some(status) if status.expires < deadline => {
                    why = Some(format!(
                        "the task `{id}`, which it needs, is soon forgotten"
                    ));
                }
                Some(_) => waits_for.push(id),
                None => {
                    why = Some(format!(
                        "the task `{id}`, which it needs, is not there any more"
                    ))
                }
            }
        }
        match why {
            Some(why) => left_out.push(LeftOut {
                index: replica.descent.index.clone(),
                label: replica.descent.label.clone(),
                why,
            }),
            None => {
                replica.definition["dependencies"] = json!(waits_for);
                able.push(replica);
            }
        }
    }
    (able, left_out)
}
