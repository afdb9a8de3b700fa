//! Builder files with files of variables and Jinja templates.

use taskgraph_images::graph::NodeKey;
use taskgraph_images::output;

use super::support::{Repository, inputs, table};

#[test]
fn builders_name_what_goes_into_their_images() {
    let found = inputs(&Repository::builders());
    insta::assert_snapshot!(found);
}

#[test]
fn builders_are_affected_by_what_they_are_made_of() {
    let found = table(
        &Repository::builders(),
        &[
            ("a comment in a file of variables", |r| {
                r.append("template/vars/default_google.yaml", "# note\n")
            }),
            ("a variable that no template reads", |r| {
                r.append("template/vars/default_linux.yaml", "more: 1\n")
            }),
            ("a variable that a later file replaces", |r| {
                r.replace(
                    "template/vars/default_google.yaml",
                    "us-west1-a",
                    "us-west1-b",
                )
            }),
            ("a variable that the builder replaces", |r| {
                r.replace("template/vars/default_google.yaml", "disk: 20", "disk: 30")
            }),
            ("an entry of a map that files share", |r| {
                r.replace("template/vars/version.yaml", "64.3.0", "64.4.0")
            }),
            ("a list is replaced, not merged", |r| {
                r.replace("template/vars/arm.yaml", "[three]", "[three, four]")
            }),
            ("the order of files of variables", |r| {
                r.replace(
                    "builders/linux_google_arm.yaml",
                    "default_google, arm",
                    "arm, default_google",
                )
            }),
            ("a comment in a template", |r| {
                r.replace(
                    "template/builders/googlecompute.jinja2",
                    "a comment",
                    "another",
                )
            }),
            ("a template", |r| {
                r.replace("template/builders/googlecompute.jinja2", "zone:", "region:")
            }),
            ("a template that is included", |r| {
                r.replace(
                    "template/builders/licenses.jinja2",
                    "image_licenses",
                    "licenses",
                )
            }),
            ("an undefined variable is defined", |r| {
                r.append("template/vars/arm.yaml", "source_image: bionic\n")
            }),
            ("a script", |r| {
                r.append("scripts/agent/01-agent.sh", "true\n")
            }),
            ("a script comes between others", |r| {
                r.write("scripts/base/05-more.sh", "true\n")
            }),
            (
                "a script is renamed, and no longer named after reboots",
                |r| {
                    r.remove("scripts/base/02-reboot.sh")
                        .write("scripts/base/02-restart.sh", "#!/bin/bash\nreboot\n")
                },
            ),
            ("a README beside scripts", |r| {
                r.append("scripts/base/README.md", "More.\n")
            }),
            ("a file of Linux machines", |r| {
                r.append("files/etc/helpers/funcs.sh", "true\n")
            }),
            ("a new file of Linux machines", |r| {
                r.write("files/etc/new", "")
            }),
            ("a secret", |r| r.replace("fake_secrets.yaml", "abc", "xyz")),
            ("a comment among secrets", |r| {
                r.append("fake_secrets.yaml", "# end\n")
            }),
            ("user data named by a variable", |r| {
                r.append("scripts/userdata/bootstrap.txt", "more\n")
            }),
            ("the tool that lists packages", |r| {
                r.append("monopacker/utils/monopacker_ubuntu_sbom.py", "#\n")
            }),
            ("a new builder", |r| {
                r.write(
                    "builders/new.yaml",
                    "template: amazon_ebs\nplatform: linux\nbuilder_var_files: [default_aws]\n",
                )
            }),
            ("a builder is gone", |r| {
                r.remove("builders/old/linux_aws.yaml")
            }),
            ("a script that nobody runs", |r| {
                r.append("scripts/nobody/01-nothing.sh", "true\n")
            }),
            ("a builder breaks", |r| {
                r.replace("builders/linux_google.yaml", "- agent", "- agents")
            }),
            ("a file of variables is no YAML", |r| {
                r.write("template/vars/arm.yaml", "a: [\n")
            }),
        ],
    );
    insta::assert_snapshot!(found);
}

#[test]
fn faults_of_builders_name_the_key_that_led_there() {
    let repository = Repository::builders()
        .replace("builders/linux_google.yaml", "tools]", "tool]")
        .replace("builders/linux_google_arm.yaml", "[base]", "[bases]")
        .replace("builders/windows_aws.yaml", "amazon_ebs_windows", "amazon_ebs_window")
        .write("builders/a.yaml", "- no map\n")
        .write("builders/b.yaml", "template: amazon_ebs\n")
        .write("builders/c.yaml", "template: amazon_ebs\nplatform: solaris\nbuilder_var_files: one\nbuilder_vars: [x]\n")
        .write("builders/d.yaml", "template: [x]\nplatform: linux\n")
        .write("builders/e.yaml", "template: bad\nplatform: linux\n")
        .write("builders/f.yaml", "template: text\nplatform: linux\n")
        .write("builders/g.yaml", "template: unknown\nplatform: linux\n")
        .write("builders/h.yaml", "template: amazon_ebs\nplatform: linux\nbuilder_vars: {env_vars: [x]}\n")
        .write("builders/i.yaml", "template: amazon_ebs_windows\nplatform: windows\nbuilder_vars: {bootstrap_userdata_file: scripts/no.txt}\n")
        .write("builders/J.yaml", "template: amazon_ebs\nplatform: linux\n")
        .write("builders/j.yaml", "template: amazon_ebs\nplatform: linux\n")
        .write("template/builders/bad.jinja2", "- name: {{ builder.vars.name\n")
        .write("template/builders/text.jinja2", "just: a map\n")
        .write("template/builders/unknown.jinja2", "- {name: x, type: hetzner}\n");
    insta::assert_snapshot!(repository.faults());
    let sound = repository.snapshot();
    let builds = |name: &str| {
        sound.graph().contains(&NodeKey::Task(
            name.parse().unwrap(),
            taskgraph_images::transforms::Kind::Build,
        ))
    };
    assert!(builds("old-linux-aws@aws"), "the others are not hidden");
}

#[test]
fn lints_see_what_nothing_reaches() {
    insta::assert_snapshot!(Repository::builders().lints());
}

#[test]
fn a_builder_stands_for_a_template() {
    let repository = Repository::builders();
    let of = |id: &str| output::json(&repository.template(id));
    insta::assert_snapshot!("template_linux", of("linux-google@google"));
    insta::assert_snapshot!("template_windows", of("windows-aws@aws"));
}
