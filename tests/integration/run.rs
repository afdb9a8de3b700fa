//! `run`: order, failures, resuming, tries, artifacts, several at a time, being stopped. The tasks run small scripts that
//! each test writes; what tells them apart does not go into any digest.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Ran, Repo};

/// What every kind of task runs: the script of its own name, or else the one for all.
const COMMAND: &str = r#"command:
  - sh
  - -c
  - 'if [ -f "$SCRIPTS/{{kind}}-{{name}}" ]; then . "$SCRIPTS/{{kind}}-{{name}}"; else . "$SCRIPTS/all"; fi'
env: {LABEL: "{{kind}}-{{name}}", TASKGRAPH_IMAGES_DIGEST: "{{digest}}"}
retry: [4, 75]
"#;

/// Notes that it ran, and leaves its artifact.
const ALL: &str = "\
echo \"$LABEL\" >>\"$SCRIPTS/order\"
mkdir -p \"$UPLOAD_DIR/$FOLDER\"
echo \"made by $LABEL\" >\"$UPLOAD_DIR/$FOLDER/made\"
";

struct Case {
    repo: Repo,
    scripts: PathBuf,
}

impl Case {
    fn new() -> Self {
        Self::with(|_| {})
    }

    /// A fleet that some change is made to before it is committed.
    fn with(change: impl FnOnce(&Repo)) -> Self {
        let repo = Repo::new();
        for (kind, folder) in [
            ("build", "image"),
            ("verify", "verification"),
            ("publish", "manifest"),
        ] {
            let artifacts = format!(
                "artifacts:\n  - {{name: public/{folder}, path: {folder}, type: directory}}\n"
            );
            let command = COMMAND.replace("env: {", &format!("env: {{FOLDER: {folder}, "));
            repo.write(
                &format!("image-defs/kinds/{kind}.yml"),
                format!("description: \"{kind} {{{{image}}}}\"\n{command}{artifacts}"),
            );
        }
        change(&repo);
        repo.commit();
        let scripts = repo.beside("scripts");
        std::fs::create_dir(&scripts).unwrap();
        let case = Self { repo, scripts };
        case.script("all", ALL)
    }

    /// Says what a task does.
    fn script(self, name: &str, text: &str) -> Self {
        self.set(name, text);
        self
    }

    fn set(&self, name: &str, text: &str) {
        std::fs::write(self.scripts.join(name), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    fn run_with(&self, arguments: &[&str], env: &[(&str, &str)]) -> Ran {
        let scripts = self.scripts.to_string_lossy().into_owned();
        let mut all = vec!["run"];
        all.extend(arguments);
        let mut env = env.to_vec();
        env.push(("SCRIPTS", &scripts));
        self.repo.run_at(&self.repo.path, &all, &env)
    }

    /// What a run says of tasks: `label result`, and why.
    fn results(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut all = vec!["--format", "json"];
        all.extend(arguments);
        let ran = self.run(&all);
        let mut text = String::new();
        for task in ran.json()["tasks"].as_array().unwrap() {
            let word = |name: &str| task[name].as_str().unwrap_or("-").to_owned();
            text += &format!("{} {}: {}\n", word("label"), word("result"), word("reason"));
        }
        (ran.code, text)
    }

    /// The tasks that ran since this was last asked.
    fn ran(&self) -> String {
        let order = self.scripts.join("order");
        let text = std::fs::read_to_string(&order).unwrap_or_default();
        let _ = std::fs::remove_file(order);
        text.lines().collect::<Vec<_>>().join(" ")
    }

    fn store(&self) -> PathBuf {
        self.repo.path.join(".taskgraph-images")
    }

    /// The id of a task, as the decision's artifact has it.
    fn id(&self, label: &str) -> String {
        let ids = self
            .store()
            .join("AAAAAAAAQACAAAAAAAAAAA/public/label-to-taskid.json");
        let ids: Value = serde_json::from_slice(&std::fs::read(ids).unwrap()).unwrap();
        ids[label].as_str().unwrap().to_owned()
    }

    fn artifact(&self, label: &str, name: &str) -> Option<String> {
        std::fs::read_to_string(self.store().join(self.id(label)).join(name)).ok()
    }
}

#[test]
fn what_is_needed_comes_first() {
    let case = Case::new();
    let ran = case.run(&["child", "gui"]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    insta::assert_snapshot!(ran.stdout.replace("  0 s", "  N s").replace("  1 s", "  N s"), @"
    completed        N s  build-base-google   PSo-XaNVTAmgQExY5TboWA
    completed        N s  build-gui-google    JLgkLJ_rQueM_zsUxnV4rA
    completed        N s  build-child-google  dEiXtww5RlKOagTz6p3cZA
    ");
    assert_eq!(case.ran(), "build-base build-gui build-child");
    assert_eq!(
        case.artifact("build-child-google", "public/image/made")
            .as_deref(),
        Some("made by build-child\n")
    );
    // The log is an artifact, as it is in the queue; nothing of the run is seen by git.
    assert!(
        case.artifact("build-child-google", "public/logs/live.log")
            .is_some()
    );
    assert_eq!(case.repo.git(&["status", "--porcelain"]), "");
}

#[test]
fn what_is_affected_runs_and_what_completed_does_not_run_again() {
    let case = Case::new();
    let (code, results) = case.results(&["--base", "HEAD"]);
    assert_eq!((code, results.as_str()), (Some(0), ""));

    case.repo.append("image-defs/checks/boot.sh", "true\n");
    let (_, results) = case.results(&["--base", "HEAD"]);
    insta::assert_snapshot!(results, @"
    build-base-google completed: -
    verify-base-google completed: -
    ");
    let (_, results) = case.results(&["--base", "HEAD"]);
    insta::assert_snapshot!(results, @"
    build-base-google found: -
    verify-base-google found: -
    ");
    assert_eq!(case.ran(), "build-base verify-base");

    // A parent that is made anew takes its children along.
    case.repo.append("image-defs/scripts/common.sh", "true\n");
    let (_, results) = case.results(&["base", "child"]);
    insta::assert_snapshot!(results, @"
    build-base-google completed: -
    build-child-google completed: -
    verify-base-google completed: -
    ");
    let (_, results) = case.results(&["base", "child", "--kind", "build", "--force"]);
    insta::assert_snapshot!(results, @"
    build-base-google completed: -
    build-child-google completed: -
    ");

    // Something that a task left is gone.
    case.ran();
    let made = case
        .store()
        .join(case.id("build-base-google"))
        .join("public/image/made");
    std::fs::remove_file(made).unwrap();
    let (_, results) = case.results(&["child"]);
    insta::assert_snapshot!(results, @"
    build-base-google completed: -
    build-child-google completed: -
    ");
    assert_eq!(case.ran(), "build-base build-child");
}

#[test]
fn a_failure_and_what_runs_after_it() {
    let case = Case::new().script("build-base", "echo wrong; exit 3");
    let ran = case.run(&["child", "gui", "--quiet"]);
    let id = case.id("build-base-google");
    assert_eq!(case.ran(), "");
    let store = case.store().display().to_string();
    let block = ran.block().replace(&store, "STORE").replace(&id, "ID");
    insta::assert_snapshot!(block, @"
    exit 1
    --- stdout
    failed           0 s  build-base-google   ID  its command ended with exit code 3
    unscheduled        -  build-gui-google    JLgkLJ_rQueM_zsUxnV4rA  it has not run here
    unscheduled        -  build-child-google  dEiXtww5RlKOagTz6p3cZA  it has not run here
    --- stderr
    error: `build-base-google`: its command ended with exit code 3
      log: [TMP]/repo/.taskgraph-images/ID/public/logs/live.log
      folder: [TMP]/repo/.taskgraph-images/.tasks/ID
    2 tasks not begun
    hint: look into the logs; run again, it goes on with what did not complete
    ");
    assert_eq!(
        case.artifact("build-base-google", "public/logs/live.log")
            .as_deref(),
        Some("wrong\n[taskgraph-images] its command ended with exit code 3\n")
    );
    // The folder of what failed stays for whoever looks for the reason.
    assert!(case.store().join(".tasks").join(id).is_dir());

    let (code, results) = case.results(&["child", "gui", "--keep-going"]);
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(results, @"
    build-base-google failed: its command ended with exit code 3
    build-gui-google completed: -
    build-child-google unscheduled: it has not run here
    ");
    // It goes on where it was.
    case.set("build-base", ALL);
    let (code, results) = case.results(&["child", "gui"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!(results, @"
    build-base-google completed: -
    build-gui-google found: -
    build-child-google completed: -
    ");
}

#[test]
fn exit_codes_that_are_listed_are_tried_again() {
    let case = Case::with(|repo| {
        repo.replace(
            "image-defs/fragments/task.yml",
            "worker: builder",
            "worker: builder, retries: 2",
        );
    });
    // Each run has a folder of its own, without what the last one left.
    let script = "test ! -e left || exit 9\ntouch left\necho >>\"$SCRIPTS/tries\"\n\
                  test \"$RUN_ID\" = 2 || exit 75\n. \"$SCRIPTS/all\"";
    let case = case.script("build-gui", script);
    let ran = case.run(&["gui", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    assert_eq!(ran.json()["tasks"][0]["tries"], 3);
    insta::assert_snapshot!(case.artifact("build-gui-google", "public/logs/live.log").unwrap(), @"
    [taskgraph-images] its command ended with exit code 75; run again, 1 of 2
    [taskgraph-images] its command ended with exit code 75; run again, 2 of 2
    ");

    case.set("build-gui", "exit 4");
    let ran = case.run(&["gui", "--force", "--format", "json"]);
    assert_eq!(ran.code, Some(75), "{}", ran.block());
    let task = &ran.json()["tasks"][0];
    assert_eq!(task["result"], "exception");
    assert_eq!((&task["tries"], &task["exit_code"]), (&3.into(), &4.into()));
}

#[test]
fn what_a_task_should_leave_and_how_long_it_may_take() {
    let case = Case::with(|repo| {
        repo.replace(
            "image-defs/images/gui.yml",
            "extends: [task]",
            "extends: [task]\nbuild: {max-run-time: 1 second}",
        );
    });
    let case = case
        .script("build-globbed", "echo nothing")
        .script("build-gui", "sleep 60 & echo $! >\"$SCRIPTS/pid\"; wait")
        .script("build-base", "kill -9 $$");
    let (code, results) = case.results(&["globbed", "gui", "base", "--keep-going"]);
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(results, @"
    build-base-google failed: its command was ended by a signal: signal: 9 (SIGKILL)
    build-globbed-google failed: it did not leave the folder `artifacts/image` (`public/image`)
    build-gui-google failed: it was stopped after 1 s, its `maxRunTime`
    verify-base-google unscheduled: it has not run here
    ");
    gone(&case.scripts.join("pid"));
}

/// Waits until the process that a file names is gone.
#[track_caller]
fn gone(file: &std::path::Path) {
    let pid = std::fs::read_to_string(file).unwrap().trim().to_owned();
    let begun = Instant::now();
    // What nobody waits for stays as a zombie where there is no init.
    let alive = || {
        std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"))
    };
    while alive() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{pid} is alive");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn several_at_the_same_time() {
    // Neither ends before the other has begun.
    let meet = "touch \"$SCRIPTS/$LABEL.here\"\nn=0\n\
                while [ ! -e \"$SCRIPTS/build-gui.here\" ] || [ ! -e \"$SCRIPTS/build-globbed.here\" ]; do\n\
                n=$((n + 1)); test $n -lt 600 || exit 1; sleep 0.05; done\n. \"$SCRIPTS/all\"";
    let case = Case::new()
        .script("build-gui", meet)
        .script("build-globbed", meet);
    let ran = case.run(&["gui", "globbed", "--jobs", "2"]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
}

#[test]
fn whoever_stops_a_run_stops_its_tasks() {
    let case = Case::new().script(
        "build-base",
        "trap 'echo asked >\"$SCRIPTS/asked\"; exit 1' TERM\nsleep 300 & echo $! >\"$SCRIPTS/pid\"; wait",
    );
    let scripts = case.scripts.to_string_lossy().into_owned();
    let mut run = case.repo.start(&["run", "child"], &[("SCRIPTS", &scripts)]);
    let pid = case.scripts.join("pid");
    let begun = Instant::now();
    while !std::fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n')) {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    // Meanwhile nobody else works in the same folder.
    let other = case.run(&["gui", "--quiet"]);
    assert_eq!(other.code, Some(2), "{}", other.block());
    assert!(
        other.stderr.contains("another run works in"),
        "{}",
        other.stderr
    );

    let killed = std::process::Command::new("kill")
        .args(["-TERM", &run.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert_eq!(run.wait().unwrap().code(), Some(75));
    gone(&pid);
    assert!(case.scripts.join("asked").exists());

    case.set("build-base", ALL);
    let (code, results) = case.results(&["child"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!(results, @"
    build-base-google completed: -
    build-child-google completed: -
    ");
}

#[test]
fn only_level_3_publishes() {
    let case = Case::new();
    let (_, results) = case.results(&["base"]);
    insta::assert_snapshot!(results, @"
    build-base-google completed: -
    verify-base-google completed: -
    ");
    // What was made at level 1 is nothing to level 3.
    let (code, results) = case.results(&["base", "--level", "3"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!(results, @"
    build-base-google completed: -
    verify-base-google completed: -
    publish-base-google completed: -
    ");
}

#[test]
fn what_would_run() {
    let case = Case::with(|repo| {
        repo.append(
            "image-defs/config.yml",
            "    boxes: {provisioner: '{{trust-domain}}-{{level}}', worker-type: boxes, implementation: docker-worker, os: linux,
      image: {namespace: example.images.decision, path: public/image.tar.zst}}
    panes: {provisioner: '{{trust-domain}}-{{level}}', worker-type: panes, implementation: generic-worker, os: windows}
",
        )
        .replace("image-defs/images/boxed.yml", "worker: builder", "worker: boxes")
        .replace("image-defs/images/packed-a.yml", "extends: [packer]", "extends: [packer]\nbuild: {worker: panes}");
    });
    let ran = case.run(&["base", "boxed", "packed-a", "--dry-run"]);
    insta::assert_snapshot!(ran.block(), @r#"
    exit 0
    --- stdout
    run    build-base-google  PSo-XaNVTAmgQExY5TboWA  it has not run here
           chmod +x taskgraph-images
           sh -c 'if [ -f "$SCRIPTS/build-base" ]; then . "$SCRIPTS/build-base"; else . "$SCRIPTS/all"; fi'
    run    build-boxed-container  US8VCBl3R0aYp6TOknHlGA  it has not run here
           sh -c 'if [ -f "$SCRIPTS/build-boxed" ]; then . "$SCRIPTS/build-boxed"; else . "$SCRIPTS/all"; fi'
           # of a container, on this machine itself
    run    build-packed-a-google  GItzTUd7RG-sJggM9-Jk_A  it has not run here
           sh -c "if [ -f ""$SCRIPTS/build-packed-a"" ]; then . ""$SCRIPTS/build-packed-a""; else . ""$SCRIPTS/all""; fi"
           # on Windows only
    run    verify-base-google  bdFlHietT7usz8vkRtxI-w  it has not run here
           chmod +x taskgraph-images
           sh -c 'if [ -f "$SCRIPTS/verify-base" ]; then . "$SCRIPTS/verify-base"; else . "$SCRIPTS/all"; fi'
    "#);
    assert!(!case.store().exists());

    // A container is this machine; its home is the task's folder.
    let script = "test \"$UPLOAD_DIR\" = \"$(pwd)/artifacts\" || exit 3\n\
                  case \"$(command -v taskgraph-images)\" in \"$(pwd)\"/*) ;; *) exit 4 ;; esac\n. \"$SCRIPTS/all\"";
    let case = case.script("build-boxed", script);
    let (code, results) = case.results(&["boxed", "packed-a", "--keep-going"]);
    assert_eq!(code, Some(75));
    insta::assert_snapshot!(results, @"
    build-boxed-container completed: -
    build-packed-a-google exception: it runs on Windows only
    ");
    assert!(
        case.artifact("build-boxed-container", "public/image/made")
            .is_some()
    );
}

#[test]
fn tasks_look_where_the_definitions_are() {
    let case = Case::with(|repo| {
        for file in ["config.yml", "kinds/build.yml"] {
            let text = std::fs::read(repo.path.join("image-defs").join(file)).unwrap();
            repo.write(&format!("ci/images/{file}"), text);
        }
        repo.write(
            "ci/images/images/elsewhere.yml",
            "os: linux\ncloud: google\nbuilder: {task: {}}\nbuild: {worker: builder, max-run-time: 1 hour}\n",
        );
    })
    .script(
        "all",
        &format!("{ALL}echo \"in $TASKGRAPH_IMAGES_DEFINITIONS\" >>\"$SCRIPTS/order\"\n"),
    );
    let arguments = ["--definitions", "ci/images", "elsewhere"];
    let ran = case.run_with(&arguments, &[("TASKGRAPH_IMAGES_DEFINITIONS", "nowhere")]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    assert_eq!(case.ran(), "build-elsewhere in ci/images");
}

#[test]
fn words_that_name_no_image() {
    let case = Case::new();
    let ran = case.run(&["bas", "guy", "child"]);
    insta::assert_snapshot!(ran.block(), @"
    exit 2
    --- stderr
    error: there is no image `bas`; there is no image `guy`
    hint: did you mean `base`? did you mean `gui`?
    ");
}

#[test]
fn nothing_secret_is_shown() {
    let case = Case::new().script(
        "build-gui",
        "echo \"with $TASKCLUSTER_ACCESS_TOKEN\"\n. \"$SCRIPTS/all\"",
    );
    let token = "not-a-real-token";
    let ran = case.run_with(&["gui"], &[("TASKCLUSTER_ACCESS_TOKEN", token)]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    let log = case
        .artifact("build-gui-google", "public/logs/live.log")
        .unwrap();
    assert_eq!(log, "with [secret]\n");
    assert!(!ran.stderr.contains(token), "{}", ran.stderr);
}

/// Notes where it is, and of which commit that is a checkout.
const PACKER: &str = "#!/bin/sh
{ pwd; git rev-parse HEAD; cat image-defs/data/settings.conf; ls untracked 2>/dev/null || true; } >>\"$SCRIPTS/packer-log\"
";

#[test]
fn tasks_check_out_the_commit_or_a_snapshot() {
    let case = Case::with(|repo| {
        repo.write(
            "image-defs/kinds/build.yml",
            "description: x\ncommand: ['{{tool}}', validate, '{{image}}']\nartifacts: []\n",
        )
        .write(".gitignore", "ignored\n");
    });
    let packer = case.scripts.join("packer");
    std::fs::write(&packer, PACKER).unwrap();
    std::fs::set_permissions(&packer, std::fs::Permissions::from_mode(0o755)).unwrap();
    let packer = packer.to_string_lossy().into_owned();
    let run = |arguments: &[&str]| {
        let mut all = vec!["packed-a", "--force", "--format", "json"];
        all.extend(arguments);
        let env = [("TASKGRAPH_IMAGES_PACKER", packer.as_str())];
        let ran = case.run_with(&all, &env);
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        let log = case.scripts.join("packer-log");
        let text = std::fs::read_to_string(&log).unwrap();
        std::fs::remove_file(log).unwrap();
        let document = ran.json();
        let revision = document["revision"].as_str().unwrap().to_owned();
        let text = text
            .replace(&revision, "REVISION")
            .replace(&case.store().display().to_string(), "STORE")
            .replace(&case.id("build-packed-a-google"), "ID");
        (revision, document["modified"] == true, text)
    };
    let head = case.repo.git(&["rev-parse", "HEAD"]);
    let (revision, modified, log) = run(&[]);
    assert_eq!((revision.as_str(), modified), (head.as_str(), false));
    insta::assert_snapshot!(log, @"
    STORE/.tasks/ID/checkout
    REVISION
    answer = 42
    ");

    case.repo
        .append("image-defs/data/settings.conf", "more = true\n")
        .write("untracked", "")
        .write("ignored", "");
    let (revision, modified, log) = run(&[]);
    assert_ne!(revision, head);
    assert!(modified);
    insta::assert_snapshot!(log, @"
    STORE/.tasks/ID/checkout
    REVISION
    answer = 42
    more = true
    untracked
    ");
    // The same content is the same commit, and the clone has nothing of it.
    assert_eq!(run(&[]).0, revision);
    let known = case
        .repo
        .try_git(&case.repo.path, &["cat-file", "-e", &revision]);
    assert!(!known.status.success());
    // What is staged, and a commit, whatever the work tree holds.
    case.repo.git(&["add", "untracked"]);
    let (_, modified, log) = run(&["--staged"]);
    assert!(modified);
    insta::assert_snapshot!(log, @"
    STORE/.tasks/ID/checkout
    REVISION
    answer = 42
    untracked
    ");
    let (revision, modified, _) = run(&["--head", "HEAD"]);
    assert_eq!((revision.as_str(), modified), (head.as_str(), false));
}

#[test]
fn repositories_of_other_ids_and_other_clones() {
    const KIND: &str =
        "description: x\ncommand: ['{{tool}}', validate, '{{image}}']\nartifacts: []\n";
    let packer = "TASKGRAPH_IMAGES_PACKER";
    // Ids of SHA-256, committed and not.
    let repo = Repo::with(&["--object-format=sha256"]);
    repo.write("image-defs/kinds/build.yml", KIND).commit();
    for _ in 0..2 {
        let ran = repo.run_at(
            &repo.path,
            &["run", "packed-a", "--force"],
            &[(packer, "true")],
        );
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        repo.append("image-defs/data/settings.conf", "more = true\n");
    }
    // A clone without history, with a name that an address writes otherwise, and a second work tree.
    let repo = Repo::new();
    repo.write("image-defs/kinds/build.yml", KIND).commit();
    let origin = format!("file://{}", repo.path.display());
    let (shallow, second) = (repo.beside("a b%41"), repo.beside("second"));
    repo.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        &origin,
        &shallow.to_string_lossy(),
    ]);
    repo.git(&["worktree", "add", "--quiet", &second.to_string_lossy()]);
    for at in [shallow, second] {
        for modified in [false, true] {
            let arguments = ["run", "packed-a", "--force", "--format", "json"];
            let ran = repo.run_at(&at, &arguments, &[(packer, "true")]);
            assert_eq!(ran.code, Some(0), "{}", ran.block());
            assert_eq!(ran.json()["modified"], modified);
            std::fs::write(at.join("image-defs/data/settings.conf"), "other\n").unwrap();
        }
    }
}
