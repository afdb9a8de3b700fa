//! The hook of actions: what starts them where no ci-admin makes hooks of `.taskcluster.yml`.
//!
//! It is what Firefox CI's configuration makes: the template's one task, below a `$let` that takes from the payload all
//! that the template is told of an action. The event and the permission are the hook's own, so whoever may fire it
//! cannot say otherwise.

use serde_json::{Value, json};
use taskgraph_images_transforms::{Level, ProjectConfig};

use super::{Hook, Metadata, TASKCLUSTER, file, scopes};
use crate::actions::document;
use crate::definitions::{Layout, read_settings};
use crate::diagnostic::{Diagnostic, Place};
use crate::formats::choose;
use crate::tree::{Files as _, Tree, TreePath, View};

/// What the hooks of actions are made of.
#[derive(Debug)]
pub struct ActionSources {
    /// The project's settings.
    pub config: ProjectConfig,
    /// What tells this version of `.taskcluster.yml` from others, in the hooks' ids.
    pub hash: String,
    task: Value,
}

/// For whom a hook of actions is made.
#[derive(Debug, Clone)]
pub struct ActionSetting {
    /// The repository's address; that of the base for pull requests.
    pub repository: String,
    /// The permission of the actions that it starts.
    pub permission: String,
    /// Whether it is for the decisions of pull requests.
    pub pull_requests: bool,
    /// The project's name.
    pub project: String,
    /// The branch of the decisions; the base's for pull requests.
    pub branch: String,
    /// The level of the decisions.
    pub level: Level,
    /// Who is asked about the hook.
    pub owner: String,
    /// Whether the owner is told when no task can be created.
    pub email_on_error: bool,
}

impl ActionSources {
    /// Reads what a tree says.
    ///
    /// # Errors
    /// Every fault of the settings and of the form of `.taskcluster.yml`.
    pub fn read(tree: &Tree, layout: &Layout) -> Result<Self, Vec<Diagnostic>> {
        let view = View::new(tree);
        let (config, _, mut faults) = read_settings(&view, &choose(tree, layout).layout, true);
        let what = "the template of the tasks of actions";
        let template = file(&view, TASKCLUSTER, what, &mut faults);
        let path = TreePath::from_git(TASKCLUSTER);
        let bytes = view.read(&path).unwrap_or_default();
        let task = template.as_ref().and_then(|node| {
            let tasks = node.get("tasks").map(|tasks| tasks.to_json());
            let one = match tasks {
                Some(Value::Array(tasks)) if tasks.len() == 1 => tasks.into_iter().next(),
                _ => None,
            };
            if one.is_none() {
                let message = "`tasks` must be a list of one element before it is rendered: hooks are made of it";
                faults.push(Diagnostic::error("tasks", message).at(Place::file(path.clone())));
            }
            one
        });
        match (config, task) {
            (Some(config), Some(task)) if faults.is_empty() => Ok(Self {
                config: config.project,
                hash: document::hash(&bytes),
                task,
            }),
            _ => Err(faults),
        }
    }

    /// The hook of a permission.
    pub fn hook(&self, setting: &ActionSetting) -> Hook {
        let ActionSetting {
            repository,
            permission,
            level,
            ..
        } = setting;
        let event = setting.event();
        let group = format!("project-{}", self.config.trust_domain);
        let id = document::hook_id(event, &level.to_string(), permission, &self.hash);
        Hook {
            metadata: Metadata {
                name: format!("{group}/{id}"),
                description: format!(
                    "Starts the actions of the permission `{permission}` that decisions of {repository} at level {level} \
                     offer. Made by `taskgraph-images hook --action` of the `.taskcluster.yml` whose SHA-256 starts with \
                     {}.",
                    self.hash
                ),
                owner: setting.owner.clone(),
                email_on_error: setting.email_on_error,
            },
            hook_group_id: group,
            hook_id: id,
            schedule: Vec::new(),
            task: self.task(setting),
            trigger_schema: trigger_schema(),
        }
    }

    /// The template's task, with what it is told of an action taken from what the hook is fired with.
    fn task(&self, setting: &ActionSetting) -> Value {
        let event = setting.event();
        let mut action = json!({
            "action_perm": setting.permission,
            "repo_scope": scope(setting),
        });
        for key in ACTION {
            action[*key] = json!(format!("${{payload.decision.action.{key}}}"));
        }
        json!({
            "$let": {
                "tasks_for": event,
                "action": action,
                "push": {"$eval": "payload.decision.push"},
                "repository": {"$eval": "payload.decision.repository"},
                "input": {"$eval": "payload.user.input"},
                "parameters": null,
                "taskId": {"$eval": "payload.user.taskId"},
                "taskGroupId": {"$eval": "payload.user.taskGroupId"},
                "ownTaskId": {"$eval": "taskId"},
            },
            "in": self.task,
        })
    }

    /// The scopes that the hook's role needs in order to create its tasks: those of the task of a sample, in which `*`
    /// stands for what is not known before somebody fires the hook.
    ///
    /// # Errors
    /// When the template cannot be rendered for an action.
    pub fn scopes(&self, setting: &ActionSetting) -> Result<Vec<String>, Vec<Diagnostic>> {
        let action: serde_json::Map<String, Value> = ACTION
            .iter()
            .map(|key| ((*key).to_owned(), json!("*")))
            .collect();
        let context = json!({
            "taskId": "*",
            "payload": {
                "decision": {
                    "action": action,
                    "push": {
                        "owner": "*", "revision": "*", "base_revision": "*", "pushlog_id": "*",
                        "branch": setting.branch, "base_branch": setting.branch,
                    },
                    "repository": {
                        "url": setting.repository, "base_url": setting.repository,
                        "project": setting.project, "level": setting.level.to_string(),
                    },
                },
                "user": {"input": null, "taskId": null, "taskGroupId": "*"},
            },
        });
        let task = json_e::render(&self.task(setting), &context).map_err(|error| {
            let words = format!(
                "it cannot be rendered for an action: {}",
                error.to_string().trim()
            );
            let place = Place::file(TreePath::from_git(TASKCLUSTER));
            vec![Diagnostic::error("json-e", words).at(place)]
        })?;
        Ok(scopes(&task))
    }
}

impl ActionSetting {
    fn event(&self) -> &'static str {
        document::event(self.pull_requests)
    }
}

/// The role of the repository's actions of a permission.
fn scope(setting: &ActionSetting) -> String {
    crate::actions::scopes::role(setting.event(), &setting.repository, &setting.permission)
}

/// What is said of an action by whoever fires its hook.
const ACTION: &[&str] = &[
    "name",
    "title",
    "description",
    "taskGroupId",
    "cb_name",
    "symbol",
];

/// What the hook is fired with: what `actions.json` renders, and nothing else.
fn trigger_schema() -> Value {
    let text = json!({"type": "string"});
    let object = |required: &[&str], optional: &[&str]| {
        let properties: serde_json::Map<String, Value> = required
            .iter()
            .chain(optional)
            .map(|name| ((*name).to_owned(), text.clone()))
            .collect();
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    };
    let mut repository = object(&["url", "project", "level"], &["base_url"]);
    repository["properties"]["url"]["pattern"] = json!("[^/]$");
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["decision", "user"],
        "properties": {
            "decision": {
                "type": "object",
                "additionalProperties": false,
                "required": ["action", "push", "repository"],
                "properties": {
                    "action": object(ACTION, &[]),
                    "push": object(
                        &["owner", "revision", "pushlog_id"],
                        &["base_revision", "branch", "base_branch"],
                    ),
                    "repository": repository,
                },
            },
            "user": {
                "type": "object",
                "additionalProperties": false,
                "required": ["input", "taskId", "taskGroupId"],
                "properties": {
                    "input": {},
                    "taskId": {"type": ["string", "null"]},
                    "taskGroupId": text,
                },
            },
        },
    })
}
