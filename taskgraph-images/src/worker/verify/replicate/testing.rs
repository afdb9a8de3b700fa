//! A decision of another project, as Taskgraph writes it, for tests.

use serde_json::{Value, json};
use taskgraph_images_transforms::{
    ByLevel, Duration, Implementation, Os, Replicate, ReplicateSource, WorkerAlias,
};

use super::replica::{Origin, Own};
use crate::taskcluster::TaskId;

pub(super) const BUILD: &str = "Xz8-Ab3kQmeWq1pL5rT9vg";

pub(super) fn decision() -> TaskId {
    "fN1SbArXTPSVFNUvaOlinQ".parse().unwrap()
}

pub(super) fn verify() -> TaskId {
    "MI4fzTfDT02OrM_EEwTp_w".parse().unwrap()
}

pub(super) fn source() -> ReplicateSource {
    ReplicateSource {
        index: "gecko.v2.central.latest.taskgraph.decision"
            .parse()
            .unwrap(),
        scheduler: "gecko-level-3".to_owned(),
        kinds: vec!["test".to_owned()],
        attributes: std::collections::BTreeMap::new(),
        ran_on: Vec::new(),
        except: Vec::new(),
    }
}

/// One task of the graph, with all that Taskgraph says of one.
fn task(label: &str, kind: &str, queue: &str, attributes: &Value, payload: &Value) -> Value {
    let (provisioner, worker_type) = queue.split_once('/').unwrap();
    let mut attributes = attributes.clone();
    attributes["kind"] = json!(kind);
    attributes["run_on_projects"] = json!(["all"]);
    json!({
        "kind": kind, "label": label, "description": "Runs tests", "attributes": attributes,
        "dependencies": {"build": BUILD, "decision": decision()},
        "soft_dependencies": [], "if_dependencies": [], "optimization": null,
        "task": {
            "provisionerId": provisioner, "workerType": worker_type, "priority": "medium",
            "created": {"relative-datestamp": "0 seconds"}, "deadline": {"relative-datestamp": "1 day"},
            "expires": {"relative-datestamp": "28 days"}, "dependencies": [BUILD], "requires": "all-completed",
            "routes": ["tc-treeherder.v2.central.1234567.99", "index.gecko.v2.central.latest.x"],
            "scopes": ["generic-worker:cache:gecko-level-3-checkouts", "secrets:get:project/gecko/fingerprint"],
            "payload": payload,
            "metadata": {"name": label, "description": "Runs tests", "owner": "dev@example.org", "source": "https://example.org/x"},
            "tags": {"kind": kind, "label": label, "os": "linux", "worker-implementation": "generic-worker"},
            "extra": {"treeherder": {"symbol": "x"}, "index": {"rank": 1}, "parent": decision()},
        },
    })
}

/// The graph of a decision: a build, two tests on Linux, one on Windows.
pub(super) fn graph() -> Value {
    let posix = json!({
        "command": [["chmod", "+x", "run-task"], ["./run-task", "--", "mach", "test"]],
        "env": {
            "MOZ_FETCHES": json!([{"artifact": "public/build/target.zip", "extract": true, "task": BUILD}]).to_string(),
            "TASKCLUSTER_CACHES": "checkouts", "MOZ_SCM_LEVEL": "3", "GECKO_HEAD_REV": "1234567",
        },
        "maxRunTime": 5400,
        "mounts": [
            {"cacheName": "gecko-level-3-checkouts", "directory": "checkouts"},
            {"file": "run-task", "content": {"artifact": "public/run-task", "taskId": decision()}},
        ],
        "artifacts": [{"name": "public/test_info", "path": "results", "type": "directory", "expires": {"relative-datestamp": "28 days"}}],
        "features": {"taskclusterProxy": true, "chainOfTrust": true},
        "osGroups": ["video"],
        "onExitStatus": {"retry": [4]},
    });
    let container = json!({
        "image": {"path": "public/image.tar.zst", "taskId": BUILD, "type": "task-image"},
        "command": ["/builds/worker/bin/run-task", "--", "mach", "wpt"],
        "cache": {"gecko-level-3-checkouts": "/builds/worker/checkouts"},
        "artifacts": {"public/logs": {"path": "/builds/worker/logs", "type": "directory", "expires": "2026-01-01T00:00:00.000Z"}},
        "maxRunTime": 3600,
    });
    let windows = json!({"command": ["python run-task -- mach test"], "maxRunTime": 3600});
    json!({
        BUILD: task("build-linux/opt", "build", "gecko-3/b-linux", &json!({"shippable": true}), &container),
        "AbCdEfGhQ1CAAAAAAAAAAA": task("test-linux/opt-a", "test", "gecko-t/t-linux",
            &json!({"unittest_variant": "os-integration", "shippable": false}), &posix),
        "AbCdEfGhQ1GAAAAAAAAAAA": task("wpt-linux/opt-1", "web-platform-tests", "gecko-t/t-linux", &json!({}), &container),
        "AbCdEfGhQ1KAAAAAAAAAAA": task("test-windows/opt-a", "mochitest", "gecko-t/win11-64", &json!({}), &windows),
    })
}

/// Works with a verify task of level 1 that replicates.
pub(super) fn with_origin<R>(work: impl FnOnce(&Origin<'_>) -> R) -> R {
    let settings = Replicate {
        pool: "candidates".parse().unwrap(),
        from: vec![source()],
        at_most: 10,
        max_run_time: Duration::hours(1),
        drop_scopes: vec!["secrets:get:project/gecko/*".to_owned()],
    };
    let mut pool = WorkerAlias::new(
        ByLevel::same("td-1".parse().unwrap()),
        ByLevel::same("candidates".parse().unwrap()),
        Implementation::GenericWorker,
        Os::Linux,
    );
    pool.os_groups = vec!["video".to_owned()];
    let own: Own = serde_json::from_value(json!({
        "taskGroupId": "AAAAAAAAQACAAAAAAAAAAA", "schedulerId": "td-level-1", "priority": "low",
        "deadline": "2026-11-27T00:00:00.000Z", "expires": "2026-12-27T00:00:00.000Z",
        "metadata": {"name": "verify-a-google", "owner": "team@example.org", "source": "https://example.org/a.yml"},
    }))
    .unwrap();
    work(&Origin {
        settings: &settings,
        image: &"a@google".parse().unwrap(),
        pool: &pool,
        queue: "td-1/candidates",
        project: "td-level-1-replicas",
        verify: &verify(),
        generation: 0,
        own: &own,
        root_url: "https://tc.example.com",
        created: "2026-11-26T00:00:00.000Z".parse().unwrap(),
        deadline: "2026-11-26T01:00:00.000Z".parse().unwrap(),
    })
}
