//! `actions.json`: what can be asked of the tasks of a decision, in Taskgraph's format.
//!
//! Taskcluster's and Treeherder's pages read it, and so do ci-admin, which makes the hooks, and scriptworker, which
//! renders an action task again to see that it is one of these.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use taskgraph_images_transforms::json::python;
use taskgraph_images_transforms::{Parameters, ProjectConfig};

use super::{Action, Context};
use crate::decision::parameters::DecisionParameters;
use crate::hex::hex;
use crate::taskcluster::TaskId;

/// Whom Taskgraph names as the pusher; Firefox CI's hooks want somebody.
const OWNER: &str = "mozilla-taskcluster-maintenance@mozilla.com";

/// Which actions a decision offers.
pub fn available(
    parameters: &Parameters,
    config: &ProjectConfig,
    disabled: &BTreeSet<Action>,
) -> impl Iterator<Item = Action> {
    let level = parameters.level;
    let is_set = |action: Action| {
        let mut kind = action.maintenance().into_iter();
        kind.all(|kind| config.maintenance.contains_key(&kind))
    };
    Action::ALL
        .iter()
        .copied()
        .filter(move |action| action.is_at(level) && is_set(*action) && !disabled.contains(action))
}

/// The document. `template` holds the bytes of `.taskcluster.yml`, of which the hooks were made.
pub fn actions(
    parameters: &DecisionParameters,
    for_tasks: &Parameters,
    config: &ProjectConfig,
    disabled: &BTreeSet<Action>,
    decision: &TaskId,
    template: &[u8],
) -> String {
    let hash = hash(template);
    let actions: Vec<Value> = available(for_tasks, config, disabled)
        .map(|action| one(action, parameters, for_tasks, config, decision, &hash))
        .collect();
    python(&json!({"version": 1, "variables": {}, "actions": actions}))
}

/// What tells one version of `.taskcluster.yml` from another in hooks' ids.
pub fn hash(template: &[u8]) -> String {
    hex(&Sha256::digest(template)[..5])
}

/// The event of an action task, as `.taskcluster.yml` knows it.
pub fn event(pull_request: bool) -> &'static str {
    if pull_request { "pr-action" } else { "action" }
}

/// The second half of a hook's id.
pub fn hook_id(event: &str, level: &str, permission: &str, hash: &str) -> String {
    format!("in-tree-{event}-{level}-{permission}/{hash}")
}

fn one(
    action: Action,
    parameters: &DecisionParameters,
    for_tasks: &Parameters,
    config: &ProjectConfig,
    decision: &TaskId,
    hash: &str,
) -> Value {
    let mut push = json!({
        "owner": OWNER,
        "pushlog_id": parameters.pushlog_id,
        "revision": parameters.head_rev,
        "base_revision": parameters.base_rev,
    });
    if !parameters.head_ref.is_empty() {
        push["branch"] = json!(parameters.head_ref);
    }
    if let Some(base) = &parameters.base_ref
        && !base.is_empty()
        && *base != parameters.head_ref
    {
        push["base_branch"] = json!(base);
    }
    let event = event(for_tasks.is_pull_request());
    let permission = action.permission();
    let mut value = json!({
        "name": action.as_str(),
        "title": action.title(),
        "description": action.description(),
        "context": context(action),
        "kind": "hook",
        "hookGroupId": format!("project-{}", config.trust_domain),
        "hookId": hook_id(event, &parameters.level, permission, hash),
        "hookPayload": {
            "decision": {
                "action": {
                    "name": action.as_str(),
                    "title": action.title(),
                    "description": action.description(),
                    "taskGroupId": decision,
                    "cb_name": action.as_str(),
                    "symbol": action.symbol(),
                },
                "repository": {
                    "url": parameters.head_repository,
                    "project": parameters.project,
                    "level": parameters.level,
                    "base_url": parameters.base_repository,
                },
                "push": push,
            },
            "user": {
                "input": {"$eval": "input"},
                "taskId": {"$eval": "taskId"},
                "taskGroupId": {"$eval": "taskGroupId"},
            },
        },
        "extra": {"actionPerm": permission},
    });
    if let Some(schema) = action.schema() {
        value["schema"] = schema;
    }
    value
}

/// The sets of tags of which a task must have one; none for what is about the group.
fn context(action: Action) -> Value {
    match action.context() {
        Context::Group => json!([]),
        Context::AnyTask => json!([{}]),
        Context::Kinds(kinds) => kinds.iter().map(|kind| json!({"kind": kind})).collect(),
    }
}
