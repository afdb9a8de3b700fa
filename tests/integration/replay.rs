//! Histories, commit by commit: `replay` must answer for each what `affected` answers for the two states.

use std::collections::HashMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::Value;
use taskgraph_images::affected::Affected;
use taskgraph_images::comparison::{Base, Comparison, ComparisonError, Head, Snapshot};
use taskgraph_images::definitions::Layout;
use taskgraph_images::graph::Contents;
use taskgraph_images::replay::{Entry, Outcome, Replay, Walk};
use taskgraph_images::tree::{Lines, Mode, Repository, changed_paths};

use crate::properties::{Edit, Model, config, edits};
use crate::support::Repo;

fn commit(repo: &Repo, message: &str) -> String {
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    repo.git(&["rev-parse", "HEAD"])
}

/// A history in which everything happens once.
fn story() -> Repo {
    let repo = Repo::new();
    repo.append("image-defs/scripts/lib/util.sh", "echo more\n");
    commit(&repo, "A library of scripts changes");
    repo.append("README.md", "More.\n");
    commit(&repo, "Nothing that an image is made of");
    repo.write("image-defs/scripts/nobody.sh", "#!/bin/sh\n");
    commit(&repo, "A file that no image claims");
    repo.replace("image-defs/images/child.yml", "[task]", "[tasks]")
        .append("image-defs/scripts/gui/10-desktop.sh", "echo more\n");
    commit(&repo, "A definition breaks, and another image changes");
    repo.append("README.md", "Still broken.\n");
    commit(&repo, "Still broken");
    repo.replace("image-defs/images/child.yml", "[tasks]", "[task]");
    commit(&repo, "The definition is mended");
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.append("image-defs/scripts/child.sh", "echo topic\n");
    commit(&repo, "A branch changes the child");
    repo.append("image-defs/checks/boot.sh", "echo topic\n");
    commit(&repo, "A branch changes a check");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write(
        "image-defs/images/added.yml",
        "extends: [task]\nscripts: [image-defs/scripts/nobody.sh]\n",
    );
    commit(&repo, "An image is added");
    repo.git(&[
        "merge",
        "--quiet",
        "--no-ff",
        "--message",
        "Merge the branch",
        "topic",
    ]);
    repo.remove("image-defs/images/added.yml");
    commit(&repo, "The image is removed");
    repo.git(&["revert", "--no-edit", "HEAD"]);
    repo
}

#[test]
fn a_table() {
    insta::assert_snapshot!(story().run(&["replay"]).block(), @r#"
    exit 0
    --- stdout
    [12]  2026-01-02  change
      base@google      new: build, verify, publish
      boxed@container  new: build
      child@google     new: build
      globbed@google   new: build
      gui@google       new: build
      packed-a@google  new: build
      packed-b@google  new: build
    [12]  2026-01-02  A library of scripts changes
      base@google   build, verify, publish
      child@google  build
    [12]  2026-01-02  Nothing that an image is made of
    [12]  2026-01-02  A file that no image claims
      unclaimed: image-defs/scripts/nobody.sh
    [12]  2026-01-02  A definition breaks, and another image changes
      at fault: 1 error: there is no fragment `tasks` (image-defs/images/child.yml:1)
    [12]  2026-01-02  Still broken
      at fault: 1 error: there is no fragment `tasks` (image-defs/images/child.yml:1)
    [12]  2026-01-02  The definition is mended
      compared with [12], the last sound commit before it
      gui@google  build
    [12]  2026-01-02  An image is added
      added@google  new: build
    [12]  2026-01-02  Merge the branch
      merge of [12]: what it brought
      base@google   verify, publish
      child@google  build
    [12]  2026-01-02  The image is removed
      added@google  removed
    [12]  2026-01-02  Revert "The image is removed"
      added@google  new: build
    --- stderr
    11 commits: 7 affected an image, 2 at fault (what they changed is told with the next sound one)
    "#);
}

#[test]
fn merged_branches_by_themselves() {
    let ran = story().run(&["replay", "--merged", "--limit", "6"]);
    insta::assert_snapshot!(ran.block(), @r#"
    exit 0
    --- stdout
    [12]  2026-01-02  An image is added
      added@google  new: build
    [12]  2026-01-02  A branch changes the child
      child@google  build
    [12]  2026-01-02  A branch changes a check
      base@google  verify, publish
    [12]  2026-01-02  Merge the branch
      merge of [12]: what it brought
      base@google   verify, publish
      child@google  build
    [12]  2026-01-02  The image is removed
      added@google  removed
    [12]  2026-01-02  Revert "The image is removed"
      added@google  new: build
    --- stderr
    6 commits: 6 affected an image
    "#);
}

#[test]
fn one_image() {
    let repo = story();
    insta::assert_snapshot!(repo.run(&["replay", "--image", "child"]).block(), @"
    exit 0
    --- stdout
    [12]  2026-01-02  change
      child@google  new: build
    [12]  2026-01-02  A library of scripts changes
      child@google  build
    [12]  2026-01-02  Merge the branch
      merge of [12]: what it brought
      child@google  build
    --- stderr
    11 commits: 3 affected `child`, 2 at fault (what they changed is told with the next sound one)
    ");
    let ran = repo.run(&[
        "replay",
        "--image",
        "child@google",
        "--since",
        "HEAD~3",
        "--format",
        "json",
    ]);
    let subjects: Vec<_> = commits(&ran.json())
        .map(|commit| commit["subject"].clone())
        .collect();
    assert_eq!(subjects, ["Merge the branch"]);
    insta::assert_snapshot!(repo.run(&["replay", "--image", "childs"]).block(), @"
    exit 2
    --- stderr
    error: no commit of this range knows an image `childs`
    hint: `taskgraph-images images` lists the images
    ");
    // It is known to the last commit, though nothing changed it.
    assert_eq!(
        repo.run(&["replay", "--image", "packed-a", "--limit", "1"])
            .code,
        Some(0)
    );
}

#[test]
fn json_names_every_fault() {
    let repo = story();
    let ran = repo.run(&[
        "replay", "--head", "main~4", "--since", "main~6", "--format", "json",
    ]);
    insta::assert_snapshot!(ran.block(), @r#"
    exit 0
    --- stdout
    {"version": 1, "commits": [
    {"commit":"[40]","parents":["[40]"],"time":"2026-01-02T03:04:05.000Z","subject":"Still broken","outcome":"at-fault","base":null,"images":[],"unclaimed":[],"faults":[{"severity":"error","code":"unknown-fragment","message":"there is no fragment `tasks`","at":"image-defs/images/child.yml:1","hint":"did you mean `task`?"}]},
    {"commit":"[40]","parents":["[40]"],"time":"2026-01-02T03:04:05.000Z","subject":"The definition is mended","outcome":"compared","base":"[40]","images":[{"name":"gui","cloud":"google","change":"changed","tasks":["build"],"reasons":[{"kind":"input","path":"image-defs/scripts/gui/10-desktop.sh","change":"modified","via":[{"from":"build-gui-google","how":"script","to":"image-defs/scripts/gui/10-desktop.sh","at":"image-defs/images/gui.yml:2"}]}]}],"unclaimed":[],"faults":[]}
    ]}
    --- stderr
    2 commits: 1 affected an image, 1 at fault (what they changed is told with the next sound one)
    "#);
}

#[test]
fn ranges() {
    let repo = story();
    let subjects = |arguments: &[&str]| -> Vec<String> {
        let mut all = vec!["replay", "--format", "json"];
        all.extend(arguments);
        let document = repo.run(&all).json();
        commits(&document)
            .map(|commit| commit["subject"].as_str().unwrap().to_owned())
            .collect()
    };
    // The branch left `main` at the commit that mended the definition.
    let on_main = [
        "An image is added",
        "Merge the branch",
        "The image is removed",
    ];
    assert_eq!(
        subjects(&["--since", "topic~2", "--head", "HEAD~1"]),
        on_main
    );
    // `main` does not go through the branch's commits, but the merge brought them.
    assert_eq!(subjects(&["--since", "topic", "--head", "HEAD~1"]), on_main);
    assert_eq!(
        subjects(&["--since", "topic", "--head", "HEAD~1", "--merged"]),
        on_main
    );
    assert_eq!(
        subjects(&["--since", "HEAD~4", "--head", "HEAD~1", "--merged"]),
        [
            "An image is added",
            "A branch changes the child",
            "A branch changes a check",
            "Merge the branch",
            "The image is removed"
        ]
    );
    assert_eq!(
        subjects(&["--limit", "2", "--head", "HEAD~1"]),
        on_main[1..]
    );
    assert_eq!(subjects(&["--since", "HEAD"]), [] as [&str; 0]);
    assert_eq!(subjects(&["--limit", "0"]), [] as [&str; 0]);
    assert_eq!(subjects(&["--since", "HEAD~1", "--limit", "9"]).len(), 1);
    insta::assert_snapshot!(repo.run(&["replay", "--since", "nowhere"]).block(), @"
    exit 3
    --- stderr
    error: `nowhere` names no commit in this clone
    hint: fetch it, or compare with another `--base` (a force push removes the old tip: compare with the branch it came from); `--all` and `digest` need no base
    ");
}

#[test]
fn every_commit_is_what_affected_says() {
    let repo = story();
    let document = repo.run(&["replay", "--merged", "--format", "json"]).json();
    let mut compared = 0;
    for commit in commits(&document) {
        let head = commit["commit"].as_str().unwrap();
        let base = commit["base"].as_str();
        let base = if base == Some("nothing") {
            "0000000000000000000000000000000000000000"
        } else {
            base.unwrap_or("HEAD")
        };
        let ran = repo.run(&[
            "affected", "--base", base, "--head", head, "--format", "json",
        ]);
        if commit["outcome"] == "at-fault" {
            assert_eq!(ran.code, Some(1), "{}", ran.block());
            assert!(!commit["faults"].as_array().unwrap().is_empty());
            continue;
        }
        let said = ran.json();
        assert_eq!(said["images"], commit["images"], "{commit:#}");
        assert_eq!(said["unclaimed"], commit["unclaimed"], "{commit:#}");
        compared += 1;
    }
    assert_eq!(compared, 11);
}

#[test]
fn a_shallow_clone() {
    let repo = story();
    let at = repo.beside("clone");
    let url = format!("file://{}", repo.path.display());
    repo.git(&[
        "clone",
        "--quiet",
        "--depth",
        "2",
        &url,
        &at.to_string_lossy(),
    ]);
    insta::assert_snapshot!(repo.run_at(&at, &["replay"], &[]).block(), @r#"
    exit 0
    --- stdout
    [12]  2026-01-02  The image is removed
      not compared: this clone does not hold what was before
    [12]  2026-01-02  Revert "The image is removed"
      added@google  new: build
    --- stderr
    2 commits: 1 affected an image, 1 not compared: history is cut off before (`git fetch --unshallow` brings the rest)
    "#);
}

#[test]
fn a_history_that_was_never_sound() {
    let repo = Repo::empty(&[]);
    repo.write("README.md", "Nothing yet.\n");
    commit(&repo, "Nothing yet");
    insta::assert_snapshot!(repo.run(&["replay"]).block(), @"
    exit 0
    --- stdout
    [12]  2026-01-02  Nothing yet
      at fault: 1 error: `image-defs/config.yml` does not exist
    --- stderr
    1 commit: 0 affected an image, 1 at fault (what they changed is told with the next sound one)
    ");
    let empty = Repo::empty(&[]);
    insta::assert_snapshot!(empty.run(&["replay"]).block(), @"
    exit 3
    --- stderr
    error: `HEAD` names no commit in this clone
    hint: fetch it, or compare with another `--base` (a force push removes the old tip: compare with the branch it came from); `--all` and `digest` need no base
    ");
}

fn commits(document: &Value) -> impl Iterator<Item = &Value> {
    document["commits"].as_array().unwrap().iter()
}

/// A commit of a generated history: which earlier ones it is made from, and what it changes of the first.
type Step = (prop::sample::Index, Option<prop::sample::Index>, Vec<Edit>);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        any::<prop::sample::Index>(),
        proptest::option::weighted(0.2, any::<prop::sample::Index>()),
        edits(),
    );
    proptest::collection::vec(step, 1..8)
}

/// Makes the steps' commits; their ids.
fn import(repo: &Repo, steps: &[Step]) -> Vec<String> {
    let mut models = vec![Model::fleet()];
    let mut parents: Vec<Vec<usize>> = vec![Vec::new()];
    for (from, merged, edits) in steps {
        // Mostly a line, sometimes a branch.
        let from = models.len() - 1 - from.index(models.len()).min(from.index(4));
        let merged = merged.map(|merged| merged.index(models.len()));
        let merged = merged.filter(|merged| *merged != from);
        parents.push([from].into_iter().chain(merged).collect());
        models.push(models[from].with(edits));
    }
    let commits: Vec<_> = parents.into_iter().zip(&models).collect();
    write(repo, &commits)
}

/// Writes commits into a repository, each with the places of its parents among them; their ids.
fn write(repo: &Repo, commits: &[(Vec<usize>, &Model)]) -> Vec<String> {
    let mut stream = Vec::new();
    for (mark, (parents, model)) in commits.iter().enumerate() {
        let mark = mark + 1;
        let mut head = format!(
            "commit refs/heads/c{mark}\nmark :{mark}\ncommitter A <a@example.org> 1700000000 +0000\ndata 1\nc\n"
        );
        for (at, parent) in parents.iter().enumerate() {
            let word = if at == 0 { "from" } else { "merge" };
            let _ = writeln!(head, "{word} :{}", parent + 1);
        }
        stream.extend(head.into_bytes());
        stream.extend(b"deleteall\n");
        for (path, (mode, content)) in &model.0 {
            let mode = match mode {
                Mode::Executable => "100755",
                Mode::Link => "120000",
                Mode::Submodule => {
                    stream.extend(format!("M 160000 {} {path}\n", "1".repeat(40)).into_bytes());
                    continue;
                }
                _ => "100644",
            };
            stream.extend(format!("M {mode} inline {path}\ndata {}\n", content.len()).into_bytes());
            stream.extend(content);
            stream.push(b'\n');
        }
    }
    repo.write(".git/stream", &stream);
    repo.git_from(
        ".git/stream",
        &["fast-import", "--quiet", "--export-marks=.git/marks"],
    );
    let marks = std::fs::read_to_string(repo.path.join(".git/marks")).unwrap();
    let marks: HashMap<usize, String> = marks
        .lines()
        .map(|line| {
            let (mark, id) = line.split_once(' ').unwrap();
            (mark[1..].parse().unwrap(), id.to_owned())
        })
        .collect();
    (1..=commits.len())
        .map(|mark| marks[&mark].clone())
        .collect()
}

/// What is true of a commit: both states read anew, and compared by whole graphs. `affected` must say the same.
fn expected(repository: &Repository, id: &str) -> String {
    let layout = Layout::default();
    let load = |id: &str| {
        let tree = repository.tree(&repository.revision(id).unwrap()).unwrap();
        Snapshot::load(&tree, &layout, &Contents::default())
    };
    let head = match load(id) {
        Ok(head) if head.fleet.is_sound() => head,
        Ok(head) => return format!("{:#?}", head.fleet.findings),
        Err(ComparisonError::Definitions(faults, _)) => return format!("{faults:#?}"),
        Err(ComparisonError::Payload(_)) => return "payload".to_owned(),
        Err(error) => panic!("{error}"),
    };
    let mut at = repository.commit(id).unwrap();
    let (base, tree) = loop {
        let Some(parent) = at.parents.first() else {
            let tree = repository.empty_tree();
            break (Base::Nothing, tree);
        };
        if load(parent).is_ok_and(|parent| parent.fleet.is_sound()) {
            let tree = repository
                .tree(&repository.revision(parent).unwrap())
                .unwrap();
            break (Base::Revision(parent.clone()), tree);
        }
        at = repository.commit(parent).unwrap();
    };
    let before = Snapshot::load(&tree, &layout, &Contents::default()).unwrap();
    let changes = changed_paths(&tree, &head.fleet.tree).unwrap();
    let affected = Affected::compare(before.side(), head.side(), &changes);
    let compared = Comparison::new(repository, &layout, &base, &Head::Revision(id.to_owned()));
    assert_eq!(compared.unwrap().affected, affected);
    format!("{} {affected:#?}", tree.name())
}

fn said(entry: &Entry) -> String {
    match &entry.outcome {
        Outcome::Compared(compared) => format!("{} {:#?}", compared.base, compared.affected),
        Outcome::AtFault(faults, _) if faults.iter().any(|fault| fault.code == "payload") => {
            "payload".to_owned()
        }
        Outcome::AtFault(faults, _) => format!("{faults:#?}"),
        Outcome::CutOff => "cut off".to_owned(),
    }
}

/// A history of several stretches, which are walked at once.
#[test]
fn a_long_walk_is_told_in_order() {
    let paths = [
        "README.md",
        "image-defs/scripts/child.sh",
        "image-defs/images/gui.yml",
        "image-defs/scripts/lib/util.sh",
    ];
    let breaks = Edit::Write("image-defs/images/child.yml", "extends: [nothing]\n");
    let mends = Edit::Write("image-defs/images/child.yml", "extends: [task]\n");
    let repo = Repo::empty(&[]);
    let mut model = Model::fleet();
    let mut models = vec![model.clone()];
    for at in 0..150 {
        let edit = match at {
            // Faulty where the second stretch begins.
            60 => breaks.clone(),
            70 => mends.clone(),
            _ => Edit::Append(paths[at % paths.len()]),
        };
        model = model.with(&[edit]);
        models.push(model.clone());
    }
    let line: Vec<_> = (0..models.len())
        .map(|at| (at.checked_sub(1).into_iter().collect(), &models[at]))
        .collect();
    let ids = write(&repo, &line);
    let repository = Repository::open(&repo.path).unwrap();
    let layout = Layout::default();
    let head = repository.revision(ids.last().unwrap()).unwrap();
    let commits = repository
        .history(None, &head, Lines::FirstParent, None)
        .unwrap();
    assert_eq!(commits.len(), 151);
    let mut replay = Replay::new(&repository, &layout);
    let one_by_one: Vec<String> = commits
        .iter()
        .map(|commit| said(&replay.entry(commit.clone()).unwrap()))
        .collect();
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(3)
        .build()
        .unwrap();
    let at_once = threads.install(|| {
        let mut walk = Walk::new(&repository, &layout, commits.clone());
        let mut told = Vec::new();
        loop {
            let batch = walk.batch().unwrap();
            if batch.is_empty() {
                return told;
            }
            told.extend(
                batch
                    .iter()
                    .map(|entry| (entry.commit.clone(), said(entry))),
            );
        }
    });
    let expected: Vec<_> = commits.into_iter().zip(one_by_one).collect();
    assert_eq!(at_once, expected);
    let at_fault = at_once
        .iter()
        .filter(|(_, said)| said.contains("unknown-fragment"));
    assert_eq!(at_fault.count(), 10);
}

proptest! {
    #![proptest_config(config(40))]

    /// The walk says of every commit what comparing it by itself says, in whichever order it meets them.
    #[test]
    fn a_walk_is_many_comparisons(steps in steps()) {
        let repo = Repo::empty(&[]);
        let ids = import(&repo, &steps);
        let repository = Repository::open(&repo.path).unwrap();
        let layout = Layout::default();
        let expected: Vec<String> = ids.iter().map(|id| expected(&repository, id)).collect();
        let mut forwards = Replay::new(&repository, &layout);
        for (id, expected) in ids.iter().zip(&expected) {
            let said = said(&forwards.entry(repository.commit(id).unwrap()).unwrap());
            prop_assert_eq!(&said, expected);
        }
        let mut backwards = Replay::new(&repository, &layout);
        for (id, expected) in ids.iter().zip(&expected).rev() {
            let said = said(&backwards.entry(repository.commit(id).unwrap()).unwrap());
            prop_assert_eq!(&said, expected);
        }
    }
}
