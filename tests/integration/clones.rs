//! Clones that hold less than everything, or hold it elsewhere: bare, shallow, sparse, partial, packed.

use std::path::PathBuf;

use crate::support::{Repo, assert_set};

const CHILD: &[&str] = &["child: build"];

/// The fleet with a second commit that changes `child`, tagged `more`.
fn two_commits(arguments: &[&str]) -> Repo {
    let repo = Repo::with(arguments);
    repo.append("image-defs/scripts/child.sh", "echo more\n")
        .commit();
    repo.git(&["tag", "more"]);
    repo
}

fn clone(repo: &Repo, arguments: &[&str]) -> PathBuf {
    let at = repo.beside("clone");
    let url = format!("file://{}", repo.path.display());
    let mut all = vec!["clone", "--quiet"];
    all.extend(arguments);
    let at_text = at.to_string_lossy().into_owned();
    all.extend([url.as_str(), &at_text]);
    repo.git(&all);
    at
}

#[test]
fn a_bare_clone() {
    let repo = two_commits(&[]);
    let bare = clone(&repo, &["--bare"]);
    assert_set(&repo.affected_at(&bare, &["--base", "start"], &[]), CHILD);
    assert_eq!(repo.run_at(&bare, &["check"], &[]).code, Some(0));
    insta::assert_snapshot!(repo.run_at(&bare, &["affected", "--base", "start", "--worktree"], &[]).block(), @"
    exit 3
    --- stderr
    error: a bare repository has no work tree
    hint: name a revision with `--head`
    ");
    insta::assert_snapshot!(repo.run_at(&bare, &["affected", "--base", "start", "--staged"], &[]).block(), @"
    exit 3
    --- stderr
    error: a bare repository has no index
    hint: name a revision with `--head`
    ");
}

#[test]
fn a_clone_of_a_remote() {
    let repo = two_commits(&[]);
    let at = clone(&repo, &[]);
    repo.git_at(&at, &["checkout", "--quiet", "-b", "topic", "start"]);
    std::fs::write(
        at.join("image-defs/scripts/child.sh"),
        "#!/bin/sh\necho topic\n",
    )
    .unwrap();
    // `main` of the remote is what a pull request is for; the local one may be stale.
    assert_set(&repo.affected_at(&at, &[], &[]), CHILD);
}

#[test]
fn a_shallow_clone_without_the_base() {
    let repo = two_commits(&[]);
    let base = repo.git(&["rev-parse", "start"]);
    let at = clone(&repo, &["--depth=1"]);
    let ran = repo.run_at(&at, &["affected", "--base", &base, "--head", "HEAD"], &[]);
    insta::assert_snapshot!(ran.block(), @"
    exit 3
    --- stderr
    error: `[40]` names no commit in this clone, which is shallow
    hint: fetch it with `git fetch --depth=1 origin [40]`, or compare with another `--base`; `--all` and `digest` need no base
    ");
    assert_eq!(repo.run_at(&at, &["digest", "child"], &[]).code, Some(0));
    assert_eq!(repo.affected_at(&at, &["--all"], &[]).len(), 7);
    // What is proposed works.
    repo.git_at(&at, &["fetch", "--quiet", "--depth=1", "origin", &base]);
    assert_set(
        &repo.affected_at(&at, &["--base", &base, "--head", "HEAD"], &[]),
        CHILD,
    );
}

#[test]
fn a_shallow_clone_whose_histories_do_not_meet() {
    let repo = two_commits(&[]);
    repo.git(&["checkout", "--quiet", "-b", "topic", "start"]);
    repo.append("image-defs/scripts/gui/10-desktop.sh", "echo topic\n")
        .commit();
    let at = clone(&repo, &["--depth=1", "--no-single-branch", "--no-tags"]);
    let ran = repo.run_at(
        &at,
        &[
            "affected",
            "--head",
            "origin/topic",
            "--target-branch",
            "origin/main",
        ],
        &[],
    );
    insta::assert_snapshot!(ran.block(), @"
    exit 3
    --- stderr
    error: `origin/main` and `origin/topic` have no common ancestor in this clone, which is shallow
    hint: deepen the clone with `git fetch --unshallow`, or name the revision to compare with by `--base`; `--all` and `digest` need no base
    ");
    repo.git_at(&at, &["fetch", "--quiet", "--unshallow"]);
    let found = repo.affected_at(
        &at,
        &["--head", "origin/topic", "--target-branch", "origin/main"],
        &[],
    );
    assert_set(&found, &["gui: build"]);
}

#[test]
fn a_push_event_in_a_shallow_clone() {
    let repo = two_commits(&[]);
    let at = clone(&repo, &["--depth=1"]);
    // The parent exists, elsewhere: that is not the same as a first commit.
    let ran = repo.run_at(&at, &["affected", "--event", "push", "--head", "HEAD"], &[]);
    insta::assert_snapshot!(ran.block(), @"
    exit 3
    --- stderr
    error: `[40]` names no commit in this clone, which is shallow
    hint: fetch it with `git fetch --depth=1 origin [40]`, or compare with another `--base`; `--all` and `digest` need no base
    ");
}

#[test]
fn sparse_checkouts() {
    for (mode, patterns) in [
        ("--cone", &["image-defs/images"][..]),
        ("--no-cone", &["/image-defs/images/*.yml"]),
        ("--sparse-index", &["image-defs/images"]),
    ] {
        let repo = two_commits(&[]);
        let at = clone(&repo, &[]);
        let mut all = vec!["sparse-checkout", "set", mode];
        all.extend(patterns);
        repo.git_at(&at, &all);
        assert!(!at.join("image-defs/scripts").exists(), "{mode}");
        assert_set(
            &repo.affected_at(&at, &["--base", "start", "--head", "HEAD"], &[]),
            CHILD,
        );
        // Files that are not checked out are no deletions.
        assert_set(
            &repo.affected_at(&at, &["--base", "HEAD", "--worktree"], &[]),
            &[],
        );
        assert_set(
            &repo.affected_at(&at, &["--base", "start", "--staged"], &[]),
            CHILD,
        );
        std::fs::write(
            at.join("image-defs/images/gui.yml"),
            "extends: [task]\nscripts: [image-defs/scripts/child.sh]\n",
        )
        .unwrap();
        assert_set(
            &repo.affected_at(&at, &["--base", "HEAD", "--worktree"], &[]),
            &["gui: build"],
        );
    }
}

#[test]
fn a_partial_clone() {
    let repo = two_commits(&[]);
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let at = clone(&repo, &["--filter=blob:none", "--no-checkout"]);
    let arguments = ["affected", "--base", "start", "--head", "HEAD"];
    insta::assert_snapshot!(repo.run_at(&at, &arguments, &[]).block(), @"
    exit 3
    --- stderr
    error: `image-defs/config.yml` cannot be read: An object with id [40] could not be found; if this is a partial clone, fetch its objects first
    ");
    // With all blobs but one that is needed.
    let fetch = |name: &str| repo.git_at(&at, &["cat-file", "blob", name]);
    for path in repo.git(&["ls-tree", "-r", "--name-only", "start"]).lines() {
        if path != "image-defs/scripts/child.sh" && path != "README.md" {
            fetch(&format!("start:{path}"));
        }
    }
    insta::assert_snapshot!(repo.run_at(&at, &arguments, &[]).block(), @"
    exit 3
    --- stderr
    error: `image-defs/scripts/child.sh` cannot be read: An object with id [40] could not be found; if this is a partial clone, fetch its objects first
    ");
    fetch("more:image-defs/scripts/child.sh");
    // The head can be read; the base cannot.
    insta::assert_snapshot!(repo.run_at(&at, &arguments, &[]).block(), @"
    exit 3
    --- stderr
    error: `image-defs/scripts/child.sh` cannot be read: An object with id [40] could not be found; if this is a partial clone, fetch its objects first
    ");
    assert_eq!(
        repo.run_at(&at, &["digest", "child", "--head", "HEAD"], &[])
            .code,
        Some(0)
    );
    fetch("start:image-defs/scripts/child.sh");
    assert_set(&repo.affected_at(&at, &arguments[1..], &[]), CHILD);
}

#[test]
fn packed_objects() {
    let repo = two_commits(&[]);
    repo.git(&["gc", "--quiet", "--aggressive", "--prune=now"]);
    repo.git(&["pack-refs", "--all"]);
    repo.expect_range("start", "more", CHILD);
    repo.git(&["multi-pack-index", "write"]);
    repo.git(&["commit-graph", "write", "--reachable"]);
    repo.append("image-defs/scripts/gui/10-desktop.sh", "echo loose\n")
        .commit();
    repo.expect_range("start", "HEAD", &["child: build", "gui: build"]);
}

#[test]
fn objects_borrowed_from_another_repository() {
    let repo = two_commits(&[]);
    let at = repo.beside("clone");
    repo.git(&["clone", "--quiet", "--shared", ".", &at.to_string_lossy()]);
    assert_set(
        &repo.affected_at(&at, &["--base", "start", "--head", "HEAD"], &[]),
        CHILD,
    );
}

#[test]
fn a_repository_of_sha_256() {
    let repo = two_commits(&["--object-format=sha256"]);
    repo.expect_range("start", "more", CHILD);
    repo.append("image-defs/scripts/gui/10-desktop.sh", "echo more\n");
    repo.expect_work_tree(&["gui: build"]);
    let all = repo.affected(&[
        "--event",
        "push",
        "--base",
        &"0".repeat(64),
        "--head",
        "HEAD",
    ]);
    assert_eq!(all.len(), 7);
    // Digests are of content, not of git's names for it.
    let other = two_commits(&[]);
    let digests = |repo: &Repo| repo.run(&["digest", "base", "--head", "more"]).stdout;
    assert_eq!(digests(&repo), digests(&other));
}

#[test]
fn references_in_tables() {
    let repo = Repo::new();
    let at = repo.beside("clone");
    let made = repo.try_git(
        &repo.path,
        &[
            "clone",
            "--quiet",
            "--ref-format=reftable",
            ".",
            &at.to_string_lossy(),
        ],
    );
    if !made.status.success() {
        return; // This git does not know the format.
    }
    let ran = repo.run_at(&at, &["affected", "--base", "HEAD", "--head", "HEAD"], &[]);
    insta::assert_snapshot!(ran.block(), @"
    exit 3
    --- stderr
    error: the repository keeps its references in the reftable format, which cannot be read; `git refs migrate --ref-format=files` converts them
    ");
}

#[test]
fn another_work_tree() {
    let repo = two_commits(&[]);
    let at = repo.beside("clone");
    repo.git(&[
        "worktree",
        "add",
        "--quiet",
        "-b",
        "topic",
        &at.to_string_lossy(),
        "start",
    ]);
    std::fs::write(
        at.join("image-defs/scripts/gui/10-desktop.sh"),
        "#!/bin/sh\n",
    )
    .unwrap();
    assert_set(
        &repo.affected_at(&at, &["--base", "HEAD"], &[]),
        &["gui: build"],
    );
    assert_set(
        &repo.affected_at(&at, &["--base", "start", "--head", "more"], &[]),
        CHILD,
    );
    repo.expect_work_tree(&[]);
}

#[test]
fn an_environment_that_a_hook_sets() {
    let repo = two_commits(&[]);
    let other = repo.beside("other");
    std::fs::create_dir(&other).unwrap();
    repo.git_at(&other, &["init", "--quiet"]);
    let git_dir = other.join(".git").to_string_lossy().into_owned();
    let index = other.join("index").to_string_lossy().into_owned();
    let objects = other.join(".git/objects").to_string_lossy().into_owned();
    repo.append("image-defs/scripts/gui/10-desktop.sh", "echo more\n");
    for env in [
        ("GIT_DIR", git_dir.as_str()),
        ("GIT_WORK_TREE", "/"),
        ("GIT_INDEX_FILE", &index),
        ("GIT_OBJECT_DIRECTORY", &objects),
        ("GIT_COMMON_DIR", &git_dir),
        ("GIT_PREFIX", "image-defs/"),
        ("GIT_NAMESPACE", "other"),
        ("GIT_CEILING_DIRECTORIES", "/"),
        ("GIT_LITERAL_PATHSPECS", "1"),
        ("GIT_CONFIG_COUNT", "nonsense"),
    ] {
        let found = repo.affected_at(&repo.path, &["--base", "start", "--head", "more"], &[env]);
        assert_set(&found, CHILD);
        let found = repo.affected_at(&repo.path, &["--base", "HEAD", "--worktree"], &[env]);
        assert_set(&found, &["gui: build"]);
    }
}

#[test]
fn a_repository_that_somebody_else_owns() {
    let repo = two_commits(&[]);
    if std::os::unix::fs::chown(&repo.path, Some(12345), None).is_err() {
        return; // Only root can give files away.
    }
    for entry in [".git", ".git/config", ".git/HEAD", ".git/objects"] {
        std::os::unix::fs::chown(repo.path.join(entry), Some(12345), None).unwrap();
    }
    // Nothing of such a repository is run, so it can be read.
    repo.expect_range("start", "more", CHILD);
    let found = repo.affected(&["--base", "start", "--worktree"]);
    assert_set(&found, CHILD);
}
