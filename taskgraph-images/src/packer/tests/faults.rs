//! What is told of templates that are wrong, or that cannot be followed.

use insta::assert_snapshot;
use serde_json::json;

use super::show;

#[test]
fn tells_every_fault_of_an_image() {
    let template = r#"
variable "needed" {}
variable "size" { type = number }
variable "count" {
  default = 3
  validation {
    condition     = var.count > 5
    error_message = "More than five."
  }
}
locals {
  a = local.b
  b = [local.c]
  c = local.a
}
source "null" "x" {
  one   = local.a
  two   = var.nedded
  three = nosuch
  four  = { a = 1 }.b
  five  = -"x"
}
build {
  sources = ["null.x"]
  provisioner "shell" { scripts = "a.sh" }
  provisioner "shell" { script = "scripts" }
  provisioner "shell" { script = ["a.sh"] }
}
"#;
    let tree = [("t.pkr.hcl", template), ("scripts/base.sh", "")];
    let shown = show(
        &tree,
        "t.pkr.hcl",
        "null.x",
        json!({"size": "many", "scripts": [], "count": 3, "sizes": 1}),
    );
    assert_snapshot!(shown, @r#"
unknown-variable: the template declares no variable `sizes`
  at t.pkr.hcl:1: ``
  hint: did you mean `size`?
missing-variable: the variable `needed` has no value
  at t.pkr.hcl:2: `variable`
  hint: set it under `variables:` of the image's `packer:`, in a file of `var-files:`, or give it a `default`: `needed`
wrong-type: the variable `size`: expected a number, found a string
  at t.pkr.hcl:3: `variable`
invalid-variable: the value of the variable `count` is refused: More than five.
  at t.pkr.hcl:7: `var.count > 5`
locals-cycle: locals refer to one another: `a` → `b` → `c` → `a`
  at t.pkr.hcl:12: `local.b`
  note: `b` is defined here: t.pkr.hcl:13: `[local.c]`
  note: `c` is defined here: t.pkr.hcl:14: `local.a`
unknown-reference: no variable is named `nedded`
  at t.pkr.hcl:18: `var.nedded`
  hint: did you mean `needed`?
unknown-reference: nothing is named `nosuch`
  at t.pkr.hcl:19: `nosuch`
  hint: references start with `var.`, `local.`, `data.`, `source.`, `build.` or `path.`
unknown-reference: the map has no key `b`
  at t.pkr.hcl:20: `{ a = 1 }.b`
wrong-type: expected a number, found a string
  at t.pkr.hcl:21: `"x"`
wrong-type: `scripts` expects a list of paths, found a string
  at t.pkr.hcl:25: `"a.sh"`
wrong-file-kind: `scripts` is a directory, expected a file
  at t.pkr.hcl:26: `"scripts"`
  hint: a variable at the end of the path may be empty
wrong-type: `script` expects a path, found a list
  at t.pkr.hcl:27: `["a.sh"]`
"#);
    let shown = show(
        &tree,
        "t.pkr.hcl",
        "null.y",
        json!({"needed": 1, "size": 2}),
    );
    assert_snapshot!(shown, @r#"
unknown-source: the template has no source `null.y`
  at t.pkr.hcl:1: ``
  hint: did you mean `null.x`?
"#);
}

#[test]
fn tells_what_cannot_be_followed() {
    let template = r#"
data "http" "x" { url = "https://example.org" }
source "null" "x" {}
build {
  sources = ["null.x"]
  provisioner "shell" {
    scripts = [
      "scripts/bsae.sh",
      "scripts/${timestamp()}.sh",
      "/etc/passwd",
      "../up.sh",
      "~/x.sh",
      "{{ build `ID` }}.sh",
      "",
    ]
  }
  provisioner "shell" { script = "" }
  provisioner "shell" { inline = [file("lib/${timestamp()}.sh")] }
  provisioner "shell" { scripts = data.http.x.scripts }
  provisioner "file" {
    source      = "gone"
    generated   = true
    destination = "/x"
  }
}
"#;
    let shown = show(
        &[("t.pkr.hcl", template), ("scripts/base.sh", "")],
        "t.pkr.hcl",
        "null.x",
        json!({}),
    );
    let shown = &shown[shown.find("missing-file").unwrap()..];
    assert_snapshot!(shown, @r#"
missing-file: `scripts/bsae.sh` does not exist
  at t.pkr.hcl:8: `"scripts/bsae.sh"`
  hint: did you mean `scripts/base.sh`?
unresolved-path: which file this names is known only when Packer runs
  at t.pkr.hcl:9: `"scripts/${timestamp()}.sh"`
  hint: it lies in `scripts`
  within "scripts"
outside-repository: `/etc/passwd` is absolute; paths are relative to the root of the repository
  at t.pkr.hcl:10: `"/etc/passwd"`
  hint: name a file of the repository, or waive the reference
outside-repository: `../up.sh` leaves the repository
  at t.pkr.hcl:11: `"../up.sh"`
  hint: name a file of the repository, or waive the reference
outside-repository: `~/x.sh` lies in the home directory of whoever builds
  at t.pkr.hcl:12: `"~/x.sh"`
  hint: name a file of the repository, or waive the reference
unresolved-path: only a run of Packer knows what file `{{ build `ID` }}.sh` names
  at t.pkr.hcl:13: `"{{ build `ID` }}.sh"`
empty-path: the path is empty
  at t.pkr.hcl:14: `""`
  hint: a variable that has no value, or reads the environment, is empty
unresolved-path: which file this names is known only when Packer runs
  at t.pkr.hcl:19: `data.http.x.scripts`
unresolved-path: which file `file` reads is known only when Packer runs
  at t.pkr.hcl:18: `file("lib/${timestamp()}.sh")`
  within "lib"
"#);
}

#[test]
fn counts_what_a_run_chooses_from() {
    let tree = [
        (
            "a.pkr.hcl",
            "source \"null\" \"x\" {}\nbuild {\n  sources = [\"null.x\"]\n  provisioner \"shell\" {\n    scripts = build.ID == \"1\" ? [\"a.sh\"] : [\"b.sh\"]\n  }\n}\n",
        ),
        ("a.sh", ""),
        ("b.sh", ""),
    ];
    let shown = show(&tree, "a.pkr.hcl", "null.x", json!({}));
    let inputs: Vec<&str> = shown
        .lines()
        .filter(|line| line.starts_with("Mentioned") || line.starts_with("unresolved"))
        .filter_map(|line| line.split("  from").next())
        .collect();
    assert_eq!(
        inputs,
        [
            "Mentioned a.sh",
            "Mentioned b.sh",
            "unresolved-path: which file this names is known only when Packer runs"
        ]
    );
}

#[test]
fn tells_faults_of_the_text() {
    for (name, text) in [
        ("a.pkr.hcl", "source \"null\" \"x\" {\n  a = [1,\n}\n"),
        ("b.pkr.json", "{\"source\": {\n  \"null\": }\n}"),
        (
            "c.pkr.hcl",
            "sauce \"null\" \"x\" {}\nsource \"null\" {}\nlocals { a = 1 }\nlocal \"a\" { }\n",
        ),
        (
            "d.json",
            "{\"builder\": [], \"builders\": [{\"name\": \"x\"}]}",
        ),
    ] {
        let shown = show(&[(name, text)], name, "null.x", json!({}));
        match name {
            "a.pkr.hcl" => assert_snapshot!(shown, @r#"
packer-syntax: invalid expression; expected `"`, `[`, `{`, `-`, `!`, `(`, `_`, `<`, letter or digit
  at a.pkr.hcl:3: `}`
"#),
            "b.pkr.json" => assert_snapshot!(shown, @r#"
packer-syntax: not valid JSON: expected value at line 2 column 11
  at b.pkr.json:2: `}`
"#),
            "c.pkr.hcl" => assert_snapshot!(shown, @r#"
packer-syntax: templates have no `sauce` blocks
  at c.pkr.hcl:1: `sauce`
  hint: did you mean `source`?
packer-syntax: a `source` block has 2 labels, this one has 1
  at c.pkr.hcl:2: `source`
duplicate-declaration: the local `a` is declared twice
  at c.pkr.hcl:4: `local`
"#),
            _ => assert_snapshot!(shown, @r#"
packer-syntax: legacy templates have no key `builder`
  at d.json:1: `[]`
  hint: did you mean `builders`?
packer-syntax: a builder without a `type`
  at d.json:1: `{"name": "x"}`
"#),
        }
    }
}
