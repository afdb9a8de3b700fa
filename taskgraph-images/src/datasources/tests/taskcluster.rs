//! A path of Taskcluster's index.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use taskgraph_images_transforms::IndexPath;

use super::{Table, source, told};
use crate::datasources::{Services, releases};
use crate::taskcluster::{
    ApiError, ApiErrorKind, Index, IndexedTask, Queue, TaskId, TaskStatus, Timestamp,
};

const ID: &str = "fN1SbArXTPSVFNUvaOlinQ";

struct Fake {
    expires: &'static str,
    state: &'static str,
}

impl Index for Fake {
    fn find_tasks(
        &self,
        paths: &BTreeSet<IndexPath>,
    ) -> Result<BTreeMap<IndexPath, IndexedTask>, ApiError> {
        let known = paths
            .iter()
            .filter(|path| path.as_str() == "example.v2.images.latest");
        let entry = IndexedTask {
            task_id: ID.parse().unwrap(),
            rank: 1,
            expires: self.expires.parse().unwrap(),
        };
        Ok(known.map(|path| (path.clone(), entry.clone())).collect())
    }
}

fn unused<T>() -> Result<T, ApiError> {
    Err(ApiError {
        call: "queue".to_owned(),
        kind: ApiErrorKind::NoAnswer("nobody asks this".to_owned()),
    })
}

impl Queue for Fake {
    fn statuses(&self, ids: &BTreeSet<TaskId>) -> Result<BTreeMap<TaskId, TaskStatus>, ApiError> {
        let status = |id: &TaskId| {
            serde_json::from_value(json!({
                "taskId": id, "taskGroupId": id, "schedulerId": "example-level-3", "state": self.state,
                "deadline": self.expires, "expires": self.expires,
            }))
            .unwrap()
        };
        Ok(ids.iter().map(|id| (id.clone(), status(id))).collect())
    }

    fn definitions(&self, ids: &BTreeSet<TaskId>) -> Result<BTreeMap<TaskId, Value>, ApiError> {
        let definition = json!({
            "provisionerId": "example-3", "workerType": "images", "created": "2026-05-01T00:00:00.000Z",
        });
        Ok(ids
            .iter()
            .map(|id| (id.clone(), definition.clone()))
            .collect())
    }

    fn create_task(&self, _: &TaskId, _: &Value) -> Result<TaskStatus, ApiError> {
        unused()
    }

    fn rerun_task(&self, _: &TaskId) -> Result<TaskStatus, ApiError> {
        unused()
    }

    fn cancel_task(&self, _: &TaskId) -> Result<TaskStatus, ApiError> {
        unused()
    }

    fn task_group(&self, _: &TaskId) -> Result<BTreeMap<TaskId, (TaskStatus, Value)>, ApiError> {
        unused()
    }

    fn artifacts(&self, _: &TaskId) -> Result<BTreeMap<String, Timestamp>, ApiError> {
        unused()
    }

    fn artifact(&self, _: &TaskId, name: &str) -> Result<Option<Vec<u8>>, ApiError> {
        Ok(match name {
            "public/manifest.json" => Some(br#"{"image": {"version": "1.3.6"}}"#.to_vec()),
            "public/broken.json" => Some(b"{".to_vec()),
            _ => None,
        })
    }
}

fn at(fake: &Fake, more: Value) -> String {
    let mut settings =
        json!({"path": "example.v2.images.latest", "scheduler-id": "example-level-3"});
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    let source = source(json!({"taskcluster-index": settings}));
    Table::new().act(|services| {
        let services = Services {
            index: Some(fake),
            queue: Some(fake),
            ..*services
        };
        told(releases(&source, &services, &BTreeSet::new()))
    })
}

#[test]
fn what_a_path_leads_to() {
    let fake = Fake {
        expires: "2027-01-01T00:00:00Z",
        state: "completed",
    };
    let running = Fake {
        state: "running",
        ..fake
    };
    let place = |artifact: &str| json!({"artifact": artifact, "pointer": "/image/version"});
    insta::assert_snapshot!(
        [
            at(&fake, json!({})),
            at(&fake, json!({
                "version": place("public/manifest.json"), "task-queue-id": "example-3/images",
                "assets": {"manifest": "public/manifest.json", "disk": "public/disk.img"},
            })),
            at(&running, json!({})),
            // An index path is only a name.
            at(&fake, json!({"scheduler-id": "other-level-3"})),
            at(&fake, json!({"task-queue-id": "example-1/images"})),
            at(&fake, json!({"version": place("public/broken.json")})),
            at(&fake, json!({"version": place("public/none.json")})),
        ]
        .join("\n"),
        @r"
    fN1SbArXTPSVFNUvaOlinQ 2026-05-01T00:00:00.000Z task:fN1SbArXTPSVFNUvaOlinQ

    1.3.6 2026-05-01T00:00:00.000Z manifest=48ff… task:fN1SbArXTPSVFNUvaOlinQ lacks artifact `public/disk.img`

    fN1SbArXTPSVFNUvaOlinQ 2026-05-01T00:00:00.000Z task:fN1SbArXTPSVFNUvaOlinQ lacks task that is completed

    error: taskcluster-index of `example.v2.images.latest`: task `fN1SbArXTPSVFNUvaOlinQ` was scheduled by `example-level-3`, not by `other-level-3`
    error: taskcluster-index of `example.v2.images.latest`: task `fN1SbArXTPSVFNUvaOlinQ` ran at `example-3/images`, not at `example-1/images`
    error: taskcluster-index of `example.v2.images.latest`: an answer that cannot be read: `public/broken.json`: EOF while parsing an object at line 1 column 1
    error: taskcluster-index of `example.v2.images.latest`: an answer that cannot be read: `public/none.json` has no text at `/image/version`
    "
    );
    // What is not there, or has expired, is no release.
    assert_eq!(at(&fake, json!({"path": "example.v2.other"})), "");
    let expired = Fake {
        expires: "2026-05-19T00:00:00Z",
        ..fake
    };
    assert_eq!(at(&expired, json!({})), "");
    let source = source(json!({"taskcluster-index": {"path": "a.b", "scheduler-id": "x"}}));
    insta::assert_snapshot!(Table::new().told(&source), @r"error: taskcluster-index of `a.b`: it needs Taskcluster, and no deployment is set");
}
