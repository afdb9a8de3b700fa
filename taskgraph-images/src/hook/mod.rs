//! Hooks, where no other program makes them: of a cron job, which starts its decision where no build-decision reads
//! `.cron.yml`; and of actions, in `action.rs`.
//!
//! The repository's `.taskcluster.yml` is rendered for `tasks_for: cron`, as build-decision does, but once and ahead of
//! time. What only the firing knows stays for the hooks service to fill in: the task's id, the time, and the input of
//! whoever fires it. All else is escaped, as the service renders it again. The revision is not known either: it is
//! empty, and the checkout takes the tip of the branch.
//!
//! ```text
//! .cron.yml ─ jobs ─▶ Job ─ schedule ─▶ cron patterns
//! .taskcluster.yml ─ render (marks) ─▶ task ─ marks ─▶ template for the hooks service
//! ```
//!
//! Nothing here talks to a service: the definition is for whoever applies it.

mod action;
mod jobs;
mod marks;
mod schedule;
mod template;

use serde::Serialize;
use serde_json::{Value, json};
use taskgraph_images_transforms::{Level, ProjectConfig};

use crate::definitions::{Layout, read_settings};
use crate::diagnostic::{Diagnostic, Place};
use crate::formats::choose;
use crate::tree::{FileError, Files as _, Tree, TreePath, View};
use crate::yaml::{self, Node};

pub use action::{ActionSetting, ActionSources};
pub use jobs::{DecisionJob, Job};
use jobs::{Jobs, Work};

/// Where build-decision looks for cron jobs.
const CRON: &str = ".cron.yml";
/// The template of decision tasks.
const TASKCLUSTER: &str = ".taskcluster.yml";

/// What a repository says of its cron jobs.
#[derive(Debug)]
pub struct Sources {
    /// The project's settings.
    pub config: ProjectConfig,
    jobs: Jobs,
    template: Node,
}

/// For which repository, branch and level a hook is made, and how it is called.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The repository's address.
    pub repository: String,
    /// The branch whose tip is decided upon.
    pub branch: String,
    /// The project's name.
    pub project: String,
    /// The level that the deployment gives to the branch. The template may ask for less.
    pub level: Level,
    /// The deployment's root URL, if the template uses it.
    pub root_url: Option<String>,
    /// The first half of the hook's id.
    pub group: String,
    /// The second half.
    pub id: String,
    /// Who is asked about the hook.
    pub owner: String,
    /// Whether the owner is told when no task can be created.
    pub email_on_error: bool,
}

/// A hook, as `hooks.createHook` takes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hook {
    /// The first half of its id.
    pub hook_group_id: String,
    /// The second half.
    pub hook_id: String,
    /// What people read about it.
    pub metadata: Metadata,
    /// When it fires, as patterns of six fields (seconds first) in UTC; never by itself if empty.
    pub schedule: Vec<String>,
    /// The template of its task.
    pub task: Value,
    /// What whoever fires it may say.
    pub trigger_schema: Value,
}

/// What people read about a hook.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Who is asked about it.
    pub owner: String,
    /// Whether the owner is told when no task can be created.
    pub email_on_error: bool,
}

impl Sources {
    /// Reads what a tree says.
    ///
    /// # Errors
    /// Every fault of the settings, of `.cron.yml` and of the form of `.taskcluster.yml`.
    pub fn read(tree: &Tree, layout: &Layout) -> Result<Self, Vec<Diagnostic>> {
        let layout = &choose(tree, layout).layout;
        let (config, _, mut faults) = read_settings(&View::new(tree), layout, true);
        let view = View::new(tree);
        let jobs = file(&view, CRON, "a file with jobs", &mut faults)
            .and_then(|node| Jobs::decode(&node, &mut faults));
        let template = file(
            &view,
            TASKCLUSTER,
            "the template of the decision task",
            &mut faults,
        );
        match (config, jobs, template) {
            (Some(config), Some(jobs), Some(template)) if faults.is_empty() => Ok(Self {
                config: config.project,
                jobs,
                template,
            }),
            _ => Err(faults),
        }
    }

    /// The names of all jobs, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.jobs.0.iter().map(|job| job.name.value.as_str())
    }

    /// The job of a name.
    pub fn job(&self, name: &str) -> Option<&Job> {
        self.jobs.0.iter().find(|job| job.name.value == name)
    }

    /// The hook of a job.
    ///
    /// # Errors
    /// Everything about the job that no hook can do, and what is wrong with the template.
    pub fn hook(&self, job: &Job, setting: &Setting) -> Result<Hook, Vec<Diagnostic>> {
        let mut faults = Vec::new();
        if let Some(projects) = &job.projects
            && !projects.value.contains(&setting.project)
        {
            let message = format!(
                "the job `{}` does not run on the project `{}`",
                job.name.value, setting.project
            );
            faults.push(Diagnostic::error("other-project", message).at(projects.place.clone()));
        }
        let schedule = schedule::patterns(job, &setting.project, &mut faults);
        let Work::Decision(work) = &job.work else {
            let message = "only a job of the type `decision-task` has a hook";
            faults.push(
                Diagnostic::error("no-decision", message)
                    .at(job.name.place.clone())
                    .hint("fire the action's own hook"),
            );
            return Err(faults);
        };
        let task = template::render(&self.template, &context(job, work, setting))
            .map_err(|mut more| faults.append(&mut more));
        let (Ok(task), true) = (task, faults.is_empty()) else {
            return Err(faults);
        };
        Ok(Hook {
            hook_group_id: setting.group.clone(),
            hook_id: setting.id.clone(),
            metadata: Metadata {
                name: format!("{}/{}", setting.group, setting.id),
                description: format!(
                    "Starts the decision of the cron job `{}` of {} at the tip of `{}`. Made by `taskgraph-images \
                     hook`: edit `.cron.yml` and `.taskcluster.yml` there, and make it again.",
                    job.name.value, setting.repository, setting.branch
                ),
                owner: setting.owner.clone(),
                email_on_error: setting.email_on_error,
            },
            schedule,
            task,
            trigger_schema: json!({"type": "object", "additionalProperties": work.takes_input}),
        })
    }
}

impl Hook {
    /// The scopes that the hook's role needs in order to create its task.
    pub fn scopes(&self) -> Vec<String> {
        scopes(&self.task)
    }
}

/// The scopes that creating a task needs. Of what the firing fills in (`${…}` or `*`), only a pattern can be said.
fn scopes(task: &Value) -> Vec<String> {
    let text = |key: &str| task.get(key).and_then(Value::as_str);
    let list = |key: &str| {
        let items = task.get(key).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str)
    };
    let queue = text("taskQueueId").map_or_else(
        || {
            let half = |key| text(key).unwrap_or_default();
            format!("{}/{}", half("provisionerId"), half("workerType"))
        },
        str::to_owned,
    );
    let priority = text("priority").unwrap_or("lowest");
    let mut scopes = vec![
        format!("queue:create-task:{priority}:{queue}"),
        format!(
            "queue:create-task:project:{}",
            text("projectId").unwrap_or("none")
        ),
        format!("queue:scheduler-id:{}", text("schedulerId").unwrap_or("-")),
    ];
    let until_filled = |text: &str| match text.find("${").or_else(|| text.find('*')) {
        Some(at) => format!("{}*", &text[..at]),
        None => text.to_owned(),
    };
    scopes.extend(list("routes").map(|route| format!("queue:route:{}", until_filled(route))));
    scopes.extend(list("scopes").map(until_filled));
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// What build-decision would render the template with.
fn context(job: &Job, work: &DecisionJob, setting: &Setting) -> Value {
    let input = if work.takes_input {
        json!(marks::INPUT)
    } else {
        json!({})
    };
    let mut context = json!({
        "tasks_for": "cron",
        "ownTaskId": marks::OWN_ID,
        "repository": {
            "url": setting.repository,
            "project": setting.project,
            "level": setting.level.to_string(),
            "type": "git",
        },
        "push": {"branch": setting.branch, "revision": "", "owner": "cron"},
        "cron": {
            // There is no task that read `.cron.yml`: the hook starts the decision itself.
            "task_id": marks::OWN_ID,
            "job_name": job.name.value,
            "job_symbol": work.symbol,
            "quoted_args": work.arguments(),
            "input": input,
        },
    });
    if let Some(url) = &setting.root_url {
        context["taskcluster_root_url"] = json!(url);
    }
    context
}

fn file(view: &View<'_>, name: &str, what: &str, faults: &mut Vec<Diagnostic>) -> Option<Node> {
    let path = TreePath::from_git(name);
    let fault =
        |message: String| Diagnostic::error("unreadable", message).at(Place::file(path.clone()));
    match view.read(&path) {
        Ok(content) => yaml::read(&path, &content)
            .map_err(|mut more| faults.append(&mut more))
            .ok(),
        Err(FileError::Missing(_)) => {
            faults.push(
                fault(format!("there is no `{name}`, {what}"))
                    .hint("`taskgraph-images init` writes one into a new repository"),
            );
            None
        }
        Err(error) => {
            faults.push(fault(error.to_string()));
            None
        }
    }
}
