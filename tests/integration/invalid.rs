//! What is wrong in definitions, and what is said about it: each fault with its place, nothing on standard output.

use crate::support::{Ran, Repo};

/// Runs `check` over the fleet with some files replaced.
#[track_caller]
fn check(files: &[(&str, &str)]) -> String {
    let repo = Repo::new();
    for (path, text) in files {
        repo.write(path, text);
    }
    faults(&repo)
}

/// What `check` says of the work tree; every command that needs the fleet says it too.
#[track_caller]
fn faults(repo: &Repo) -> String {
    let ran = repo.run(&["check"]);
    assert_eq!(ran.code, Some(1), "{}", ran.block());
    assert_eq!(ran.stdout, "");
    for arguments in [
        &["affected", "--base", "start"][..],
        &["images"],
        &["preview", "--all"],
        &["digest", "base"],
    ] {
        let other = repo.run(arguments);
        assert_eq!(other.code, Some(1), "{arguments:?}: {}", other.block());
        assert_eq!(other.stdout, "", "a partial result of {arguments:?}");
    }
    errors(&ran)
}

/// The errors of a run, without the warnings around them.
fn errors(ran: &Ran) -> String {
    let block = ran.block();
    let parts = block
        .split("\n\n")
        .filter(|part| !part.contains("warning["));
    parts
        .map(|part| part.trim_start_matches("exit 1\n--- stderr\n"))
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// An image of the simplest sort, with more lines.
fn image(more: &str) -> String {
    format!("extends: [task]\n{more}")
}

#[test]
fn unknown_keys() {
    insta::assert_snapshot!(check(&[
        ("image-defs/images/gui.yml", "extends: [task]\nscript: []\nbuild: {worker: builder, retires: 2}\nnonsense: 1\n"),
        ("image-defs/config.yml", "trust-domain: example\nowners: x\nworkers: {alias: {}}\n"),
        ("image-defs/pins.yml", "pins: {worker: {value: '1', sha265: {}}}\n"),
    ]), @"
    error[unknown-key]: the key `owners` is not known here
     --> image-defs/config.yml:2:1
      |
    2 | owners: x
      | ^^^^^^
      |
      = hint: did you mean `owner`?

    error[unknown-key]: the key `alias` is not known here
     --> image-defs/config.yml:3:11
      |
    3 | workers: {alias: {}}
      |           ^^^^^
      |
      = hint: did you mean `aliases`?

    error[unknown-key]: the key `script` is not known here
     --> image-defs/images/gui.yml:2:1
      |
    2 | script: []
      | ^^^^^^
      |
      = hint: did you mean `scripts`?

    error[unknown-key]: the key `retires` is not known here
     --> image-defs/images/gui.yml:3:26
      |
    3 | build: {worker: builder, retires: 2}
      |                          ^^^^^^^
      |
      = hint: did you mean `retries`?

    error[unknown-key]: the key `nonsense` is not known here
     --> image-defs/images/gui.yml:4:1
      |
    4 | nonsense: 1
      | ^^^^^^^^
      |
      = hint: known keys: extends, name, description, owner, variants, cloud, os, arch, level, attributes, parent, builder, scripts, inputs, waivers, uploads, build, verify, publish, max-age, treeherder

    error[unknown-name]: there is no `driver` in `pins`
     --> image-defs/images/packed-b.yml:2:65
      |
    2 | builder: {packer: {source: googlecompute.b, variables: {driver: '{{pins.driver.value}}'}}}
      |                                                                 ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: known names: worker

    error[unknown-key]: the key `sha265` is not known here
     --> image-defs/pins.yml:1:29
      |
    1 | pins: {worker: {value: '1', sha265: {}}}
      |                             ^^^^^^
      |
      = hint: did you mean `sha256`?

    error: the definitions have 7 errors
    ");
}

#[test]
fn wrong_types() {
    insta::assert_snapshot!(check(&[
        ("image-defs/images/gui.yml", "extends: [task]\nscripts: {a: b}\nattributes: [1]\ndescription: [x]\nlevel: 2\nbuilder: packer\n"),
        ("image-defs/images/child.yml", "- a list\n"),
        ("image-defs/images/boxed.yml", "just text\n"),
    ]), @r#"
    error[wrong-type]: expected a map, found a string
     --> image-defs/images/boxed.yml:1:1
      |
    1 | just text
      | ^^^^^^^^^

    error[wrong-type]: expected a map, found a list
     --> image-defs/images/child.yml:1:1
      |
    1 | - a list
      | ^^^^^^^^

    error[wrong-type]: expected a list, found a map
     --> image-defs/images/gui.yml:2:10
      |
    2 | scripts: {a: b}
      |          ^^^^^^

    error[wrong-type]: expected a map, found a list
     --> image-defs/images/gui.yml:3:13
      |
    3 | attributes: [1]
      |             ^^^

    error[wrong-type]: expected a string, found a list
     --> image-defs/images/gui.yml:4:14
      |
    4 | description: [x]
      |              ^^^

    error[bad-value]: "2" is no level: expected 1 or 3
     --> image-defs/images/gui.yml:5:8
      |
    5 | level: 2
      |        ^
      |
      = hint: did you mean `1`?

    error[wrong-type]: expected a map, found a string
     --> image-defs/images/gui.yml:6:10
      |
    6 | builder: packer
      |          ^^^^^^

    error: the definitions have 7 errors
    "#);
}

#[test]
fn duplicate_keys() {
    insta::assert_snapshot!(check(&[("image-defs/images/gui.yml", "extends: [task]\nos: linux\nos: windows\n")]), @"
    error[duplicate-key]: the key `os` stands twice
     --> image-defs/images/gui.yml:3:1
      |
    3 | os: windows
      | ^^
      |
     ::: image-defs/images/gui.yml:2:1
      |
    2 | os: linux
      | -- it stands here first
      |
      = hint: keep one of them

    error: the definitions have 1 error
    ");
}

#[test]
fn no_yaml() {
    insta::assert_snapshot!(check(&[
        ("image-defs/images/gui.yml", "extends: [task\n"),
        ("image-defs/images/child.yml", "a: b: c\n"),
        ("image-defs/images/base.yml", "a: 1\n---\nb: 2\n"),
        ("image-defs/images/boxed.yml", "a: !!python/object:os.system x\n"),
        ("image-defs/images/globbed.yml", "\tname: x\n"),
    ]), @"
    error[many-documents]: a second document starts here
     --> image-defs/images/base.yml:2:1
      |
    2 | ---
      | ^^^
      |
      = hint: keep one document a file

    error[yaml-tag]: the tag `!!python/object:os.system` is not allowed
     --> image-defs/images/boxed.yml:1:30
      |
    1 | a: !!python/object:os.system x
      |                              ^
      |
      = hint: remove the tag; quote the value if it must be a string

    error[yaml-syntax]: mapping values are not allowed in this context
     --> image-defs/images/child.yml:1:5
      |
    1 | a: b: c
      |     ^

    error[missing-key]: the key `cloud` is missing
    --> image-defs/images/globbed.yml
     = hint: set it here, in a fragment, or as an axis of `variants`

    error[missing-key]: the key `os` is missing
    --> image-defs/images/globbed.yml
     = hint: set it here, in a fragment, or as an axis of `variants`

    error[missing-key]: the key `build` is missing
     --> image-defs/images/globbed.yml:1:2
      |
    1 |     name: x
      |     ^^^^^^^

    error[missing-key]: the key `builder` is missing
     --> image-defs/images/globbed.yml:1:2
      |
    1 |     name: x
      |     ^^^^^^^

    error[yaml-syntax]: unclosed bracket '['
     --> image-defs/images/gui.yml:1:10
      |
    1 | extends: [task
      |          ^

    error: the definitions have 8 errors
    ");
}

#[test]
fn parents_that_lead_back() {
    insta::assert_snapshot!(check(&[
        ("image-defs/images/a.yml", &image("parent: c\n")),
        ("image-defs/images/b.yml", &image("parent: a\n")),
        ("image-defs/images/c.yml", &image("parent: b\n")),
        ("image-defs/images/self.yml", &image("parent: self\n")),
    ]), @"
    error[cycle]: images are built from one another: `a@google` → `c@google` → `b@google` → `a@google`
     --> image-defs/images/a.yml:2:9
      |
    2 | parent: c
      |         ^

    error[cycle]: images are built from one another: `self@google` → `self@google`
     --> image-defs/images/self.yml:2:9
      |
    2 | parent: self
      |         ^^^^

    error: the definitions have 2 errors
    ");
}

#[test]
fn an_image_that_is_built_from_itself() {
    insta::assert_snapshot!(check(&[("image-defs/images/self.yml", &image("parent: self\n"))]), @"
    error[cycle]: images are built from one another: `self@google` → `self@google`
     --> image-defs/images/self.yml:2:9
      |
    2 | parent: self
      |         ^^^^

    error: the definitions have 1 error
    ");
}

#[test]
fn fragments_that_lead_back() {
    insta::assert_snapshot!(check(&[
        ("image-defs/fragments/a.yml", "extends: [b]\n"),
        ("image-defs/fragments/b.yml", "extends: [c]\n"),
        ("image-defs/fragments/c.yml", "extends: [a]\n"),
        ("image-defs/images/gui.yml", "extends: [task, a]\n"),
    ]), @"
    error[cycle]: fragments extend one another: `image-defs/fragments/a.yml` → `image-defs/fragments/b.yml` → `image-defs/fragments/c.yml` → `image-defs/fragments/a.yml`
     --> image-defs/fragments/c.yml:1:11
      |
    1 | extends: [a]
      |           ^

    error: the definitions have 1 error
    ");
}

#[test]
fn scripts_that_lead_back() {
    insta::assert_snapshot!(check(&[
        ("image-defs/scripts/lib/util.sh", ". image-defs/scripts/lib/more.sh\n"),
        ("image-defs/scripts/lib/more.sh", ". image-defs/scripts/common.sh\n"),
        // Other faults are said all the same.
        ("image-defs/images/gui.yml", &image("nonsense: 1\n")),
    ]), @r#"
    error[unknown-key]: the key `nonsense` is not known here
     --> image-defs/images/gui.yml:2:1
      |
    2 | nonsense: 1
      | ^^^^^^^^
      |
      = hint: known keys: extends, name, description, owner, variants, cloud, os, arch, level, attributes, parent, builder, scripts, inputs, waivers, uploads, build, verify, publish, max-age, treeherder

    error[cycle]: files read one another: `image-defs/scripts/common.sh` → `image-defs/scripts/lib/util.sh` → `image-defs/scripts/lib/more.sh` → `image-defs/scripts/common.sh`
     --> image-defs/scripts/common.sh:3:3
      |
    3 | . "$(dirname "$0")/lib/util.sh"
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: break the cycle, or waive one reference with `# taskgraph-images: not-an-input REASON`

    error: the definitions have 2 errors
    "#);
}

#[test]
fn missing_files() {
    insta::assert_snapshot!(check(&[
        ("image-defs/images/gui.yml", &image("scripts: [image-defs/scripts/chlid.sh, 'image-defs/none/*.sh', image-defs/scripts/gone/]\n")),
        ("image-defs/images/child.yml", "extends: [tsak]\n"),
        ("image-defs/images/packed-a.yml", "extends: [packer]\nbuilder: {packer: {template: image-defs/packer/gone.pkr.hcl, source: googlecompute.a}}\n"),
        ("image-defs/images/packed-b.yml", "extends: [packer]\nbuilder: {packer: {source: googlecompute.c}}\n"),
        ("image-defs/images/boxed.yml", "cloud: container\nos: linux\nbuilder: {container: {context: image-defs/gone}}\nbuild: {worker: builder}\n"),
        ("image-defs/scripts/common.sh", "#!/bin/sh\n. \"$(dirname \"$0\")/lib/gone.sh\"\n. \"$WHEREVER\"\n"),
    ]), @r#"
    error[missing-file]: `image-defs/gone/Dockerfile` does not exist
     --> image-defs/images/boxed.yml:3:32
      |
    3 | builder: {container: {context: image-defs/gone}}
      |                                ^^^^^^^^^^^^^^^

    error[unknown-fragment]: there is no fragment `tsak`
     --> image-defs/images/child.yml:1:11
      |
    1 | extends: [tsak]
      |           ^^^^
      |
      = hint: did you mean `task`?

    error[missing-file]: `image-defs/scripts/chlid.sh` does not exist
     --> image-defs/images/gui.yml:2:11
      |
    2 | scripts: [image-defs/scripts/chlid.sh, 'image-defs/none/*.sh', image-defs/scripts/gone/]
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: did you mean `image-defs/scripts/child.sh`?

    error[no-match]: `image-defs/none/*.sh` matches no file
     --> image-defs/images/gui.yml:2:40
      |
    2 | scripts: [image-defs/scripts/chlid.sh, 'image-defs/none/*.sh', image-defs/scripts/gone/]
      |                                        ^^^^^^^^^^^^^^^^^^^^^^

    error[missing-file]: `image-defs/scripts/gone` does not exist
     --> image-defs/images/gui.yml:2:64
      |
    2 | scripts: [image-defs/scripts/chlid.sh, 'image-defs/none/*.sh', image-defs/scripts/gone/]
      |                                                                ^^^^^^^^^^^^^^^^^^^^^^^^

    error[missing-file]: `image-defs/packer/gone.pkr.hcl` does not exist
     --> image-defs/images/packed-a.yml:2:30
      |
    2 | builder: {packer: {template: image-defs/packer/gone.pkr.hcl, source: googlecompute.a}}
      |                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[unknown-source]: the template has no source `googlecompute.c`
    --> image-defs/packer/two.pkr.hcl
     = hint: did you mean `googlecompute.a`?

    error[unresolved-reference]: `"$(dirname "$0")/lib/gone.sh"` names no file of the repository; looked for `image-defs/scripts/lib/gone.sh`
     --> image-defs/scripts/common.sh:2:3
      |
    2 | . "$(dirname "$0")/lib/gone.sh"
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: name the file so that it can be followed, declare it under `inputs` with `in`, waive it under `waivers`, or write `# taskgraph-images: not-an-input REASON` above it

    error[unresolved-reference]: `"$WHEREVER"` cannot be followed: `$WHEREVER` is not assigned in the script
     --> image-defs/scripts/common.sh:3:3
      |
    3 | . "$WHEREVER"
      |   ^^^^^^^^^^^
      |
      = hint: name the file so that it can be followed, declare it under `inputs` with `in`, waive it under `waivers`, or write `# taskgraph-images: not-an-input REASON` above it

    error: the definitions have 9 errors
    "#);
}

#[test]
fn a_folder_for_a_file() {
    insta::assert_snapshot!(check(&[(
        "image-defs/images/gui.yml",
        &image("scripts: [image-defs/scripts/gui, image-defs/scripts/child.sh/]\n"),
    )]), @"
    error[not-a-file]: `image-defs/scripts/gui` is a folder
     --> image-defs/images/gui.yml:2:11
      |
    2 | scripts: [image-defs/scripts/gui, image-defs/scripts/child.sh/]
      |           ^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: write `image-defs/scripts/gui/` if its files are meant

    error[not-a-folder]: `image-defs/scripts/child.sh` is a file
     --> image-defs/images/gui.yml:2:35
      |
    2 | scripts: [image-defs/scripts/gui, image-defs/scripts/child.sh/]
      |                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: write `image-defs/scripts/child.sh` if it is meant

    error: the definitions have 2 errors
    ");
}

#[test]
fn paths_that_leave_the_repository() {
    let repo = Repo::new();
    repo.write(
        "image-defs/images/gui.yml",
        image("scripts: [../outside.sh, /etc/passwd, image-defs/../../x.sh, 'C:\\x.ps1', '../*.sh', '/etc/*.sh', image-defs/scripts/out.sh]\n"),
    );
    repo.link("image-defs/scripts/out.sh", "../../../outside.sh");
    repo.write("image-defs/images/child.yml", "extends: [../images/base]\n");
    repo.write(
        "image-defs/images/boxed.yml",
        "extends: [../../../../etc/passwd]\n",
    );
    insta::assert_snapshot!(faults(&repo), @r"
    error[path]: `../../../../etc/passwd.yml` leaves the repository
     --> image-defs/images/boxed.yml:1:11
      |
    1 | extends: [../../../../etc/passwd]
      |           ^^^^^^^^^^^^^^^^^^^^^^

    error[unknown-fragment]: there is no fragment `../images/base`
     --> image-defs/images/child.yml:1:11
      |
    1 | extends: [../images/base]
      |           ^^^^^^^^^^^^^^
      |
      = hint: fragments stand in `image-defs/fragments`: packer, task

    error[path]: `../outside.sh` has the component `..`; patterns name paths from the root of the repository downwards
     --> image-defs/images/gui.yml:2:11
      |
    2 | scripts: [../outside.sh, /etc/passwd, image-defs/../../x.sh, 'C:\x.ps1', '../*.sh', '/etc/*.sh', image-defs/scripts/out.sh]
      |           ^^^^^^^^^^^^^

    error[path]: `/etc/passwd` is absolute; patterns are relative to the root of the repository
     --> image-defs/images/gui.yml:2:26
      |
    2 | scripts: [../outside.sh, /etc/passwd, image-defs/../../x.sh, 'C:\x.ps1', '../*.sh', '/etc/*.sh', image-defs/scripts/out.sh]
      |                          ^^^^^^^^^^^

    error[path]: `image-defs/../../x.sh` has the component `..`; patterns name paths from the root of the repository downwards
     --> image-defs/images/gui.yml:2:39
      |
    2 | scripts: [../outside.sh, /etc/passwd, image-defs/../../x.sh, 'C:\x.ps1', '../*.sh', '/etc/*.sh', image-defs/scripts/out.sh]
      |                                       ^^^^^^^^^^^^^^^^^^^^^

    error[path]: `C:\x.ps1` is absolute; patterns are relative to the root of the repository
     --> image-defs/images/gui.yml:2:62
      |
    2 | scripts: [../outside.sh, /etc/passwd, image-defs/../../x.sh, 'C:\x.ps1', '../*.sh', '/etc/*.sh', image-defs/scripts/out.sh]
      |                                                              ^^^^^^^^^^

    error[path]: `../*.sh` has the component `..`; patterns name paths from the root of the repository downwards
     --> image-defs/images/gui.yml:2:74
      |
    2 | scripts: [../outside.sh, /etc/passwd, image-defs/../../x.sh, 'C:\x.ps1', '../*.sh', '/etc/*.sh', image-defs/scripts/out.sh]
      |                                                                          ^^^^^^^^^

    error[path]: `/etc/*.sh` is absolute; patterns are relative to the root of the repository
     --> image-defs/images/gui.yml:2:85
      |
    2 | scripts: [../outside.sh, /etc/passwd, image-defs/../../x.sh, 'C:\x.ps1', '../*.sh', '/etc/*.sh', image-defs/scripts/out.sh]
      |                                                                                     ^^^^^^^^^^^

    error[unreadable]: the symbolic link `image-defs/scripts/out.sh` leads out of the repository, to `../../../outside.sh`
     --> image-defs/images/gui.yml:2:98
      |
    2 | scripts: [../outside.sh, /etc/passwd, image-defs/../../x.sh, 'C:\x.ps1', '../*.sh', '/etc/*.sh', image-defs/scripts/out.sh]
      |                                                                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^

    error: the definitions have 9 errors
    ");
}

#[test]
fn bytes_that_are_not_utf_8() {
    let repo = Repo::new();
    repo.write(
        "image-defs/images/gui.yml",
        b"extends: [task]\ndescription: \xff\xfe\n",
    );
    repo.write("image-defs/config.yml", b"\xff");
    insta::assert_snapshot!(faults(&repo), @"
    error[not-utf-8]: the file is not UTF-8
     --> image-defs/config.yml:1:1
      |
    1 | �
      | ^
      |
      = hint: save it as UTF-8

    error[not-utf-8]: the file is not UTF-8
     --> image-defs/images/gui.yml:2:14
      |
    2 | description: ��
      |              ^
      |
      = hint: save it as UTF-8

    error: the definitions have 2 errors
    ");
}

#[test]
fn a_script_that_is_not_utf_8_is_a_script() {
    let repo = Repo::new();
    repo.write(
        "image-defs/scripts/child.sh",
        b"#!/bin/sh\necho \xff\n. \"$(dirname \"$0\")/lib/util.sh\"\n",
    );
    repo.expect_work_tree(&["child: build"]);
}

#[test]
fn aliases_that_explode() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        bomb += &format!(
            "a{level}: &a{level} [{}]\n",
            [below.as_str(); 10].join(", ")
        );
    }
    insta::assert_snapshot!(check(&[("image-defs/images/gui.yml", &bomb)]), @"
    error[too-large]: the file holds more than 100000 values once its aliases are written out
     --> image-defs/images/gui.yml:5:50
      |
    5 | a4: &a4 [*a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3]
      |                                                  ^^^

    error: the definitions have 1 error
    ");
}

#[test]
fn values_that_nest_too_deep() {
    let lists = format!(
        "extends: [task]\nscripts: {}{}\n",
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let mut maps = String::new();
    for depth in 0..500 {
        maps += &format!("{}a:\n", " ".repeat(depth));
    }
    insta::assert_snapshot!(check(&[("image-defs/images/gui.yml", &lists), ("image-defs/images/child.yml", &maps)]), @"
    error[yaml-syntax]: recursion limit exceeded
      --> image-defs/images/child.yml:65:65
       |
    65 | ...                   a:
       |                       ^

    error[yaml-syntax]: recursion limit exceeded
     --> image-defs/images/gui.yml:2:74
      |
    2 | scripts: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[...
      |                                                                          ^

    error: the definitions have 2 errors
    ");
}

#[test]
fn a_file_that_is_too_large() {
    let large = format!("extends: [task]\n# {}\n", "x".repeat(2 * 1024 * 1024));
    insta::assert_snapshot!(check(&[("image-defs/images/gui.yml", &large)]), @"
    error[too-large]: the file holds 2097171 bytes; at most 1048576 are read
    --> image-defs/images/gui.yml

    error: the definitions have 1 error
    ");
}

#[test]
fn an_input_that_is_too_large() {
    let repo = Repo::new();
    // A sparse file: it takes no room.
    let file = std::fs::File::create(repo.path.join("image-defs/data/large.bin")).unwrap();
    file.set_len(100 * 1024 * 1024 + 1).unwrap();
    insta::assert_snapshot!(errors(&repo.run(&["check"])), @"
    error[unreadable]: `image-defs/data/large.bin` holds 104857601 bytes; at most 104857600 are read
     --> image-defs/images/globbed.yml:3:17
      |
    3 | inputs: [{path: image-defs/data/, reason: read by the machine at boot}]
      |                 ^^^^^^^^^^^^^^^^

    error: the definitions have 1 error
    ");
}

#[test]
fn names_that_taskcluster_refuses() {
    insta::assert_snapshot!(check(&[
        ("image-defs/images/gui.yml", &image("name: Gui\n")),
        ("image-defs/images/child.yml", &image("name: a_b\n")),
        ("image-defs/images/base.yml", &image("name: trailing-\n")),
        ("image-defs/images/globbed.yml", &image(&format!("name: {}\n", "x".repeat(80)))),
        ("image-defs/images/boxed.yml", &image("name: 'a b'\n")),
        ("image-defs/images/Upper.yml", &image("")),
        ("image-defs/images/packed-a.yml", &image("name: ''\n")),
    ]), @r#"
    error[bad-value]: "Upper" is no image name: expected a lower case letter, then at most 62 lower case letters, digits and `-`, not ending in `-`
    --> image-defs/images/Upper.yml

    error[bad-value]: "trailing-" is no image name: expected a lower case letter, then at most 62 lower case letters, digits and `-`, not ending in `-`
     --> image-defs/images/base.yml:2:7
      |
    2 | name: trailing-
      |       ^^^^^^^^^

    error[bad-value]: "a b" is no image name: expected a lower case letter, then at most 62 lower case letters, digits and `-`, not ending in `-`
     --> image-defs/images/boxed.yml:2:7
      |
    2 | name: 'a b'
      |       ^^^^^

    error[bad-value]: "a_b" is no image name: expected a lower case letter, then at most 62 lower case letters, digits and `-`, not ending in `-`
     --> image-defs/images/child.yml:2:7
      |
    2 | name: a_b
      |       ^^^

    error[bad-value]: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" is no image name: expected a lower case letter, then at most 62 lower case letters, digits and `-`, not ending in `-`
     --> image-defs/images/globbed.yml:2:7
      |
    2 | name: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[bad-value]: "Gui" is no image name: expected a lower case letter, then at most 62 lower case letters, digits and `-`, not ending in `-`
     --> image-defs/images/gui.yml:2:7
      |
    2 | name: Gui
      |       ^^^

    error[bad-value]: "" is no image name: expected a lower case letter, then at most 62 lower case letters, digits and `-`, not ending in `-`
     --> image-defs/images/packed-a.yml:2:7
      |
    2 | name: ''
      |       ^^

    error: the definitions have 7 errors
    "#);
}

#[test]
fn one_name_for_two_images() {
    insta::assert_snapshot!(check(&[
        ("image-defs/images/other.yml", &image("name: base\n")),
        ("image-defs/images/many.yml", &image("variants: {axes: {level: [1, 3]}}\n")),
    ]), @"
    error[duplicate-image]: the image `many@google` is defined twice
    --> image-defs/images/many.yml
     = hint: give each variant a name of its own: `name: …-{{level}}`

    error[duplicate-image]: the image `base@google` is defined twice
     --> image-defs/images/other.yml:2:7
      |
    2 | name: base
      |       ^^^^
      |
     ::: image-defs/images/base.yml:1:1
      |
    1 | extends: [task]
      | - it is defined here first

    error: the definitions have 2 errors
    ");
}

#[test]
fn one_label_for_two_images() {
    // `build-a-aws-google` might be `a-aws` on one cloud; labels end in the cloud, so these differ.
    let repo = Repo::new();
    repo.write(
        "image-defs/images/a.yml",
        image("name: a-aws\nscripts: [image-defs/scripts/child.sh]\n"),
    );
    repo.write(
        "image-defs/images/b.yml",
        image("name: a\ncloud: aws\nscripts: [image-defs/scripts/common.sh]\n"),
    );
    assert_eq!(
        repo.run(&["check"]).code,
        Some(0),
        "{}",
        repo.run(&["check"]).block()
    );
}

#[test]
fn names_of_nothing() {
    insta::assert_snapshot!(check(&[
        ("image-defs/images/gui.yml", &image("description: '{{pins.wroker.value}}'\nbuild: {worker: bulider}\n")),
        ("image-defs/images/child.yml", &image("description: '{{nmae}}'\ncloud: {by-clodu: {a: b}}\n")),
        ("image-defs/images/globbed.yml", &image("cloud: gogle\nos: lunix\nverify: {method: boots, worker: tester}\n")),
        ("image-defs/images/base.yml", &image("parent: chidl\n")),
        ("image-defs/images/packed-a.yml", &image("description: '{{#each pins}}{{this.value}}{{/each}}'\n")),
        ("image-defs/images/packed-b.yml", &image("description: {by-level: {1: a}}\nlevel: 3\n")),
    ]), @"
    error[unknown-parent]: there is no image `chidl@google`
     --> image-defs/images/base.yml:2:9
      |
    2 | parent: chidl
      |         ^^^^^

    error[bad-value]: unknown cloud `b`, expected one of `google`, `aws`, `azure`, `qemu`, `container`
     --> image-defs/images/child.yml:3:23
      |
    3 | cloud: {by-clodu: {a: b}}
      |                       ^

    error[bad-value]: unknown cloud `gogle`, expected one of `google`, `aws`, `azure`, `qemu`, `container`
     --> image-defs/images/globbed.yml:2:8
      |
    2 | cloud: gogle
      |        ^^^^^
      |
      = hint: did you mean `google`?

    error[bad-value]: unknown operating system `lunix`, expected one of `linux`, `windows`
     --> image-defs/images/globbed.yml:3:5
      |
    3 | os: lunix
      |     ^^^^^
      |
      = hint: did you mean `linux`?

    error[bad-value]: unknown verify method `boots`, expected one of `boot`, `in-build`, `pool`, `container`, `replicate`
     --> image-defs/images/globbed.yml:4:18
      |
    4 | verify: {method: boots, worker: tester}
      |                  ^^^^^
      |
      = hint: did you mean `boot`?

    error[unknown-name]: there is no `wroker` in `pins`
     --> image-defs/images/gui.yml:2:14
      |
    2 | description: '{{pins.wroker.value}}'
      |              ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: did you mean `worker`?

    error[unknown-worker]: there is no worker alias `bulider`
     --> image-defs/images/gui.yml:3:17
      |
    3 | build: {worker: bulider}
      |                 ^^^^^^^
      |
      = hint: did you mean `builder`?

    error[template]: the template cannot be rendered: `#each pins` does not say which pin is meant
     --> image-defs/images/packed-a.yml:2:14
      |
    2 | description: '{{#each pins}}{{this.value}}{{/each}}'
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: write `pins.NAME.value` or `pins.NAME.sha256.ASSET`

    error[no-choice]: nothing here is for `level` `3`
     --> image-defs/images/packed-b.yml:2:25
      |
    2 | description: {by-level: {1: a}}
      |                         ^^^^^^
      |
      = hint: choices: 1; `default` stands for all others

    error: the definitions have 9 errors
    ");
}

#[test]
fn pins_whose_versions_have_no_order() {
    insta::assert_snapshot!(check(&[(
        "image-defs/pins.yml",
        "pins:\n  worker: {value: '1'}\n  driver: {value: '1'}\n  a: {value: '1', datasource: {github-releases: {repository: example/tool}}}\n  \
         b: {value: '1', datasource: {crates: {index: 'https://index.example.org', name: b}}, scheme: debian}\n  \
         c: {value: '1', datasource: {github-releases: {repository: example/tool}}, scheme: semver, constraint: '^x'}\n",
    )]), @r#"
    error[unordered-pin]: the pin `a`: it names no `scheme`, and its datasource may have versions of any
     --> image-defs/pins.yml:4:6
      |
    4 |   a: {value: '1', datasource: {github-releases: {repository: example/tool}}}
      |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[unordered-pin]: the pin `b`: its `scheme` is `debian`, and its datasource has versions of the scheme `semver`
     --> image-defs/pins.yml:5:6
      |
    5 |   b: {value: '1', datasource: {crates: {index: 'https://index.example.org', name: b}}, scheme: debian}
      |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[unordered-pin]: the pin `c`: "^x" is no constraint of the scheme `semver`: expected a range such as `^88` or `>=1.2, <2` (unexpected character 'x' while parsing major version number), or `none`
     --> image-defs/pins.yml:6:6
      |
    6 |   c: {value: '1', datasource: {github-releases: {repository: example/tool}}, scheme: semver, constraint: '^x'}
      |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: the definitions have 3 errors
    "#);
}

#[test]
fn faults_where_nobody_looks() {
    insta::assert_snapshot!(check(&[
        ("image-defs/fragments/unused.yml", "nonsense: 1\n"),
        ("image-defs/fragments/unused-too.yml", "extends: [gone]\n"),
        ("image-defs/images/gui.yml", &image("scripts: {by-cloud: {google: [image-defs/scripts/gui/], aws: {wrong: type}}}\n")),
        ("image-defs/images/child.yml", &image("verify: {by-cloud: {google: {method: boot, worker: tester}, aws: {nonsense: 1}}}\n")),
    ]), @"
    error[unknown-fragment]: there is no fragment `gone`
     --> image-defs/fragments/unused-too.yml:1:11
      |
    1 | extends: [gone]
      |           ^^^^
      |
      = hint: fragments stand in `image-defs/fragments`: packer, task, unused-too, unused

    error[unknown-key]: the key `nonsense` is not known here
     --> image-defs/fragments/unused.yml:1:1
      |
    1 | nonsense: 1
      | ^^^^^^^^
      |
      = hint: known keys: extends, name, description, owner, variants, cloud, os, arch, level, attributes, parent, builder, scripts, inputs, waivers, uploads, build, verify, publish, max-age, treeherder

    error[unknown-key]: the key `nonsense` is not known here
     --> image-defs/images/child.yml:2:67
      |
    2 | verify: {by-cloud: {google: {method: boot, worker: tester}, aws: {nonsense: 1}}}
      |                                                                   ^^^^^^^^
      |
      = hint: known keys: method, machine, checks, worker, max-run-time, secrets, replicate

    error[wrong-type]: expected a list, found a map
     --> image-defs/images/gui.yml:2:62
      |
    2 | scripts: {by-cloud: {google: [image-defs/scripts/gui/], aws: {wrong: type}}}
      |                                                              ^^^^^^^^^^^^^

    error: the definitions have 4 errors
    ");
}

#[test]
fn builders_that_are_none_or_two() {
    insta::assert_snapshot!(check(&[
        ("image-defs/images/gui.yml", "cloud: google\nos: linux\nbuild: {worker: builder}\n"),
        ("image-defs/images/child.yml", &image("builder: {container: {context: image-defs/containers/box}}\n")),
        ("image-defs/images/boxed.yml", "build: {worker: builder}\n"),
    ]), @"
    error[missing-key]: the key `cloud` is missing
    --> image-defs/images/boxed.yml
     = hint: set it here, in a fragment, or as an axis of `variants`

    error[missing-key]: the key `os` is missing
    --> image-defs/images/boxed.yml
     = hint: set it here, in a fragment, or as an axis of `variants`

    error[missing-key]: the key `builder` is missing
     --> image-defs/images/boxed.yml:1:1
      |
    1 | build: {worker: builder}
      | ^^^^^^^^^^^^^^^^^^^^^^^^

    error[builder]: expected exactly one of `packer`, `container`, `task`
     --> image-defs/images/child.yml:2:10
      |
    2 | builder: {container: {context: image-defs/containers/box}}
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[missing-key]: the key `builder` is missing
     --> image-defs/images/gui.yml:1:1
      |
    1 | cloud: google
      | ^^^^^^^^^^^^^

    error: the definitions have 5 errors
    ");
}

#[test]
fn templates_of_packer_at_fault() {
    insta::assert_snapshot!(check(&[("image-defs/packer/two.pkr.hcl", "source \"googlecompute\" \"a\" {\n")]), @r#"
    error[packer-syntax]: invalid block body; expected `}`, newline or identifier
     --> image-defs/packer/two.pkr.hcl:1:29
      |
    1 | source "googlecompute" "a" {
      |                             ^

    error: the definitions have 1 error
    "#);
    insta::assert_snapshot!(check(&[("image-defs/packer/two.pkr.hcl", "source \"googlecompute\" \"a\" { x = local.gone }\nsource \"googlecompute\" \"b\" {}\nbuild {\n  sources = [\"source.googlecompute.a\", \"source.googlecompute.b\"]\n  provisioner \"shell\" { script = \"../../outside.sh\" }\n}\n")]), @r#"
    error[unknown-variable]: the template declares no variable `disk`
    --> image-defs/packer/two.pkr.hcl
     = hint: declare it: `variable "disk" {}`

    error[unknown-variable]: the template declares no variable `driver`
    --> image-defs/packer/two.pkr.hcl
     = hint: declare it: `variable "driver" {}`

    error[unknown-variable]: the template declares no variable `worker`
    --> image-defs/packer/two.pkr.hcl
     = hint: declare it: `variable "worker" {}`

    error[unknown-reference]: no local is named `gone`
     --> image-defs/packer/two.pkr.hcl:1:34
      |
    1 | source "googlecompute" "a" { x = local.gone }
      |                                  ^^^^^^^^^^

    error: the definitions have 4 errors
    "#);
}

#[test]
fn a_base_at_fault_with_a_head_at_fault() {
    let repo = Repo::new();
    repo.write("image-defs/config.yml", "nonsense: [\n")
        .commit();
    let ran = repo.run(&["affected", "--base", "HEAD", "--head", "HEAD"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(1), ""),
        "{}",
        ran.stderr
    );
}

#[test]
fn windows_line_ends_and_a_byte_order_mark() {
    let repo = Repo::new();
    repo.write(
        "image-defs/images/gui.yml",
        "\u{feff}extends: [task]\r\nscripts: [image-defs/scripts/gui/]\r\n",
    );
    repo.expect_work_tree(&[]);
}
