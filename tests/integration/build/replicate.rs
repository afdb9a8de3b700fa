//! `verify` by tasks of another project: its decision, the replicas, and what workers make of them, on a Taskcluster on
//! loopback.

mod interrupted;
mod refused;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fake_taskcluster::{Artifact, IndexEntry, Options, Server, TaskState};
use serde_json::json;

use super::*;

/// The verify task, and the decision that created it.
const VERIFY: &str = "MI4fzTfDT02OrM_EEwTp_w";
const OWN_DECISION: &str = "AAAAAAAAQACAAAAAAAAAAA";
/// The decision of another project, and a build that its tests need.
const DECISION: &str = "Dec1s1onQ1CAAAAAAAAAAA";
const NEEDED: &str = "Bu1ldAAAQ1CAAAAAAAAAAA";
const INDEX: &str = "gecko.v2.central.latest.taskgraph.decision";
const TESTS: [(&str, &str); 3] = [
    ("AbCdEfGhQ1CAAAAAAAAAAA", "test-linux/opt-a"),
    ("AbCdEfGhQ1GAAAAAAAAAAA", "test-linux/opt-b"),
    ("AbCdEfGhQ1KAAAAAAAAAAA", "test-linux/opt-secret"),
];

const CONFIG: &str = "trust-domain: example\nowner: team@example.org\nworkers:\n  aliases:\n    builder: {provisioner: 'example-{{level}}', \
     worker-type: builder, implementation: generic-worker, os: linux}\n    waiter: {provisioner: 'example-{{level}}', worker-type: waiter, \
     implementation: generic-worker, os: linux}\n    candidates: {provisioner: 'example-{{level}}', worker-type: candidates, \
     implementation: generic-worker, os: linux, os-groups: [video]}\n";
const IMAGE: &str = "extends: [disk]\nverify:\n  method: replicate\n  worker: waiter\n  max-run-time: 10 minutes\n  replicate:\n    pool: candidates\n    \
     drop-scopes: ['secrets:get:project/gecko/fingerprint']\n    from:\n      - index: gecko.v2.central.latest.taskgraph.decision\n        \
     scheduler: gecko-level-3\n        kinds: test\n        attributes: {unittest_variant: os-*}\n";

/// What the verify task holds, by the rules, and what anybody may do.
const SCOPES: [&str; 11] = [
    "generic-worker:os-group:example-1/candidates/video",
    "queue:cancel-task-in-project:example-level-1-replicas",
    "queue:create-task:low:example-1/candidates",
    "queue:create-task:project:example-level-1-replicas",
    "queue:rerun-task-in-project:example-level-1-replicas",
    "queue:scheduler-id:example-level-1",
    "index:find-task:*",
    "queue:status:*",
    "queue:get-task:*",
    "queue:get-artifact:public/*",
    "queue:list-task-group:*",
];

/// A fleet that is verified so, its candidate, and the other project.
struct Fixture {
    case: Case,
    server: Server,
}

fn graph() -> Value {
    let task = |(id, label): (&str, &str)| {
        let mut scopes = vec![
            "generic-worker:cache:gecko-level-3-checkouts",
            "secrets:get:project/gecko/fingerprint",
        ];
        if label.ends_with("secret") {
            scopes.push("secrets:get:project/gecko/level-3/signing");
        }
        let task = json!({
            "kind": "test", "label": label, "description": "x",
            "attributes": {"kind": "test", "unittest_variant": "os-integration"},
            "dependencies": {"build": NEEDED}, "soft_dependencies": [], "if_dependencies": [], "optimization": null,
            "task": {
                "provisionerId": "gecko-t", "workerType": "t-linux", "scopes": scopes, "dependencies": [NEEDED],
                "routes": ["tc-treeherder.v2.central.1"], "priority": "highest", "extra": {"treeherder": {}},
                "created": {"relative-datestamp": "0 seconds"},
                "payload": {
                    "command": [["./run-task", "--", "mach", "test"]], "maxRunTime": 5400,
                    "mounts": [{"cacheName": "gecko-level-3-checkouts", "directory": "x"}],
                    "env": {"MOZ_FETCHES": json!([{"artifact": "public/target.zip", "task": NEEDED}]).to_string(), "MOZ_SCM_LEVEL": "3"},
                    "artifacts": [{"name": "public/results", "path": "r", "type": "directory", "expires": {"relative-datestamp": "1 year"}}],
                    "features": {"chainOfTrust": true}, "osGroups": ["video"],
                },
                "metadata": {"name": label, "description": "x", "owner": "dev@example.org", "source": "https://example.org"},
            },
        });
        (id.to_owned(), task)
    };
    Value::Object(TESTS.into_iter().map(task).collect())
}

impl Fixture {
    fn new(options: Options) -> Self {
        let case = Case::new();
        case.repo.write("image-defs/config.yml", CONFIG);
        case.repo.write("image-defs/images/base.yml", IMAGE);
        case.repo.commit();
        done(&case.run(&["build", "base"], &[]));
        let manifest = case.repo.beside("artifacts").join("image/manifest.json");
        let server = Server::start(options.holding(SCOPES));
        let fixture = Self { case, server };
        let server = &fixture.server;
        server.insert_artifact(
            BASE,
            "public/image/manifest.json",
            Artifact::new(std::fs::read(manifest).unwrap()),
        );
        fixture.insert(VERIFY, "example-level-1", OWN_DECISION, TaskState::Running);
        fixture.insert(DECISION, "gecko-level-3", DECISION, TaskState::Completed);
        fixture.insert(NEEDED, "gecko-level-3", DECISION, TaskState::Completed);
        for (id, _) in TESTS {
            fixture.insert(id, "gecko-level-3", DECISION, TaskState::Completed);
        }
        fixture.names(DECISION);
        fixture.left(&graph());
        fixture
    }

    fn insert(&self, id: &str, scheduler: &str, group: &str, state: TaskState) {
        let server = &self.server;
        let definition = json!({
            "taskQueueId": "x-1/x", "taskGroupId": group, "schedulerId": scheduler, "priority": "low",
            "created": server.time(), "deadline": server.time_after(Duration::from_secs(86_400)),
            "expires": server.time_after(Duration::from_secs(28 * 86_400)), "payload": {},
            "metadata": {"name": "x", "description": "x", "owner": "team@example.org", "source": "https://example.org"},
        });
        server.insert_task(id, definition, state);
    }

    /// The index names a decision.
    fn names(&self, id: &str) {
        let entry = IndexEntry {
            task_id: id.to_owned(),
            rank: 0,
            data: json!({}),
            expires: self.server.time_after(Duration::from_secs(86_400)),
        };
        self.server.insert_index(INDEX, entry);
    }

    /// The decision left a graph.
    fn left(&self, graph: &Value) {
        let artifact = Artifact::new(graph.to_string());
        self.server
            .insert_artifact(DECISION, "public/task-graph.json", artifact);
    }

    /// Runs the program as the verify task.
    fn verify(&self) -> Ran {
        self.arguments(|arguments, env| self.case.repo.run_at(&self.case.repo.path, arguments, env))
    }

    fn start(&self) -> std::process::Child {
        self.arguments(|arguments, env| self.case.repo.start(arguments, env))
    }

    fn arguments<R>(&self, run: impl FnOnce(&[&str], &[(&str, &str)]) -> R) -> R {
        let upload = self
            .case
            .repo
            .beside("artifacts")
            .to_string_lossy()
            .into_owned();
        let env = [
            ("TASKCLUSTER_ROOT_URL", &*self.server.root_url()),
            ("TASKCLUSTER_PROXY_URL", &self.server.root_url()),
            ("TASK_ID", VERIFY),
            ("MOZ_SCM_LEVEL", "1"),
            ("UPLOAD_DIR", &upload),
            ("TASKGRAPH_IMAGES_BUILD_TASK_ID", BASE),
            ("TASKGRAPH_IMAGES_PAUSE", "0"),
        ];
        run(&["verify", "base"], &env)
    }

    /// The replicas that there are.
    fn all(&self) -> impl Iterator<Item = (String, Value)> {
        let tasks = self.server.tasks().into_iter();
        tasks.filter(|(_, task)| task["tags"]["kind"] == "replica")
    }

    /// The same, by the label of what they ran again.
    fn replicas(&self) -> BTreeMap<String, (String, Value)> {
        self.all()
            .map(|(id, task)| {
                (
                    task["tags"]["label"].as_str().unwrap().to_owned(),
                    (id, task),
                )
            })
            .collect()
    }

    /// Does something while workers bring every replica that is pending to the end that `end` says.
    fn working<R>(
        &self,
        end: impl Fn(&str, usize) -> Option<TaskState> + Sync,
        work: impl FnOnce() -> R,
    ) -> R {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    for (id, task) in self.all() {
                        let label = task["tags"]["label"].as_str().unwrap();
                        if self.server.task_state(&id) == Some(TaskState::Pending)
                            && let Some(state) = end(label, self.server.run_count(&id))
                        {
                            self.server.bring(&id, state);
                        }
                    }
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
            let result = work();
            over.store(true, Ordering::Relaxed);
            result
        })
    }

    /// What was said, without what differs from run to run.
    fn said(&self, ran: &Ran) -> String {
        let block = ran.block().replace(&self.server.root_url(), "ROOT");
        let mut lines: Vec<String> = Vec::new();
        for line in block.lines() {
            let mut line = line.to_owned();
            for (label, (id, _)) in self.replicas() {
                line = line.replace(&id, &format!("[replica of {label}]"));
            }
            // How long it took.
            if let [word, _, name] = line.split('\t').collect::<Vec<_>>()[..] {
                line = format!("{word}\t[time]\t{name}");
            }
            // How much of the way is seen depends on the moment.
            if !(line.contains("replicas are done") && line.starts_with(['0', '1'])) {
                lines.push(line);
            }
        }
        lines.join("\n")
    }

    fn fails(&self, code: i32, words: &str) {
        let ran = self.verify();
        assert_eq!(ran.code, Some(code), "{}", ran.block());
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
}

fn completes(_: &str, _: usize) -> Option<TaskState> {
    Some(TaskState::Completed)
}

#[test]
fn tasks_of_another_project_pass() {
    let fixture = Fixture::new(Options::default());
    let ran = fixture.working(completes, || fixture.verify());
    insta::assert_snapshot!(fixture.said(&ran), @"
    exit 0
    --- stdout
    passed	[time]	gecko.v2.central.latest.taskgraph.decision: test-linux/opt-a
    passed	[time]	gecko.v2.central.latest.taskgraph.decision: test-linux/opt-b
    --- stderr
    verifies base@qemu of fN1SbArXTPSVFNUvaOlinQ by `replicate`: base.qcow2
    `gecko.v2.central.latest.taskgraph.decision` is `Dec1s1onQ1CAAAAAAAAAAA`
    leaves `test-linux/opt-secret` out: it holds the scope `secrets:get:project/gecko/level-3/signing`, which `drop-scopes` does not cover
    runs 2 tasks again on `example-1/candidates`, 0 of which are there already
    2 of 2 replicas are done
    ");
    let replicas = fixture.replicas();
    assert_eq!(replicas.len(), 2);
    let (_, task) = &replicas["test-linux/opt-a"];
    for (key, expect) in [
        ("taskQueueId", json!("example-1/candidates")),
        ("schedulerId", json!("example-level-1")),
        ("taskGroupId", json!(OWN_DECISION)),
        ("projectId", json!("example-level-1-replicas")),
        ("priority", json!("low")),
        ("routes", json!([])),
        ("dependencies", json!([])),
        (
            "scopes",
            json!(["generic-worker:os-group:example-1/candidates/video"]),
        ),
    ] {
        assert_eq!(task[key], expect, "{key}");
    }
    // The verify task's own time is over within 10 minutes, and replicas have a minute more.
    let latest = fixture.server.time_after(Duration::from_secs(660));
    assert!(task["deadline"].as_str().unwrap() <= latest.as_str());
    let found = fixture.case.left("verification/verification.json");
    assert_eq!(
        (&found["passed"], &found["method"]),
        (&json!(true), &json!("replicate"))
    );
    let named = fixture.case.left("verification/replicas.json");
    assert_eq!(named["decisions"][INDEX], DECISION);
    assert_eq!(named["left-out"][0]["label"], "test-linux/opt-secret");
    // What is done is done: the same again creates nothing and asks nobody.
    done(&fixture.verify());
    assert_eq!(fixture.replicas(), replicas);
    assert_eq!(fixture.server.run_count(&replicas["test-linux/opt-a"].0), 1);
}

#[test]
fn a_replica_that_fails_is_the_images_fault_unless_it_fails_anyway() {
    let fixture = Fixture::new(Options::default());
    let b_fails = |label: &str, _: usize| {
        Some(if label.ends_with('b') {
            TaskState::Failed
        } else {
            TaskState::Completed
        })
    };
    let ran = fixture.working(b_fails, || fixture.verify());
    insta::assert_snapshot!(fixture.said(&ran), @"
    exit 1
    --- stdout
    passed	[time]	gecko.v2.central.latest.taskgraph.decision: test-linux/opt-a
    FAILED	[time]	gecko.v2.central.latest.taskgraph.decision: test-linux/opt-b
    --- stderr
    verifies base@qemu of fN1SbArXTPSVFNUvaOlinQ by `replicate`: base.qcow2
    `gecko.v2.central.latest.taskgraph.decision` is `Dec1s1onQ1CAAAAAAAAAAA`
    leaves `test-linux/opt-secret` out: it holds the scope `secrets:get:project/gecko/level-3/signing`, which `drop-scopes` does not cover
    runs 2 tasks again on `example-1/candidates`, 0 of which are there already
    2 of 2 replicas are done
    error: `base@qemu` fails `gecko.v2.central.latest.taskgraph.decision: test-linux/opt-b`
    ");
    let found = fixture.case.left("verification/verification.json");
    assert_eq!(found["checks"][1]["replica"]["fault"], "image");
    let junit = fixture
        .case
        .repo
        .beside("artifacts")
        .join("verification/junit.xml");
    let junit = std::fs::read_to_string(junit).unwrap();
    assert!(junit.contains("failures=\"1\""), "{junit}");

    // The same verdict again, until its own project says that it fails there, too.
    fixture.fails(
        1,
        "fails `gecko.v2.central.latest.taskgraph.decision: test-linux/opt-b`",
    );
    fixture.insert(TESTS[1].0, "other-level-1", DECISION, TaskState::Failed);
    fixture.fails(1, "opt-b");
    fixture.insert(TESTS[1].0, "gecko-level-3", DECISION, TaskState::Failed);
    let ran = fixture.verify();
    insta::assert_snapshot!(fixture.said(&ran), @"
    exit 0
    --- stdout
    passed	[time]	gecko.v2.central.latest.taskgraph.decision: test-linux/opt-a
    ignored	[time]	gecko.v2.central.latest.taskgraph.decision: test-linux/opt-b
    --- stderr
    verifies base@qemu of fN1SbArXTPSVFNUvaOlinQ by `replicate`: base.qcow2
    `gecko.v2.central.latest.taskgraph.decision` is `Dec1s1onQ1CAAAAAAAAAAA`
    leaves `test-linux/opt-secret` out: it holds the scope `secrets:get:project/gecko/level-3/signing`, which `drop-scopes` does not cover
    runs 2 tasks again on `example-1/candidates`, 2 of which are there already
    2 of 2 replicas are done
    ");
    let found = fixture.case.left("verification/verification.json");
    assert_eq!(found["checks"][1]["replica"]["fault"], "original");
    // Where nothing else is left, nothing was verified.
    let all_fail = |_: &str, _: usize| Some(TaskState::Failed);
    let fixture = Fixture::new(Options::default());
    for (id, _) in TESTS {
        fixture.insert(id, "gecko-level-3", DECISION, TaskState::Failed);
    }
    let ran = fixture.working(all_fail, || fixture.verify());
    assert_eq!(ran.code, Some(1), "{}", ran.block());
    assert!(
        ran.stderr.contains("every task fails in its own project"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_is_needed_is_waited_for() {
    let fixture = Fixture::new(Options::default());
    fixture.insert(NEEDED, "gecko-level-3", DECISION, TaskState::Running);
    let ran = fixture.working(
        |_, _| Some(TaskState::Completed),
        || {
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while fixture.replicas().len() < 2 {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                    for (id, task) in fixture.replicas().values() {
                        assert_eq!(task["dependencies"], json!([NEEDED]));
                        assert_eq!(fixture.server.task_state(id), Some(TaskState::Unscheduled));
                    }
                    fixture.server.bring(NEEDED, TaskState::Completed);
                });
                fixture.verify()
            })
        },
    );
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    // What has failed is waited for by nobody.
    let fixture = Fixture::new(Options::default());
    fixture.insert(NEEDED, "gecko-level-3", DECISION, TaskState::Failed);
    fixture.fails(2, "which it needs, has failed");
    fixture.server.remove_task(NEEDED);
    fixture.fails(2, "which it needs, is not there any more");
    assert!(fixture.replicas().is_empty());
}

#[test]
fn what_the_verify_task_holds_is_what_it_needs() {
    let fixture = Fixture::new(Options::default());
    let ran = fixture
        .case
        .repo
        .run(&["graph", "full", "--all", "--level", "1", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    let graph = ran.json();
    let held: Vec<&str> = graph["verify-base-qemu"]["task"]["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| scope.as_str().unwrap())
        .collect();
    assert_eq!(held, SCOPES[..6]);
    // The guide says so to whoever grants them.
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/setup.md");
    let page = std::fs::read_to_string(page).unwrap();
    for scope in held.iter().filter(|scope| scope.ends_with("replicas")) {
        let scope = scope.replace("example-level-1", "TD-level-N");
        assert!(page.contains(&format!("`{scope}`")), "{scope}");
    }
}

#[test]
fn which_tasks_is_part_of_the_digest() {
    let fixture = Fixture::new(Options::default());
    let repo = &fixture.case.repo;
    let digest = || {
        let ran = repo.run(&["digest", "base", "--kind", "verify"]);
        done(&ran);
        ran.stdout
    };
    let first = digest();
    repo.append("image-defs/images/base.yml", "    max-run-time: 2 hours\n");
    assert_eq!(digest(), first);
    repo.append("image-defs/images/base.yml", "    at-most: 7\n");
    let second = digest();
    assert_ne!(second, first);
    // So is where they run; and nobody is told that nothing does.
    repo.replace(
        "image-defs/config.yml",
        "worker-type: candidates",
        "worker-type: others",
    );
    assert_ne!(digest(), second);
    let ran = repo.run(&["check"]);
    assert!(!ran.stderr.contains("dead-key"), "{}", ran.block());
}
