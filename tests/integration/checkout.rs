//! `with-checkout`, the entry point of the decision's container, on repositories beside the test.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Ran, Repo};

/// A branch's name that git takes, and a shell, an option parser or a refspec would act upon.
const HOSTILE: &[&str] = &[
    "-x",
    "--upload-pack=touch${IFS}pwned",
    "x';touch${IFS}pwned;'",
    "a$(touch${IFS}pwned)",
    "a`touch${IFS}pwned`",
    "a\"b",
    "a|b&c;d",
    "+main",
    "ä/ö",
];

/// Runs the script; the command shows what it got.
fn run(repo: &Repo, env: &[(&str, &str)]) -> Ran {
    let show = "git rev-parse HEAD && printf '%s\\n' \"$TASKGRAPH_IMAGES_HEAD_REV\" && git status --porcelain && ls";
    run_command(repo, env, &["sh", "-c", show])
}

fn run_command(repo: &Repo, env: &[(&str, &str)], command: &[&str]) -> Ran {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../image-defs/containers/decision/bin/with-checkout");
    let home = repo.beside("home");
    let output = Command::new("bash")
        .arg(script)
        .args(command)
        .current_dir(&home)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", &home)
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_ALLOW_PROTOCOL", "file")
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran::of(output)
}

/// A repository with two commits, and a fork of it with a third that only a full id names.
struct World {
    base: Repo,
    fork: PathBuf,
    first: String,
    tip: String,
    fork_only: String,
}

impl World {
    fn new() -> Self {
        let base = Repo::empty(&["--initial-branch=main"]);
        base.write("file", "one\n");
        let first = base.commit();
        base.write("file", "two\n");
        let tip = base.commit();
        let fork = base.beside("fork");
        base.git(&["clone", "--quiet", ".", fork.to_str().unwrap()]);
        std::fs::write(fork.join("file"), "stranger\n").unwrap();
        base.git_at(&fork, &["checkout", "--quiet", "-b", "x;y"]);
        base.git_at(
            &fork,
            &["commit", "--quiet", "--all", "--message", "change"],
        );
        let fork_only = base.git_at(&fork, &["rev-parse", "HEAD"]);
        Self {
            base,
            fork,
            first,
            tip,
            fork_only,
        }
    }

    fn url(&self) -> &str {
        self.base.path.to_str().unwrap()
    }

    /// Runs it for a revision and a ref of the base repository.
    fn checkout(&self, revision: &str, reference: &str) -> Ran {
        let env = [
            ("TASKGRAPH_IMAGES_HEAD_REPOSITORY", self.url()),
            ("TASKGRAPH_IMAGES_HEAD_REV", revision),
            ("TASKGRAPH_IMAGES_HEAD_REF", reference),
        ];
        run(&self.base, &env)
    }

    #[track_caller]
    fn expect(&self, ran: &Ran, commit: &str) {
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        assert_eq!(
            ran.stdout,
            format!("{commit}\n{commit}\nfile\n"),
            "{}",
            ran.block()
        );
        assert!(!self.base.beside("home").join("pwned").exists());
        assert!(!self.base.beside("home").join("checkout/pwned").exists());
    }
}

#[test]
fn a_commit_with_the_whole_history_and_all_files() {
    let world = World::new();
    // As a forge does, which also serves clones that lack files.
    world
        .base
        .git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", world.url());
    let env = [
        ("TASKGRAPH_IMAGES_HEAD_REPOSITORY", url.as_str()),
        ("TASKGRAPH_IMAGES_HEAD_REV", &world.first),
        ("TASKGRAPH_IMAGES_HEAD_REF", "refs/heads/main"),
    ];
    world.expect(&run(&world.base, &env), &world.first);
    let checkout = world.base.beside("home").join("checkout");
    let git = |arguments: &[&str]| world.base.git_at(&checkout, arguments);
    assert_eq!(git(&["rev-parse", "--is-shallow-repository"]), "false");
    // Nothing is missing that the program could not fetch.
    assert_eq!(
        git(&["rev-list", "--objects", "--all", "--missing=print"])
            .matches("\n?")
            .count(),
        0
    );
    assert_eq!(git(&["rev-parse", "origin/main"]), world.tip);
    assert_eq!(
        git(&["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"]),
        "refs/remotes/origin/main"
    );
    // Again, in the same folder.
    world.expect(&world.checkout(&world.tip, ""), &world.tip);
}

#[test]
fn a_forks_commit_comes_from_the_fork() {
    let world = World::new();
    let env = [
        ("TASKGRAPH_IMAGES_BASE_REPOSITORY", world.url()),
        (
            "TASKGRAPH_IMAGES_HEAD_REPOSITORY",
            world.fork.to_str().unwrap(),
        ),
        ("TASKGRAPH_IMAGES_HEAD_REV", &world.fork_only),
        ("TASKGRAPH_IMAGES_HEAD_REF", "x;y"),
    ];
    world.expect(&run(&world.base, &env), &world.fork_only);
    // What the change is compared to is there, too.
    let checkout = world.base.beside("home").join("checkout");
    let base = world
        .base
        .git_at(&checkout, &["merge-base", "HEAD", "origin/main"]);
    assert_eq!(base, world.tip);
}

#[test]
fn a_tag_is_the_commit_that_it_points_at() {
    let world = World::new();
    world.base.git(&["tag", "light", &world.first]);
    world
        .base
        .git(&["tag", "--annotate", "--message=x", "heavy", &world.first]);
    let heavy = world.base.git(&["rev-parse", "refs/tags/heavy"]);
    assert_ne!(heavy, world.first);
    world.expect(&world.checkout(&heavy, "refs/tags/heavy"), &world.first);
    for tag in ["refs/tags/light", "refs/tags/heavy"] {
        world.expect(&world.checkout("", tag), &world.first);
    }
}

#[test]
fn without_a_revision_it_is_the_tip() {
    let world = World::new();
    for reference in ["main", "refs/heads/main"] {
        world.expect(&world.checkout("", reference), &world.tip);
    }
    // The branch moves on, and the same folder follows.
    world.base.write("file", "three\n");
    let tip = world.base.commit();
    world.expect(&world.checkout("", "main"), &tip);
}

#[test]
fn names_of_branches_are_never_acted_upon() {
    for name in HOSTILE {
        let world = World::new();
        let full = format!("refs/heads/{name}");
        world.base.git(&["update-ref", &full, &world.first]);
        for reference in [*name, &full] {
            world.expect(&world.checkout("", reference), &world.first);
            world.expect(&world.checkout(&world.tip, reference), &world.tip);
        }
    }
}

#[test]
fn what_is_no_revision_or_ref_is_refused() {
    let world = World::new();
    for revision in [
        "HEAD",
        "main",
        "-x",
        "--help",
        "$(touch pwned)",
        &world.tip[..12],
        &world.tip.to_uppercase(),
    ] {
        let ran = world.checkout(revision, "main");
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{revision}: {}",
            ran.block()
        );
        assert!(ran.stderr.contains("is no revision"), "{}", ran.block());
    }
    for reference in [
        "",
        "a:refs/heads/b",
        "refs/heads/*",
        "a b",
        "a..b",
        "@{-1}",
        "a\nb",
        "refs/",
        "x.lock",
    ] {
        let ran = world.checkout("", reference);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{reference}: {}",
            ran.block()
        );
    }
    // Refused before anything is fetched.
    assert!(!world.base.beside("home").join("checkout").exists());
}

#[test]
fn what_is_not_there_is_no_failure_of_the_network() {
    let world = World::new();
    let nothing = "1".repeat(40);
    assert_eq!(world.checkout(&nothing, "main").code, Some(3));
    assert_eq!(world.checkout("", "other").code, Some(3));
    // A blob is no commit.
    let blob = world.base.git(&["rev-parse", "HEAD:file"]);
    assert_eq!(world.checkout(&blob, "main").code, Some(3));
    let env = [
        ("TASKGRAPH_IMAGES_HEAD_REPOSITORY", "/nowhere"),
        ("TASKGRAPH_IMAGES_HEAD_REV", &nothing),
    ];
    // Here the clone from before is used.
    assert_eq!(run(&world.base, &env).code, Some(75));
    std::fs::remove_dir_all(world.base.beside("home").join("checkout")).unwrap();
    assert_eq!(run(&world.base, &env).code, Some(75));
}

#[test]
fn repositories_are_no_options_and_run_no_commands() {
    let world = World::new();
    for repository in [
        "-x",
        "--upload-pack=touch pwned",
        "ext::sh -c touch% pwned",
        "http://127.0.0.1:1/x",
    ] {
        for base in [repository, world.url()] {
            let env = [
                ("TASKGRAPH_IMAGES_HEAD_REPOSITORY", repository),
                ("TASKGRAPH_IMAGES_BASE_REPOSITORY", base),
                ("TASKGRAPH_IMAGES_HEAD_REF", "main"),
            ];
            let ran = run(&world.base, &env);
            assert_eq!(ran.code, Some(75), "{repository}: {}", ran.block());
            assert!(!world.base.beside("home").join("pwned").exists());
            assert!(!world.base.beside("home").join("checkout/pwned").exists());
        }
        let _ = std::fs::remove_dir_all(world.base.beside("home").join("checkout"));
    }
}

#[test]
fn other_prefixes_and_the_commands_own_words() {
    let world = World::new();
    let env = [
        ("TASKGRAPH_IMAGES_REPOSITORY_PREFIX", "MOBILE_OS"),
        ("MOBILE_OS_HEAD_REPOSITORY", world.url()),
        ("MOBILE_OS_HEAD_REF", "main"),
    ];
    let command = [
        "sh",
        "-c",
        "printf '%s|' \"$MOBILE_OS_HEAD_REV\" \"$@\"; exit 4",
        "sh",
        "a b",
        "$(id)",
        "",
    ];
    let ran = run_command(&world.base, &env, &command);
    assert_eq!(ran.stdout, format!("{}|a b|$(id)||", world.tip));
    // Its exit code is the task's.
    assert_eq!(ran.code, Some(4));

    for prefix in ["a[$(touch pwned)]", "lower", "-X", "A B"] {
        let env = [("TASKGRAPH_IMAGES_REPOSITORY_PREFIX", prefix)];
        let ran = run(&world.base, &env);
        assert_eq!(ran.code, Some(2), "{}", ran.block());
        assert!(!world.base.beside("home").join("pwned").exists());
    }
    assert_eq!(run_command(&world.base, &env, &[]).code, Some(2));
    assert_eq!(run(&world.base, &[]).code, Some(2));
}
