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

#[test]
fn a_token_is_modest() {
    let start = "auth:github-repo-token:bot/example/images";
    assert!(is_modest(&format!("{start}:contents:write")));
    assert!(is_modest(&format!("{start}:pull_requests:write")));
    for more in [
        "",
        ":contents:*",
        ":contents:write*",
        ":workflows:write",
        ":contents:admin",
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
