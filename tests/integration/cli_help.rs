//! The text of `--help` of every command, and how arguments are refused.

use crate::support::Repo;

#[test]
fn help() {
    let repo = Repo::empty(&[]);
    let commands = [
        "",
        "preview",
        "affected",
        "replay",
        "images",
        "digest",
        "graph",
        "decision",
        "action-callback",
        "test-action-callback",
        "check",
        "validate",
        "build",
        "verify",
        "publish",
        "cleanup",
        "cleanup plan",
        "cleanup apply",
        "revoke",
        "upgrade",
        "pools",
        "pools update",
        "pools rollback",
        "pools generate",
        "pools check",
        "projects",
        "projects plan",
        "projects propose",
        "manifest",
        "run",
        "load-task",
        "hook",
        "init",
        "schema",
        "completions",
        "import",
        "packer-template",
        "man",
    ];
    for command in commands {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("--help");
        let ran = repo.run_at(&repo.path, &arguments, &[("COLUMNS", "100")]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{command}");
        let name = if command.is_empty() {
            "taskgraph-images".to_owned()
        } else {
            command.replace(' ', "-")
        };
        insta::assert_snapshot!(name, ran.stdout);
    }
    // Every command that help lists is looked at here.
    let listed = repo.run(&["--help"]).stdout;
    let listed = listed
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    for line in listed.lines().filter(|line| !line.starts_with("   ")) {
        let Some(command) = line.split_whitespace().next() else {
            continue;
        };
        assert!(
            command == "help" || commands.contains(&command),
            "`{command}` is not looked at"
        );
    }
}

#[test]
fn arguments_that_exclude_one_another() {
    let repo = Repo::new();
    for arguments in [
        &["affected", "--worktree", "--staged"][..],
        &["affected", "--format", "xml"],
        &["affected", "--event", "tag"],
        &["preview", "--level", "2"],
        &["nonsense"],
    ] {
        let ran = repo.run(arguments);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}: {}",
            ran.block()
        );
    }
}

#[test]
fn what_is_typed_wins_over_the_environment() {
    let repo = Repo::new();
    repo.write("image-defs/scripts/lib/new.sh", "true\n");
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_taskgraph-images"))
            .args(arguments)
            .current_dir(&repo.path)
            .env("TASKGRAPH_IMAGES_BASE_REV", "no-such-revision")
            .env("TASKGRAPH_IMAGES_HEAD_REV", "HEAD")
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), stderr)
    };
    let (code, stderr) = run(&["affected", "--all"]);
    assert_eq!(code, Some(0), "{stderr}");
    let (code, stderr) = run(&["affected", "--base", "HEAD", "--worktree"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.starts_with("work tree compared"), "{stderr}");
    assert_eq!(run(&["affected"]).0, Some(3));
}

#[test]
fn nobody_reads_the_output() {
    let repo = Repo::new();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_taskgraph-images"))
        .args(["images", "--format", "json"])
        .current_dir(&repo.path)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
}
