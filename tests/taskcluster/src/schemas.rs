//! Checks of request bodies: by Taskcluster's own schemas where they are at hand, else by the essential rules.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::clock;
use crate::state::is_slugid;

/// What the bodies of requests are held to.
pub(crate) enum Schemas {
    /// Taskcluster's own schemas.
    Real {
        create_task: jsonschema::Validator,
        insert_task: jsonschema::Validator,
    },
    /// The essential rules, by hand.
    Essential,
}

const BASE: &str = "https://taskcluster.invalid/schemas";
/// The schemas' metaschema merely names this draft.
const DRAFT_6: &str = "http://json-schema.org/draft-06/schema#";

impl Schemas {
    /// # Panics
    /// If a folder is named, and the schemas are not there.
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        let variable = std::env::var_os("TASKGRAPH_IMAGES_SCHEMAS").map(PathBuf::from);
        match folder.or(variable.as_deref()) {
            Some(folder) => Self::read(folder),
            None => Self::Essential,
        }
    }

    fn read(folder: &Path) -> Self {
        let schema = |path: &str| -> Value {
            let text = std::fs::read_to_string(folder.join(path))
                .unwrap_or_else(|error| panic!("the schema `{path}` cannot be read: {error}"));
            let mut schema: Value = serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("the schema `{path}` is no JSON: {error}"));
            schema["$schema"] = DRAFT_6.into();
            schema["$id"] = format!("{BASE}/{path}").into();
            schema
        };
        let mut registry = jsonschema::Registry::new();
        for path in ["queue/v1/task.json", "queue/v1/task-metadata.json"] {
            let resource = jsonschema::Resource::from_contents(schema(path));
            registry = registry
                .add(format!("{BASE}/{path}"), resource)
                .unwrap_or_else(|error| panic!("the schema `{path}` is none: {error}"));
        }
        let registry = registry
            .prepare()
            .unwrap_or_else(|error| panic!("the schemas do not fit together: {error}"));
        let validator = |path: &str| {
            jsonschema::options()
                .with_registry(&registry)
                .should_validate_formats(true)
                .build(&schema(path))
                .unwrap_or_else(|error| panic!("the schema `{path}` is none: {error}"))
        };
        Self::Real {
            create_task: validator("queue/v1/create-task-request.json"),
            insert_task: validator("index/v1/insert-task-request.json"),
        }
    }

    /// What is wrong with the body of a `createTask`.
    pub(crate) fn create_task(&self, body: &Value) -> Vec<String> {
        match self {
            Self::Real { create_task, .. } => errors(create_task, body),
            Self::Essential => essential_task(body),
        }
    }

    /// What is wrong with the body of an `insertTask`.
    pub(crate) fn insert_task(&self, body: &Value) -> Vec<String> {
        match self {
            Self::Real { insert_task, .. } => errors(insert_task, body),
            Self::Essential => {
                let mut faults = Faults::default();
                faults.keys("data", body, &["taskId", "rank", "data", "expires"], &[]);
                faults.check(body, "taskId", is_task_id);
                faults.check(body, "rank", Value::is_number);
                faults.check(body, "data", Value::is_object);
                faults.check(body, "expires", is_time);
                faults.0
            }
        }
    }
}

fn errors(validator: &jsonschema::Validator, body: &Value) -> Vec<String> {
    validator
        .iter_errors(body)
        .map(|error| format!("data{} {error}", error.instance_path()))
        .collect()
}

/// The rules of `create-task-request` that are broken in practice.
fn essential_task(body: &Value) -> Vec<String> {
    let mut faults = Faults::default();
    faults.keys(
        "data",
        body,
        &["created", "deadline", "payload", "metadata"],
        &[
            "provisionerId",
            "workerType",
            "taskQueueId",
            "schedulerId",
            "projectId",
            "taskGroupId",
            "dependencies",
            "requires",
            "routes",
            "priority",
            "retries",
            "expires",
            "scopes",
            "tags",
            "extra",
        ],
    );
    for time in ["created", "deadline", "expires"] {
        faults.check(body, time, is_time);
    }
    faults.check(body, "payload", Value::is_object);
    faults.check(body, "extra", Value::is_object);
    faults.check(body, "provisionerId", |id| {
        text(id, 1, 38).is_some_and(is_identifier)
    });
    faults.check(body, "workerType", |id| {
        text(id, 1, 38).is_some_and(is_worker_type)
    });
    faults.check(body, "taskQueueId", |id| {
        id.as_str()
            .and_then(|id| id.split_once('/'))
            .is_some_and(|(provisioner, worker_type)| {
                (1..=38).contains(&provisioner.len())
                    && is_identifier(provisioner)
                    && worker_type.len() <= 38
                    && is_worker_type(worker_type)
            })
    });
    faults.check(body, "schedulerId", |id| {
        text(id, 1, 38).is_some_and(is_identifier)
    });
    faults.check(body, "projectId", |id| {
        text(id, 1, 500).is_some_and(|id| {
            id.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte))
        })
    });
    faults.check(body, "taskGroupId", is_task_id);
    faults.check(body, "dependencies", |list| {
        is_list(list, 10_000, is_task_id) && is_unique(list)
    });
    faults.check(body, "requires", |word| {
        word == "all-completed" || word == "all-resolved"
    });
    faults.check(body, "routes", |list| {
        is_list(list, 64, |route| text(route, 1, 249).is_some()) && is_unique(list)
    });
    faults.check(body, "priority", |word| {
        word.as_str()
            .is_some_and(|word| crate::queue::PRIORITIES.contains(&word))
    });
    faults.check(body, "retries", |number| {
        number.as_u64().is_some_and(|number| number <= 49)
    });
    faults.check(body, "scopes", |list| {
        is_list(list, usize::MAX, |scope| {
            text(scope, 0, usize::MAX)
                .is_some_and(|scope| scope.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
        })
    });
    faults.check(body, "tags", |tags| {
        tags.as_object()
            .is_some_and(|tags| tags.values().all(|tag| text(tag, 0, 4096).is_some()))
    });
    let metadata = &body["metadata"];
    faults.keys(
        "data/metadata",
        metadata,
        &["name", "description", "owner", "source"],
        &[],
    );
    for (key, length) in [("name", 255), ("description", 32768), ("owner", 255)] {
        faults.check(metadata, key, |value| text(value, 0, length).is_some());
    }
    faults.check(metadata, "source", |source| {
        text(source, 0, 4096).is_some_and(|source| {
            ["https://", "http://", "ssh://", "git@"]
                .iter()
                .any(|start| source.starts_with(start))
        })
    });
    faults.0
}

#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    /// An object has these keys, and no others.
    fn keys(&mut self, at: &str, value: &Value, required: &[&str], optional: &[&str]) {
        let Some(object) = value.as_object() else {
            self.0.push(format!("{at} must be object"));
            return;
        };
        for key in required.iter().filter(|key| !object.contains_key(**key)) {
            self.0
                .push(format!("{at} must have required property '{key}'"));
        }
        for key in object.keys() {
            if !required.contains(&key.as_str()) && !optional.contains(&key.as_str()) {
                self.0
                    .push(format!("{at} must NOT have additional properties: '{key}'"));
            }
        }
    }

    /// A value, if it is there, is as it should be.
    fn check(&mut self, of: &Value, key: &str, is_right: impl Fn(&Value) -> bool) {
        if let Some(value) = of.get(key)
            && !is_right(value)
        {
            self.0.push(format!("data/{key} is not valid"));
        }
    }
}

fn text(value: &Value, least: usize, most: usize) -> Option<&str> {
    let text = value.as_str()?;
    (least..=most)
        .contains(&text.chars().count())
        .then_some(text)
}

fn is_time(value: &Value) -> bool {
    value.as_str().and_then(clock::parse).is_some()
}

fn is_task_id(value: &Value) -> bool {
    value.as_str().is_some_and(is_slugid)
}

fn is_identifier(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn is_worker_type(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_list(value: &Value, most: usize, is_right: impl Fn(&Value) -> bool) -> bool {
    value
        .as_array()
        .is_some_and(|list| list.len() <= most && list.iter().all(is_right))
}

fn is_unique(list: &Value) -> bool {
    let all: Vec<&str> = crate::state::strings(list).collect();
    let unique: std::collections::BTreeSet<&str> = all.iter().copied().collect();
    unique.len() == all.len()
}
