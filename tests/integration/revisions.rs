//! Which two states are compared: names of revisions, merge bases, events, histories.

use crate::support::{Repo, assert_set};

const CHILD: &[&str] = &["child: build"];

/// A fleet with a branch `feature` that changes `child`, and a `main` that has moved on.
fn forked() -> Repo {
    let repo = Repo::new();
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.append("image-defs/scripts/child.sh", "echo more\n")
        .commit();
    repo.git(&["checkout", "--quiet", "main"]);
    repo.append("image-defs/scripts/gui/10-desktop.sh", "echo more\n")
        .commit();
    repo
}

#[test]
fn the_target_branch_moved_on() {
    let repo = forked();
    assert_set(&repo.affected(&["--head", "feature"]), CHILD);
    assert_set(
        &repo.affected(&["--head", "feature", "--target-branch", "main"]),
        CHILD,
    );
    repo.git(&["checkout", "--quiet", "feature"]);
    assert_set(&repo.affected(&[]), CHILD);
    repo.append("image-defs/checks/boot.sh", "echo more\n");
    assert_set(
        &repo.affected(&[]),
        &["child: build", "base: verify publish"],
    );
    assert_set(&repo.affected(&["--staged"]), CHILD);
}

#[test]
fn a_range_is_taken_as_it_is() {
    let repo = forked();
    repo.expect_range("main", "feature", &["child: build", "gui: build"]);
}

#[test]
fn a_merge_is_pushed() {
    let repo = forked();
    repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", "feature"]);
    // Compared with its first parent, a merge is what it brought to the branch.
    assert_set(
        &repo.affected(&["--event", "push", "--head", "HEAD"]),
        CHILD,
    );
    repo.expect_range("start", "HEAD", &["child: build", "gui: build"]);
}

#[test]
fn an_edit_inside_a_merge_commit() {
    let repo = forked();
    repo.git(&["merge", "--quiet", "--no-ff", "--no-commit", "feature"]);
    repo.append("image-defs/checks/boot.sh", "echo evil\n")
        .commit();
    assert_set(
        &repo.affected(&["--event", "push", "--head", "HEAD"]),
        &["child: build", "base: verify publish"],
    );
}

#[test]
fn a_push_is_compared_with_the_tip_before_it() {
    let repo = forked();
    let before = repo.git(&["rev-parse", "main~1"]);
    assert_set(
        &repo.affected(&["--event", "push", "--base", &before, "--head", "main"]),
        &["gui: build"],
    );
}

#[test]
fn a_new_branch_is_compared_with_nothing() {
    let repo = forked();
    let zeros = "0".repeat(40);
    let all = repo.affected(&["--event", "push", "--base", &zeros, "--head", "feature"]);
    assert_eq!(all.len(), 7, "{all:?}");
    assert!(all.iter().all(|line| line.starts_with('+')), "{all:?}");
    // A branch may be named `0`.
    repo.git(&["branch", "0", "main"]);
    repo.expect_range("0", "feature", &["child: build", "gui: build"]);
}

#[test]
fn a_first_commit_is_compared_with_nothing() {
    let repo = Repo::new();
    let all = repo.affected(&["--event", "push", "--head", "start"]);
    assert_eq!(all.len(), 7, "{all:?}");
}

#[test]
fn a_repository_without_a_commit() {
    let repo = Repo::empty(&[]);
    insta::assert_snapshot!(repo.run(&["affected"]).block(), @"
    exit 1
    --- stderr
    error[no-config]: `image-defs/config.yml` does not exist
     |
     = hint: `taskgraph-images init` writes a starting tree

    error: the definitions have 1 error
    ");
    for (path, text) in crate::support::FLEET.iter().chain(&crate::support::MORE) {
        repo.write(path, text);
    }
    assert_eq!(repo.affected(&[]).len(), 7);
    assert_eq!(repo.affected(&["--event", "push"]).len(), 7);
}

#[test]
fn revisions_by_any_name() {
    let repo = Repo::new();
    let first = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["tag", "--annotate", "--message", "release", "v1"]);
    repo.git(&[
        "tag",
        "--annotate",
        "--message",
        "tag of a tag",
        "v1-again",
        "v1",
    ]);
    repo.git(&["branch", "stable"]);
    repo.git(&["checkout", "--quiet", "-b", "work"]);
    repo.git(&["branch", "--quiet", "--set-upstream-to", "stable"]);
    repo.append("image-defs/scripts/child.sh", "echo more\n")
        .commit();
    for name in [
        "v1",
        "v1-again",
        "v1^{commit}",
        "refs/tags/v1",
        "stable",
        "refs/heads/stable",
        "HEAD~1",
        "HEAD^",
        "work~1",
        "@{u}",
        "@~",
        "HEAD@{1}",
        &first,
        &first[..8],
    ] {
        let ran = repo.run(&[
            "affected", "--base", name, "--head", "HEAD", "--format", "labels",
        ]);
        assert_eq!(
            ran.stdout,
            "build-child-google\n",
            "{name}: {}",
            ran.block()
        );
    }
}

#[test]
fn names_that_are_none() {
    let repo = Repo::new();
    let mut text = String::new();
    for name in [
        "gone",
        "",
        "--output=x",
        "-x",
        "start..HEAD",
        "HEAD:image-defs",
        "HEAD:README.md",
        "HEAD^{tree}",
        "HEAD~9",
        "a b",
        "^HEAD",
        "1111111111111111111111111111111111111111",
        "../../etc/passwd",
        "HEAD\nHEAD",
        "@{-1}",
        "HEAD@{9}",
    ] {
        let ran = repo.run(&["affected", &format!("--base={name}"), "--head", "HEAD"]);
        assert_eq!(ran.code, Some(3), "{name}: {}", ran.block());
        assert_eq!(ran.stdout, "");
        text += ran.stderr.lines().next().unwrap_or_default();
        text.push('\n');
    }
    insta::assert_snapshot!(text, @"
    error: `gone` names no commit in this clone
    error: `` names no commit in this clone
    error: `--output=x` names no commit in this clone
    error: `-x` names no commit in this clone
    error: `start..HEAD` names no commit in this clone
    error: `HEAD:image-defs` names no commit in this clone
    error: `HEAD:README.md` names no commit in this clone
    error: `HEAD^{tree}` names no commit in this clone
    error: `HEAD~9` names no commit in this clone
    error: `a b` names no commit in this clone
    error: `^HEAD` names no commit in this clone
    error: `1111111111111111111111111111111111111111` names no commit in this clone
    error: `../../etc/passwd` names no commit in this clone
    error: `HEAD
    error: `@{-1}` names no commit in this clone
    error: `HEAD@{9}` names no commit in this clone
    ");
    assert!(!repo.path.join("x").exists());
    insta::assert_snapshot!(repo.run(&["affected", "--base", "-x", "--head", "HEAD"]).block(), @"
    exit 2
    --- stderr
    error: unexpected argument '-x' found

    Usage: taskgraph-images affected [OPTIONS]

    For more information, try '--help'.
    ");
}

#[test]
fn a_forced_push_took_the_base_away() {
    let repo = Repo::new();
    let ran = repo.run(&[
        "affected",
        "--event",
        "push",
        "--base",
        &"a".repeat(40),
        "--head",
        "HEAD",
    ]);
    insta::assert_snapshot!(ran.block(), @"
    exit 3
    --- stderr
    error: `[40]` names no commit in this clone
    hint: fetch it, or compare with another `--base` (a force push removes the old tip: compare with the branch it came from); `--all` and `digest` need no base
    ");
}

#[test]
fn unrelated_histories() {
    let repo = Repo::new();
    repo.git(&["checkout", "--quiet", "--orphan", "other"]);
    repo.append("image-defs/scripts/child.sh", "echo more\n")
        .commit();
    insta::assert_snapshot!(repo.run(&["affected", "--head", "other", "--target-branch", "main"]).block(), @"
    exit 3
    --- stderr
    error: `main` and `other` have no common ancestor in this clone
    hint: name the revision to compare with by `--base`, or take every image with `--all`
    ");
    // Two trees can always be compared, if that is what is asked.
    repo.expect_range("main", "other", CHILD);
    let all = repo.affected(&["--all", "--head", "other"]);
    assert_eq!(all.len(), 7, "{all:?}");
    assert_eq!(repo.run(&["digest", "child"]).code, Some(0));
}

#[test]
fn no_branch_to_compare_with() {
    let repo = Repo::new();
    repo.git(&["checkout", "--quiet", "--detach"]);
    repo.git(&["branch", "--quiet", "-D", "main"]);
    insta::assert_snapshot!(repo.run(&["affected"]).block(), @"
    exit 2
    --- stderr
    error: cannot tell which branch this is for
    hint: name it with `--target-branch`, or the revision with `--base`
    ");
}

#[test]
fn the_head_adds_an_image_that_the_work_tree_does_not_have() {
    let repo = Repo::new();
    repo.write(
        "image-defs/images/added.yml",
        "extends: [task]\nscripts: [image-defs/scripts/new.sh]\n",
    );
    repo.write("image-defs/scripts/new.sh", "#!/bin/sh\n")
        .commit();
    repo.git(&["tag", "added"]);
    repo.git(&["checkout", "--quiet", "start"]);
    repo.expect_range("start", "added", &["+added: build"]);
    repo.expect_range("added", "start", &["-added"]);
}

#[test]
fn the_head_deletes_a_script_that_the_work_tree_has() {
    let repo = Repo::new();
    repo.write("image-defs/scripts/gui/20-more.sh", "#!/bin/sh\n")
        .commit();
    repo.git(&["tag", "more"]);
    repo.git(&["rm", "--quiet", "image-defs/scripts/gui/20-more.sh"]);
    repo.commit();
    repo.git(&["tag", "less"]);
    repo.git(&["checkout", "--quiet", "more"]);
    repo.expect_range("more", "less", &["gui: build"]);
}

#[test]
fn dirt_of_the_work_tree_does_not_matter_to_a_range() {
    let repo = forked();
    repo.remove("image-defs/config.yml")
        .write("image-defs/images/broken.yml", "nonsense: [\n");
    repo.git(&["add", "--all"]);
    repo.expect_range("start", "feature", CHILD);
}

#[test]
fn the_base_is_at_fault() {
    let repo = Repo::new();
    repo.replace("image-defs/images/gui.yml", "extends", "extend")
        .commit();
    repo.git(&["tag", "broken"]);
    repo.replace("image-defs/images/gui.yml", "extend", "extends")
        .commit();
    repo.expect_range("broken", "HEAD", &["gui: build"]);
    insta::assert_snapshot!(repo.run(&["affected", "--base", "broken", "--head", "HEAD"]).block(), @"
    exit 0
    --- stdout
    gui@google: build
      the base's definition is at fault
    --- stderr
    [12] compared with [12] (`broken`)
    ");
}

#[test]
fn an_input_of_the_base_is_at_fault() {
    let repo = Repo::new();
    repo.append("image-defs/scripts/child.sh", ". ./gone.sh\n")
        .commit();
    repo.git(&["tag", "broken"]);
    repo.append(
        "image-defs/images/child.yml",
        "waivers: [{in: image-defs/scripts/child.sh, reason: made at boot}]\n",
    );
    repo.commit();
    repo.expect_range("broken", "HEAD", CHILD);
}

#[test]
fn the_settings_of_the_base_are_at_fault() {
    let repo = Repo::new();
    repo.append("image-defs/config.yml", "nonsense: 1\n")
        .commit();
    repo.git(&["tag", "broken"]);
    repo.git(&["revert", "--no-edit", "HEAD"]);
    let found = repo.affected(&["--base", "broken", "--head", "HEAD"]);
    assert_eq!(found.len(), 7, "{found:?}");
}

#[test]
fn the_base_has_no_definitions() {
    let repo = Repo::empty(&[]);
    repo.write("README.md", "x\n").commit();
    repo.git(&["tag", "empty"]);
    repo.write("image-defs/config.yml", crate::support::FLEET[1].1);
    repo.write("image-defs/images/one.yml", "cloud: google\nos: linux\nbuilder: {task: {}}\nbuild: {worker: builder}\nscripts: [one.sh]\n");
    repo.write("one.sh", "#!/bin/sh\n").commit();
    repo.expect_range("empty", "HEAD", &["+one: build"]);
}

#[test]
fn scripts_of_the_base_read_one_another() {
    let repo = Repo::new();
    repo.append(
        "image-defs/scripts/lib/util.sh",
        ". image-defs/scripts/common.sh\n",
    )
    .commit();
    repo.git(&["tag", "broken"]);
    repo.git(&["revert", "--no-edit", "HEAD"]);
    let found = repo.affected(&["--base", "broken", "--head", "HEAD"]);
    assert!(
        found.contains(&"base: build verify publish".to_owned()),
        "{found:?}"
    );
}

#[test]
fn every_image() {
    let repo = forked();
    let all = repo.affected(&["--all"]);
    assert_eq!(all.len(), 7);
    assert_eq!(repo.affected(&["--event", "cron"]), all);
}

#[test]
fn digests_depend_on_content_only() {
    let (one, two) = (Repo::new(), Repo::with(&["--initial-branch=trunk"]));
    two.append("README.md", "more\n").commit();
    let digests = |repo: &Repo, arguments: &[&str]| {
        let mut all = vec!["images", "--format", "json"];
        all.extend(arguments);
        repo.run(&all).stdout
    };
    assert_eq!(digests(&one, &[]), digests(&two, &[]));
    assert_eq!(digests(&one, &["--head", "start"]), digests(&two, &[]));
    assert_eq!(digests(&one, &[]), digests(&one, &[]));
}
