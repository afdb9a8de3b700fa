//! `apply-cleanup`: the action that carries out a plan which a person has reviewed, from the page to the plan's bytes.

use fake_taskcluster::{Artifact, Options, TaskState};
use serde_json::{Value, json};

use super::{Decided, OTHER, OWN, READING, done};
use crate::case::{Case, LEVEL_1, TASK_ID};
use crate::support::Ran;

/// A task that planned.
const PLANNED: &str = "Pz8-Ab3kQmeWq1pL5rT9vg";
/// What the plan's name ends in.
const NAME: &str = "public/maintenance/cleanup-plan.json";
/// A plan in which nothing happens.
const PLAN: &str = r#"{"version": 1, "made": "2026-11-25T17:00:00.000Z", "sources": {}, "items": [], "policy":
{"newest": 3, "window": "60 days", "deprecate-after": "14 days", "disable-after": "60 days", "delete-after": "120 days",
"most-deletions": 10, "most-gone": 20, "good-for": "7 days"}}"#;

/// What the role of the action's hook holds, besides what reading needs, and no more.
const ROLE: [&str; 6] = [
    "assume:repo:github.com/example/images:action:cleanup",
    "queue:scheduler-id:example-level-3",
    "queue:create-task:project:none",
    "queue:create-task:low:example-3/cleanup",
    "queue:route:index.example.v2.images.latest.maintenance.cleanup-apply",
    "secrets:get:project/example/level-3/cleanup/clouds",
];

/// A decision of a repository whose settings say how a plan is carried out.
fn decided(case: Case) -> Decided {
    let aliases = "  aliases:\n";
    let more = "    cleanup: {provisioner: example-3, worker-type: cleanup, implementation: generic-worker, os: linux}
    maintenance: {provisioner: example-3, worker-type: maintenance, implementation: generic-worker, os: linux}\n";
    case.repo
        .replace(
            "image-defs/config.yml",
            aliases,
            &format!("{aliases}{more}"),
        )
        .append(
            "image-defs/config.yml",
            "maintenance:
  cleanup: {worker: maintenance}
  cleanup-apply: {worker: cleanup, secrets: [cleanup/clouds]}\n",
        );
    Decided::of(case)
}

fn push() -> Decided {
    decided(Case::push(Options::default()))
}

fn input() -> Value {
    json!({"plan-task-id": PLANNED, "sha256": "c".repeat(64)})
}

/// The action task that a page would start, with an input.
fn task(decided: &Decided, input: &Value, own: &str) -> Value {
    let action = decided.action("apply-cleanup", None);
    let payload = decided.payload(&action, None, input);
    decided.task(action["hookId"].as_str().unwrap(), &payload, own)
}

fn held() -> Vec<&'static str> {
    ROLE.into_iter().chain(READING).collect()
}

#[test]
fn it_creates_one_task_with_a_role_that_can_do_no_more() {
    let decided = push();
    let before = decided.count();
    let task = task(&decided, &input(), OWN);
    insta::assert_snapshot!(task["scopes"], @r#"["assume:repo:github.com/example/images:action:cleanup"]"#);
    let ran = decided.run_holding(&task, OWN, &held());
    done(&ran);
    assert_eq!(decided.count(), before + 1);
    insta::assert_snapshot!(decided.created_by(OWN), @"new cleanup-apply on the action");
    let tasks = decided.server().tasks();
    let (_, created) = tasks
        .iter()
        .find(|(_, task)| task["extra"]["parent"] == OWN)
        .unwrap();
    assert_eq!(created["taskQueueId"], "example-3/cleanup");
    assert_eq!(created["taskGroupId"], TASK_ID);
    assert_eq!(created["tags"]["kind"], "cleanup-apply");
    assert_eq!(
        created["scopes"],
        json!(["secrets:get:project/example/level-3/cleanup/clouds"])
    );
    let env = &created["payload"]["env"];
    assert_eq!(env["TASKGRAPH_IMAGES_PLAN_TASK_ID"], PLANNED);
    assert_eq!(env["TASKGRAPH_IMAGES_PLAN_SHA256"], "c".repeat(64));
    assert_eq!(decided.artifact("to-run.json"), json!(["cleanup-apply"]));
    // Again, as after a lost answer.
    done(&decided.run_holding(&task, OWN, &held()));
    assert_eq!(decided.count(), before + 1);
}

#[test]
fn each_scope_of_its_role_is_needed() {
    let decided = push();
    let before = decided.count();
    let task = task(&decided, &input(), OWN);
    for scope in ROLE {
        let held: Vec<&str> = held().into_iter().filter(|held| *held != scope).collect();
        let ran = decided.run_holding(&task, OWN, &held);
        assert!(
            ran.code != Some(0) && ran.stderr.contains(scope),
            "{scope}: {}",
            ran.block()
        );
    }
    assert_eq!(decided.count(), before);
}

#[test]
fn no_hook_of_another_permission_and_no_other_action_creates_it() {
    let decided = push();
    let before = decided.count();
    let action = decided.action("apply-cleanup", None);
    let payload = decided.payload(&action, None, &input());
    let hook = action["hookId"].as_str().unwrap();
    for permission in ["generic", "rebuild", "publish"] {
        let task = decided.task(&hook.replace("cleanup", permission), &payload, OWN);
        let ran = decided.run(&task, OWN);
        assert_ne!(ran.code, Some(0), "{permission}: {}", ran.block());
        assert!(ran.stderr.contains("action:cleanup"), "{}", ran.stderr);
    }
    for label in ["cleanup-apply", "cleanup"] {
        let ran = decided.ask("add-new-tasks", None, json!({"tasks": [label]}));
        assert_eq!(ran.code, Some(2), "{}", ran.block());
    }
    assert_eq!(decided.count(), before);
}

#[test]
fn hostile_input_creates_nothing() {
    let decided = push();
    let before = decided.count();
    let sha256 = "c".repeat(64);
    for input in [
        Value::Null,
        json!({}),
        json!({"plan-task-id": PLANNED}),
        json!({"plan-task-id": PLANNED, "sha256": "c"}),
        json!({"plan-task-id": PLANNED, "sha256": format!("{sha256}\n")}),
        json!({"plan-task-id": format!("{PLANNED}/artifacts/x"), "sha256": sha256}),
        json!({"plan-task-id": "$(id)", "sha256": sha256}),
        json!({"plan-task-id": {"task-reference": "<decision>"}, "sha256": sha256}),
        json!({"plan-task-id": PLANNED, "sha256": sha256, "environment": {"A": "b"}}),
        json!({"plan-task-id": PLANNED, "sha256": sha256, "times": 20}),
    ] {
        let ran = decided.run_holding(&task(&decided, &input, OWN), OWN, &held());
        assert_eq!(ran.code, Some(2), "{input}: {}", ran.block());
    }
    assert_eq!(decided.count(), before);
}

#[test]
fn level_1_offers_none_and_neither_do_settings_without_it() {
    let names = |decided: &Decided| {
        let document = decided.case.artifact("actions.json");
        document.to_string()
    };
    let without = Decided::push();
    assert!(!names(&without).contains("cleanup"));
    let pull_request = decided(Case::pull_request(Options::default().holding(LEVEL_1)));
    assert!(!names(&pull_request).contains("cleanup"));
    let with = push();
    assert!(names(&with).contains("in-tree-action-3-cleanup/"));
    // Whoever fires a hook says which action it is, too.
    let mut action = without.action("rebuild", None);
    action["hookPayload"]["decision"]["action"]["cb_name"] = "apply-cleanup".into();
    let payload = without.payload(&action, None, &input());
    let hook = action["hookId"].as_str().unwrap();
    let task = without.task(&hook.replace("rebuild", "cleanup"), &payload, OTHER);
    let ran = without.run(&task, OTHER);
    assert_eq!(ran.code, Some(2), "{}", ran.block());
    assert!(
        ran.stderr.contains("does not offer `apply-cleanup`"),
        "{}",
        ran.stderr
    );
}

/// Runs what the task runs, told of a plan of some SHA-256.
fn apply(decided: &Decided, sha256: &str, more: &[(&str, &str)]) -> Ran {
    let upload = decided.case.repo.beside("upload");
    let upload = upload.to_string_lossy();
    let root = decided.server().root_url();
    let mut env = vec![
        ("TASKCLUSTER_ROOT_URL", root.as_str()),
        ("TASKCLUSTER_PROXY_URL", &root),
        ("UPLOAD_DIR", &upload),
        ("MOZ_SCM_LEVEL", "3"),
        ("TASKGRAPH_IMAGES_PLAN_TASK_ID", PLANNED),
        ("TASKGRAPH_IMAGES_PLAN_SHA256", sha256),
    ];
    env.extend(more);
    let repo = &decided.case.repo;
    repo.run_at(&repo.path, &["cleanup", "apply"], &env)
}

/// A task that says that it planned, of a scheduler, queue and kind.
fn planned(decided: &Decided, scheduler: &str, queue: &str, kind: &str, state: TaskState) {
    let server = decided.server();
    let mut definition = server.tasks()[TASK_ID].clone();
    definition["schedulerId"] = scheduler.into();
    definition["taskQueueId"] = queue.into();
    definition["tags"] = json!({"kind": kind});
    server.remove_task(PLANNED);
    server.insert_task(PLANNED, definition, state);
    server.insert_artifact(PLANNED, NAME, Artifact::new(PLAN.as_bytes().to_vec()));
}

#[test]
fn the_plan_is_that_of_a_task_that_planned_at_level_3() {
    use TaskState::{Completed, Failed, Running};
    let decided = push();
    let sha256 = sha256(PLAN);
    let (by, at) = ("example-level-3", "example-3/maintenance");
    let mut said = String::new();
    let ran = apply(&decided, &sha256, &[]);
    said += &format!("exit {:?}\n{}", ran.code, ran.stderr);
    for (scheduler, queue, kind, state) in [
        (by, at, "cleanup", Running),
        (by, at, "cleanup", Failed),
        (by, at, "publish", Completed),
        ("example-level-1", at, "cleanup", Completed),
        (by, "example-1/maintenance", "cleanup", Completed),
    ] {
        planned(&decided, scheduler, queue, kind, state);
        let ran = apply(&decided, &sha256, &[]);
        said += &format!("exit {:?}\n{}", ran.code, ran.stderr);
    }
    planned(&decided, by, at, "cleanup", Completed);
    let other = apply(&decided, &"c".repeat(64), &[]);
    said += &format!("exit {:?}\n{}", other.code, other.stderr);
    let level_1 = apply(&decided, &sha256, &[("MOZ_SCM_LEVEL", "1")]);
    said += &format!("exit {:?}\n{}", level_1.code, level_1.stderr);
    let folder = decided.case.repo.beside("store");
    let folder = apply(
        &decided,
        &sha256,
        &[("TASKGRAPH_IMAGES_STORE", &folder.to_string_lossy())],
    );
    said += &format!("exit {:?}\n{}", folder.code, folder.stderr);
    let half = apply(&decided, "", &[]);
    said += &format!("exit {:?}\n{}", half.code, half.stderr);
    let kept = decided
        .case
        .repo
        .beside("upload/maintenance/reviewed-plan.json");
    assert!(!kept.exists());
    // This one is believed; it is the first to get as far as what else a clean-up needs.
    let ran = apply(&decided, &sha256, &[]);
    said += &format!("exit {:?}\n{}", ran.code, ran.stderr);
    assert_eq!(std::fs::read_to_string(kept).unwrap(), PLAN);
    insta::assert_snapshot!(said.replace(&sha256, "[sha256]"), @"
    exit Some(1)
    error: the plan of `Pz8-Ab3kQmeWq1pL5rT9vg` is not carried out: the queue does not know it
    exit Some(1)
    error: the plan of `Pz8-Ab3kQmeWq1pL5rT9vg` is not carried out: it is not completed
    exit Some(1)
    error: the plan of `Pz8-Ab3kQmeWq1pL5rT9vg` is not carried out: it is not completed
    exit Some(1)
    error: the plan of `Pz8-Ab3kQmeWq1pL5rT9vg` is not carried out: it is no cleanup task
    exit Some(1)
    error: the plan of `Pz8-Ab3kQmeWq1pL5rT9vg` is not carried out: its scheduler is `example-level-1`, not `example-level-3`
    exit Some(1)
    error: the plan of `Pz8-Ab3kQmeWq1pL5rT9vg` is not carried out: it ran on `example-1/maintenance`, which is no pool of level 3
    exit Some(2)
    error: the plan's SHA-256 is [sha256], and cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc was reviewed: it is another one
    exit Some(2)
    error: only a run of level 3 cleans up, and this one is of level 1
    hint: `MOZ_SCM_LEVEL` says the level; a decision sets it
    exit Some(2)
    error: no queue can be asked who made the plan of `Pz8-Ab3kQmeWq1pL5rT9vg`
    hint: name a file and its SHA-256: `cleanup apply PLAN --reviewed SHA256`
    exit Some(2)
    error: nothing says which plan is carried out
    hint: name a file and its SHA-256: `cleanup apply PLAN --reviewed SHA256`; a task has `TASKGRAPH_IMAGES_PLAN_TASK_ID` and `TASKGRAPH_IMAGES_PLAN_SHA256`
    exit Some(2)
    error: there is no configuration repository
    hint: name a clone of it with `--config`, or its address in `proposals.yml`
    ");
}

fn sha256(text: &str) -> String {
    taskgraph_images::graph::Digest::of(text.as_bytes()).to_string()
}
