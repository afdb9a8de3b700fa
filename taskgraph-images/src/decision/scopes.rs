//! The scopes that creating a plan's tasks needs, compared with those that the creator holds, before anything is
//! created: whatever is missing is reported at once, not one task at a time.

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images_transforms::{Label, Level, Priority, ProjectConfig, Replicate};

use super::optimize::scheduler_id;
use super::plan::Plan;

/// A scope that is needed and not held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{scope}`, needed by {}", who(.labels))]
pub struct MissingScope {
    /// The scope; where any of several would do, the narrowest.
    pub scope: String,
    /// The tasks that need it; none, if the run must hold it to be what it says, or to do what was asked for.
    pub labels: BTreeSet<Label>,
}

/// How many labels are named with a scope.
const NAMED: usize = 3;

fn who(labels: &BTreeSet<Label>) -> String {
    if labels.is_empty() {
        return "whoever runs at this level in this trust domain".to_owned();
    }
    let named: Vec<String> = labels
        .iter()
        .take(NAMED)
        .map(|label| format!("`{label}`"))
        .collect();
    let named = named.join(", ");
    match labels.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// Every scope that is needed and not held, sorted.
///
/// The level and the trust domain are claims, which the scheduler's scope proves: it is needed also where no task is
/// created.
pub fn missing(plan: &Plan<'_>, held: &BTreeSet<String>) -> Vec<MissingScope> {
    let mut missing: BTreeMap<String, BTreeSet<Label>> = BTreeMap::new();
    let scheduler = format!("queue:scheduler-id:{}", plan.creator().scheduler_id);
    if !satisfies(held, &scheduler) {
        missing.entry(scheduler.clone()).or_default();
    }
    // Tasks share most of their scopes.
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    for task in plan.tasks() {
        let mut need = |scope: String, alternatives: &[String]| {
            let satisfied = *known.entry(scope.clone()).or_insert_with(|| {
                satisfies(held, &scope) || alternatives.iter().any(|other| satisfies(held, other))
            });
            if !satisfied {
                missing.entry(scope).or_default().insert(task.label.clone());
            }
        };
        let definition = &task.task;
        need("queue:create-task:project:none".to_owned(), &[]);
        need(scheduler.clone(), &[]);
        let queue = &definition.task_queue_id;
        // A scope for a priority is also one for all lower ones.
        let higher: Vec<String> = Priority::ALL
            .iter()
            .take_while(|priority| **priority != definition.priority)
            .map(|priority| format!("queue:create-task:{priority}:{queue}"))
            .collect();
        need(
            format!("queue:create-task:{}:{queue}", definition.priority),
            &higher,
        );
        for route in &definition.routes {
            need(format!("queue:route:{route}"), &[]);
        }
        for scope in &definition.scopes {
            need(scope.clone(), &[]);
        }
    }
    missing
        .into_iter()
        .map(|(scope, labels)| MissingScope { scope, labels })
        .collect()
}

/// Whether a set of scopes satisfies one: it is there, or a pattern that ends in `*` covers it.
pub fn satisfies(held: &BTreeSet<String>, scope: &str) -> bool {
    held.contains(scope)
        || held.iter().any(|held| {
            held.strip_suffix('*')
                .is_some_and(|start| scope.starts_with(start))
        })
}

/// The scopes of level 3 of its trust domain that somebody holds, sorted: to create tasks of that level, to read its
/// secrets, to write where its results are found, or to change the repositories that its tasks propose to.
///
/// A run of level 1 must hold none of them. Nothing here would use them; but any other program in the task could, so the
/// deployment is at fault, or the level is a lie.
pub fn of_level_3(config: &ProjectConfig, held: &BTreeSet<String>) -> Vec<String> {
    let (domain, index) = (&config.trust_domain, &config.index_prefix);
    let mut provisioners = vec![format!("{domain}-3")];
    provisioners.extend(
        config
            .provisioners
            .three
            .difference(&config.provisioners.one)
            .map(ToString::to_string),
    );
    let mut starts = vec![
        format!("queue:scheduler-id:{}", scheduler_id(config, Level::Three)),
        format!("secrets:get:project/{domain}/level-3/"),
        format!("queue:route:index.{index}.cache.level-3."),
        format!("index:insert-task:{index}.cache.level-3."),
    ];
    // A replica that is run again may pass the second time.
    let replicas = Replicate::project(config, Level::Three);
    starts
        .extend(["rerun", "cancel"].map(|verb| format!("queue:{verb}-task-in-project:{replicas}")));
    // By exact name: a token that only reads is no matter here.
    starts.extend(
        config
            .maintenance
            .values()
            .filter_map(|task| task.github.as_ref())
            .flat_map(|github| github.scopes()),
    );
    for provisioner in provisioners {
        starts.extend(
            Priority::ALL
                .iter()
                .map(|priority| format!("queue:create-task:{priority}:{provisioner}/")),
        );
    }
    held.iter()
        .filter(|held| starts.iter().any(|start| reaches(held, start)))
        .cloned()
        .collect()
}

/// Whether a scope, or a pattern of scopes, satisfies one that starts with some text.
fn reaches(held: &str, start: &str) -> bool {
    match held.strip_suffix('*') {
        Some(pattern) => pattern.starts_with(start) || start.starts_with(pattern),
        None => held.starts_with(start),
    }
}

#[cfg(test)]
mod tests {
    use taskgraph_images_transforms::{Duration, GithubTokens, MaintenanceKind, MaintenanceTask};

    use super::*;

    fn held(scopes: &[&str]) -> BTreeSet<String> {
        scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }

    #[test]
    fn what_reaches_level_3() {
        let mut config = ProjectConfig::new("td".parse().unwrap());
        config.provisioners.three.insert("shared".parse().unwrap());
        let upgrade = MaintenanceTask {
            worker: "maintenance".parse().unwrap(),
            max_run_time: Duration::hours(1),
            secrets: Vec::new(),
            github: Some(GithubTokens {
                app: "example-bot".parse().unwrap(),
                repositories: ["example/images".parse().unwrap()].into(),
                dashboard: Some("example/board".parse().unwrap()),
            }),
            environment: BTreeMap::new(),
        };
        config.maintenance.insert(MaintenanceKind::Upgrade, upgrade);
        let of_level_3 = |scope: &str| !super::of_level_3(&config, &held(&[scope])).is_empty();
        for scope in [
            "*",
            "queue:*",
            "queue:create-task:*",
            "queue:create-task:low:td-*",
            "queue:create-task:low:td-3/*",
            "queue:create-task:highest:td-3/decision",
            "queue:create-task:low:shared/x",
            "queue:scheduler-id:td-level-3",
            "queue:scheduler-id:*",
            "queue:route:*",
            "queue:route:index.td.cache.level-3.images.v1.a.hash.b",
            "queue:route:index.td.cache.*",
            "index:insert-task:td.*",
            "secrets:get:*",
            "secrets:get:project/td/*",
            "secrets:get:project/td/level-3/cloud",
            "queue:rerun-task-in-project:td-level-3-replicas",
            "queue:cancel-task-in-project:*",
            "auth:*",
            "auth:github-repo-token:example-bot/*",
            "auth:github-repo-token:example-bot/example/images:contents:write",
            "auth:github-repo-token:example-bot/example/images:pull_requests:*",
            "auth:github-repo-token:example-bot/example/board:issues:write",
        ] {
            assert!(of_level_3(scope), "{scope}");
        }
        for scope in [
            "queue:create-task:low:td-1/*",
            "queue:create-task:low:td-31/*",
            "queue:create-task:project:none",
            "queue:create-task:low:other-3/*",
            "queue:scheduler-id:td-level-1",
            "queue:route:checks",
            "queue:rerun-task-in-project:td-level-1-replicas",
            "queue:rerun-task:td-level-1/*",
            "queue:route:index.td.cache.level-1.*",
            "queue:route:index.td.cache.pr.*",
            "queue:route:index.td.v2.images.*",
            "secrets:get:project/td/level-1/*",
            "secrets:get:project/td/level-any/*",
            "index:find-task:*",
            "queue:get-artifact:public/*",
            "auth:current-scopes",
            "auth:github-repo-token:example-bot/example/images:contents:read",
            "auth:github-repo-token:example-bot/example/other:contents:write",
        ] {
            assert!(!of_level_3(scope), "{scope}");
        }
    }

    #[test]
    fn patterns_end_in_a_star() {
        assert!(satisfies(&held(&["a:b*"]), "a:bc"));
        assert!(satisfies(&held(&["a:b*"]), "a:b"));
        assert!(satisfies(&held(&["*"]), "anything"));
        assert!(!satisfies(&held(&["a:b"]), "a:bc"));
        assert!(!satisfies(&held(&["a:*b"]), "a:xb"));
    }
}
