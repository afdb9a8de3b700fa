//! `validate`: what it runs, in which checkout, and what it makes of the answer. A script that notes what it is given
//! stands in for Packer; the real one is asked in `.ci/validate`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::{Ran, Repo};

/// Notes its arguments, the values and what of the environment matters, and ends as its first argument's file says.
const PACKER: &str = r#"#!/bin/sh
here=$(dirname "$0")
{
    printf '%s' "packer"
    for word; do printf ' [%s]' "$word"; done
    printf '\n  in %s PARENT_IMAGE=[%s] PROJECT=[%s] color=[%s]\n' "$(pwd)" "$PARENT_IMAGE" "$PROJECT" "$PACKER_NO_COLOR"
    for word; do
        case "$word" in -var-file=*) tr -d '\n' <"${word#-var-file=}" | sed 's/  */ /g'; echo ;; esac
    done
} >>"$here/log"
echo "packer says a word"
[ ! -f "$here/$1" ] || . "$here/$1"
"#;

struct Case {
    repo: Repo,
    tools: PathBuf,
}

impl Case {
    fn new() -> Self {
        let repo = Repo::new();
        let tools = repo.beside("tools");
        std::fs::create_dir(&tools).unwrap();
        let packer = tools.join("packer");
        std::fs::write(&packer, PACKER).unwrap();
        std::fs::set_permissions(&packer, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { repo, tools }
    }

    /// Lets `packer COMMAND` end like this.
    fn ends(&self, command: &str, how: &str) -> &Self {
        std::fs::write(self.tools.join(command), how).unwrap();
        self
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_at(&self.repo.path, arguments, &[])
    }

    fn run_at(&self, at: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Ran {
        let packer = self.tools.join("packer").to_string_lossy().into_owned();
        let mut arguments = arguments.to_vec();
        arguments.insert(0, "validate");
        let mut env = env.to_vec();
        env.push(("TASKGRAPH_IMAGES_PACKER", &packer));
        self.repo.run_at(at, &arguments, &env)
    }

    /// What Packer was given, with folders of this machine by other names.
    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.tools.join("log")).unwrap_or_default();
        let root = self.repo.path.canonicalize().unwrap();
        let log = log.replace(&*root.to_string_lossy(), "ROOT");
        let values = regex::Regex::new(r"=[^ \]]*/values\.pkrvars\.json").unwrap();
        values.replace_all(&log, "=VALUES").into_owned()
    }
}

#[test]
fn packer_is_given_the_definitions_values() {
    let case = Case::new();
    case.repo
        .append(
            "image-defs/config.yml",
            "validate: {worker: tester, environment: {PROJECT: \"$(id)\"}}\n",
        )
        .replace("image-defs/pins.yml", "'570'", "\"$(id) \\\"${x}\\\"\"");
    let ran = case.run(&["packed-b", "packed-a@google"]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    assert_eq!(ran.stdout, "packer says a word\npacker says a word\n");
    assert!(
        ran.stderr.ends_with("2 images validated\n"),
        "{}",
        ran.stderr
    );
    insta::assert_snapshot!(case.log(), @r#"
    packer [validate] [-only=googlecompute.b,*.googlecompute.b] [-var-file=VALUES] [ROOT/image-defs/packer/two.pkr.hcl]
      in ROOT PARENT_IMAGE=[] PROJECT=[$(id)] color=[1]
    { "disk": 40, "driver": "$(id) \"${x}\"", "worker": "105.0.0"}
    packer [validate] [-only=googlecompute.a,*.googlecompute.a] [-var-file=VALUES] [ROOT/image-defs/packer/two.pkr.hcl]
      in ROOT PARENT_IMAGE=[] PROJECT=[$(id)] color=[1]
    { "disk": 40, "worker": "105.0.0"}
    "#);
}

#[test]
fn scripts_and_parents() {
    let case = Case::new();
    case.repo
        .replace(
            "image-defs/packer/two.pkr.hcl",
            "variable \"disk\"",
            "variable \"scripts\" { type = list(string) }\nvariable \"disk\"",
        )
        .append(
            "image-defs/images/packed-a.yml",
            "parent: base\nscripts: [image-defs/scripts/gui/, image-defs/scripts/child.sh]\n",
        );
    let ran = case.run(&["packed-a"]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    insta::assert_snapshot!(case.log(), @r#"
    packer [validate] [-only=googlecompute.a,*.googlecompute.a] [-var-file=VALUES] [ROOT/image-defs/packer/two.pkr.hcl]
      in ROOT PARENT_IMAGE=[not-an-image] PROJECT=[] color=[1]
    { "disk": 40, "worker": "105.0.0", "scripts": [ "image-defs/scripts/gui/10-desktop.sh", "image-defs/scripts/child.sh" ]}
    "#);
}

#[test]
fn every_refused_template_is_named() {
    let case = Case::new();
    let ran = case.ends("validate", "exit 1").run(&["--all"]);
    insta::assert_snapshot!(ran.block().replace(&*case.tools.to_string_lossy(), "TOOLS").lines().filter(|line| !line.contains(".json")).collect::<Vec<_>>().join("\n"), @r"
    exit 1
    --- stdout
    packer says a word
    packer says a word
    --- stderr
    error: `packed-a@google`: Packer refuses its template
    error: `packed-b@google`: Packer refuses its template
    hint: Packer said above what is wrong; if it misses a value that only a builder's machine or a secret has, put something in its place below `validate.environment` of the settings
    ");
}

#[test]
fn plug_ins_are_fetched_or_it_is_said_that_they_are_not() {
    let case = Case::new();
    case.repo.write(
        "image-defs/packer/two.pkr.hcl",
        "packer {\n  required_plugins {\n    googlecompute = { version = \">= 1.0\", source = \"github.com/hashicorp/googlecompute\" }\n  }\n}\n\
         variable \"worker\" { type = string }\nvariable \"disk\" { type = number }\n\
         source \"googlecompute\" \"a\" {}\nbuild { sources = [\"source.googlecompute.a\"] }\n",
    );
    case.repo.remove("image-defs/images/packed-b.yml");
    let ran = case.run(&["packed-a"]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    let first: Vec<String> = case.log().lines().map(str::to_owned).collect();
    assert_eq!(
        first[0],
        "packer [init] [ROOT/image-defs/packer/two.pkr.hcl]"
    );
    assert!(
        first[2].starts_with("packer [validate] [-only="),
        "{first:#?}"
    );

    std::fs::remove_file(case.tools.join("log")).unwrap();
    let ran = case.ends("init", "exit 1").run(&["packed-a"]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    assert!(
        ran.stderr
            .contains("packed-a@google: the plug-ins cannot be had, so only the syntax is checked"),
        "{}",
        ran.stderr
    );
    let syntax = "packer [validate] [-syntax-only] [ROOT/image-defs/packer/two.pkr.hcl]";
    assert!(case.log().contains(syntax), "{}", case.log());

    std::fs::remove_file(case.tools.join("log")).unwrap();
    let ran = case.run(&["packed-a", "--syntax-only"]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    assert!(case.log().starts_with(syntax), "{}", case.log());
}

#[test]
fn what_cannot_be_validated_is_said() {
    let case = Case::new();
    let said = |arguments: &[&str]| {
        let ran = case.run(arguments);
        format!("{} {}", ran.code.unwrap(), ran.stderr.trim())
    };
    insta::assert_snapshot!(said(&["gui"]), @"2 error: `gui@google` has no template to validate: its builder is `task`");
    insta::assert_snapshot!(said(&["packet-a"]), @"
    2 error: there is no image `packet-a`
    hint: did you mean `packed-a`?
    ");
    insta::assert_snapshot!(said(&["packed-a", "--packer", "/nowhere/packer", "-q"]), @"
    3 error: `/nowhere/packer` cannot be run: No such file or directory (os error 2)
    hint: install `/nowhere/packer`, or say where it is
    ");
    let ran = case.ends("validate", "kill -9 $$").run(&["packed-a", "-q"]);
    assert_eq!(ran.code, Some(75), "{}", ran.block());
    assert!(
        ran.stderr.contains("Packer was stopped: signal: 9"),
        "{}",
        ran.stderr
    );
    case.repo
        .append("image-defs/images/packed-a.yml", "nonsense: true\n");
    assert_eq!(case.run(&["packed-a"]).code, Some(1));
}

/// The environment of a task about a revision of the repository.
fn task<'a>(address: &'a str, revision: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("TASKGRAPH_IMAGES_REPOSITORY_PREFIX", "EXAMPLE"),
        ("EXAMPLE_HEAD_REPOSITORY", address),
        ("EXAMPLE_HEAD_REV", revision),
        ("GIT_ALLOW_PROTOCOL", "file"),
    ]
}

#[test]
fn a_task_checks_its_revision_out() {
    let case = Case::new();
    // A commit on no branch, as a fork's is.
    case.repo
        .replace("image-defs/fragments/packer.yml", "disk: 40", "disk: 41");
    let head = case.repo.commit();
    case.repo.git(&["update-ref", "refs/pull/7/head", &head]);
    case.repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    case.repo
        .git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let address = format!("file://{}", case.repo.path.display());
    let folder = case.repo.beside("task");
    std::fs::create_dir(&folder).unwrap();
    for _ in 0..2 {
        let ran = case.run_at(&folder, &["packed-a@google"], &task(&address, &head));
        assert_eq!(ran.code, Some(0), "{}", ran.block());
    }
    let log = case.log();
    assert_eq!(log.matches("\"disk\": 41").count(), 2, "{log}");
    assert!(log.contains("/task/checkout PARENT_IMAGE"), "{log}");

    // Where there is a checkout, it must be the right one.
    let checkout = folder.join("checkout");
    let ran = case.run_at(&checkout, &["packed-a"], &task(&address, &head));
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    let ran = case.run_at(&case.repo.path, &["packed-a"], &task(&address, &head));
    insta::assert_snapshot!(ran.block(), @"
    exit 2
    --- stderr
    error: this is a checkout of [40], and the task is about [40]
    hint: run it in another folder, which it then checks the revision out into
    ");
}

#[test]
fn a_checkout_that_fails() {
    let case = Case::new();
    let folder = case.repo.beside("task");
    std::fs::create_dir(&folder).unwrap();
    let run = |address: &str, revision: &str| {
        case.run_at(&folder, &["packed-a", "-q"], &task(address, revision))
    };
    let address = format!("file://{}", case.repo.path.display());
    let none = "1".repeat(40);
    let ran = run(&address, &none);
    assert_eq!(ran.code, Some(3), "{}", ran.block());
    assert!(ran.stderr.contains("has no commit 1111"), "{}", ran.stderr);
    let ran = run("file:///nowhere", &none);
    assert_eq!(ran.code, Some(75), "{}", ran.block());
    assert!(
        ran.stderr.contains("`file:///nowhere` cannot be fetched"),
        "{}",
        ran.stderr
    );
    let mark = folder.join("mark");
    for hostile in [
        format!("ext::sh -c 'touch {}'", mark.display()),
        format!("--upload-pack=touch {}", mark.display()),
    ] {
        let ran = run(&hostile, &none);
        assert_eq!(ran.code, Some(2), "{}", ran.block());
    }
    let ran = run(&address, "--orphan=x");
    assert_eq!(ran.code, Some(2), "{}", ran.block());
    assert!(!mark.exists());
    // Without a task, there is nothing to check out.
    let ran = case.run_at(&folder, &["packed-a"], &[]);
    assert_eq!(ran.code, Some(3), "{}", ran.block());
    assert!(case.log().is_empty(), "{}", case.log());
}
