use super::is_modest;
use crate::Task;
use crate::definition::{IndexPath, Kind, Label, Level, MaintenanceKind};
use crate::payload::{Mount, Payload};
use crate::task::Optimization;
use crate::testing;
use crate::verify::testing::{check_at, check_in};

fn find<'a>(tasks: &'a mut [Task], label: &str) -> &'a mut Task {
    let mut tasks = tasks.iter_mut();
    tasks.find(|task| task.label.as_str() == label).unwrap()
}

/// A task that no other needs.
fn leaf(tasks: &mut [Task]) -> &mut Task {
    let needed: Vec<Label> = tasks
        .iter()
        .flat_map(|task| task.dependencies.values().cloned())
        .collect();
    let mut tasks = tasks.iter_mut();
    tasks.find(|task| !needed.contains(&task.label)).unwrap()
}

fn posix(task: &mut Task) -> &mut crate::payload::GenericWorkerPosixPayload {
    match &mut task.task.payload {
        Payload::GenericWorkerPosix(payload) => payload,
        _ => unreachable!(),
    }
}

#[test]
fn it_is_in_no_other_run() {
    let graph = testing::graph(&testing::cron());
    let upgrade = graph.get(&MaintenanceKind::Upgrade.label()).unwrap();
    let mut cron_of_level_1 = testing::cron();
    cron_of_level_1.level = Level::One;
    for (parameters, expect) in [
        (
            testing::push(Level::Three),
            "in a run of level 3 by `github-push`",
        ),
        (
            testing::push(Level::One),
            "in a run of level 1 by `github-push`",
        ),
        (
            testing::pull_request(),
            "in a run of level 1 by `github-pull-request`",
        ),
        (cron_of_level_1, "in a run of level 1 by `cron`"),
    ] {
        check_in(
            &parameters,
            "maintenance",
            |tasks| *leaf(tasks) = upgrade.clone(),
            expect,
        );
    }
}

#[test]
fn it_is_apart() {
    let spoilt = |spoil: fn(&mut [Task]), expect| {
        check_in(&testing::cron(), "maintenance", spoil, expect);
    };
    spoilt(
        |tasks| {
            let path = IndexPath::new("td.cache.level-3.x").unwrap();
            find(tasks, "upgrade").optimization = Some(Optimization::IndexSearch(vec![path]));
        },
        "looks for a result",
    );
    spoilt(
        |tasks| {
            let edge = "build".to_owned();
            let base = Label::new("build-base-google").unwrap();
            find(tasks, "upgrade").dependencies.insert(edge, base);
        },
        "waits for another task",
    );
    spoilt(
        |tasks| {
            let edge = "upgrade".to_owned();
            let upgrade = MaintenanceKind::Upgrade.label();
            find(tasks, "build-win11-azure")
                .dependencies
                .insert(edge, upgrade);
        },
        "`build-win11-azure`: needs `upgrade`, which is about the fleet",
    );
    spoilt(
        |tasks| {
            posix(find(tasks, "upgrade")).mounts.push(Mount::Cache {
                cache_name: "td-level-3-x".into(),
                directory: "x".into(),
            });
        },
        "another task may have left anything there",
    );
    for route in ["checks", "index.td.v2.images.latest.images.base-google"] {
        check_in(
            &testing::cron(),
            "maintenance",
            |tasks| find(tasks, "upgrade").task.routes.push(route.to_owned()),
            "`upgrade`: has the route",
        );
    }
    spoilt(
        |tasks| find(tasks, "upgrade").kind = Kind::Build.into(),
        "is of more than one kind",
    );
    spoilt(
        |tasks| find(tasks, "build-base-google").attributes.image = None,
        "is about no image",
    );
    spoilt(
        |tasks| {
            let image = find(tasks, "build-base-google").attributes.image.clone();
            find(tasks, "upgrade").attributes.image = image;
        },
        "and about an image",
    );
}

#[test]
fn it_holds_what_it_is_given() {
    for scope in [
        "secrets:get:project/td/level-3/publish/google",
        "queue:create-task:low:td-3/publisher",
        "auth:github-repo-token:example-bot/example/other:contents:write",
        "auth:github-repo-token:other-bot/example/images:contents:write",
        "auth:github-repo-token:example-bot/example/images:workflows:write",
        // Only the repository of the dashboard, and only of the task that writes it.
        "auth:github-repo-token:example-bot/example/images:issues:write",
        "auth:github-repo-token:example-bot/example/board:issues:write",
        "auth:github-repo-token:example-bot/example/images:administration:write",
        "auth:github-repo-token:example-bot/Example/Images:contents:write",
        "auth:github-repo-token:example-bot/example/images:contents:write*",
        "auth:github-repo-token:*",
        "assume:repo:github.com/example/images:branch:main",
        "generic-worker:os-group:td-3/image-builder/kvm",
    ] {
        check_in(
            &testing::cron(),
            "maintenance",
            |tasks| find(tasks, "upgrade").task.scopes.push(scope.to_owned()),
            "which the settings do not give it",
        );
    }
    // Another's token is not its own.
    check_in(
        &testing::cron(),
        "maintenance",
        |tasks| {
            let scopes = find(tasks, "upgrade").task.scopes.clone();
            find(tasks, "cleanup").task.scopes = scopes;
        },
        "`cleanup`: holds `auth:github-repo-token:",
    );
    check_in(
        &testing::cron(),
        "maintenance",
        |tasks| {
            posix(find(tasks, "upgrade"))
                .env
                .remove("TASKGRAPH_IMAGES_GITHUB_APP");
        },
        "which the settings do not give it",
    );
}

#[test]
fn no_image_changes_a_repository() {
    for scope in [
        "auth:github-repo-token:example-bot/example/images:contents:write",
        "auth:github-repo-token:*",
        "auth:*",
        "*",
    ] {
        for parameters in [
            testing::push(Level::Three),
            testing::cron(),
            testing::push(Level::One),
        ] {
            check_in(
                &parameters,
                "maintenance",
                |tasks| tasks[0].task.scopes.push(scope.to_owned()),
                "and only tasks about the fleet change repositories",
            );
        }
    }
}

#[test]
fn nothing_is_published_where_it_runs() {
    let publisher = |tasks: &mut [Task]| {
        let queue = find(tasks, "publish-base-google")
            .task
            .task_queue_id
            .clone();
        find(tasks, "upgrade").task.task_queue_id = queue;
    };
    check_in(
        &testing::cron(),
        "maintenance",
        publisher,
        "`upgrade`: runs on `td-3/image-builder`, where `publish-base-google` publishes",
    );
    check_at(
        Level::Three,
        "maintenance",
        |tasks| {
            let queue = "maintenance".parse().unwrap();
            find(tasks, "publish-base-google")
                .task
                .task_queue_id
                .worker_type = queue;
        },
        "`publish-base-google`: publishes on `td-3/maintenance`, where `projects` runs",
    );
}

/// What deletes images: only its action has it, for the plan that it names, apart from everything else.
#[test]
fn what_deletes_images_is_its_actions() {
    let applying = testing::apply_cleanup();
    let apply = testing::graph(&applying);
    let apply = apply.get(&MaintenanceKind::CleanupApply.label()).unwrap();
    let mut no_plan = applying.clone();
    no_plan.plan = None;
    let mut by_cron = applying.clone();
    by_cron.tasks_for = "cron".to_owned();
    for (parameters, expect) in [
        (no_plan, "in a run of level 3 by `action`"),
        (by_cron, "in a run of level 3 by `cron`"),
        (testing::push(Level::Three), "by `github-push`"),
        (testing::pull_request(), "by `github-pull-request`"),
    ] {
        check_in(
            &parameters,
            "maintenance",
            |tasks| *leaf(tasks) = apply.clone(),
            &format!(
                "`cleanup-apply`: is about the fleet, and {}",
                if expect.starts_with("in") {
                    expect.to_owned()
                } else {
                    format!("in a run of level {} {expect}", parameters.level)
                }
            ),
        );
    }
    let spoilt = |spoil: fn(&mut [Task]), expect| check_in(&applying, "maintenance", spoil, expect);
    spoilt(
        |tasks| {
            let env = &mut posix(find(tasks, "cleanup-apply")).env;
            env.insert(
                "TASKGRAPH_IMAGES_PLAN_SHA256".to_owned(),
                "d".repeat(64).into(),
            );
        },
        "has another `TASKGRAPH_IMAGES_PLAN_SHA256` than the run's plan",
    );
    spoilt(
        |tasks| {
            let env = &mut posix(find(tasks, "cleanup-apply")).env;
            env.remove("TASKGRAPH_IMAGES_PLAN_TASK_ID");
        },
        "has another `TASKGRAPH_IMAGES_PLAN_TASK_ID` than the run's plan",
    );
    spoilt(
        |tasks| {
            let env = &mut posix(find(tasks, "upgrade")).env;
            env.insert("taskgraph_images_plan_task_id".to_owned(), "x".into());
        },
        "`upgrade`: is told `TASKGRAPH_IMAGES_PLAN_TASK_ID`, and carries out no plan",
    );
    for label in ["upgrade", "build-base-google", "publish-base-google"] {
        check_in(
            &applying,
            "maintenance",
            |tasks| {
                let secret = "secrets:get:project/td/level-3/cleanup/clouds".to_owned();
                find(tasks, label).task.scopes.push(secret);
            },
            &format!(
                "`{label}`: holds `secrets:get:project/td/level-3/cleanup/clouds`, which is `cleanup-apply`'s alone"
            ),
        );
    }
    check_in(
        &testing::push(Level::Three),
        "maintenance",
        |tasks| {
            let secret = "secrets:get:project/td/level-3/upgrade/token".to_owned();
            find(tasks, "publish-base-google").task.scopes.push(secret);
        },
        "`publish-base-google`: holds `secrets:get:project/td/level-3/upgrade/token`, which is `upgrade`'s alone",
    );
    for (label, pool, expect) in [
        (
            "upgrade",
            "sweeper",
            "`upgrade`: runs on `td-3/sweeper`, where `cleanup-apply` runs",
        ),
        (
            "cleanup-apply",
            "maintenance",
            "`cleanup-apply`: runs on `td-3/maintenance`, where `upgrade` runs",
        ),
        (
            "publish-base-google",
            "sweeper",
            "publishes on `td-3/sweeper`, where `cleanup-apply` runs",
        ),
    ] {
        check_in(
            &applying,
            "maintenance",
            |tasks| find(tasks, label).task.task_queue_id.worker_type = pool.parse().unwrap(),
            expect,
        );
    }
}

#[test]
fn a_token_is_modest() {
    let start = "auth:github-repo-token:bot/example/images";
    assert!(is_modest(&format!("{start}:contents:write")));
    assert!(is_modest(&format!("{start}:pull_requests:write")));
    assert!(is_modest(&format!("{start}:issues:write")));
    for more in [
        "",
        ":contents:*",
        ":contents:write*",
        ":workflows:write",
        ":contents:admin",
        ":issues:*",
        "/more:contents:write",
    ] {
        assert!(!is_modest(&format!("{start}{more}")), "{more:?}");
    }
    for of in [
        "bot/example/*",
        "bot/*/images",
        "bot/Example/images",
        "bot//images",
    ] {
        let scope = format!("auth:github-repo-token:{of}:contents:write");
        assert!(!is_modest(&scope), "{of:?}");
    }
}
