//! Expressions and functions.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use serde_json::json;

use super::{fingerprint, show};
use crate::packer::{ParsedTemplate, Request};
use crate::tree::{MemoryTree, TreePath};

/// The value of an expression, as JSON.
fn value(expression: &str) -> String {
    let text = format!(
        "locals {{\n  l = [{{ n = 1 }}, {{ n = 2 }}]\n}}\nsource \"null\" \"x\" {{\n  a = {expression}\n}}\nbuild {{\n  sources = [\"null.x\"]\n}}\n"
    );
    let files = MemoryTree::new([("p/t.pkr.hcl", &*text), ("p/f.txt", "content")]);
    let template = ParsedTemplate::parse(&files, &TreePath::from_git("p/t.pkr.hcl")).unwrap();
    let request = Request {
        source: "null.x",
        variables: &BTreeMap::new(),
        var_files: &[],
    };
    match template.evaluate(&files, &request) {
        Ok(evaluation) => evaluation.fingerprint["builds"][0]["source"][2]["a"].to_string(),
        Err(faults) => faults[0].message.clone(),
    }
}

#[test]
fn evaluates_expressions() {
    for (expression, expect) in [
        (r#""$${x} %%{y} \"q\" \n""#, r#""${x} %{y} \"q\" \n""#),
        ("<<-EOT\n    a\n      ${1 + 1}\n  EOT\n", r#""a\n  2\n""#),
        ("local.l[*].n", "[1,2]"),
        ("local.l.*.n[1]", "2"),
        ("local.l[1][\"n\"]", "2"),
        (
            "{ for i, v in local.l : \"k${i % 2}\" => v.n... }",
            r#"{"k0":[1],"k1":[2]}"#,
        ),
        (r#""%{ if 2 > 1 }yes%{ else }no%{ endif }""#, r#""yes""#),
        ("!true || 1 == 1 && \"a\" != \"b\"", "true"),
        ("7 / 2", "3.5"),
        ("try(local.l[9].n, \"none\")", r#""none""#),
        ("can(local.l[9])", "false"),
        ("abspath(\"a/../b\")", r#""/<repository>/b""#),
        ("file(\"f.txt\")", r#""content""#),
        ("file(\"${path.root}/f.txt\")", r#""content""#),
        ("fileexists(\"g.txt\")", "false"),
        ("base64encode(\"hello\")", r#""aGVsbG8=""#),
        ("base64decode(\"aGVsbG8=\")", r#""hello""#),
        ("format(\"%s-%03d\", \"a\", 7)", r#""a-007""#),
        (
            "formatlist(\"%s.sh\", [\"a\", \"b\"])",
            r#"["a.sh","b.sh"]"#,
        ),
        ("max([1, 5, 3]...)", "5"),
        (
            "jsonencode({ b = 1, a = \"<\" })",
            r#""{\"a\":\"\\u003c\",\"b\":1}""#,
        ),
        ("toset([\"b\", \"a\", \"b\"])", r#"["a","b"]"#),
        ("substr(\"hello\", 1, 3)", r#""ell""#),
        ("split(\",\", \"a,b\")", r#"["a","b"]"#),
        ("timestamp()", r#"{"$unknown":"timestamp()"}"#),
        ("{ \"$unknown\" = 1 }", r#"{"$$unknown":1}"#),
        ("nosuch(1)", r#"{"$unknown":"nosuch()","of":[1]}"#),
        (
            "[for v in build.list : upper(v)]",
            "{\"$unknown\":\"for\",\"of\":[{\"$unknown\":\"build.list\"},false,null,{\"$unknown\":\"upper()\",\"of\":[{\"$unknown\":\"item\",\"of\":[{\"$unknown\":\"build.list\"}]}]},null]}",
        ),
        (
            "join(\"-\", 1)",
            "`join`: argument 2 is a number, expected a list",
        ),
        ("file(\"nope\")", "`file`: `p/nope` does not exist"),
    ] {
        assert_eq!(value(expression), expect, "{expression}");
    }
}

#[test]
fn follows_functions_that_read_files() {
    let template = r#"
locals {
  conf = jsondecode(file("conf.json"))
  all  = [for name in fileset(path.root, "scripts/**/*.sh") : "${path.root}/${name}"]
}
source "qemu" "x" {
  http_content = {
    "/user-data" = templatefile("user-data.pkrtpl", { packages = local.conf.packages, host = "a" })
  }
  floppy_files  = ["p/scripts/*.sh"]
  http_directory = "p/http"
  iso_url       = "https://example.org/a.iso"
  vm_name       = basename(dirname("a/b/c")) 
  qemuargs      = [["-drive", "file=p/conf.json"]]
}
build {
  sources = ["qemu.x"]
  provisioner "shell" { scripts = local.all }
  provisioner "ansible" {
    playbook_file   = "ansible/site.yml"
    extra_arguments = ["--extra-vars=@p/vars.yml"]
  }
}
"#;
    let shown = show(
        &[
            ("p/t.pkr.hcl", template),
            ("p/conf.json", r#"{"packages": ["git", "curl"]}"#),
            (
                "p/user-data.pkrtpl",
                "#cloud-config\n%{ for name in packages ~}\n- ${name}\n%{ endfor ~}\nhost: ${host}\n",
            ),
            ("p/scripts/b/1.sh", ""),
            ("p/scripts/0.sh", ""),
            ("p/http/a", ""),
            ("p/vars.yml", ""),
            ("ansible/site.yml", ""),
            ("ansible/roles/x/tasks/main.yml", ""),
        ],
        "p/t.pkr.hcl",
        "qemu.x",
        json!({}),
    );
    assert_snapshot!(shown, @r##"
{
  "builds": [
    {
      "provisioners": [
        [
          "shell",
          {
            "scripts": [
              "/<repository>/p/scripts/0.sh",
              "/<repository>/p/scripts/b/1.sh"
            ]
          }
        ],
        [
          "ansible",
          {
            "extra_arguments": [
              "--extra-vars=@p/vars.yml"
            ],
            "playbook_file": "ansible/site.yml"
          }
        ]
      ],
      "source": [
        "qemu",
        "x",
        {
          "floppy_files": [
            "p/scripts/*.sh"
          ],
          "http_content": {
            "/user-data": "#cloud-config\n- git\n- curl\nhost: a\n"
          },
          "http_directory": "p/http",
          "iso_url": "https://example.org/a.iso",
          "qemuargs": [
            [
              "-drive",
              "file=p/conf.json"
            ]
          ],
          "vm_name": "b"
        }
      ]
    }
  ]
}
Configuration ansible/roles/x/tasks/main.yml  from p/t.pkr.hcl:20: `"ansible/site.yml"`
Configuration ansible/site.yml  from p/t.pkr.hcl:20: `"ansible/site.yml"`
Function p/conf.json  from p/t.pkr.hcl:3: `file("conf.json")`
Mentioned p/conf.json  from p/t.pkr.hcl:14: `[["-drive", "file=p/conf.json"]]`
Media p/http/a  from p/t.pkr.hcl:11: `"p/http"`
Script p/scripts/0.sh  from p/t.pkr.hcl:18: `local.all`
Media p/scripts/0.sh  from p/t.pkr.hcl:10: `"p/scripts/*.sh"`
Script p/scripts/b/1.sh  from p/t.pkr.hcl:18: `local.all`
Function p/user-data.pkrtpl  from p/t.pkr.hcl:8: `templatefile("user-data.pkrtpl", { packages = local.conf.packages, host = "a" })`
Mentioned p/vars.yml  from p/t.pkr.hcl:21: `["--extra-vars=@p/vars.yml"]`
"##);
}

#[test]
fn finds_sets_of_files_beside_the_folder() {
    let tree = [
        (
            "t/a.pkr.hcl",
            "source \"null\" \"x\" {\n  beside = fileset(\"s\", \"./x/../../o/*.sh\")\n  inside = fileset(\"s\", \"../s/*\")\n}\nbuild {\n  sources = [\"null.x\"]\n}\n",
        ),
        ("t/s/1.sh", ""),
        ("t/o/2.sh", ""),
    ];
    assert_eq!(
        fingerprint(&tree, "t/a.pkr.hcl", "null.x")["builds"][0]["source"][2],
        json!({"beside": ["../o/2.sh"], "inside": ["1.sh"]})
    );
    let outside = [(
        "a.pkr.hcl",
        "source \"null\" \"x\" {\n  a = fileset(\".\", \"../*.sh\")\n}\nbuild {\n  sources = [\"null.x\"]\n}\n",
    )];
    let shown = show(&outside, "a.pkr.hcl", "null.x", json!({}));
    assert!(shown.starts_with("outside-repository"), "{shown}");
}
