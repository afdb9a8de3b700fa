//! A task about the fleet may change other repositories, so it is apart from all that makes images: it is in runs of
//! level 3 by a cron job or an action only, stands alone in the graph, and holds what the settings give it and what its
//! worker needs. No other task holds a repository's token, and nothing is published where such a task runs, nor with a
//! secret of such a task's.
//!
//! What deletes images is in the run of its own action only, which names the plan; it shares neither pool nor secret with
//! any other of them, and no other task is told of a plan.
//!
//! This is a list of what may be, not of what may not.

use std::collections::{BTreeMap, BTreeSet};

use super::{Faults, Graph};
use crate::definition::{
    GithubTokens, Kind, MaintenanceKind, MaintenanceTask, ReviewedPlan, TaskQueueId,
};
use crate::task::Task;
use crate::transforms::index;

/// What the scopes of repositories' tokens start with.
const TOKEN: &str = "auth:github-repo-token:";

const HINT: &str = "leave tasks about the fleet to the transforms, and what they hold to `maintenance` in the settings";
const APART: &str = "give `maintenance` a worker alias of a pool of its own";

pub(super) fn check(graph: &Graph<'_>, faults: &mut Faults) {
    let queues = queues(graph);
    for task in graph.tasks() {
        of_plan(graph, task, faults);
        of_secrets(graph, task, faults);
        let kind = [task.kind, task.attributes.kind]
            .iter()
            .find_map(|kind| kind.maintenance());
        match kind {
            Some(kind) => of_fleet(graph, task, kind, faults),
            None => of_image(graph, task, &queues, faults),
        }
    }
}

/// A task is told of the run's plan if it is the one that carries it out, and of none otherwise.
fn of_plan(graph: &Graph<'_>, task: &Task, faults: &mut Faults) {
    let applies = task.kind == MaintenanceKind::CleanupApply;
    let plan = graph.parameters.plan.as_ref().filter(|_| applies);
    let told = task.task.payload.env();
    for (index, name) in [ReviewedPlan::TASK, ReviewedPlan::SHA256]
        .into_iter()
        .enumerate()
    {
        let expected = plan.map(|plan| plan.variables()[index].1);
        // Windows takes names that differ in their case for one.
        let mut found = told
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let (first, more) = (found.next(), found.next());
        if first.map(|(_, value)| value.as_str()) != expected || more.is_some() {
            let what = if applies {
                format!("has another `{name}` than the run's plan")
            } else {
                format!("is told `{name}`, and carries out no plan")
            };
            faults.task(task, what, HINT);
        }
    }
}

/// What deletes images shares no secret with any task, and what publishes none with a task about the fleet.
fn of_secrets(graph: &Graph<'_>, task: &Task, faults: &mut Faults) {
    for (kind, settings) in &graph.config.maintenance {
        let publishes = task.kind == Kind::Publish;
        let matters = publishes || *kind == MaintenanceKind::CleanupApply;
        if !matters || task.kind == *kind {
            continue;
        }
        for scope in secrets(graph, settings) {
            if task.task.scopes.contains(&scope) {
                faults.task(
                    task,
                    format!("holds `{scope}`, which is `{kind}`'s alone"),
                    HINT,
                );
            }
        }
    }
}

/// Where tasks about the fleet run, also where this graph has none.
fn queues(graph: &Graph<'_>) -> BTreeMap<TaskQueueId, MaintenanceKind> {
    let (config, level) = (graph.config, graph.parameters.level);
    let settings = config.maintenance.iter();
    settings
        .filter_map(|(kind, settings)| {
            let alias = config.workers.get(&settings.worker)?;
            Some((alias.task_queue(level), *kind))
        })
        .collect()
}

fn of_image(
    graph: &Graph<'_>,
    task: &Task,
    queues: &BTreeMap<TaskQueueId, MaintenanceKind>,
    faults: &mut Faults,
) {
    if task.attributes.image.is_none() {
        faults.task(task, "is about no image".to_owned(), HINT);
    }
    for scope in &task.task.scopes {
        // What is shorter is no scope of a token, unless it is a pattern.
        let covers = scope
            .strip_suffix('*')
            .is_some_and(|start| TOKEN.starts_with(start));
        if scope.starts_with(TOKEN) || covers {
            faults.task(
                task,
                format!("holds `{scope}`, and only tasks about the fleet change repositories"),
                HINT,
            );
        }
    }
    let needed = task.dependencies.values();
    for needed in needed.filter_map(|label| graph.get(label)) {
        if needed.kind.maintenance().is_some() {
            faults.task(
                task,
                format!("needs `{}`, which is about the fleet", needed.label),
                HINT,
            );
        }
    }
    let queue = &task.task.task_queue_id;
    if let Some(kind) = queues.get(queue)
        && task.kind == Kind::Publish
    {
        faults.task(
            task,
            format!("publishes on `{queue}`, where `{kind}` runs"),
            APART,
        );
    }
}

fn of_fleet(graph: &Graph<'_>, task: &Task, kind: MaintenanceKind, faults: &mut Faults) {
    let (config, parameters) = (graph.config, graph.parameters);
    let mut fault = |wrong: bool, what: &str| {
        if wrong {
            faults.task(task, what.to_owned(), HINT);
        }
    };
    if !parameters.may_hold(kind) {
        fault(
            true,
            &format!(
                "is about the fleet, and in a run of level {} by `{}`",
                parameters.level, parameters.tasks_for
            ),
        );
    }
    let same = task.kind == task.attributes.kind && task.label == kind.label();
    fault(!same, "is of more than one kind");
    fault(
        task.attributes.image.is_some() || task.task.extra.image.is_some(),
        "is about the fleet, and about an image",
    );
    let alone = task.dependencies.is_empty()
        && task.soft_dependencies.is_empty()
        && task.if_dependencies.is_empty();
    fault(!alone, "is about the fleet, and waits for another task");
    fault(
        task.optimization.is_some(),
        "is about the fleet, and looks for a result in its place",
    );
    for cache in task.task.payload.caches() {
        fault(
            true,
            &format!("mounts the cache `{cache}`; another task may have left anything there"),
        );
    }
    let own = index::maintenance(kind, config, parameters).map(|path| format!("index.{path}"));
    for route in &task.task.routes {
        fault(
            !own.as_ref().is_ok_and(|own| own == route),
            &format!("has the route `{route}`"),
        );
    }
    let Some(settings) = config.maintenance.get(&kind) else {
        fault(
            true,
            "is about the fleet, and the settings know nothing of it",
        );
        return;
    };
    let given = given(graph, task, settings);
    for scope in &task.task.scopes {
        fault(
            !given.contains(scope) && !of_worker(task, scope),
            &format!("holds `{scope}`, which the settings do not give it"),
        );
        fault(
            scope.starts_with(TOKEN) && !is_modest(scope),
            &format!("holds `{scope}`, which is more than a proposal or a dashboard needs"),
        );
    }
    let apply = MaintenanceKind::CleanupApply;
    for (other, theirs) in &config.maintenance {
        let alias = config.workers.get(&theirs.worker);
        let queue = alias.map(|alias| alias.task_queue(parameters.level));
        // Of any two of them one deletes images.
        let matters = (kind == apply) != (*other == apply);
        if matters && queue.as_ref() == Some(&task.task.task_queue_id) {
            faults.task(
                task,
                format!(
                    "runs on `{}`, where `{other}` runs, and one of them deletes images",
                    task.task.task_queue_id
                ),
                APART,
            );
        }
    }
    let publishes = graph.tasks().find(|other| {
        other.kind == Kind::Publish && other.task.task_queue_id == task.task.task_queue_id
    });
    if let Some(other) = publishes {
        faults.task(
            task,
            format!(
                "runs on `{}`, where `{}` publishes",
                task.task.task_queue_id, other.label
            ),
            APART,
        );
    }
}

/// The scopes that the settings give a task.
fn given(graph: &Graph<'_>, task: &Task, settings: &MaintenanceTask) -> BTreeSet<String> {
    let tokens = settings.github.iter().flat_map(GithubTokens::scopes);
    secrets(graph, settings)
        .chain(tokens)
        // A task that is told of no App can ask for no token.
        .filter(|scope| {
            !scope.starts_with(TOKEN)
                || task
                    .task
                    .payload
                    .env()
                    .contains_key("TASKGRAPH_IMAGES_GITHUB_APP")
        })
        .collect()
}

/// The scopes of the secrets that the settings give a task.
fn secrets<'a>(
    graph: &'a Graph<'_>,
    settings: &'a MaintenanceTask,
) -> impl Iterator<Item = String> + 'a {
    let (domain, level) = (&graph.config.trust_domain, graph.parameters.level);
    let secrets = settings.secrets.iter();
    secrets.map(move |secret| format!("secrets:get:{}", secret.at(domain, level)))
}

/// Whether a scope is about what the task's own worker does for it.
fn of_worker(task: &Task, scope: &str) -> bool {
    let queue = &task.task.task_queue_id;
    scope.starts_with(&format!("generic-worker:os-group:{queue}/"))
        || scope == format!("generic-worker:run-as-administrator:{queue}")
}

/// Whether a token's scope is for one repository, and a permission of those that proposals need.
fn is_modest(scope: &str) -> bool {
    let rest = scope.strip_prefix(TOKEN).unwrap_or_default();
    let Some((of, permission)) = rest.split_once(':') else {
        return false;
    };
    let words: Vec<&str> = of.split('/').collect();
    words.len() == 3
        && words
            .iter()
            .all(|word| !word.is_empty() && !word.contains('*'))
        && of
            .split_once('/')
            .is_some_and(|(_, repository)| repository == repository.to_ascii_lowercase())
        && (GithubTokens::PERMISSIONS.contains(&permission)
            || permission == GithubTokens::DASHBOARD)
}

#[cfg(test)]
mod tests;
