//! What a rendered graph of level 1 may hold, and at any level what may change a repository, in plain rules about the text
//! that the queue gets.
//!
//! Written apart from `verify/` and the transforms on purpose, from what Taskcluster and its deployments do: a law must not
//! lean on what it is to hold to account. It reads JSON, not types, and knows of the settings no more than the names.

use serde_json::Value;

use crate::definition::ProjectConfig;
use crate::graph::TaskGraph;
use crate::parameters::Parameters;

/// Everything in a graph that level 1 must not have, in words; nothing, if all is well.
pub(super) fn faults(
    graph: &TaskGraph,
    config: &ProjectConfig,
    parameters: &Parameters,
) -> Vec<String> {
    let tasks: serde_json::Map<String, Value> =
        serde_json::from_str(&graph.to_json()).expect("a graph is written as JSON");
    let event = parameters.tasks_for.as_str();
    let run = Run {
        domain: config.trust_domain.as_str(),
        prefix: config.index_prefix.as_str(),
        listed: config
            .provisioners
            .one
            .iter()
            .map(|listed| listed.as_str())
            .collect(),
        pull_request: event.starts_with("github-pull-request")
            || event.starts_with("pr-")
            || event == "github-issue-comment"
            || parameters.pull_request_number.is_some(),
        stranger: event == "github-pull-request-untrusted" || event == "github-issue-comment",
    };
    tasks
        .iter()
        .flat_map(|(label, task)| {
            let faults = run.task(task);
            faults
                .into_iter()
                .map(move |fault| format!("{label}: {fault}"))
        })
        .collect()
}

/// Everything in a graph of any level by which a repository could be changed where it must not be, in words.
pub(super) fn repository_faults(
    graph: &TaskGraph,
    config: &ProjectConfig,
    parameters: &Parameters,
) -> Vec<String> {
    let tasks: serde_json::Map<String, Value> =
        serde_json::from_str(&graph.to_json()).expect("a graph is written as JSON");
    let publishers: Vec<String> = tasks
        .values()
        .filter(|task| text(task, "/kind") == "publish")
        .map(queue)
        .collect();
    let may_be = parameters.level.number() == 3
        && ["cron", "action"].contains(&parameters.tasks_for.as_str())
        && parameters.pull_request_number.is_none();
    let is_fleets =
        |kind: &str| ["upgrade", "pools", "projects", "cleanup", "cleanup-apply"].contains(&kind);
    let shown = serde_json::to_value(config).expect("settings are data");
    let deletes = texts(&shown["maintenance"]["cleanup-apply"], "/secrets");
    let mut faults = Vec::new();
    for (label, task) in &tasks {
        let mut check = |right: bool, what: String| {
            if !right {
                faults.push(format!("{label}: {what}"));
            }
        };
        let definition = &task["task"];
        let kinds = ["/kind", "/attributes/kind", "/task/tags/kind"].map(|at| text(task, at));
        let fleets = kinds.iter().any(|kind| is_fleets(kind)) || is_fleets(label);
        let scopes = texts(definition, "/scopes");
        let env = definition.pointer("/payload/env");
        // What deletes images is asked for by an action, for a plan; its secrets are its own.
        let applies = label == "cleanup-apply";
        check(
            !applies || (parameters.tasks_for == "action" && parameters.plan.is_some()),
            "deletes images, and nobody asked for it".to_owned(),
        );
        for name in [
            "TASKGRAPH_IMAGES_PLAN_TASK_ID",
            "TASKGRAPH_IMAGES_PLAN_SHA256",
        ] {
            let all = env.and_then(Value::as_object).into_iter().flatten();
            let named = all
                .filter(|(other, _)| other.to_uppercase() == name)
                .count();
            check(
                named == usize::from(applies),
                format!("is told {named} times of `{name}`"),
            );
        }
        for scope in scopes.iter().filter(|_| !applies) {
            let secret = scope.strip_prefix("secrets:get:");
            let own = deletes.iter().any(|own| {
                secret.is_some_and(|secret| {
                    let rest =
                        secret.strip_prefix(&format!("project/{}/level-3/", config.trust_domain));
                    secret == *own || rest == Some(own)
                })
            });
            check(!own, format!("holds `{scope}`, which deletes images"));
        }
        let told = env.and_then(|env| env.get("TASKGRAPH_IMAGES_GITHUB_APP"));
        if !fleets {
            for scope in scopes {
                let reads = ["secrets:get:", "generic-worker:", "docker-worker:"]
                    .iter()
                    .any(|start| scope.starts_with(start));
                let creates = label.starts_with("verify-") && scope.starts_with("queue:");
                check(reads || creates, format!("holds `{scope}`"));
            }
            check(told.is_none(), "is told of an App".to_owned());
            check(
                !task["attributes"]["image"].is_null() && !definition["extra"]["image"].is_null(),
                "is about no image".to_owned(),
            );
            let needed = task["dependencies"].as_object().into_iter().flatten();
            for (_, needed) in needed {
                let needed = needed.as_str().unwrap_or_default();
                check(!is_fleets(needed), format!("needs `{needed}`"));
            }
            continue;
        }
        check(may_be, format!("is in a run by `{}`", parameters.tasks_for));
        check(
            kinds.iter().all(|kind| kind == label),
            format!("is of the kinds {kinds:?}"),
        );
        for absent in [
            "/attributes/image",
            "/task/extra/image",
            "/optimization",
            "/task/payload/cache",
        ] {
            let found = task.pointer(absent).unwrap_or(&Value::Null);
            check(found.is_null(), format!("has `{absent}`: {found}"));
        }
        check(
            task["dependencies"] == serde_json::json!({}),
            "waits for another".to_owned(),
        );
        let mounts = definition
            .pointer("/payload/mounts")
            .and_then(Value::as_array);
        for mount in mounts.into_iter().flatten() {
            check(mount["cacheName"].is_null(), format!("mounts {mount}"));
        }
        let others = tasks
            .iter()
            .filter(|(other, _)| is_fleets(other) && (*other == "cleanup-apply") != applies);
        for (other, there) in others {
            check(
                queue(there) != queue(task),
                format!("runs where `{other}` does"),
            );
        }
        check(
            !publishers.contains(&queue(task)),
            format!("runs on `{}`, as what publishes", queue(task)),
        );
        // The settings, read as they are shown: the names of what is listed, and nothing else.
        let settings = serde_json::to_value(config).expect("settings are data");
        let settings = &settings["maintenance"][label];
        for scope in scopes {
            let of_worker = [
                "generic-worker:os-group:",
                "generic-worker:run-as-administrator:",
            ]
            .iter()
            .any(|start| scope.starts_with(&format!("{start}{}", queue(task))));
            let secret = scope.strip_prefix("secrets:get:").is_some_and(|secret| {
                texts(settings, "/secrets")
                    .iter()
                    .any(|listed| secret.ends_with(listed))
            });
            let token = scope
                .strip_prefix("auth:github-repo-token:")
                .is_some_and(|token| {
                    let (of, permission) = token.split_once(':').unwrap_or_default();
                    let (app, repository) = of.split_once('/').unwrap_or_default();
                    let listed = match permission {
                        "contents:write" | "pull_requests:write" => {
                            texts(settings, "/github/repositories")
                        }
                        "issues:write" => vec![text(settings, "/github/dashboard")],
                        _ => Vec::new(),
                    };
                    app == text(settings, "/github/app")
                        && told == Some(&Value::from(app))
                        && listed
                            .iter()
                            .any(|listed| listed.to_lowercase() == repository)
                });
            check(
                // Only at the end is it a pattern: an OS group may have one within.
                (of_worker || secret || token) && !scope.ends_with('*'),
                format!("holds `{scope}`"),
            );
        }
        for route in texts(definition, "/routes") {
            let right = route.starts_with(&format!("index.{}.v2.", config.trust_domain))
                && route.ends_with(&format!(".latest.maintenance.{label}"));
            check(right, format!("has the route `{route}`"));
        }
    }
    faults
}

/// Where a task is queued.
fn queue(task: &Value) -> String {
    let definition = &task["task"];
    format!(
        "{}/{}",
        text(definition, "/provisionerId"),
        text(definition, "/workerType")
    )
}

struct Run<'a> {
    domain: &'a str,
    prefix: &'a str,
    listed: Vec<&'a str>,
    pull_request: bool,
    stranger: bool,
}

fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or("")
}

fn texts<'v>(value: &'v Value, path: &str) -> Vec<&'v str> {
    let list = value.pointer(path).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// Whether a name of a pool, or a part of one, says that it is of level 3.
fn says_level_3(name: &str) -> bool {
    let name = name.to_lowercase().replace('_', "-");
    let name = format!("-{name}-");
    ["-level-3-", "-level3-", "-l3-"]
        .iter()
        .any(|mark| name.contains(mark))
}

impl Run<'_> {
    fn task(&self, task: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |right: bool, what: String| {
            if !right {
                faults.push(what);
            }
        };
        let definition = &task["task"];
        let kind = text(task, "/kind");
        for kind in [
            kind,
            text(task, "/attributes/kind"),
            text(definition, "/tags/kind"),
        ] {
            check(
                matches!(kind, "validate" | "build" | "verify"),
                format!("is of the kind `{kind}`"),
            );
        }

        let (provisioner, worker_type) = (
            text(definition, "/provisionerId"),
            text(definition, "/workerType"),
        );
        check(
            provisioner == format!("{}-1", self.domain) || self.listed.contains(&provisioner),
            format!("runs on `{provisioner}`"),
        );
        check(
            !provisioner.to_lowercase().replace('_', "-").ends_with("-3")
                && !says_level_3(provisioner)
                && !says_level_3(worker_type),
            format!("runs on `{provisioner}/{worker_type}`"),
        );

        let queue = format!("{provisioner}/{worker_type}");
        let cache = format!(
            "{}-level-1-{}",
            self.domain,
            if self.pull_request { "pr-" } else { "" }
        );
        // Only what verifies may have others run again, on one pool that is as much level 1's as its own.
        let create = format!("queue:create-task:{}:", text(definition, "/priority"));
        let held = texts(definition, "/scopes");
        let pools: Vec<&str> = held
            .iter()
            .filter_map(|scope| scope.strip_prefix(&create))
            .collect();
        let pool = *pools.first().unwrap_or(&"");
        let (of, name) = pool.split_once('/').unwrap_or_default();
        check(
            pools.is_empty()
                || (pools.len() == 1
                    && kind == "verify"
                    && pool != queue
                    && (of == format!("{}-1", self.domain) || self.listed.contains(&of))
                    && !of.to_lowercase().replace('_', "-").ends_with("-3")
                    && !says_level_3(of)
                    && !says_level_3(name)),
            format!("creates tasks on {pools:?}"),
        );
        let replicas = format!("{}-level-1-replicas", self.domain);
        for scope in held {
            let of_level_1 = [
                format!("secrets:get:project/{}/level-1/", self.domain),
                format!("secrets:get:project/{}/level-any/", self.domain),
                format!("generic-worker:cache:{cache}"),
                format!("docker-worker:cache:{cache}"),
                format!("generic-worker:os-group:{queue}/"),
            ]
            .iter()
            .any(|start| scope.starts_with(start) && scope.len() > start.len());
            let of_replicas = !pool.is_empty()
                && (scope.strip_prefix(&create) == Some(pool)
                    || scope.starts_with(&format!("generic-worker:os-group:{pool}/"))
                    || [
                        format!("generic-worker:run-as-administrator:{pool}"),
                        format!("queue:scheduler-id:{}-level-1", self.domain),
                        format!("queue:create-task:project:{replicas}"),
                        format!("queue:rerun-task-in-project:{replicas}"),
                        format!("queue:cancel-task-in-project:{replicas}"),
                    ]
                    .contains(&scope.to_owned()));
            check(
                (of_level_1
                    || of_replicas
                    || scope == format!("generic-worker:run-as-administrator:{queue}")
                    || scope == format!("generic-worker:run-task-as-current-user:{queue}")
                        && text(task, "/kind") == "build"
                        && !self.stranger)
                    && !scope.ends_with('*'),
                format!("holds `{scope}`"),
            );
            check(
                !(self.stranger && (scope.starts_with("secrets") || scope.starts_with("queue"))),
                format!("holds `{scope}` for a stranger"),
            );
        }

        let words: Vec<&str> = self.prefix.split('.').collect();
        check(
            !words
                .iter()
                .any(|word| matches!(*word, "cache" | "v2") || word.starts_with("level-")),
            format!("is indexed below `{}`", self.prefix),
        );
        let own = if self.pull_request { "pr" } else { "level-1" };
        for route in texts(definition, "/routes") {
            let indexed = route.starts_with(&format!("index.{}.cache.{own}.", self.prefix));
            let shown = route.strip_prefix("tc-treeherder.v2.").is_some_and(|rest| {
                let words: Vec<&str> = rest.split('.').collect();
                words.len() == 3 && (words[0].ends_with("-pr") || !self.pull_request)
            });
            check(
                indexed || shown || route == "checks",
                format!("has the route `{route}`"),
            );
            check(
                kind != "validate" || !route.starts_with("index."),
                format!("validates, and has the route `{route}`"),
            );
        }
        for path in texts(task, "/optimization/index-search") {
            let trusted = ["level-3", "level-1"]
                .iter()
                .chain(self.pull_request.then_some(&"pr"))
                .any(|place| path.starts_with(&format!("{}.cache.{place}.", self.prefix)));
            check(trusted, format!("looks at `{path}`"));
        }

        let payload = &definition["payload"];
        let mounted = payload["mounts"].as_array().into_iter().flatten();
        let caches: Vec<&str> = mounted
            .filter_map(|mount| mount["cacheName"].as_str())
            .chain(
                payload["cache"]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.as_str()),
            )
            .collect();
        for name in caches {
            let apart =
                self.pull_request || !name.starts_with(&format!("{}-level-1-pr-", self.domain));
            check(
                name.starts_with(&cache) && apart,
                format!("mounts the cache `{name}`"),
            );
        }

        let env = payload["env"].as_object().cloned().unwrap_or_default();
        check(
            env.get("MOZ_SCM_LEVEL") == Some(&Value::from("1")),
            "says another level".to_owned(),
        );
        for (name, value) in &env {
            // Windows does not tell them apart.
            match name.to_uppercase().as_str() {
                "MOZ_SCM_LEVEL" => check(name == "MOZ_SCM_LEVEL", format!("sets `{name}`")),
                "TASKGRAPH_IMAGES_SECRETS" => {
                    check(!self.stranger, format!("is told of secrets: {value}"));
                    check(name == "TASKGRAPH_IMAGES_SECRETS", format!("sets `{name}`"));
                    let held = texts(definition, "/scopes");
                    for secret in value.as_str().unwrap_or("?").split(' ') {
                        let scope = format!("secrets:get:{secret}");
                        check(
                            held.contains(&scope.as_str()),
                            format!("is told of the secret `{secret}`"),
                        );
                    }
                }
                other => check(!other.starts_with("TASKCLUSTER_"), format!("sets `{name}`")),
            }
        }

        if self.stranger && kind != "validate" {
            let cloud = text(task, "/attributes/cloud");
            check(
                matches!(cloud, "qemu" | "container"),
                format!("{kind}s in `{cloud}` for a stranger"),
            );
        }
        if kind == "validate" {
            check(self.stranger, "validates what may be built".to_owned());
            check(
                payload.pointer("/features/taskclusterProxy") == Some(&Value::Bool(false)),
                "validates with a proxy".to_owned(),
            );
        }
        faults
    }
}

/// The oracle sees what it is there to see.
#[test]
fn it_is_not_blind() {
    use crate::definition::Level;
    use crate::testing;

    let config = testing::config();
    let push = testing::push(Level::One);
    let good = testing::graph(&push);
    assert_eq!(faults(&good, &config, &push), [""; 0]);
    let stranger = testing::stranger();
    assert_eq!(
        faults(&testing::graph(&stranger), &config, &stranger),
        [""; 0]
    );
    // The same tasks are too much for a stranger, and those of level 3 for all.
    let found = faults(&good, &config, &stranger).join("\n");
    for expect in [
        "for a stranger",
        "has the route",
        "told of secrets",
        "builds in `google`",
    ] {
        assert!(found.contains(expect), "{expect}: {found}");
    }
    let found = faults(
        &testing::graph(&testing::push(Level::Three)),
        &config,
        &push,
    )
    .join("\n");
    for expect in [
        "is of the kind `publish`",
        "runs on `td-3`",
        "holds `secrets:get:project/td/level-3/cloud/google`",
        "has the route `index.td.cache.level-3.",
        "says another level",
    ] {
        assert!(found.contains(expect), "{expect}: {found}");
    }

    // Nor is it blind to what changes repositories.
    let cron = testing::cron();
    let maintained = testing::graph(&cron);
    assert_eq!(repository_faults(&maintained, &config, &cron), [""; 0]);
    let at_level_3 = testing::push(Level::Three);
    let found = repository_faults(&maintained, &config, &at_level_3).join("\n");
    assert!(
        found.contains("upgrade: is in a run by `github-push`"),
        "{found}"
    );
    let mut poor = config;
    poor.maintenance.clear();
    let found = repository_faults(&maintained, &poor, &cron).join("\n");
    for expect in [
        "pools: holds `auth:github-repo-token:example-bot/example/more-pools:contents:write`",
        "projects: holds `auth:github-repo-token:example-bot/example/board:issues:write`",
        "projects: holds `secrets:get:project/td/level-3/projects/phabricator`",
    ] {
        assert!(found.contains(expect), "{expect}: {found}");
    }
}
