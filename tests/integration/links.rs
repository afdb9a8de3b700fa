//! Symbolic links and submodules.

use crate::support::Repo;

#[test]
fn the_target_of_a_link_changes() {
    let repo = Repo::new();
    repo.write("shared/tool.sh", "#!/bin/sh\necho tool\n");
    repo.link("image-defs/scripts/child.sh", "../../shared/tool.sh")
        .commit();
    repo.git(&["tag", "linked"]);
    repo.append("shared/tool.sh", "echo more\n").commit();
    repo.expect_range("linked", "HEAD", &["child: build"]);
}

#[test]
fn a_link_leads_elsewhere() {
    let repo = Repo::new();
    repo.write("shared/one.sh", "#!/bin/sh\necho one\n")
        .write("shared/two.sh", "#!/bin/sh\necho two\n");
    repo.link("image-defs/scripts/child.sh", "../../shared/one.sh")
        .commit();
    repo.git(&["tag", "linked"]);
    repo.link("image-defs/scripts/child.sh", "../../shared/two.sh")
        .commit();
    repo.expect_range("linked", "HEAD", &["child: build"]);
}

#[test]
fn a_file_behind_a_linked_folder() {
    let repo = Repo::new();
    repo.rename("image-defs/scripts/gui", "shared/gui");
    repo.link("image-defs/scripts/gui", "../../shared/gui")
        .commit();
    repo.expect_range("start", "HEAD", &["gui: build"]);
    repo.git(&["tag", "linked"]);
    repo.append("shared/gui/10-desktop.sh", "echo more\n")
        .commit();
    repo.expect_range("linked", "HEAD", &["gui: build"]);
    repo.write("shared/gui/20-more.sh", "#!/bin/sh\n");
    repo.expect_work_tree(&["gui: build"]);
}

#[test]
fn a_chain_of_links() {
    let repo = Repo::new();
    repo.write("deep/real.sh", "#!/bin/sh\n");
    repo.link("hop", "deep")
        .link("image-defs/scripts/child.sh", "../../hop/real.sh")
        .commit();
    repo.git(&["tag", "linked"]);
    repo.write("other/real.sh", "#!/bin/sh\n")
        .link("hop", "other")
        .commit();
    repo.expect_range("linked", "HEAD", &["child: build"]);
}

#[test]
fn a_sourced_file_behind_a_link() {
    let repo = Repo::new();
    repo.rename("image-defs/scripts/lib", "shared/lib");
    repo.link("image-defs/scripts/lib", "../../shared/lib")
        .commit();
    repo.git(&["tag", "linked"]);
    repo.append("shared/lib/util.sh", "# more\n").commit();
    repo.expect_range(
        "linked",
        "HEAD",
        &["base: build verify publish", "child: build"],
    );
}

#[test]
fn definitions_behind_links() {
    let repo = Repo::new();
    repo.rename("image-defs/config.yml", "settings/config.yml");
    repo.link("image-defs/config.yml", "../settings/config.yml");
    repo.rename("image-defs/fragments/task.yml", "settings/task.yml");
    repo.link("image-defs/fragments/task.yml", "../../settings/task.yml");
    repo.rename("image-defs/pins.yml", "settings/pins.yml");
    repo.link("image-defs/pins.yml", "../settings/pins.yml");
    repo.expect(&[]);
    repo.git(&["tag", "linked"]);
    repo.replace(
        "settings/config.yml",
        "worker-type: tester",
        "worker-type: other",
    );
    repo.commit();
    repo.expect_range("linked", "HEAD", &["base: verify publish"]);
    repo.git(&["tag", "config"]);
    repo.replace("settings/task.yml", "google", "aws");
    repo.commit();
    repo.expect_range(
        "config",
        "HEAD",
        &[
            "-base",
            "-child",
            "-gui",
            "-globbed",
            "+base: build verify publish",
            "+child: build",
            "+gui: build",
            "+globbed: build",
        ],
    );
    repo.git(&["tag", "fragment"]);
    repo.replace("settings/pins.yml", "570", "580");
    repo.commit();
    repo.expect_range("fragment", "HEAD", &["packed-b: build"]);
}

#[test]
fn a_link_that_led_nowhere_at_the_base() {
    let repo = Repo::new();
    // A script may ask whether a file is there; a link to nothing is none.
    repo.write(
        "image-defs/scripts/child.sh",
        "#!/bin/sh\nfor f in \"$(dirname \"$0\")\"/extra/*.sh; do . \"$f\"; done\n",
    );
    repo.write("image-defs/scripts/extra/one.sh", "echo one\n");
    repo.link("image-defs/scripts/extra/two.sh", "../../../shared/two.sh");
    repo.write("shared/two.sh", "echo two\n").commit();
    repo.git(&["tag", "there"]);
    repo.remove("image-defs/scripts/extra/one.sh").commit();
    repo.expect_range("there", "HEAD", &["child: build"]);
}

#[test]
fn links_that_cannot_be_followed() {
    for (name, target) in [
        ("loop", "20-x.sh"),
        ("outside", "../../../../outside.sh"),
        ("absolute", "/etc/passwd"),
        ("nowhere", "gone.sh"),
    ] {
        let repo = Repo::new();
        repo.link("image-defs/scripts/gui/20-x.sh", target).commit();
        insta::assert_snapshot!(
            name,
            repo.run(&["affected", "--base", "start", "--head", "HEAD"])
                .block()
        );
    }
}

#[test]
fn links_round_about_end() {
    let repo = Repo::new();
    repo.link("image-defs/data/self", "../data")
        .link("image-defs/data/up", "..");
    repo.write("a/x.txt", "x\n")
        .link("a/b", "../b")
        .write("b/y.txt", "y\n")
        .link("b/a", "../a");
    repo.link("image-defs/data/round", "../../a");
    repo.commit();
    let found = repo.affected(&["--base", "start", "--head", "HEAD"]);
    assert!(found.contains(&"globbed: build".to_owned()), "{found:?}");
}

#[test]
fn many_links_to_one_another_are_refused_or_end() {
    let repo = Repo::new();
    for from in 0..12 {
        for to in 0..12 {
            repo.link(
                &format!("image-defs/data/d{from}/to{to}"),
                &format!("../d{to}"),
            );
        }
    }
    repo.commit();
    let ran = repo.run(&[
        "affected", "--base", "start", "--head", "HEAD", "--format", "labels",
    ]);
    assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.block());
}

/// A repository to be a submodule, with two commits.
fn library(repo: &Repo) -> (String, String) {
    let library = repo.beside("library");
    std::fs::create_dir(&library).unwrap();
    repo.git_at(&library, &["init", "--quiet"]);
    let commit = |text: &str| {
        std::fs::write(library.join("tool.sh"), text).unwrap();
        repo.git_at(&library, &["add", "--all"]);
        repo.git_at(&library, &["commit", "--quiet", "--message", "change"]);
        repo.git_at(&library, &["rev-parse", "HEAD"])
    };
    (
        commit("#!/bin/sh\necho one\n"),
        commit("#!/bin/sh\necho two\n"),
    )
}

/// The fleet with a submodule in `vendor/` that `child` takes as an input; the tag `sub` is at the first commit.
fn with_submodule() -> (Repo, String) {
    let repo = Repo::new();
    let (first, second) = library(&repo);
    let url = repo.beside("library").to_string_lossy().into_owned();
    repo.git(&["submodule", "--quiet", "add", &url, "vendor/tool"]);
    repo.git_at(
        &repo.path.join("vendor/tool"),
        &["checkout", "--quiet", &first],
    );
    repo.append(
        "image-defs/images/child.yml",
        "inputs: [{path: vendor/tool/tool.sh, reason: run by hand}]\n",
    );
    repo.commit();
    repo.git(&["tag", "sub"]);
    (repo, second)
}

#[test]
fn a_submodule_moves_on() {
    let (repo, second) = with_submodule();
    repo.expect_range("start", "sub", &["child: build"]);
    repo.git_at(
        &repo.path.join("vendor/tool"),
        &["checkout", "--quiet", &second],
    );
    repo.expect_work_tree(&["child: build"]);
    repo.commit();
    repo.expect_range("sub", "HEAD", &["child: build"]);
    // Users may tell git not to look at submodules.
    repo.git(&["config", "diff.ignoreSubmodules", "all"]);
    repo.git(&["config", "submodule.vendor/tool.ignore", "all"]);
    repo.expect_range("sub", "HEAD", &["child: build"]);
}

#[test]
fn a_submodule_moves_on_in_the_work_tree_though_git_is_told_to_ignore_it() {
    let (repo, second) = with_submodule();
    repo.git(&["config", "diff.ignoreSubmodules", "all"]);
    repo.git_at(
        &repo.path.join("vendor/tool"),
        &["checkout", "--quiet", &second],
    );
    repo.expect_work_tree(&["child: build"]);
}

#[test]
fn a_submodule_that_is_not_checked_out() {
    let (repo, second) = with_submodule();
    repo.git(&["submodule", "--quiet", "deinit", "--force", "vendor/tool"]);
    repo.expect_work_tree(&[]);
    repo.git(&[
        "update-index",
        "--cacheinfo",
        &format!("160000,{second},vendor/tool"),
    ]);
    repo.git(&["commit", "--quiet", "--message", "move on"]);
    repo.expect_range("sub", "HEAD", &["child: build"]);
}

#[test]
fn a_submodule_that_was_never_checked_out() {
    let (repo, _) = with_submodule();
    let clone = repo.beside("clone");
    repo.git(&["clone", "--quiet", ".", &clone.to_string_lossy()]);
    let found = repo.affected_at(&clone, &["--base", "HEAD", "--worktree"], &[]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn dirt_inside_a_submodule_is_no_input() {
    let (repo, _) = with_submodule();
    repo.append("vendor/tool/tool.sh", "echo dirty\n")
        .write("vendor/tool/new.sh", "new\n");
    repo.expect_work_tree(&[]);
}

#[test]
fn a_submodule_becomes_a_folder_and_a_file() {
    let (repo, _) = with_submodule();
    repo.git(&["rm", "--quiet", "--cached", "vendor/tool"]);
    repo.remove("vendor/tool/.git")
        .remove(".gitmodules")
        .commit();
    repo.expect_range("sub", "HEAD", &["child: build"]);
    repo.git(&["tag", "folder"]);
    repo.remove("vendor/tool")
        .write("vendor/tool", "#!/bin/sh\n");
    repo.replace(
        "image-defs/images/child.yml",
        "vendor/tool/tool.sh",
        "vendor/tool",
    );
    repo.commit();
    repo.expect_range("folder", "HEAD", &["child: build"]);
    repo.expect_range("sub", "HEAD", &["child: build"]);
}

#[test]
fn a_folder_becomes_a_file() {
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
    repo.expect(&["globbed: build", "packed-a: build", "packed-b: build"]);
}
