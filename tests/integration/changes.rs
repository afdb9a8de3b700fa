//! Files that change: content, mode, kind, place. Each test names exactly what is affected, and nothing else.

use crate::support::Repo;

const COMMON: &[&str] = &["base: build verify publish", "child: build"];

#[test]
fn a_script_is_modified() {
    let repo = Repo::new();
    repo.append("image-defs/scripts/common.sh", "echo more\n");
    repo.expect(COMMON);
}

#[test]
fn a_sourced_script_is_modified() {
    let repo = Repo::new();
    repo.append("image-defs/scripts/lib/util.sh", "# more\n");
    repo.expect(COMMON);
}

#[test]
fn a_script_is_deleted_with_its_mention() {
    let repo = Repo::new();
    repo.remove("image-defs/scripts/child.sh");
    repo.replace("image-defs/images/child.yml", "child.sh", "common.sh");
    repo.expect(&["child: build"]);
}

#[test]
fn a_script_of_a_folder_is_deleted() {
    let repo = Repo::new();
    repo.write("image-defs/scripts/gui/20-more.sh", "#!/bin/sh\n")
        .commit();
    repo.git(&["tag", "both"]);
    repo.remove("image-defs/scripts/gui/20-more.sh").commit();
    repo.expect_range("both", "HEAD", &["gui: build"]);
}

#[test]
fn a_script_moves_from_one_image_to_another() {
    let repo = Repo::new();
    repo.write(
        "image-defs/scripts/gui/20-same.sh",
        "#!/bin/sh\necho same\n",
    )
    .commit();
    repo.git(&["tag", "before"]);
    repo.rename(
        "image-defs/scripts/gui/20-same.sh",
        "image-defs/scripts/glob/20-same.sh",
    )
    .commit();
    let expected = ["gui: build", "globbed: build"];
    repo.expect_range("before", "HEAD", &expected);
    // What git's porcelain is told about renames is of no interest.
    repo.git(&["config", "diff.renames", "copies"]);
    repo.expect_range("before", "HEAD", &expected);
}

#[test]
fn a_file_becomes_executable() {
    let repo = Repo::new();
    repo.chmod("image-defs/scripts/child.sh", 0o755);
    repo.expect(&["child: build"]);
}

#[test]
fn a_file_becomes_read_only() {
    let repo = Repo::new();
    repo.chmod("image-defs/scripts/child.sh", 0o444);
    repo.expect(&[]);
    repo.expect_work_tree(&[]);
}

#[test]
fn a_file_becomes_a_link_to_the_same_content() {
    let repo = Repo::new();
    repo.rename("image-defs/scripts/child.sh", "image-defs/scripts/real.sh");
    repo.link("image-defs/scripts/child.sh", "real.sh");
    repo.expect(&["child: build"]);
}

#[test]
fn names_that_are_not_ascii() {
    let repo = Repo::new();
    repo.write("image-defs/scripts/gui/20-größe-日本.sh", "#!/bin/sh\n");
    repo.expect(&["gui: build"]);
}

#[test]
fn names_with_newlines_quotes_and_backslashes() {
    for name in [
        "20-a\nb.sh",
        "20-\"quoted\".sh",
        "20-\\n.sh",
        "20-tab\t.sh",
        "20 space '.sh",
        "20-*.sh",
    ] {
        let repo = Repo::new();
        repo.write(&format!("image-defs/scripts/gui/{name}"), "#!/bin/sh\n");
        repo.expect(&["gui: build"]);
    }
}

#[test]
fn names_that_are_not_utf_8() {
    use std::os::unix::ffi::OsStrExt as _;
    let repo = Repo::new();
    let name = std::ffi::OsStr::from_bytes(b"image-defs/scripts/gui/20-\xff.sh");
    let write = |text: &str| std::fs::write(repo.path.join(name), text).unwrap();
    write("#!/bin/sh\n");
    repo.commit();
    repo.expect_range("start", "HEAD", &["gui: build"]);
    repo.git(&["tag", "there"]);
    write("#!/bin/sh\necho more\n");
    repo.expect_work_tree(&["gui: build"]);
    repo.commit();
    repo.expect_range("there", "HEAD", &["gui: build"]);
}

#[test]
fn a_file_newly_matches_a_folder() {
    let repo = Repo::new();
    repo.write("image-defs/scripts/gui/20-more.sh", "#!/bin/sh\n");
    // No script, so no input; nobody else claims it.
    repo.write("image-defs/scripts/gui/notes.txt", "notes\n");
    repo.expect(&["gui: build", "?image-defs/scripts/gui/notes.txt"]);
}

#[test]
fn a_file_newly_matches_a_glob() {
    let repo = Repo::new();
    repo.write("image-defs/scripts/glob/20-more.sh", "#!/bin/sh\n");
    repo.write("image-defs/scripts/glob/unnumbered.sh", "#!/bin/sh\n");
    repo.expect(&["globbed: build", "?image-defs/scripts/glob/unnumbered.sh"]);
}

#[test]
fn a_file_ceases_to_match_a_glob() {
    let repo = Repo::new();
    repo.write("image-defs/scripts/glob/20-more.sh", "#!/bin/sh\n")
        .commit();
    repo.git(&["tag", "both"]);
    repo.rename(
        "image-defs/scripts/glob/20-more.sh",
        "image-defs/scripts/glob/more.sh",
    )
    .commit();
    repo.expect_range(
        "both",
        "HEAD",
        &["globbed: build", "?image-defs/scripts/glob/more.sh"],
    );
}

#[test]
fn an_uploaded_folder_gains_a_file() {
    let repo = Repo::new();
    repo.write("image-defs/data/deeper/more.conf", "x\n");
    repo.expect(&["globbed: build", "packed-a: build", "packed-b: build"]);
}

#[test]
fn a_folder_that_a_template_lists_is_emptied() {
    let repo = Repo::new();
    repo.replace(
        "image-defs/packer/two.pkr.hcl",
        "  provisioner \"file\" {\n    source      = \"image-defs/data/\"\n    destination = \"/etc/example\"\n  }\n",
        // Functions take paths from the template's folder, provisioners from the root.
        "  dynamic \"provisioner\" {
    labels   = [\"file\"]
    for_each = fileset(\"../listed\", \"*.conf\")
    content {
      source      = \"image-defs/listed/${provisioner.value}\"
      destination = \"/etc/${provisioner.value}\"
    }
  }
",
    );
    repo.write("image-defs/listed/one.conf", "one\n").commit();
    repo.git(&["tag", "listed"]);
    repo.remove("image-defs/listed").commit();
    let both = ["packed-a: build", "packed-b: build"];
    repo.expect_range("listed", "HEAD", &both);
    repo.expect_range("HEAD", "listed", &both);
}

#[test]
fn a_file_that_nobody_owns() {
    let repo = Repo::new();
    repo.append("README.md", "More.\n")
        .write("docs/new.md", "New.\n");
    repo.write("image-defs/scripts/README.md", "Listed as fine.\n");
    repo.expect(&[]);
}

#[test]
fn a_file_that_somebody_should_own() {
    let repo = Repo::new();
    repo.write("image-defs/scripts/unused.sh", "#!/bin/sh\n");
    repo.expect(&["?image-defs/scripts/unused.sh"]);
}

#[test]
fn a_new_image() {
    let repo = Repo::new();
    repo.write(
        "image-defs/images/added.yml",
        "extends: [task]\nscripts: [image-defs/scripts/child.sh]\n",
    );
    repo.expect(&["+added: build"]);
}

#[test]
fn the_first_image() {
    let repo = Repo::new();
    repo.remove("image-defs/images");
    repo.commit();
    repo.git(&["tag", "none"]);
    repo.git(&[
        "checkout",
        "--quiet",
        "start",
        "--",
        "image-defs/images/gui.yml",
    ]);
    repo.commit();
    repo.expect_range("none", "HEAD", &["+gui: build"]);
}

#[test]
fn a_leaf_image_is_deleted() {
    let repo = Repo::new();
    repo.remove("image-defs/images/child.yml");
    repo.expect(&["-child"]);
}

#[test]
fn a_parent_is_deleted_while_a_child_names_it() {
    let repo = Repo::new();
    repo.remove("image-defs/images/base.yml").commit();
    let ran = repo.run(&["affected", "--base", "start", "--head", "HEAD"]);
    insta::assert_snapshot!(ran.block(), @"
    exit 1
    --- stderr
    error[unknown-parent]: there is no image `base@google`
     --> image-defs/images/child.yml:2:9
      |
    2 | parent: base
      |         ^^^^

    error: the definitions have 1 error
    ");
}

#[test]
fn a_parent_is_deleted_with_its_mention() {
    let repo = Repo::new();
    repo.remove("image-defs/images/base.yml");
    repo.replace("image-defs/images/child.yml", "parent: base\n", "");
    repo.expect(&["-base", "child: build"]);
}

#[test]
fn an_image_is_renamed() {
    let repo = Repo::new();
    repo.rename("image-defs/images/gui.yml", "image-defs/images/desktop.yml");
    repo.expect(&["-gui", "+desktop: build"]);
}

#[test]
fn a_definition_moves_and_keeps_its_name() {
    let repo = Repo::new();
    repo.rename(
        "image-defs/images/gui.yml",
        "image-defs/images/linux/gui.yml",
    );
    repo.expect(&[]);
}

#[test]
fn an_edge_is_removed_and_its_target_changed() {
    let repo = Repo::new();
    repo.replace(
        "image-defs/scripts/common.sh",
        ". \"$(dirname \"$0\")/lib/util.sh\"\nutil\n",
        "",
    );
    repo.remove("image-defs/scripts/lib/util.sh");
    repo.expect(COMMON);
}

#[test]
fn a_case_only_rename() {
    let repo = Repo::new();
    repo.rename(
        "image-defs/scripts/glob/10-first.sh",
        "image-defs/scripts/glob/10-First.sh",
    );
    repo.expect(&["globbed: build"]);
}

#[test]
fn names_that_differ_by_case_only() {
    let repo = Repo::new();
    repo.write(
        "image-defs/scripts/gui/10-Desktop.sh",
        "#!/bin/sh\necho Desktop\n",
    );
    repo.expect(&["gui: build"]);
    repo.git(&["tag", "both"]);
    repo.append("image-defs/scripts/gui/10-Desktop.sh", "echo more\n");
    repo.commit();
    repo.expect_range("both", "HEAD", &["gui: build"]);
}

#[test]
fn a_tracked_file_that_git_ignores() {
    let repo = Repo::new();
    repo.write(".gitignore", "*.sh\n").commit();
    repo.expect_range("start", "HEAD", &[]);
    repo.append("image-defs/scripts/child.sh", "echo more\n");
    repo.expect_work_tree(&["child: build"]);
    repo.expect(&["child: build"]);
}

#[test]
fn changed_and_reverted() {
    let repo = Repo::new();
    repo.append("image-defs/scripts/common.sh", "echo more\n")
        .commit();
    repo.git(&["revert", "--no-edit", "HEAD"]);
    repo.expect_range("start", "HEAD", &[]);
}

#[test]
fn line_ends_are_content_where_git_keeps_them() {
    let repo = Repo::new();
    repo.write("image-defs/scripts/child.sh", "#!/bin/sh\r\necho child\r\n");
    repo.expect(&["child: build"]);
}

#[test]
fn line_ends_that_git_converts_are_none() {
    let repo = Repo::new();
    repo.write(".gitattributes", "*.sh text eol=crlf\n")
        .commit();
    repo.git(&["tag", "crlf"]);
    repo.write("image-defs/scripts/child.sh", "#!/bin/sh\r\necho child\r\n");
    repo.expect_work_tree(&[]);
    repo.commit();
    repo.expect_range("crlf", "HEAD", &[]);
}

#[test]
fn the_pointer_of_a_large_file_changes() {
    let repo = Repo::new();
    let pointer = |digit: &str| {
        format!(
            "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 9\n",
            digit.repeat(64)
        )
    };
    repo.write(
        ".gitattributes",
        "*.bin filter=lfs diff=lfs merge=lfs -text\n",
    );
    repo.write("image-defs/data/large.bin", pointer("1"))
        .commit();
    repo.git(&["tag", "pointed"]);
    repo.write("image-defs/data/large.bin", pointer("2"))
        .commit();
    repo.expect_range(
        "pointed",
        "HEAD",
        &["globbed: build", "packed-a: build", "packed-b: build"],
    );
}

#[test]
fn a_check_is_modified() {
    let repo = Repo::new();
    repo.append("image-defs/checks/boot.sh", "echo more\n");
    repo.expect(&["base: verify publish"]);
}

#[test]
fn a_parent_changes() {
    let repo = Repo::new();
    repo.replace(
        "image-defs/images/base.yml",
        "common.sh]",
        "common.sh, image-defs/scripts/child.sh]",
    );
    repo.expect(COMMON);
}

#[test]
fn a_file_of_a_container() {
    let repo = Repo::new();
    repo.append("image-defs/containers/box/file", "more\n");
    repo.expect(&["boxed: build"]);
}

#[test]
fn a_script_of_one_source_of_a_template() {
    let repo = Repo::new();
    repo.append("image-defs/scripts/only-a.sh", "echo more\n");
    repo.expect(&["packed-a: build"]);
}

#[test]
fn hundreds_of_files_move_at_once() {
    let repo = Repo::new();
    for number in 0..300 {
        repo.write(
            &format!("image-defs/data/many/{number}.txt"),
            format!("{number}\n"),
        );
    }
    repo.commit();
    repo.git(&["tag", "many"]);
    repo.rename("image-defs/data/many", "elsewhere/many");
    repo.commit();
    repo.expect_range(
        "many",
        "HEAD",
        &["globbed: build", "packed-a: build", "packed-b: build"],
    );
}
