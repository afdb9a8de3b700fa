//! `load-task`: a definition, its mounts and its index from a Taskcluster on loopback; its commands on this machine.

use std::path::PathBuf;

use fake_taskcluster::{Artifact, IndexEntry, Options, Server, TaskState};
use serde_json::{Value, json};

use crate::support::{Ran, Repo};

const TASK: &str = "fN1SbArXTPSVFNUvaOlinQ";
const OTHER: &str = "MI4fzTfDT02OrM_EEwTp_w";

struct Case {
    repo: Repo,
    server: Server,
}

impl Case {
    fn new() -> Self {
        Self {
            repo: Repo::empty(&[]),
            server: Server::start(Options::default()),
        }
    }

    /// Makes a task known to the queue.
    fn task(&self, id: &str, scopes: &[&str], payload: Value) -> &Self {
        let server = &self.server;
        let definition = json!({
            "taskQueueId": "example-1/tester", "taskGroupId": OTHER, "schedulerId": "example-level-1",
            "created": server.time(), "scopes": scopes,
            "deadline": server.time_after(std::time::Duration::from_secs(86_400)),
            "expires": server.time_after(std::time::Duration::from_secs(400 * 86_400)),
            "payload": payload,
            "metadata": {"name": "verify-x", "description": "", "owner": "a@example.org", "source": "https://example.org"},
        });
        server.insert_task(id, definition, TaskState::Completed);
        self
    }

    fn run(&self, arguments: &[&str], env: &[(&str, &str)]) -> Ran {
        let root = self.server.root_url();
        let mut all = vec!["load-task"];
        all.extend(arguments);
        let mut env = env.to_vec();
        env.push(("TASKCLUSTER_ROOT_URL", &root));
        self.repo.run_at(&self.repo.path, &all, &env)
    }

    fn store(&self) -> PathBuf {
        self.repo.path.join(".taskgraph-images").join(TASK)
    }

    /// What was left and said, without what differs from run to run.
    fn said(&self, ran: &Ran) -> String {
        ran.block()
            .replace(&self.repo.path.display().to_string(), "HERE")
            .replace(&self.server.root_url(), "ROOT")
    }
}

#[test]
fn a_task_with_all_that_it_mounts() {
    let case = Case::new();
    let server = &case.server;
    case.task(OTHER, &[], json!({"command": [["true"]], "maxRunTime": 1}));
    server.insert_artifact(
        OTHER,
        "public/tool",
        Artifact::new("#!/bin/sh\necho \"tool $1\"\n"),
    );
    let archive = archive(&case);
    server.insert_artifact(OTHER, "public/sdk.tar.gz", Artifact::new(archive));
    server.insert_index(
        "example.sdk",
        IndexEntry {
            task_id: OTHER.to_owned(),
            rank: 0,
            data: json!({}),
            expires: server.time_after(std::time::Duration::from_secs(86_400)),
        },
    );
    let sha256 = "52cddb82303ebbc5bc75a55bee3b2c7b7a4ed8e23eb8cb9e2a3c4a2b8a5f2e5d";
    let url = format!(
        "{}/api/queue/v1/task/{OTHER}/artifacts/public/tool",
        server.root_url()
    );
    case.task(
        TASK,
        &["secrets:get:x", "queue:get-artifact:y"],
        json!({
            "command": [
                ["chmod", "+x", "tool"],
                ["./tool", "one two"],
                ["sh", "-c", "cat text again sdk/inside && env | cut -d= -f1 | sort >artifacts.txt && ls cache"],
            ],
            "env": {"MINE": "value"},
            "maxRunTime": 60,
            "mounts": [
                {"file": "tool", "content": {"taskId": OTHER, "artifact": "public/tool"}},
                {"file": "again", "content": {"url": url}},
                {"file": "text", "content": {"raw": "raw\n"}},
                {"directory": "sdk", "format": "tar.gz", "content": {"namespace": "example.sdk", "artifact": "public/sdk.tar.gz"}},
                {"directory": "cache", "cacheName": "example-level-1-git"},
            ],
            "artifacts": [{"name": "public/names.txt", "path": "artifacts.txt", "type": "file"}],
            "features": {"taskclusterProxy": true},
            "osGroups": ["kvm"],
        }),
    );
    let ran = case.run(
        &[TASK, "--pass", "GIVEN"],
        &[("GIVEN", "x"), ("SECRET_OF_MINE", "y")],
    );
    insta::assert_snapshot!(case.said(&ran), @r#"
    exit 0
    --- stdout
    tool one two
    raw
    #!/bin/sh
    echo "tool $1"
    inside
    --- stderr
    `verify-x`, fN1SbArXTPSVFNUvaOlinQ
    not here: its 2 scopes
    not here: the worker's `taskclusterProxy`
    not here: the groups kvm
    not here: the cache `example-level-1-git`: an empty folder stands in
    1 artifact in `[TMP]/repo/.taskgraph-images/fN1SbArXTPSVFNUvaOlinQ`
    "#);
    // Nothing of whoever runs it but what is named.
    let names = std::fs::read_to_string(case.store().join("public/names.txt")).unwrap();
    insta::assert_snapshot!(names.lines().collect::<Vec<_>>().join(" "), @"GIT_CEILING_DIRECTORIES GIVEN HOME LC_ALL MINE PATH PWD RUN_ID TASKCLUSTER_ROOT_URL TASK_GROUP_ID TASK_ID TASK_WORKDIR");

    // A digest that disagrees.
    case.task(
        TASK,
        &[],
        json!({
            "command": [["true"]], "maxRunTime": 60,
            "mounts": [{"file": "tool", "content": {"taskId": OTHER, "artifact": "public/tool", "sha256": sha256}}],
        }),
    );
    let ran = case.run(&[TASK], &[]);
    assert_eq!(ran.code, Some(3), "{}", ran.block());
    assert!(
        ran.stderr.contains(&format!("expected {sha256}")),
        "{}",
        ran.stderr
    );
}

/// A compressed archive of one file.
fn archive(case: &Case) -> Vec<u8> {
    let folder = case.repo.beside("sdk");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("inside"), "inside\n").unwrap();
    let made = std::process::Command::new("tar")
        .args(["-c", "-z", "-f", "../sdk.tar.gz", "inside"])
        .current_dir(&folder)
        .status()
        .unwrap();
    assert!(made.success());
    std::fs::read(case.repo.beside("sdk.tar.gz")).unwrap()
}

#[test]
fn a_task_that_fails_and_one_that_cannot_be() {
    let case = Case::new();
    case.task(
        TASK,
        &[],
        json!({"command": [["sh", "-c", "echo no; exit 3"]], "maxRunTime": 60}),
    );
    let ran = case.run(&[TASK], &[]);
    insta::assert_snapshot!(case.said(&ran), @"
    exit 1
    --- stdout
    no
    [taskgraph-images] its command ended with exit code 3
    --- stderr
    `verify-x`, fN1SbArXTPSVFNUvaOlinQ
    0 artifacts in `[TMP]/repo/.taskgraph-images/fN1SbArXTPSVFNUvaOlinQ`
    error: `verify-x`: its command ended with exit code 3
      log: [TMP]/repo/.taskgraph-images/fN1SbArXTPSVFNUvaOlinQ/public/logs/live.log
      folder: [TMP]/repo/.taskgraph-images/.tasks/fN1SbArXTPSVFNUvaOlinQ
    hint: look into the logs; run again, it goes on with what did not complete
    ");

    case.task(
        TASK,
        &[],
        json!({"image": "debian@sha256:00", "command": [], "maxRunTime": 60}),
    );
    insta::assert_snapshot!(case.said(&case.run(&[TASK], &[])), @"
    exit 2
    --- stderr
    error: `fN1SbArXTPSVFNUvaOlinQ`: it has no command of its own: its container has, and there is none here
    ");
    insta::assert_snapshot!(case.said(&case.run(&[OTHER], &[])), @"
    exit 2
    --- stderr
    error: there is no task `MI4fzTfDT02OrM_EEwTp_w` at ROOT
    ");
    let ran = case.run(&["nonsense"], &[]);
    assert_eq!(ran.code, Some(2));
    let none = case.repo.run_at(&case.repo.path, &["load-task", TASK], &[]);
    insta::assert_snapshot!(none.block(), @"
    exit 2
    --- stderr
    error: no Taskcluster is named
    hint: set `TASKCLUSTER_ROOT_URL`, and `TASKCLUSTER_PROXY_URL` in a task
    ");
    case.task(
        TASK,
        &[],
        json!({"command": [["true"]], "maxRunTime": 60, "mounts": [{"file": "../x", "content": {"raw": "x"}}]}),
    );
    let ran = case.run(&[TASK, "--pass", "NONE_A", "--pass", "NONE_B"], &[]);
    insta::assert_snapshot!(case.said(&ran), @"
    exit 2
    --- stderr
    `verify-x`, fN1SbArXTPSVFNUvaOlinQ
    error: not set, or no text: `NONE_A`, `NONE_B`
    ");
    let ran = case.run(&[TASK], &[]);
    assert!(
        ran.stderr
            .contains("the mount `../x` leads out of the task's folder"),
        "{}",
        ran.stderr
    );
    assert!(!case.store().with_file_name("x").exists());
}

#[test]
fn a_taskcluster_that_refuses_and_one_that_does_not_answer() {
    let case = Case::new();
    case.task(
        TASK,
        &[],
        json!({
            "command": [["true"]], "maxRunTime": 60,
            "mounts": [{"file": "x", "content": {"taskId": OTHER, "artifact": "private/x"}}],
        }),
    );
    // As if the artifact were nobody's to read.
    case.server.set_held_scopes(["queue:get-task:*"]);
    let ran = case.run(&[TASK], &[]);
    assert_eq!(ran.code, Some(5), "{}", ran.block());
    assert!(
        ran.stderr.contains("queue:get-artifact:private/x"),
        "{}",
        ran.stderr
    );
    case.server.set_held_scopes(["none"]);
    let ran = case.run(&[TASK], &[]);
    assert_eq!(ran.code, Some(5), "{}", ran.block());
    let gone = [("TASKCLUSTER_ROOT_URL", "http://127.0.0.1:1")];
    let ran = case
        .repo
        .run_at(&case.repo.path, &["load-task", TASK], &gone);
    assert_eq!(ran.code, Some(4), "{}", ran.block());
}

#[test]
fn a_shell_where_the_task_would_run() {
    let case = Case::new();
    case.task(
        TASK,
        &[],
        json!({
            "image": "debian@sha256:00", "command": ["sh", "-c", "exit 3"], "maxRunTime": 60,
            "env": {"UPLOAD_DIR": "/builds/worker/artifacts"}, "cache": {"git": "/builds/worker/checkouts"},
        }),
    );
    // Its standard input is empty, so it ends at once; what it finds is left by a script in its place.
    let shell = case.repo.beside("shell");
    std::fs::write(
        &shell,
        "#!/bin/sh\necho \"$TASK_ID $RUN_ID $UPLOAD_DIR\"; ls; exit 7\n",
    )
    .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&shell, mode).unwrap();
    let ran = case.run(&[TASK, "--shell"], &[("SHELL", &shell.to_string_lossy())]);
    insta::assert_snapshot!(case.said(&ran), @"
    exit 0
    --- stdout
    fN1SbArXTPSVFNUvaOlinQ 0 [TMP]/repo/.taskgraph-images/.tasks/fN1SbArXTPSVFNUvaOlinQ/artifacts
    checkouts
    --- stderr
    `verify-x`, fN1SbArXTPSVFNUvaOlinQ
    not here: the container `debian@sha256:00`: its command runs on this machine itself
    not here: the cache `git`: an empty folder stands in
    in `[TMP]/repo/.taskgraph-images/.tasks/fN1SbArXTPSVFNUvaOlinQ`; its commands:
      sh -c 'exit 3'
    ");
}
