//! YAML files with defaults, and Packer templates of the repository.

use taskgraph_images::formats::BuildValues;
use taskgraph_images::output::{self, template};

use super::support::{Repository, inputs, table};

#[test]
fn templates_name_what_goes_into_their_images() {
    let found = inputs(&Repository::templates());
    insta::assert_snapshot!(found);
}

#[test]
fn templates_are_affected_by_what_they_are_made_of() {
    let found = table(
        &Repository::templates(),
        &[
            ("the defaults' list of images", |r| {
                r.replace(
                    "config/windows_production_defaults.yaml",
                    "- win11-64",
                    "- win11-64\n    - another",
                )
            }),
            ("a default pin", |r| {
                r.replace(
                    "config/windows_production_defaults.yaml",
                    "82415f4",
                    "99999f9",
                )
            }),
            ("a default that is only read on the machine", |r| {
                r.replace(
                    "config/windows_production_defaults.yaml",
                    "8.24.2",
                    "8.28.1",
                )
            }),
            ("a default that nobody inherits", |r| {
                r.append("config/windows_production_defaults.yaml", "more: 1\n")
            }),
            ("a default that an image writes out", |r| {
                r.replace(
                    "config/win11-64.yaml",
                    "sourceBranch: default",
                    "sourceBranch: master",
                )
            }),
            ("a comment", |r| r.append("config/win11-64.yaml", "# end\n")),
            ("a key that nothing reads", |r| {
                r.replace(
                    "config/gw-l1-gui-alpha.yaml",
                    "scripts/linux/nowhere",
                    "scripts/linux/gui.sh",
                )
            }),
            ("a version", |r| {
                r.replace("config/gw-l1-gui-alpha.yaml", "105.0.0", "106.0.0")
            }),
            ("the list of tests", |r| {
                r.replace("config/trusted-win2022.yaml", "clock", "git")
            }),
            ("a test that some images list", |r| {
                r.append("tests/win/git.tests.ps1", "#\n")
            }),
            ("a test that no image lists", |r| {
                r.append("tests/win/unused.tests.ps1", "#\n")
            }),
            ("a block under `only`", |r| {
                r.replace(
                    "gcp.pkr.hcl",
                    "only    = [\"googlecompute.gw-l1-gui-alpha\"]",
                    "pause_before = \"9s\"\n    only    = [\"googlecompute.gw-l1-gui-alpha\"]",
                )
            }),
            ("a block under `except`", |r| {
                r.replace(
                    "gcp.pkr.hcl",
                    "except  =",
                    "pause_before = \"9s\"\n    except  =",
                )
            }),
            ("one source", |r| {
                r.replace(
                    "gcp.pkr.hcl",
                    "source \"googlecompute\" \"gw-l1-gui-alpha\" {",
                    "source \"googlecompute\" \"gw-l1-gui-alpha\" {\n  use_iap = true",
                )
            }),
            ("a comment in a template", |r| {
                r.replace("azure.pkr.hcl", "# Windows in a gallery.", "# Windows.")
            }),
            ("what only trusted images read", |r| {
                r.replace(
                    "azure.pkr.hcl",
                    "secret_name = \"cot\"",
                    "secret_name = \"cotkey\"",
                )
            }),
            ("a default of a variable that one image sets", |r| {
                r.replace("azure.pkr.hcl", "[\"eastus\", \"westus\"]", "[\"eastus\"]")
            }),
            ("a file that is downloaded again", |r| {
                r.append("sboms/win11-64.md", "More.\n")
            }),
            ("a script under `except`", |r| {
                r.append("scripts/linux/headless.sh", "true\n")
            }),
            ("a script that a variable names", |r| {
                r.append("scripts/linux/tceng/worker-ubuntu.sh", "true\n")
            }),
            ("a key of one of two clouds", |r| {
                r.replace("config/tceng/worker-ubuntu.yaml", "t3.large", "t4.large")
            }),
            ("a location of the host's", |r| {
                r.replace(
                    "config/tceng/worker-win2022.yaml",
                    "[eastus]",
                    "[eastus, westus]",
                )
            }),
            ("the module that is uploaded", |r| {
                r.append("scripts/windows/Bootstrap/Public/Invoke-Test.ps1", "#\n")
            }),
            ("the function that runs on the host", |r| {
                r.append("bin/WorkerImages/Public/New-AWSWorkerImage.ps1", "#\n")
            }),
            ("the module that runs on the host", |r| {
                r.append("bin/WorkerImages/WorkerImages.psm1", "#\n")
            }),
            ("a definition is filled in", |r| {
                r.write("config/tceng/image _development.yaml", "image: {publisher: x, offer: y, sku: z, version: latest}\nvm: {bootstrapscript: worker-win2022}\n")
            }),
            ("a definition is gone", |r| r.remove("config/win11-64.yaml")),
            ("a definition breaks", |r| {
                r.write("config/win11-64.yaml", "- a list\n")
            }),
            ("a listed test is gone", |r| {
                r.remove("tests/win/git.tests.ps1")
            }),
        ],
    );
    insta::assert_snapshot!(found);
}

#[test]
fn faults_of_templates_name_the_key_that_led_there() {
    let repository = Repository::templates()
        .replace("config/win11-64.yaml", "git.tests.ps1", "gti.tests.ps1")
        .write("config/a.yaml", "text\n")
        .write("config/b.yaml", "a: [\n")
        .write(
            "config/c-alpha.yaml",
            "image: {source_image_family: x}\nvm: {tc_arch: sparc}\n",
        )
        .write(
            "config/gw-nowhere-alpha.yaml",
            "image: {source_image_family: x}\n",
        )
        .replace(
            "config/tceng/worker-ubuntu.yaml",
            "worker-ubuntu.sh",
            "worker-ubunt.sh",
        )
        .remove("packer/tceng-azure.pkr.hcl");
    insta::assert_snapshot!(repository.faults());
}

#[test]
fn lints_see_what_is_declared_twice() {
    insta::assert_snapshot!(Repository::templates().lints());
}

#[test]
fn what_differs_with_each_build_is_filled_in_and_counts_for_nothing() {
    let repository = Repository::templates();
    insta::assert_snapshot!(
        "template_gallery",
        output::json(&repository.template("trusted-win2022@azure"))
    );
    let filled = repository.template("worker-ubuntu@google").to_string();
    assert!(!filled.contains('@'), "{filled}");
    assert_eq!(
        repository.template("worker-ubuntu@google").to_string(),
        filled
    );
    let of = |task: &str| {
        let build = BuildValues::new(task, "2026-01-02", "0123456");
        let id = "worker-ubuntu@google".parse().unwrap();
        template::of(&repository.snapshot(), &id, &build).unwrap()["variables"]["uuid"].to_string()
    };
    assert_eq!(of("one").len(), 22);
    assert_ne!(of("one"), of("two"));
}
