//! A repository of builder files in its earlier years: its tool rendered less, or one Jinja template of everything, or
//! nothing. The texts by which the recipe knows the tool stand here alone; what they stood in does not matter.

use super::support::{Edit, Repository, affected, inputs, table};

/// The template was written out; `make` listed the scripts.
fn written() -> Repository {
    Repository::empty()
        .write("Makefile", "build:\n\tpacker build packer.yaml\n")
        .write(
            "packer.yaml",
            r#"---
variables:
  prefix: example
  unused: x
  default_scripts: ""
  agent_scripts: ""
builders:
  - name: one_aws
    type: amazon-ebs
    ami_name: "{{user `prefix`}}-one"
  - name: two_gcp
    type: googlecompute
    image_name: "{{user `prefix`}}-two"
  - type: vagrant
    source_path: example/box
provisioners:
  - type: file
    source: ./files.tar
    destination: /tmp/
  - type: file
    source: ./secrets.tar
    destination: /tmp/
  - type: shell
    scripts: "{{ user `default_scripts` }}"
  - type: shell
    scripts: [scripts/cloud.sh]
    only: [one_aws, two_gcp]
  - type: shell
    inline: [sleep 1]
    only: []
"#,
        )
        .write(
            "fake_secrets.yaml",
            "- {name: a, path: /etc/a, value: not-a-token}\n",
        )
        .write("files/etc/a.conf", "")
        .write("scripts/default/10-a.sh", "true\n")
        .write("scripts/default/20-b.sh", "true\n")
        .write("scripts/cloud.sh", "true\n")
}

/// One Jinja template of everything; the tool merged nothing and knew no platform.
fn templated() -> Repository {
    Repository::empty()
        .write(
            "packer.yaml.jinja2",
            r#"---
builders:
{% for builder in builders %}
  {% filter indent(width=2, first=False) %}
    {%- include (builder.template + ".jinja2") %}
  {%- endfilter %}
{%- endfor %}
provisioners:
  {%- if linux_builders %}
  - type: file
    source: ./files.tar
    destination: /tmp/
  {%- endif %}
  {%- for builder in builders %}
  - type: shell
    scripts: {{builder.scripts}}
    execute_command: {{builder.vars.execute_command}}
    only: ["{{builder.vars.name}}"]
  {%- endfor %}
"#,
        )
        .write(
            "template/builders/aws.jinja2",
            "- name: {{builder.vars.name}}\n  type: amazon-ebs\n  tags:\n    all: {{builder.vars.tags}}\n",
        )
        .write("template/vars/base.yaml", "execute_command: sudo\ntags: {a: 1}\n")
        .write("template/vars/more.yaml", "tags: {b: 2}\n")
        .write(
            "builders/one.yaml",
            "template: aws\nvar_files: [base, more]\nscript_directories: [base]\n",
        )
        .write("builders/two.yaml", "template: aws\nvar_files: [base]\nscript_directories: [base]\n")
        .write("files/etc/a.conf", "")
        .write("scripts/base/10-a.sh", "true\n")
        .write("util/template_packer.py", "# an early tool\n")
}

/// The tool of today, but for what the texts take away.
fn with_tool(text: &str) -> Repository {
    let today = "_vars(base_vars\nMissing `platform` key\nMONOPACKER_GIT_SHA\npause_before\nmonopacker_generate_sbom\n\
                 import pack_secrets, generate_packer_secret_chmod_shell\n";
    let tool = text
        .lines()
        .fold(today.to_owned(), |tool, line| match line.split_once("- ") {
            Some(("", gone)) => tool.replace(gone, ""),
            _ => format!("{tool}{line}\n"),
        });
    Repository::builders().write("monopacker/template_packer.py", &tool)
}

#[test]
fn images_of_a_template_that_was_written_out() {
    insta::assert_snapshot!(inputs(&written()));
    let edits: &[(&str, Edit)] = &[
        ("a variable that no builder reads", |r| {
            r.edit("packer.yaml", "unused: x", "unused: y")
        }),
        ("a variable", |r| {
            r.edit("packer.yaml", "prefix: example", "prefix: sample")
        }),
        ("a comment", |r| {
            r.edit("packer.yaml", "---\n", "---\n# note\n")
        }),
        ("one builder", |r| {
            r.edit("packer.yaml", "example/box", "example/case")
        }),
        ("a new script", |r| {
            r.write("scripts/default/15-c.sh", "true\n")
        }),
        ("a script of two builders", |r| {
            r.write("scripts/cloud.sh", "false\n")
        }),
        ("a list of no builders means all", |r| {
            r.edit("packer.yaml", "sleep 1", "sleep 2")
        }),
        ("a secret", |r| {
            r.edit("fake_secrets.yaml", "not-a-token", "no-token")
        }),
        ("a file", |r| r.write("files/etc/a.conf", "x")),
        ("a new builder", |r| {
            r.edit(
                "packer.yaml",
                "provisioners:",
                "  - {name: new, type: azure-arm}\nprovisioners:",
            )
        }),
        ("a builder has no name", |r| {
            r.edit("packer.yaml", "type: vagrant", "kind: vagrant")
        }),
        ("there are no files to pack", |r| {
            r.without("files/etc/a.conf")
        }),
    ];
    insta::assert_snapshot!(table(&written(), edits));
}

#[test]
fn images_of_one_template_of_everything() {
    insta::assert_snapshot!(inputs(&templated()));
    insta::assert_snapshot!(templated().template("one@aws"));
    let edits: &[(&str, Edit)] = &[
        ("a map of a later file replaces", |r| {
            r.edit("template/vars/base.yaml", "{a: 1}", "{a: 2}")
        }),
        ("a comment around", |r| {
            r.edit("packer.yaml.jinja2", "---\n", "---\n# note\n")
        }),
        ("a step around", |r| {
            r.edit(
                "packer.yaml.jinja2",
                "type: shell\n",
                "type: shell\n    pause_before: 1s\n",
            )
        }),
        ("a script", |r| r.write("scripts/base/20-b.sh", "")),
        ("the tool merges maps", |r| {
            r.write("util/template_packer.py", "def handle_vars(base_vars\n")
        }),
        ("the tool asks for a platform", |r| {
            r.write("util/template_packer.py", "Missing `platform` key\n")
        }),
        ("the tool does something that nobody knows", |r| {
            r.write("util/template_packer.py", "# another\n")
        }),
        ("a template was written out, too", |r| {
            r.write(
                "packer.yaml",
                "builders: [{name: one, type: amazon-ebs}, {name: three, type: amazon-ebs}]\n",
            )
        }),
        ("it is no YAML", |r| {
            r.edit("packer.yaml.jinja2", "provisioners:", "provisioners: [")
        }),
        ("it is no Jinja", |r| {
            r.edit("packer.yaml.jinja2", "{%- endfor %}", "{%- endfo %}")
        }),
    ];
    insta::assert_snapshot!(table(&templated(), edits));
}

#[test]
fn a_template_that_was_written_out_counts_while_builder_files_are_tried() {
    let both = templated().write(
        "packer.yaml",
        "builders: [{name: one, type: amazon-ebs}, {name: three, type: amazon-ebs}]\n",
    );
    let found = affected(&both, |r| {
        r.write(
            "packer.yaml",
            "builders: [{name: one, type: amazon-ebs, x: 1}, {name: three, type: amazon-ebs}]\n",
        )
    });
    insta::assert_snapshot!(found);
}

#[test]
fn a_tool_is_known_by_its_text() {
    let today = with_tool("");
    let mut text = String::new();
    for (words, change) in [
        ("the same, in other words", "# refactored"),
        ("merges the first level only", "def handle_vars"),
        (
            "sent a version",
            "f\"TASKCLUSTER_VERSION={monorepo.version}\"",
        ),
        ("took two folders off", "--strip-components=2"),
        (
            "wrote the folder twice",
            "- pause_before\nPath(scripts_dir) / s",
        ),
        ("ran all scripts at once", "- pause_before"),
        ("sent no revision", "- MONOPACKER_GIT_SHA"),
        (
            "left secrets as they were",
            "- import pack_secrets, generate_packer_secret_chmod_shell",
        ),
        ("listed no packages", "- monopacker_generate_sbom"),
        (
            "lost the builders",
            "\nbuilders: Sequence[Dict[str, str]] = []\n\nfor builder in builders:",
        ),
    ] {
        let before = with_tool(change);
        let template = |repository: &Repository| repository.template("linux-google@google");
        let other = if before.faults().is_empty() {
            let (before, now) = (template(&before), template(&today));
            if before == now {
                "the same template"
            } else {
                "another template"
            }
        } else {
            "faults"
        };
        text += &format!("{words}: {other}\n");
    }
    insta::assert_snapshot!(text, @r"
    the same, in other words: the same template
    merges the first level only: the same template
    sent a version: another template
    took two folders off: another template
    wrote the folder twice: faults
    ran all scripts at once: another template
    sent no revision: another template
    left secrets as they were: another template
    listed no packages: another template
    lost the builders: faults
    ");
}
