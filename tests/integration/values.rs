//! Values that definitions resolve to: only what an image resolves to counts, not how it is written.

use crate::support::Repo;

const TASKS: &[&str] = &[
    "base: build verify publish",
    "child: build",
    "gui: build",
    "globbed: build",
];

#[test]
fn comments_and_order() {
    let repo = Repo::new();
    for path in [
        "config.yml",
        "pins.yml",
        "fragments/task.yml",
        "images/base.yml",
        "fragments/packer.yml",
    ] {
        let path = format!("image-defs/{path}");
        let old = std::fs::read_to_string(repo.path.join(&path)).unwrap();
        repo.write(&path, format!("# A comment.\n\n{old}\n# Another.\n"));
    }
    repo.write(
        "image-defs/images/gui.yml",
        "scripts:\n  - \"image-defs/scripts/gui/\"\nextends:\n  - task\n",
    );
    repo.expect(&[]);
}

#[test]
fn line_ends_of_definitions() {
    let repo = Repo::new();
    for path in [
        "config.yml",
        "pins.yml",
        "fragments/task.yml",
        "images/base.yml",
    ] {
        let path = format!("image-defs/{path}");
        let old = std::fs::read_to_string(repo.path.join(&path)).unwrap();
        repo.write(&path, old.replace('\n', "\r\n"));
    }
    repo.expect(&[]);
}

#[test]
fn a_default_is_written_out() {
    let repo = Repo::new();
    repo.append(
        "image-defs/images/child.yml",
        "name: child\narch: amd64\ninputs: []\n",
    );
    repo.replace(
        "image-defs/images/boxed.yml",
        "container: {context:",
        "container: {file: Dockerfile, context:",
    );
    repo.expect(&[]);
}

#[test]
fn what_only_describes_is_not_built() {
    let repo = Repo::new();
    repo.append(
        "image-defs/images/child.yml",
        "description: A child.\nowner: other@example.org\nmax-age: 30 days\n",
    );
    repo.replace(
        "image-defs/fragments/task.yml",
        "{worker: builder}",
        "{worker: builder, retries: 3, max-run-time: 3 hours}",
    );
    repo.expect(&[]);
}

#[test]
fn a_value_of_a_fragment() {
    let repo = Repo::new();
    repo.replace(
        "image-defs/fragments/task.yml",
        "{worker: builder}",
        "{worker: builder, secrets: [extra]}",
    );
    repo.expect(TASKS);
}

#[test]
fn a_value_of_a_fragment_that_some_override() {
    let repo = Repo::new();
    repo.append(
        "image-defs/fragments/task.yml",
        "scripts: [image-defs/scripts/child.sh]\n",
    );
    // All of them name scripts of their own.
    repo.expect(&[]);
    repo.write("image-defs/images/bare.yml", "extends: [task]\n")
        .commit();
    repo.git(&["tag", "bare"]);
    repo.replace("image-defs/fragments/task.yml", "child.sh", "common.sh")
        .commit();
    repo.expect_range("bare", "HEAD", &["bare: build"]);
}

#[test]
fn a_value_moves_into_a_fragment() {
    let repo = Repo::new();
    repo.write(
        "image-defs/fragments/gui.yml",
        "extends: [task]\nscripts: [image-defs/scripts/gui/]\n",
    );
    repo.write("image-defs/images/gui.yml", "extends: [gui]\n");
    repo.expect(&[]);
}

#[test]
fn an_unused_fragment() {
    let repo = Repo::new();
    repo.write("image-defs/fragments/unused.yml", "os: windows\n");
    repo.expect(&["?image-defs/fragments/unused.yml"]);
}

#[test]
fn a_pin() {
    let repo = Repo::new();
    repo.replace("image-defs/pins.yml", "'570'", "'580'");
    repo.expect(&["packed-b: build"]);
    repo.git(&["tag", "driver"]);
    repo.replace("image-defs/pins.yml", "105.0.0", "106.0.0")
        .commit();
    repo.expect_range("driver", "HEAD", &["packed-a: build", "packed-b: build"]);
}

#[test]
fn a_pin_that_nobody_names() {
    let repo = Repo::new();
    repo.append("image-defs/pins.yml", "  unused: {value: '1'}\n");
    repo.expect(&[]);
    repo.replace(
        "image-defs/pins.yml",
        "105.0.0}",
        "105.0.0, reason: held, review: 2027-01-01}",
    );
    repo.expect(&[]);
}

#[test]
fn the_settings_of_a_worker() {
    let repo = Repo::new();
    repo.replace(
        "image-defs/config.yml",
        "worker-type: tester",
        "worker-type: other",
    );
    repo.expect(&["base: verify publish"]);
}

#[test]
fn a_worker_that_nobody_uses() {
    let repo = Repo::new();
    repo.append("image-defs/config.yml", "    spare: {provisioner: 'example-{{level}}', worker-type: spare, implementation: generic-worker, os: linux}\n");
    repo.expect(&[]);
}

#[test]
fn the_trust_domain() {
    let repo = Repo::new();
    repo.replace(
        "image-defs/config.yml",
        "trust-domain: example",
        "trust-domain: other",
    )
    .commit();
    let found = repo.affected(&["--base", "start", "--head", "HEAD"]);
    assert_eq!(found.len(), 7, "{found:?}");
}

#[test]
fn settings_that_no_task_runs() {
    let repo = Repo::new();
    repo.replace(
        "image-defs/config.yml",
        "team@example.org",
        "other@example.org",
    );
    repo.replace(
        "image-defs/config.yml",
        "provisioning: [image-defs]",
        "provisioning: [image-defs/scripts]",
    );
    repo.append(
        "image-defs/config.yml",
        "tasks: {priority: lowest, deadline: 2 days}\n",
    );
    repo.expect(&[]);
}

#[test]
fn a_block_of_another_source() {
    let repo = Repo::new();
    repo.replace(
        "image-defs/packer/two.pkr.hcl",
        "[\"DRIVER=${var.driver}\"]",
        "[\"DRIVER=${var.driver}\", \"MORE=1\"]",
    );
    repo.expect(&["packed-b: build"]);
    repo.git(&["tag", "b"]);
    repo.replace(
        "image-defs/packer/two.pkr.hcl",
        "\"a\" {\n  disk_size = var.disk\n",
        "\"a\" {\n  disk_size = var.disk + 1\n",
    )
    .commit();
    repo.expect_range("b", "HEAD", &["packed-a: build"]);
}

#[test]
fn a_comment_and_layout_of_a_template() {
    let repo = Repo::new();
    repo.replace(
        "image-defs/packer/two.pkr.hcl",
        "source \"googlecompute\" \"a\" {\n  disk_size = var.disk\n",
        "# The first.\nsource \"googlecompute\" \"a\" {\n\n  disk_size=(var.disk) // as asked\n",
    );
    repo.expect(&[]);
}

#[test]
fn a_default_of_a_template() {
    let repo = Repo::new();
    repo.replace(
        "image-defs/packer/two.pkr.hcl",
        "default = \"none\"",
        "default = \"some\"",
    );
    // `packed-a` has no provisioner that uses it, and `packed-b` sets it.
    repo.expect(&[]);
}

#[test]
fn a_default_that_is_set_to_itself() {
    let repo = Repo::new();
    repo.replace(
        "image-defs/images/packed-a.yml",
        "googlecompute.a",
        "googlecompute.a, variables: {driver: none}",
    );
    repo.expect(&[]);
}

#[test]
fn a_check_is_added() {
    let repo = Repo::new();
    repo.write("image-defs/checks/more.sh", "#!/bin/sh\n");
    repo.replace(
        "image-defs/images/base.yml",
        "boot.sh]",
        "boot.sh, image-defs/checks/more.sh]",
    );
    repo.expect(&["base: verify publish"]);
}

#[test]
fn a_value_of_publishing() {
    let repo = Repo::new();
    repo.replace(
        "image-defs/images/base.yml",
        "family: base",
        "family: other",
    );
    repo.expect(&["base: publish"]);
}

#[test]
fn verification_is_added_and_removed() {
    let repo = Repo::new();
    repo.append(
        "image-defs/images/child.yml",
        "verify: {method: boot, worker: tester}\n",
    );
    repo.expect(&["child: verify"]);
    repo.git(&["tag", "verified"]);
    repo.replace(
        "image-defs/images/child.yml",
        "verify: {method: boot, worker: tester}\n",
        "",
    )
    .commit();
    // What is left to do differs in nothing.
    repo.expect_range("verified", "HEAD", &[]);
}

#[test]
fn variants_of_one_definition() {
    let repo = Repo::new();
    repo.write(
        "image-defs/images/many.yml",
        "extends: [task]
name: many-l{{level}}
variants: {axes: {level: [1, 3]}}
cloud: {by-level: {1: google, default: aws}}
scripts: [image-defs/scripts/child.sh]
",
    );
    repo.expect(&["+many-l1: build", "+many-l3: build"]);
    repo.git(&["tag", "many"]);
    repo.append(
        "image-defs/images/many.yml",
        "parent: {by-level: {1: base, default: null}}\n",
    )
    .commit();
    repo.expect_range("many", "HEAD", &["many-l1: build"]);
    repo.git(&["tag", "parent"]);
    repo.replace("image-defs/images/many.yml", "[1, 3]", "[3]")
        .commit();
    repo.expect_range("parent", "HEAD", &["-many-l1"]);
}

#[test]
fn what_kinds_run() {
    let repo = Repo::new();
    repo.write("image-defs/kinds/verify.yml", "payload: {maxRunTime: 1}\n")
        .commit();
    let ran = repo.run(&["affected", "--base", "start", "--head", "HEAD"]);
    insta::assert_snapshot!(ran.block(), @"
    exit 1
    --- stderr
    error[kind]: the `verify` template: unknown field `payload`, expected one of `description`, `command`, `env`, `artifacts`, `caches`, `retry`
    --> image-defs/kinds/verify.yml

    error: the definitions have 1 error
    ");
}
