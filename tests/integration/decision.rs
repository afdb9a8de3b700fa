//! The decision, created in a Taskcluster on loopback: real git, real HTTP, the real program.

mod floating;
mod maintenance;

use std::sync::{Arc, Mutex};

use fake_taskcluster::{Fault, Faults, Options};

use crate::case::{Case, LEVEL_1, TASK_ID};

#[test]
fn a_push_creates_what_the_index_lacks() {
    let case = Case::push(Options::default());
    let ran = case.run();
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    let created = case.created();
    let labels: Vec<&str> = created.keys().map(String::as_str).collect();
    insta::assert_snapshot!(labels.join("\n"), @"
    build-base-google
    build-boxed-container
    build-child-google
    build-globbed-google
    build-gui-google
    build-packed-a-google
    build-packed-b-google
    publish-base-google
    verify-base-google
    ");
    // What has nothing of the graph to wait for waits for the decision task, so nothing starts before it is whole.
    let base = &created["build-base-google"];
    assert_eq!(base["dependencies"], serde_json::json!([TASK_ID]));
    assert_eq!(base["taskGroupId"], TASK_ID);
    assert_eq!(base["schedulerId"], "example-level-3");
    let child = &created["build-child-google"];
    assert_eq!(child["dependencies"], serde_json::json!([base["taskId"]]));
    // The ids are those of the artifact.
    let ids = case.artifact("label-to-taskid.json");
    assert_eq!(ids["build-base-google"], base["taskId"]);
    assert_eq!(
        case.artifact("task-graph.json").as_object().unwrap().len(),
        created.len()
    );

    // Again, as after a lost answer: nothing is created, nothing fails, also when the queue would refuse old dates.
    case.server.advance(std::time::Duration::from_secs(3600));
    let again = case.run();
    assert_eq!(again.code, Some(0), "{}", again.block());
    assert_eq!(case.created(), created);
}

#[test]
fn a_pull_request_creates_what_it_affects() {
    let case = Case::pull_request(Options::default().holding(LEVEL_1));
    let ran = case.run();
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    let labels: Vec<String> = case.created().into_keys().collect();
    insta::assert_snapshot!(labels.join("\n"), @"
    build-base-google
    build-child-google
    ");
    let text =
        std::fs::read_to_string(case.artifacts.join("github/customCheckRunText.md")).unwrap();
    assert!(text.contains("**1 of 7 images affected**"), "{text}");
}

#[test]
fn a_strangers_pull_request_gets_no_credentials() {
    let mut case = Case::at(1, Options::default());
    case.repo
        .append("image-defs/config.yml", "validate: {worker: tester}\n")
        .append("image-defs/data/settings.conf", "question = unknown\n")
        .append("image-defs/scripts/gui/10-desktop.sh", "echo more\n")
        .append("image-defs/containers/box/file", "another\n")
        .commit();
    let head = case.repo.git(&["rev-parse", "HEAD"]);
    case.tell("HEAD_REV", head.trim());
    case.tell("LEVEL", "1");
    case.tell("PULL_REQUEST_NUMBER", "7");
    let labels = |case: &mut Case, tasks_for: &str| {
        case.tell("TASKS_FOR", tasks_for);
        let ran = case.run_with(&["--dry-run"]);
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        (case.artifact("target-tasks.json").to_string(), ran.stderr)
    };
    let (trusted, _) = labels(&mut case, "github-pull-request");
    insta::assert_snapshot!(trusted, @r#"["build-boxed-container","build-child-google","build-globbed-google","build-gui-google","build-packed-a-google","build-packed-b-google"]"#);
    let (untrusted, said) = labels(&mut case, "github-pull-request-untrusted");
    insta::assert_snapshot!(untrusted, @r#"["build-boxed-container","validate-packed-a-google","validate-packed-b-google"]"#);
    let said: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("credentials"))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @"`github-pull-request-untrusted` gets no credentials, so these are left out: `build-child-google`, `build-globbed-google`, `build-gui-google`, `build-packed-a-google`, `build-packed-b-google`; of these, only the templates are validated: `packed-a@google`, `packed-b@google`");
    let text =
        std::fs::read_to_string(case.artifacts.join("github/customCheckRunText.md")).unwrap();
    assert!(text.contains("gets no credentials"), "{text}");
    // Nothing that needs credentials is in any graph.
    let full = case.artifact("full-task-graph.json");
    let labels: Vec<&String> = full.as_object().unwrap().keys().collect();
    insta::assert_debug_snapshot!(labels, @r#"
    [
        "build-boxed-container",
        "validate-packed-a-google",
        "validate-packed-b-google",
    ]
    "#);

    // An image that may not be built is none that there is not.
    case.tell("COMMENT", "build child packed-a");
    let (asked, said) = {
        case.tell("TASKS_FOR", "github-issue-comment");
        let ran = case.run_with(&["--dry-run"]);
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        (case.artifact("target-tasks.json").to_string(), ran.stderr)
    };
    insta::assert_snapshot!(asked, @r#"["validate-packed-a-google"]"#);
    assert!(said.contains("`build-child-google`"), "{said}");
}

#[test]
fn what_was_built_is_found() {
    let case = Case::push(Options::default());
    assert_eq!(case.run().code, Some(0));
    let ids = case.artifact("label-to-taskid.json");
    for id in ids.as_object().unwrap().values() {
        let id = id.as_str().unwrap();
        case.server
            .bring(id, fake_taskcluster::TaskState::Completed);
    }
    // Another decision about the same tree finds everything.
    let found = case.repo.run_at(
        &case.repo.path,
        &[
            "decision",
            "--artifacts",
            &case.artifacts.to_string_lossy(),
            "--task-id",
            "AAAAAAAAQACAAAAAAAAAAA",
        ],
        &case
            .event
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain([
                ("TASKCLUSTER_ROOT_URL", case.server.root_url().as_str()),
                ("TASKCLUSTER_PROXY_URL", case.server.root_url().as_str()),
            ])
            .collect::<Vec<_>>(),
    );
    assert_eq!(found.code, Some(0), "{}", found.block());
    assert_eq!(case.artifact("task-graph.json"), serde_json::json!({}));
}

#[test]
fn missing_scopes_are_reported_together_and_nothing_is_created() {
    let case = Case::push(Options::default().holding([
        "auth:current-scopes",
        "queue:create-task:project:none",
        "queue:status:*",
        "queue:get-task:*",
        "index:find-task:*",
        "queue:create-task:highest:example-3/builder",
        "queue:scheduler-id:example-level-3",
        "queue:route:index.example.cache.level-3.*",
        "queue:route:checks",
    ]));
    let ran = case.run();
    assert_eq!(ran.code, Some(5), "{}", ran.block());
    assert!(case.created().is_empty());
    for scope in [
        "queue:create-task:low:example-3/publisher",
        "queue:create-task:low:example-3/tester",
        "queue:route:index.example.v2.images.latest.images.base-google",
    ] {
        assert!(ran.stderr.contains(scope), "{scope}: {}", ran.stderr);
    }
}

#[test]
fn level_1_must_not_hold_scopes_of_level_3() {
    let held = ["auth:current-scopes", "queue:*", "index:*", "secrets:*"];
    let case = Case::pull_request(Options::default().holding(held));
    let ran = case.run();
    assert_eq!(ran.code, Some(5), "{}", ran.block());
    assert!(case.created().is_empty());
    // Nor in any other event.
    for (tasks_for, head_ref) in [
        ("github-push", "refs/tags/v1"),
        ("cron", "main"),
        ("action", "main"),
    ] {
        let mut case = Case::at(
            1,
            Options::default().holding([
                "auth:current-scopes",
                "queue:status:*",
                "queue:get-task:*",
                "index:find-task:*",
                "queue:create-task:low:example-1/*",
                "queue:create-task:low:example-3/*",
                "queue:scheduler-id:example-level-1",
                "secrets:get:project/example/level-3/cloud",
            ]),
        );
        case.tell("TASKS_FOR", tasks_for);
        case.tell("HEAD_REF", head_ref);
        case.tell("LEVEL", "1");
        let ran = case.run();
        assert_eq!(ran.code, Some(5), "{}", ran.block());
        assert!(case.created().is_empty());
        let said: Vec<&str> = ran.stderr.lines().rev().take(4).collect();
        let said: Vec<&str> = said.into_iter().rev().collect();
        let said = said.join("\n").replace(tasks_for, "EVENT");
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @"
              `queue:create-task:low:example-3/*`
              `secrets:get:project/example/level-3/cloud`
            error: this run, `EVENT`, is of level 1, and holds 2 scopes of level 3
            hint: take them from the role of such events: pull requests, tags, and whatever else is of level 1; nothing was created
            ");
        }
    }
}

#[test]
fn a_level_is_proven_also_where_nothing_is_created() {
    let held = |scheduler: &str| {
        Options::default().holding([
            "auth:current-scopes",
            "queue:status:*",
            "queue:get-task:*",
            "index:find-task:*",
            scheduler,
        ])
    };
    for scheduler in [
        "queue:scheduler-id:example-level-1",
        "queue:scheduler-id:other-level-3",
    ] {
        let mut case = Case::push(held(scheduler));
        case.tell("TARGET_TASKS_METHOD", "none");
        let ran = case.run();
        assert_eq!(ran.code, Some(5), "{}", ran.block());
        let missing = "`queue:scheduler-id:example-level-3`, needed by whoever runs at this level in this trust domain";
        assert!(ran.stderr.contains(missing), "{}", ran.stderr);
    }
    let mut case = Case::push(held("queue:scheduler-id:example-level-3"));
    case.tell("TARGET_TASKS_METHOD", "none");
    let ran = case.run();
    assert_eq!(ran.code, Some(0), "{}", ran.block());
}

#[test]
fn whatever_request_fails_a_rerun_completes_the_graph() {
    let whole = {
        let case = Case::push(Options::default());
        assert_eq!(case.run().code, Some(0));
        case.created()
    };
    let count = {
        let case = Case::push(Options::default());
        case.run();
        case.server.requests().len() as u64
    };
    // A refusal stands for a killed process here: it ends the run at that request, without waiting for retries.
    for number in 1..=count {
        let case = Case::push(Options::default());
        let fault = if number % 2 == 0 {
            Fault::Status(403)
        } else {
            Fault::Body("<html>".to_owned())
        };
        case.server.set_faults(Faults::none().at(number, fault));
        let ran = case.run();
        assert_ne!(ran.code, Some(0), "request {number}: {}", ran.block());
        case.server.set_faults(Faults::none());
        let again = case.run();
        assert_eq!(again.code, Some(0), "request {number}: {}", again.block());
        assert_eq!(case.created(), whole, "request {number}");
    }
}

#[test]
fn a_lost_answer_is_no_conflict() {
    let case = Case::push(Options::default());
    case.server.set_faults(Faults::none().when(
        |seen| seen.method == "PUT" && seen.nth == 1,
        Fault::CutAfter,
    ));
    let ran = case.run();
    assert_eq!(ran.code, Some(0), "{}", ran.block());
}

#[test]
fn no_answer_has_an_exit_code_of_its_own() {
    let case = Case::push(Options::default());
    case.server
        .set_faults(Faults::none().when(|_| true, Fault::Body("<html>down</html>".to_owned())));
    let ran = case.run();
    assert_eq!(ran.code, Some(4), "{}", ran.block());
    assert!(case.created().is_empty());
}

#[test]
fn a_decision_can_be_made_again_without_a_network() {
    let case = Case::push(Options::default());
    assert_eq!(case.run().code, Some(0));
    let name = "task-graph.json";
    let before = std::fs::read(case.artifacts.join(name)).unwrap();
    let replayed = case.repo.beside("replayed");
    let ran = case.repo.run_at(
        &case.repo.path,
        &[
            "decision",
            "--parameters",
            &case.artifacts.to_string_lossy(),
            "--artifacts",
            &replayed.to_string_lossy(),
        ],
        &[],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    for name in [
        "parameters.yml",
        "task-graph.json",
        "full-task-graph.json",
        "label-to-taskid.json",
        "target-tasks.json",
        "optimization.json",
        "preview.html",
    ] {
        let (one, other) = (
            std::fs::read(case.artifacts.join(name)).unwrap(),
            std::fs::read(replayed.join(name)).unwrap(),
        );
        assert!(one == other, "`{name}` differs");
    }
    assert_eq!(std::fs::read(case.artifacts.join(name)).unwrap(), before);
}

#[test]
fn a_base_that_a_shallow_clone_lacks_is_fetched() {
    let case = Case::push(Options::default());
    let clone = case.repo.beside("clone");
    let url = format!("file://{}", case.repo.path.display());
    case.repo.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        &url,
        &clone.to_string_lossy(),
    ]);
    let mut env: Vec<(&str, &str)> = case
        .event
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let arguments = ["decision", "--dry-run", "--artifacts", "artifacts"];
    let ran = case.repo.run_at(&clone, &arguments, &env);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    assert!(
        ran.stderr.contains("fetched the base revision"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("1 of 7 images affected"),
        "{}",
        ran.stderr
    );
    // What no longer exists anywhere widens to everything, and says so.
    let gone = "d".repeat(40);
    env.retain(|(name, _)| *name != "TASKGRAPH_IMAGES_BASE_REV");
    env.push(("TASKGRAPH_IMAGES_BASE_REV", &gone));
    let ran = case.repo.run_at(&clone, &arguments, &env);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    assert!(
        ran.stderr
            .contains("nothing is known of the base: every image counts as affected"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("7 of 7 images affected"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_cron_job_says_in_its_words_what_it_wants() {
    let mut case = Case::push(Options::default());
    case.tell("TASKS_FOR", "cron");
    case.tell("BASE_REV", "");
    case.tell("CRON_INPUT", "");
    case.tell(
        "CRON_ARGUMENTS",
        "--target-tasks-method=rebuild --optimize-target-tasks=false",
    );
    let ran = case.run_with(&["--dry-run"]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    let parameters = std::fs::read_to_string(case.artifacts.join("parameters.yml")).unwrap();
    assert!(
        parameters.contains("target_tasks_method: \"rebuild\""),
        "{parameters}"
    );
    assert!(
        parameters.contains("optimize_target_tasks: false"),
        "{parameters}"
    );
    case.tell("CRON_ARGUMENTS", "--level=3 'x");
    insta::assert_snapshot!(case.run_with(&["--dry-run"]).block(), @r#"
    exit 2
    --- stderr
    error: --cron-arguments: "--level=3 'x" has a quote that does not end
    "#);
    case.tell("CRON_ARGUMENTS", "--levle=3");
    insta::assert_snapshot!(case.run_with(&["--dry-run"]).block(), @"
    exit 2
    --- stderr
    error: --cron-arguments: unexpected argument '--levle' found
    ");
}

#[test]
fn an_unknown_image_is_said() {
    let case = Case::push(Options::default());
    let ran = case.run_with(&["--dry-run", "--image", "chidl", "--image", "base@aws"]);
    insta::assert_snapshot!(ran.block(), @"
    exit 2
    --- stderr
    github-push of images at level 3: [40]
    [12] compared with [12] (`[40]`)
    error: there is no image `chidl`; did you mean `child`?
    error: there is no image `base@aws`
    ");
}

#[test]
fn a_decision_that_is_killed_at_any_request_is_completed_by_the_next() {
    let case = Case::push(Options::default());
    assert_eq!(case.run().code, Some(0));
    let (whole, count) = (case.created(), case.server.requests().len() as u64);
    for number in 1..=count {
        // The process that is to be killed, once it is known.
        let victim = Arc::new(Mutex::new(None::<u32>));
        let seen = Arc::clone(&victim);
        let case = Case::push(Options::default().on_request(move |request| {
            if request.number != number {
                return;
            }
            let id = loop {
                if let Some(id) = *seen.lock().unwrap() {
                    break id;
                }
                std::thread::yield_now();
            };
            let killed = std::process::Command::new("kill")
                .args(["-KILL", &id.to_string()])
                .status();
            assert!(killed.is_ok_and(|status| status.success()));
        }));
        let mut child = case.with_arguments(&[], |arguments, env| case.repo.start(arguments, env));
        *victim.lock().unwrap() = Some(child.id());
        assert!(!child.wait().unwrap().success(), "request {number}");
        if number % 2 == 0 {
            // The next run comes late: the queue takes a task for the same within 15 minutes only.
            case.age();
        }
        let again = case.run();
        assert_eq!(again.code, Some(0), "request {number}: {}", again.block());
        assert_eq!(case.created(), whole, "request {number}");
    }
}

/// Every artifact of a push and of a pull request, but for those of the fleet's own documents, which have tests of their
/// own, and the program.
#[test]
fn artifacts() {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("[0-9a-f]{64}", "[digest]");
    settings.add_filter("[0-9a-f]{40}", "[revision]");
    settings.add_filter("http://127.0.0.1:[0-9]+", "[root]");
    settings.add_filter("20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z", "[time]");
    settings.add_filter("20[0-9.]{9,28}20[0-9]{12}", "[time]");
    let mut pull_request = Case::pull_request(Options::default());
    pull_request.server.set_held_scopes(LEVEL_1);
    pull_request.tell("BASE_REPOSITORY", "https://github.com/example/images");
    for (name, case) in [
        ("push", Case::push(Options::default())),
        ("pull-request", pull_request),
    ] {
        let ran = case.run();
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        for (path, content) in case.left() {
            let own = ["image-graph.json", "affected.json", "preview.html"];
            if own.contains(&path.as_str()) || path.starts_with("bin/") {
                continue;
            }
            let snapshot = format!("{name}-{}", path.replace('/', "-"));
            settings.bind(|| insta::assert_snapshot!(snapshot, content));
        }
    }
}
