//! Every task against Taskcluster's own schemas, when `TASKGRAPH_IMAGES_SCHEMAS` names their folder.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::definition::*;
use crate::json;
use crate::payload::Payload;
use crate::testing;

const BASE: &str = "https://taskcluster.invalid";
const DRAFT_6: &str = "http://json-schema.org/draft-06/schema#";
const TASK_ID: &str = "fN1SbArXTPSVFNUvaOlinQ";

/// Reads a schema as if it stood alone: its id becomes an address, and its metaschema, which merely names draft 6,
/// is replaced by that draft.
fn schema(folder: &Path, path: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    schema["$schema"] = DRAFT_6.into();
    schema["$id"] = format!("{BASE}/schemas/{path}").into();
    schema
}

struct Schemas {
    task: jsonschema::Validator,
    posix: jsonschema::Validator,
    windows: jsonschema::Validator,
    docker: jsonschema::Validator,
}

impl Schemas {
    fn read(folder: &Path) -> Self {
        let mut builder = jsonschema::Registry::new();
        for path in ["queue/v1/task.json", "queue/v1/task-metadata.json"] {
            let resource = jsonschema::Resource::from_contents(schema(folder, path));
            builder = builder
                .add(format!("{BASE}/schemas/{path}"), resource)
                .unwrap();
        }
        let registry = builder.prepare().unwrap();
        let validator = |path| {
            jsonschema::options()
                .with_registry(&registry)
                .should_validate_formats(true)
                .build(&schema(folder, path))
                .unwrap_or_else(|error| panic!("{path}: {error}"))
        };
        Self {
            task: validator("queue/v1/create-task-request.json"),
            posix: validator("generic-worker/multiuser_posix.json"),
            windows: validator("generic-worker/multiuser_windows.json"),
            docker: validator("docker-worker/v1/payload.json"),
        }
    }
}

/// What creation does: dates for times, ids for references.
fn created(value: Value) -> Value {
    match value {
        Value::Object(map) if map.len() == 1 && map.contains_key("relative-datestamp") => {
            let after: Duration = map["relative-datestamp"].as_str().unwrap().parse().unwrap();
            // Days after a fixed date are enough here; only the form of the date is looked at.
            json!(format!(
                "20{:02}-01-01T00:00:00.000Z",
                26 + after.as_seconds() / 31_536_000
            ))
        }
        Value::Object(map) if map.len() == 1 && map.contains_key("task-reference") => {
            json!(TASK_ID)
        }
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, created(value)))
            .collect(),
        Value::Array(list) => list.into_iter().map(created).collect(),
        other => other,
    }
}

fn faults(validator: &jsonschema::Validator, value: &Value) -> Vec<String> {
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn every_task_is_legal() {
    let Some(folder) = std::env::var_os("TASKGRAPH_IMAGES_SCHEMAS").map(PathBuf::from) else {
        #[expect(clippy::print_stderr, reason = "a test that checks nothing says so")]
        {
            eprintln!(
                "skipped: TASKGRAPH_IMAGES_SCHEMAS does not name the folder of Taskcluster's schemas"
            );
        }
        return;
    };
    let schemas = Schemas::read(&folder);
    let mut seen = [0; 3];
    for parameters in [
        testing::push(Level::One),
        testing::push(Level::Three),
        testing::pull_request(),
    ] {
        for task in testing::graph(&parameters).tasks() {
            let definition = created(json::tree(&task.task));
            let (index, payload) = match task.task.payload {
                Payload::GenericWorkerPosix(_) => (0, &schemas.posix),
                Payload::GenericWorkerWindows(_) => (1, &schemas.windows),
                Payload::DockerWorker(_) => (2, &schemas.docker),
            };
            seen[index] += 1;
            assert_eq!(
                faults(&schemas.task, &definition),
                [""; 0],
                "{}",
                task.label
            );
            assert_eq!(
                faults(payload, &definition["payload"]),
                [""; 0],
                "{}",
                task.label
            );
        }
    }
    assert!(
        seen.iter().all(|count| *count > 5),
        "every payload's schema is used: {seen:?}"
    );
    // The validators see faults at all.
    assert!(!faults(&schemas.task, &json!({"payload": {}})).is_empty());
    for validator in [&schemas.posix, &schemas.windows, &schemas.docker] {
        assert!(
            !faults(
                validator,
                &json!({"maxRunTime": 0, "command": [], "unknown": 1})
            )
            .is_empty()
        );
    }
}
