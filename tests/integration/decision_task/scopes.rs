//! The scopes that the guide names are those that the tasks need.

use super::*;

/// The scopes that the guide tells to grant to a role, with the names of a project.
fn granted(role: &str, level: &str, project: &str, pull_request: bool) -> Vec<String> {
    let page = root_file("docs/src/setup.md");
    let section = page.split("## Scopes of the roles").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let code = |text: &str| -> Vec<String> {
        text.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    let mut scopes = Vec::new();
    for row in section.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.split('|').collect();
        let (first, second) = (code(cells[1]), code(cells[2]));
        let is_scope = |text: &String| {
            ["auth:", "generic-worker:", "queue:"]
                .iter()
                .any(|start| text.starts_with(start))
        };
        if first.iter().any(is_scope) {
            scopes.extend(first);
        } else if first.iter().any(|name| {
            let all = name.strip_suffix('*');
            name == role
                || all.is_some_and(|start| start.starts_with("action:") && role.starts_with(start))
        }) || (pull_request && cells[1].contains("both roles"))
        {
            scopes.extend(second);
        }
    }
    assert!(scopes.len() > 10, "{role}: {scopes:?}");
    scopes
        .iter()
        .map(|scope| {
            scope
                .replace("TD-N", &format!("TD-{level}"))
                .replace("level-N", &format!("level-{level}"))
                .replace("NAME", project)
                .replace("index.P.", "index.taskgraph-images.")
                .replace("JOB", role.strip_prefix("cron:").unwrap_or("JOB"))
                .replace("TD", "taskgraph-images")
        })
        .collect()
}

/// What the guide tells to grant is enough for the decision of each event, and for every task that one can create.
#[test]
fn the_guides_scopes_are_enough() {
    let held = |scopes: &[String], needed: &str| {
        scopes.iter().any(|scope| match scope.strip_suffix('*') {
            Some(start) => needed.starts_with(start),
            None => scope == needed,
        })
    };
    let needs = |task: &Value| -> Vec<String> {
        let queue = task["taskQueueId"].as_str().map_or_else(
            || {
                format!(
                    "{}/{}",
                    task["provisionerId"].as_str().unwrap(),
                    task["workerType"].as_str().unwrap()
                )
            },
            str::to_owned,
        );
        let mut needs = vec![format!(
            "queue:create-task:{}:{queue}",
            task["priority"].as_str().unwrap()
        )];
        needs.extend(
            task["routes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|route| format!("queue:route:{}", route.as_str().unwrap())),
        );
        needs
    };
    let project = Project::own();
    let roles = [
        "branch:main",
        "",
        "tag:*",
        "pull-request",
        "pull-request-untrusted",
        "pull-request",
        "cron:rebuild",
        "action:generic",
        "pr-action:*",
    ];
    for ((name, context), role) in project.events().into_iter().zip(roles) {
        // A fork has roles of its own.
        if role.is_empty() {
            continue;
        }
        let task = project.task(&context);
        let level = task["payload"]["env"]["TASKGRAPH_IMAGES_LEVEL"]
            .as_str()
            .unwrap();
        let pull_request = name.contains("pull request") || name == "comment";
        let scopes = granted(role, level, project.name, pull_request);
        let scheduler = format!(
            "queue:scheduler-id:{}",
            task["schedulerId"].as_str().unwrap()
        );
        for needed in needs(&task)
            .iter()
            .chain([&scheduler, &"queue:create-task:project:none".to_owned()])
        {
            assert!(
                held(&scopes, needed),
                "{name}: {needed} is not in {scopes:#?}"
            );
        }
        for foreign in scopes.iter().filter(|_| level == "1") {
            assert!(
                !foreign.contains("level-3")
                    && !foreign.contains("-3/")
                    && !foreign.contains("index.taskgraph-images.v2."),
                "{name}: {foreign}"
            );
        }
    }

    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let repo = Repo::empty(&[]);
    for (event, level, role) in [
        ("push", "3", "branch:main"),
        ("push", "1", "tag:*"),
        ("pull-request", "1", "pull-request"),
    ] {
        let ran = repo.run(&[
            "-C", root, "graph", "full", "--all", "--event", event, "--level", level, "--format",
            "json",
        ]);
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        let graph = ran.json();
        assert!(graph.as_object().unwrap().len() > 20);
        for (label, task) in graph.as_object().unwrap() {
            let task = &task["task"];
            let own = task["tags"]["project"].as_str().unwrap();
            let scopes = granted(role, level, own, event == "pull-request");
            let mut needed = needs(task);
            needed.extend(
                task["scopes"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|scope| scope.as_str().unwrap().to_owned()),
            );
            for needed in needed {
                assert!(
                    held(&scopes, &needed),
                    "{label}: {needed} is not in {scopes:#?}"
                );
            }
        }
    }

    // The action that carries out a plan, by its own role, which reaches nothing of what publishes.
    let scopes = granted("action:cleanup", "3", project.name, false);
    for needed in [
        "queue:create-task:low:taskgraph-images-3/decision",
        "queue:create-task:low:taskgraph-images-3/cleanup",
        "queue:route:index.taskgraph-images.v2.taskgraph-images.latest.maintenance.cleanup-apply",
        "secrets:get:project/taskgraph-images/level-3/SECRET",
        "queue:list-task-group:fN1SbArXTPSVFNUvaOlinQ",
    ] {
        assert!(held(&scopes, needed), "{needed} is not in {scopes:#?}");
    }
    for other in [
        "queue:create-task:low:taskgraph-images-3/publisher",
        "queue:create-task:low:taskgraph-images-3/maintenance",
        "queue:route:index.taskgraph-images.cache.level-3.x",
        "secrets:get:project/taskgraph-images/level-3/x",
    ] {
        assert!(!held(&scopes, other), "{other} is in {scopes:#?}");
    }

    // Each job about the fleet: its decision, and its one task, by the scopes of its own role.
    for job in ["upgrade", "pools", "projects", "cleanup"] {
        let role = format!("cron:{job}");
        let scopes = granted(&role, "3", project.name, false);
        let mut context = project.cron();
        context["cron"]["job_name"] = job.into();
        context["cron"]["quoted_args"] = format!("--target-tasks-method={job}").into();
        for needed in needs(&project.task(&context)) {
            assert!(
                held(&scopes, &needed),
                "{job}: {needed} is not in {scopes:#?}"
            );
        }
        let artifacts = repo.beside(job).to_string_lossy().into_owned();
        let ran = repo.run(&[
            "-C",
            root,
            "decision",
            "--dry-run",
            "--artifacts",
            &artifacts,
            "--tasks-for",
            "cron",
            "--level",
            "3",
            "--head-repository",
            "https://github.com/taskcluster/taskgraph-images",
            "--target-tasks-method",
            job,
        ]);
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        let graph = std::fs::read_to_string(repo.beside(job).join("task-graph.json")).unwrap();
        let graph: BTreeMap<String, Value> = serde_json::from_str(&graph).unwrap();
        assert_eq!(graph.len(), 1);
        let task = &graph.values().next().unwrap()["task"];
        // The guide has words for what the settings name.
        let named = |scope: &str| match scope.split_once("github-repo-token:") {
            Some((_, token)) => {
                let permission = token.split_once(':').unwrap().1;
                format!("auth:github-repo-token:APP/OWNER/REPOSITORY:{permission}")
            }
            None => ["projects/phabricator", "upgrade/clouds"]
                .iter()
                .fold(scope.to_owned(), |scope, name| {
                    scope.replace(name, "SECRET")
                }),
        };
        let own = task["scopes"].as_array().unwrap().iter();
        let mut needed = needs(task);
        needed.extend(own.map(|scope| named(scope.as_str().unwrap())));
        for needed in needed {
            assert!(
                held(&scopes, &needed),
                "{job}: {needed} is not in {scopes:#?}"
            );
        }
        // And nothing by which an image could be made, published or found.
        for scope in &scopes {
            let foreign = [
                "index.taskgraph-images.cache.",
                "queue:create-task:low:taskgraph-images-3/*",
            ];
            assert!(
                !foreign.iter().any(|word| scope.contains(word)),
                "{job}: {scope}"
            );
        }
    }

    // Strangers: every task that their pull requests may have, of this repository's own fleet.
    let artifacts = repo.beside("artifacts").to_string_lossy().into_owned();
    let ran = repo.run(&[
        "-C",
        root,
        "decision",
        "--dry-run",
        "--artifacts",
        &artifacts,
        "--tasks-for",
        "github-pull-request-untrusted",
        "--level",
        "1",
        "--pull-request-number",
        "7",
        "--head-repository",
        "https://github.com/taskcluster/taskgraph-images",
        "--target-tasks-method",
        "all",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    let graph = std::fs::read_to_string(repo.beside("artifacts/full-task-graph.json")).unwrap();
    let graph: BTreeMap<String, Value> = serde_json::from_str(&graph).unwrap();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let scopes = granted("pull-request-untrusted", "1", project.name, true);
    assert!(
        !scopes.iter().any(|scope| scope.starts_with("secrets:")),
        "{scopes:#?}"
    );
    for (label, task) in &graph {
        *kinds.entry(task["kind"].as_str().unwrap()).or_default() += 1;
        let task = &task["task"];
        assert!(!task["scopes"].to_string().contains("secrets:"), "{label}");
        for needed in needs(task) {
            assert!(
                held(&scopes, &needed),
                "{label}: {needed} is not in {scopes:#?}"
            );
        }
    }
    let expected = [("build", 7), ("validate", 22), ("verify", 7)];
    assert_eq!(kinds, BTreeMap::from(expected));
}
