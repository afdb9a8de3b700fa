//! [`Input`]: what a person says beside an action, held to the action's own schema before anything else is done.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use taskgraph_images_transforms::{Digest, PlanTaskId, ReviewedPlan};

use super::Action;

/// How many copies of a task can be asked for at once.
const COPIES: u32 = 20;
/// How many earlier pushes can be asked for.
const DEPTH: u32 = 20;

/// What was said. Each action reads what its schema names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Input {
    /// Whether what depends on the task is created again, too.
    pub downstream: bool,
    /// How many copies of each task are created.
    pub times: u32,
    /// Labels of tasks.
    pub tasks: Vec<String>,
    /// Images, as `name` or `name@cloud`.
    pub images: Vec<String>,
    /// Whether the images that are built on these are rebuilt, too.
    pub children: bool,
    /// Of how many earlier pushes builds are verified, too.
    pub depth: usize,
    /// The task that left a plan of a clean-up.
    #[serde(rename = "plan-task-id", skip_serializing_if = "Option::is_none")]
    pub plan_task_id: Option<PlanTaskId>,
    /// The SHA-256 of the plan that was reviewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            downstream: false,
            times: 1,
            tasks: Vec::new(),
            images: Vec::new(),
            children: false,
            depth: 0,
            plan_task_id: None,
            sha256: None,
        }
    }
}

/// Something that an action's schema does not allow; whoever asked can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the input of `{action}`{place}: {fault}", place = at(.place))]
pub struct InputError {
    /// The action.
    pub action: Action,
    /// Where in the input, as a JSON pointer; empty for the whole.
    pub place: String,
    /// What is wrong.
    pub fault: String,
}

fn at(place: &str) -> String {
    if place.is_empty() {
        String::new()
    } else {
        format!(", at `{place}`")
    }
}

impl Input {
    /// The plan of a clean-up that was reviewed, if one is named.
    pub fn plan(&self) -> Option<ReviewedPlan> {
        Some(ReviewedPlan {
            task: self.plan_task_id.clone()?,
            sha256: self.sha256.clone()?,
        })
    }

    /// Reads an input. None at all, `null` and `{}` say nothing, and everything has its default.
    ///
    /// # Errors
    /// Everything that the action's schema does not allow.
    pub fn read(action: Action, value: &Value) -> Result<Self, Vec<InputError>> {
        let empty = Value::Object(serde_json::Map::new());
        let value = if value.is_null() { &empty } else { value };
        let fault = |place: String, fault: String| InputError {
            action,
            place,
            fault,
        };
        let schema = action.schema().unwrap_or_else(|| object(json!({}), &[]));
        let validator = jsonschema::validator_for(&schema).expect("the schemas are fixed");
        let faults: Vec<InputError> = validator
            .iter_errors(value)
            .map(|error| fault(error.instance_path().to_string(), error.to_string()))
            .collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        serde_json::from_value(value.clone())
            .map_err(|error| vec![fault(String::new(), error.to_string())])
    }
}

impl Action {
    /// The JSON schema of its input; none when it takes no input.
    pub fn schema(self) -> Option<Value> {
        let times = json!({
            "title": "Times",
            "description": "How many copies of each task are created.",
            "type": "integer", "minimum": 1, "maximum": COPIES, "default": 1,
        });
        Some(match self {
            Self::Rerun | Self::Cancel | Self::CancelAll | Self::Publish => return None,
            Self::Retrigger => object(
                json!({
                    "downstream": {
                        "title": "Downstream",
                        "description": "Whether the tasks of this group that depend on it are created again, too.",
                        "type": "boolean", "default": false,
                    },
                    "times": times,
                }),
                &[],
            ),
            Self::VerifyAgain => object(
                json!({
                    "depth": {
                        "title": "Depth",
                        "description": "Of how many earlier pushes the builds are verified, too.",
                        "type": "integer", "minimum": 0, "maximum": DEPTH, "default": 0,
                    },
                    "times": times,
                }),
                &[],
            ),
            Self::AddNewTasks | Self::AddNewJobs => object(
                json!({
                    "tasks": {
                        "title": "Tasks",
                        "description": "Labels of `public/full-task-graph.json`.",
                        "type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": true,
                    },
                    "times": times,
                }),
                &["tasks"],
            ),
            Self::Rebuild => object(
                json!({
                    "images": {
                        "title": "Images",
                        "description": "Names of images, as `name` or `name@cloud`.",
                        "type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": true,
                    },
                    "children": {
                        "title": "Children",
                        "description": "Whether the images that are built on these are rebuilt, too.",
                        "type": "boolean", "default": false,
                    },
                }),
                &["images"],
            ),
            Self::ApplyCleanup => object(
                json!({
                    "plan-task-id": {
                        "title": "Plan",
                        "description": "The `cleanup` task that left the plan, by its id.",
                        "type": "string",
                        "pattern": "^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$",
                    },
                    "sha256": {
                        "title": "SHA-256",
                        "description": "The SHA-256 of the `cleanup-plan.json` that you have read.",
                        "type": "string",
                        "pattern": "^[0-9a-f]{64}$",
                    },
                }),
                &["plan-task-id", "sha256"],
            ),
        })
    }
}

/// A schema of an object that has these properties and no other.
fn object(properties: Value, required: &[&str]) -> Value {
    let mut schema =
        json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}
