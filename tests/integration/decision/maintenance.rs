//! Tasks about the fleet: cron jobs ask for them, at level 3 only.

use super::*;

/// What a decision needs that creates the one task of the job `upgrade`.
const UPGRADE: [&str; 11] = [
    "auth:current-scopes",
    "queue:create-task:project:none",
    "queue:status:*",
    "queue:get-task:*",
    "queue:list-artifacts:*",
    "index:find-task:*",
    "queue:scheduler-id:example-level-3",
    "queue:create-task:low:example-3/maintenance",
    "queue:route:index.example.v2.images.latest.maintenance.upgrade",
    "auth:github-repo-token:example-app/example/images:contents:write",
    "auth:github-repo-token:example-app/example/images:pull_requests:write",
];

/// A cron job of a repository whose settings know of `upgrade`.
fn maintained(options: Options, method: &str) -> Case {
    let mut case = Case::push(options);
    let aliases = "  aliases:\n";
    let alias = "    maintenance: {provisioner: example-3, worker-type: maintenance, implementation: generic-worker, os: linux}\n";
    case.repo
        .replace("image-defs/config.yml", aliases, &format!("{aliases}{alias}"))
        .append(
            "image-defs/config.yml",
            "maintenance:\n  upgrade: {worker: maintenance, github: {app: example-app, repositories: [Example/Images]}}\n",
        )
        .commit();
    let head = case.repo.git(&["rev-parse", "HEAD"]);
    case.tell("HEAD_REV", head.trim());
    case.tell("BASE_REV", "");
    case.tell("TASKS_FOR", "cron");
    case.tell("CRON_JOB_NAME", method);
    case.tell("CRON_ARGUMENTS", &format!("--target-tasks-method={method}"));
    case
}

#[test]
fn a_cron_job_creates_its_one_task_about_the_fleet() {
    let case = maintained(Options::default().holding(UPGRADE), "upgrade");
    let ran = case.run();
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    let created = case.created();
    let labels: Vec<&String> = created.keys().collect();
    assert_eq!(labels, ["upgrade"]);
    let task = &created["upgrade"];
    assert_eq!(task["dependencies"], serde_json::json!([TASK_ID]));
    assert_eq!(task["schedulerId"], "example-level-3");
    let tokens = &UPGRADE[9..];
    assert_eq!(task["scopes"], serde_json::json!(tokens));
    assert_eq!(
        task["payload"]["env"]["TASKGRAPH_IMAGES_GITHUB_APP"],
        "example-app"
    );
    assert_eq!(
        case.artifact("target-tasks.json"),
        serde_json::json!(["upgrade"])
    );
    let listed = case.artifact("task-graph.json");
    assert_eq!(listed.as_object().unwrap().len(), 1);
    // Again, as after a lost answer.
    let again = case.run();
    assert_eq!(again.code, Some(0), "{}", again.block());
    assert_eq!(case.created(), created);
}

#[test]
fn each_scope_of_a_task_about_the_fleet_is_asked_for() {
    for (index, scope) in UPGRADE.iter().enumerate().skip(6) {
        let held: Vec<&str> = UPGRADE
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index)
            .map(|(_, scope)| *scope)
            .collect();
        let case = maintained(Options::default().holding(held), "upgrade");
        let ran = case.run();
        assert_eq!(ran.code, Some(5), "{}", ran.block());
        assert!(ran.stderr.contains(scope), "{scope}: {}", ran.stderr);
        assert!(case.created().is_empty());
    }
}

#[test]
fn other_cron_jobs_choose_none_of_them() {
    for method in ["default", "rebuild", "all", "none"] {
        let case = maintained(Options::default(), method);
        let ran = case.run_with(&["--dry-run"]);
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        let targets = case.artifact("target-tasks.json").to_string();
        assert!(!targets.contains("upgrade"), "{method}: {targets}");
        assert_eq!(targets == "[]", method == "none");
        // What could be asked for is shown.
        assert!(!case.artifact("full-task-graph.json")["upgrade"].is_null());
    }
}

#[test]
fn a_task_about_the_fleet_is_refused_where_it_must_not_be() {
    // `add-new-tasks` and the like are refused in `actions`.
    let refused = |case: &Case| {
        let ran = case.run();
        assert!(case.created().is_empty());
        let kept = ["error:", "hint:"];
        let said: Vec<&str> = ran
            .stderr
            .lines()
            .filter(|line| kept.iter().any(|start| line.starts_with(start)))
            .collect();
        format!("exit {}\n{}", ran.code.unwrap_or(-1), said.join("\n"))
    };
    let at_level_1 = || {
        let mut case = maintained(Options::default().holding(LEVEL_1), "upgrade");
        case.tell("LEVEL", "1");
        case
    };
    insta::assert_snapshot!(refused(&at_level_1()), @"
    exit 2
    error: `upgrade` runs at level 3 by a cron job or an action only, and this is `cron` at level 1
    hint: start it by its job in `.cron.yml`, from the trusted branch
    ");
    for tasks_for in [
        "github-push",
        "github-pull-request",
        "github-pull-request-untrusted",
        "pr-action",
    ] {
        let mut case = at_level_1();
        case.tell("TASKS_FOR", tasks_for);
        let said = refused(&case).replace(tasks_for, "EVENT");
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @"
            exit 2
            error: `upgrade` runs at level 3 by a cron job or an action only, and this is `EVENT` at level 1
            hint: start it by its job in `.cron.yml`, from the trusted branch
            ");
        }
    }
    let mut push = maintained(Options::default(), "upgrade");
    push.tell("TASKS_FOR", "github-push");
    insta::assert_snapshot!(refused(&push), @"
    exit 2
    error: `upgrade` runs at level 3 by a cron job or an action only, and this is `github-push` at level 3
    hint: start it by its job in `.cron.yml`, from the trusted branch
    ");
    insta::assert_snapshot!(refused(&maintained(Options::default(), "pools")), @"
    exit 2
    error: the settings have no `maintenance.pools`, so there is no such task
    hint: say in `config.yml` how it runs, or take its job out of `.cron.yml`
    ");
    // A level that is claimed is proven before anything is created.
    let claimed = maintained(Options::default().holding(LEVEL_1), "upgrade");
    let said = refused(&claimed);
    assert!(said.starts_with("exit 5"), "{said}");
}

#[test]
fn level_1_must_not_hold_tokens_of_repositories() {
    let mut held = LEVEL_1.to_vec();
    held.push("auth:github-repo-token:example-app/example/images:contents:write");
    let mut case = maintained(Options::default().holding(held), "none");
    case.tell("TASKS_FOR", "github-push");
    case.tell("LEVEL", "1");
    let ran = case.run();
    assert_eq!(ran.code, Some(5), "{}", ran.block());
    assert!(
        ran.stderr
            .contains("`auth:github-repo-token:example-app/example/images:contents:write`"),
        "{}",
        ran.stderr
    );
}
