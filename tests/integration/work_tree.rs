//! The index and the work tree: what is not committed yet.

use crate::support::{Repo, assert_set};

const CHILD: &[&str] = &["child: build"];

#[test]
fn a_clean_work_tree_affects_nothing() {
    let repo = Repo::new();
    repo.expect_work_tree(&[]);
    assert_set(&repo.affected(&["--base", "HEAD", "--staged"]), &[]);
}

#[test]
fn an_untracked_file() {
    let repo = Repo::new();
    repo.write("image-defs/scripts/gui/20-more.sh", "#!/bin/sh\n");
    repo.write(
        "image-defs/images/added.yml",
        "extends: [task]\nscripts: [image-defs/scripts/child.sh]\n",
    );
    repo.write("image-defs/new/folder/file", "x\n");
    repo.expect_work_tree(&["gui: build", "+added: build", "?image-defs/new/folder/file"]);
    assert_set(&repo.affected(&["--base", "HEAD", "--staged"]), &[]);
}

#[test]
fn an_untracked_file_that_git_ignores() {
    let repo = Repo::new();
    repo.write(".gitignore", "20-*\n").commit();
    repo.write(".git/info/exclude", "30-*\n");
    repo.write("image-defs/scripts/gui/20-more.sh", "#!/bin/sh\n");
    repo.write("image-defs/scripts/gui/30-more.sh", "#!/bin/sh\n");
    repo.expect_work_tree(&[]);
}

#[test]
fn files_that_the_user_ignores_everywhere() {
    let repo = Repo::new();
    repo.write("../home/.config/git/ignore", "*.swp\n*.sh~\n");
    repo.write("image-defs/scripts/gui/.x.swp", "x")
        .write("image-defs/data/x.sh~", "x");
    repo.expect_work_tree(&[]);
}

#[test]
fn an_uncommitted_deletion() {
    let repo = Repo::new();
    repo.write("image-defs/scripts/gui/20-more.sh", "#!/bin/sh\n")
        .commit();
    repo.remove("image-defs/scripts/gui/20-more.sh");
    repo.expect_work_tree(&["gui: build"]);
    assert_set(&repo.affected(&["--base", "HEAD", "--staged"]), &[]);
    repo.git(&["add", "--all"]);
    repo.expect_work_tree(&["gui: build"]);
    assert_set(
        &repo.affected(&["--base", "HEAD", "--staged"]),
        &["gui: build"],
    );
}

#[test]
fn staged_and_not_staged() {
    let repo = Repo::new();
    repo.append("image-defs/scripts/child.sh", "echo staged\n");
    repo.git(&["add", "--all"]);
    repo.append("image-defs/scripts/gui/10-desktop.sh", "echo not staged\n");
    assert_set(&repo.affected(&["--base", "HEAD", "--staged"]), CHILD);
    repo.expect_work_tree(&["child: build", "gui: build"]);
    // Staged, and taken back in the work tree only.
    repo.git(&[
        "restore",
        "--source=HEAD",
        "--worktree",
        "image-defs/scripts/child.sh",
    ]);
    assert_set(&repo.affected(&["--base", "HEAD", "--staged"]), CHILD);
    repo.expect_work_tree(&["gui: build"]);
}

#[test]
fn a_file_that_is_only_promised_to_the_index() {
    let repo = Repo::new();
    repo.write("image-defs/scripts/gui/20-more.sh", "#!/bin/sh\n");
    repo.git(&[
        "add",
        "--intent-to-add",
        "image-defs/scripts/gui/20-more.sh",
    ]);
    repo.expect_work_tree(&["gui: build"]);
    assert_set(&repo.affected(&["--base", "HEAD", "--staged"]), &[]);
}

#[test]
fn the_executable_bit_of_the_work_tree() {
    let repo = Repo::new();
    repo.chmod("image-defs/scripts/child.sh", 0o755);
    repo.expect_work_tree(CHILD);
    // Where git is told that the bit means nothing, it means nothing.
    repo.git(&["config", "core.fileMode", "false"]);
    repo.expect_work_tree(&[]);
    repo.append("image-defs/scripts/child.sh", "echo more\n");
    let modes = repo
        .run(&[
            "affected",
            "--base",
            "HEAD",
            "--worktree",
            "--format",
            "json",
        ])
        .json();
    assert_eq!(modes["images"][0]["reasons"][0]["change"], "modified");
    repo.commit();
    let committed = repo.run(&["digest", "child", "--head", "HEAD"]).stdout;
    assert_eq!(repo.run(&["digest", "child"]).stdout, committed);
}

#[test]
fn a_link_in_the_work_tree() {
    let repo = Repo::new();
    repo.write("shared/child.sh", "#!/bin/sh\necho other\n");
    repo.link("image-defs/scripts/child.sh", "../../shared/child.sh");
    repo.expect_work_tree(CHILD);
}

#[test]
fn a_folder_becomes_a_link_in_the_work_tree() {
    let repo = Repo::new();
    repo.rename("image-defs/scripts/gui", "shared/gui");
    repo.link("image-defs/scripts/gui", "../../shared/gui");
    let before = repo.affected(&["--base", "HEAD", "--worktree"]);
    assert_set(&before, &["gui: build"]);
    let digest = repo.run(&["digest", "gui"]).stdout;
    repo.commit();
    assert_eq!(
        repo.run(&["digest", "gui", "--head", "HEAD"]).stdout,
        digest
    );
}

#[test]
fn a_folder_becomes_a_file_in_the_work_tree() {
    let repo = Repo::new();
    repo.remove("image-defs/data")
        .write("image-defs/data", "one file\n");
    repo.replace(
        "image-defs/images/globbed.yml",
        "image-defs/data/",
        "image-defs/data",
    );
    repo.replace(
        "image-defs/packer/two.pkr.hcl",
        "image-defs/data/",
        "image-defs/data",
    );
    repo.expect_work_tree(&["globbed: build", "packed-a: build", "packed-b: build"]);
}

#[test]
fn line_ends_that_git_would_convert() {
    let repo = Repo::new();
    repo.git(&["config", "core.autocrlf", "true"]);
    repo.write("image-defs/scripts/child.sh", "#!/bin/sh\r\necho child\r\n");
    repo.expect_work_tree(&[]);
}

#[test]
fn a_conflict() {
    let repo = Repo::new();
    repo.git(&["checkout", "--quiet", "-b", "other"]);
    repo.write("image-defs/scripts/child.sh", "#!/bin/sh\necho one\n")
        .commit();
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("image-defs/scripts/child.sh", "#!/bin/sh\necho two\n")
        .commit();
    assert!(
        !repo
            .try_git(&repo.path, &["merge", "other"])
            .status
            .success()
    );
    repo.expect_work_tree(CHILD);
    insta::assert_snapshot!(repo.run(&["affected", "--base", "HEAD", "--staged"]).block(), @"
    exit 3
    --- stderr
    error: `image-defs/scripts/child.sh` has an unresolved merge conflict in the index
    hint: resolve it and stage the file
    ");
}

#[test]
fn a_repository_inside_the_work_tree() {
    let repo = Repo::new();
    let inner = repo.path.join("image-defs/data/inner");
    std::fs::create_dir(&inner).unwrap();
    repo.git_at(&inner, &["init", "--quiet"]);
    std::fs::write(inner.join("file"), "x\n").unwrap();
    // Without a commit there is nothing that git could add.
    repo.expect_work_tree(&[]);
    repo.git_at(&inner, &["add", "--all"]);
    repo.git_at(&inner, &["commit", "--quiet", "--message", "x"]);
    repo.expect_work_tree(&["globbed: build", "packed-a: build", "packed-b: build"]);
}

#[test]
fn a_pipe_in_the_work_tree() {
    let repo = Repo::new();
    let status = std::process::Command::new("mkfifo")
        .arg(repo.path.join("image-defs/data/pipe"))
        .status()
        .unwrap();
    assert!(status.success());
    repo.expect_work_tree(&[]);
}

#[test]
fn a_folder_inside_the_repository() {
    let repo = Repo::new();
    repo.append("image-defs/scripts/child.sh", "echo more\n");
    let inside = repo.path.join("image-defs/scripts");
    assert_set(&repo.affected_at(&inside, &["--base", "HEAD"], &[]), CHILD);
    let path = repo.path.to_string_lossy().into_owned();
    assert_set(
        &repo.affected_at(&repo.beside("home"), &["-C", &path, "--base", "HEAD"], &[]),
        CHILD,
    );
}

#[test]
fn no_repository() {
    let repo = Repo::new();
    insta::assert_snapshot!(repo.run_at(&repo.beside("home"), &["affected"], &[]).block(), @r#"
    exit 3
    --- stderr
    error: no git repository at `.`: Could not find a git repository in "." or in any of its parents
    hint: run it inside a clone, or name one with `--root`
    "#);
}
