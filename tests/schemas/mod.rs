//! Taskcluster's own schemas, for the tests of both crates: read from the folder that `TASKGRAPH_IMAGES_SCHEMAS`
//! names. Continuous integration names it, and then its absence fails; elsewhere such tests say what they skip.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

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

/// The schemas of tasks and payloads.
pub(crate) struct Schemas {
    task: jsonschema::Validator,
    payloads: [(&'static str, jsonschema::Validator); 3],
}

impl Schemas {
    /// The schemas, if the environment names their folder.
    pub(crate) fn from_environment() -> Option<Self> {
        let folder = std::env::var_os("TASKGRAPH_IMAGES_SCHEMAS").map(PathBuf::from);
        if folder.is_none() {
            #[expect(clippy::print_stderr, reason = "a test that checks nothing says so")]
            {
                eprintln!(
                    "skipped: TASKGRAPH_IMAGES_SCHEMAS does not name the folder of Taskcluster's schemas"
                );
            }
        }
        folder.map(|folder| Self::read(&folder))
    }

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
        let schemas = Self {
            task: validator("queue/v1/create-task-request.json"),
            payloads: [
                ("posix", validator("generic-worker/multiuser_posix.json")),
                (
                    "windows",
                    validator("generic-worker/multiuser_windows.json"),
                ),
                ("docker", validator("docker-worker/v1/payload.json")),
            ],
        };
        // A validator that accepts anything would prove nothing.
        let nonsense = json!({"maxRunTime": 0, "command": [], "unknown": 1});
        assert!(!schemas.task.is_valid(&json!({"payload": {}})));
        assert!(
            schemas
                .payloads
                .iter()
                .all(|(_, payload)| !payload.is_valid(&nonsense))
        );
        schemas
    }

    /// Everything that the services would refuse of a task's definition.
    ///
    /// # Panics
    /// When the definition's tags do not say what software runs it.
    pub(crate) fn faults(&self, definition: &Value) -> Vec<String> {
        let definition = created(definition.clone());
        let tags = &definition["tags"];
        let wanted = match (tags["worker-implementation"].as_str(), tags["os"].as_str()) {
            (Some("docker-worker"), _) => "docker",
            (Some("generic-worker"), Some("windows")) => "windows",
            (Some("generic-worker"), Some(_)) => "posix",
            other => panic!("the tags name no known worker: {other:?}"),
        };
        let (_, payload) = self
            .payloads
            .iter()
            .find(|(name, _)| *name == wanted)
            .expect("there is a schema for each");
        faults(&self.task, &definition)
            .into_iter()
            .chain(faults(payload, &definition["payload"]))
            .collect()
    }
}

fn faults(validator: &jsonschema::Validator, value: &Value) -> Vec<String> {
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// What creation does: dates for times, ids for references. Only the form of a date is looked at.
fn created(value: Value) -> Value {
    match value {
        Value::Object(map) if map.len() == 1 && map.contains_key("relative-datestamp") => {
            let text = map["relative-datestamp"].as_str().unwrap();
            let (number, unit) = text.split_once(' ').unwrap();
            assert!(number.parse::<u32>().is_ok() && !unit.is_empty(), "{text}");
            json!("2026-01-01T00:00:00.000Z")
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
