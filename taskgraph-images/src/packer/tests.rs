//! Templates in, what they mean out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::json;

use super::*;
use crate::tree::MemoryTree;

/// Shows an evaluation, or its faults, as text.
fn show(
    tree: &[(&str, &str)],
    template: &str,
    source: &str,
    variables: serde_json::Value,
) -> String {
    show_with(tree, template, source, variables, &[])
}

fn show_with(
    tree: &[(&str, &str)],
    template: &str,
    source: &str,
    variables: serde_json::Value,
    var_files: &[&str],
) -> String {
    let files = MemoryTree::new(tree.iter().copied());
    let text = |place: &Option<Place>| match place {
        Some(place) => {
            let content = tree.iter().find(|(path, _)| *path == place.path.as_str());
            let content = content.map_or("", |(_, content)| content);
            let before = &content[..place.span.range().start];
            let line = before.matches('\n').count() + 1;
            let snippet = &content[place.span.range()];
            format!("{}:{line}: `{snippet}`", place.path)
        }
        None => "nowhere".to_owned(),
    };
    let diagnostics = |list: &[Diagnostic]| {
        let mut out = String::new();
        for diagnostic in list {
            let _ = writeln!(
                out,
                "{}: {}\n  at {}",
                diagnostic.code,
                diagnostic.message,
                text(&diagnostic.place)
            );
            for (place, words) in &diagnostic.notes {
                let _ = writeln!(out, "  note: {words}: {}", text(&Some(place.clone())));
            }
            if let Some(hint) = &diagnostic.hint {
                let _ = writeln!(out, "  hint: {hint}");
            }
        }
        out
    };
    let template = match ParsedTemplate::parse(&files, &TreePath::from_git(template)) {
        Ok(template) => template,
        Err(faults) => return diagnostics(&faults),
    };
    let variables = serde_json::from_value(variables).unwrap();
    let mut parsed = Vec::new();
    for path in var_files {
        match VarFile::parse(&files, &TreePath::from_git(path)) {
            Ok(file) => parsed.push(Arc::new(file)),
            Err(faults) => return diagnostics(&faults),
        }
    }
    let request = Request {
        source,
        variables: &variables,
        var_files: &parsed,
    };
    let evaluation = match template.evaluate(&files, &request) {
        Ok(evaluation) => evaluation,
        Err(faults) => return diagnostics(&faults),
    };
    let mut out = format!("{:#}\n", evaluation.fingerprint);
    for input in &evaluation.inputs {
        if !input.role.content_matters() {
            continue;
        }
        let _ = write!(out, "{:?} {}", input.role, input.path);
        if let Some(to) = &input.uploaded_to {
            let _ = write!(out, " -> {to}");
        }
        if input.local {
            out.push_str(" (local)");
        }
        let _ = writeln!(out, "  from {}", text(&Some(input.at.clone())));
    }
    for script in &evaluation.inline {
        let _ = writeln!(out, "inline {:?}: {:?}", script.shell, script.text);
    }
    for unresolved in &evaluation.unresolved {
        out.push_str(&diagnostics(std::slice::from_ref(&unresolved.diagnostic)));
        if let Some(within) = &unresolved.within {
            let _ = writeln!(out, "  within {within:?}");
        }
    }
    out.push_str(&diagnostics(&evaluation.warnings));
    out
}

fn fingerprint(tree: &[(&str, &str)], template: &str, source: &str) -> serde_json::Value {
    let files = MemoryTree::new(tree.iter().copied());
    ParsedTemplate::parse(&files, &TreePath::from_git(template))
        .unwrap()
        .evaluate(
            &files,
            &Request {
                source,
                variables: &BTreeMap::new(),
                var_files: &[],
            },
        )
        .unwrap()
        .fingerprint
}

const UBUNTU: &str = r#"# Ubuntu on Google.
packer {
  required_plugins {
    googlecompute = { source = "github.com/hashicorp/googlecompute", version = "~> 1" }
    amazon        = { source = "github.com/hashicorp/amazon", version = ">= 1.3" }
  }
}

variable "name" { default = env("IMAGE_NAME") }
variable "size" {
  type    = number
  default = "60"
}
variable "scripts" { type = list(string) }
variable "unused" { default = "x" }

locals {
  zone   = "us-central1-a"
  labels = merge({ team = "releng" }, { size = var.size })
}
local "token" {
  expression = data.googlecompute-secretsmanager.cot.payload
  sensitive  = true
}
data "googlecompute-secretsmanager" "cot" { name = "cot-${var.size}" }

source "googlecompute" "ubuntu" {
  image_name   = "${var.name}-v1"
  disk_size    = var.size
  zone         = local.zone
  image_labels = local.labels
  metadata_files = { user-data = "${path.root}/user-data.yml" }
}
source "amazon-ebs" "ubuntu" { region = "us-east-1" }

build {
  sources = ["source.googlecompute.ubuntu", "source.amazon-ebs.ubuntu"]

  provisioner "shell" {
    inline = ["mkdir -p /etc/worker", "echo ${upper("ok")} ${local.token}"]
  }
  provisioner "shell" {
    only            = ["googlecompute.ubuntu"]
    execute_command = "sudo sh -c '{{ .Vars }} {{ .Path }}'"
    scripts         = var.scripts
  }
  provisioner "shell" {
    only   = ["amazon-ebs.ubuntu"]
    script = "image-defs/scripts/missing.sh"
  }
  provisioner "file" {
    source      = "${path.cwd}/image-defs/files"
    destination = "/etc/worker/"
  }
  provisioner "file" {
    sources     = ["image-defs/files/", "image-defs/packer/user-data.yml"]
    destination = "/opt/"
  }
  provisioner "file" {
    direction   = "download"
    source      = "/var/log/build.log"
    destination = "build.log"
  }
  post-processor "manifest" { output = "manifest.json" }
}
"#;

fn ubuntu() -> Vec<(&'static str, &'static str)> {
    vec![
        ("image-defs/packer/ubuntu.pkr.hcl", UBUNTU),
        ("image-defs/packer/user-data.yml", "#cloud-config\n"),
        ("image-defs/scripts/10-base.sh", "true\n"),
        ("image-defs/scripts/20-gui.sh", "true\n"),
        ("image-defs/files/a.conf", "a\n"),
        ("image-defs/files/d/b.conf", "b\n"),
    ]
}

#[test]
fn evaluates_one_source() {
    let shown = show(
        &ubuntu(),
        "image-defs/packer/ubuntu.pkr.hcl",
        "googlecompute.ubuntu",
        json!({"scripts": ["image-defs/scripts/10-base.sh", "image-defs/scripts/20-gui.sh"]}),
    );
    assert_snapshot!(shown, @r#"
{
  "builds": [
    {
      "post-processors": [
        [
          [
            "manifest",
            {
              "output": "manifest.json"
            }
          ]
        ]
      ],
      "provisioners": [
        [
          "shell",
          {
            "inline": [
              "mkdir -p /etc/worker",
              {
                "$unknown": "text",
                "of": [
                  "echo OK ",
                  {
                    "$unknown": "get",
                    "of": [
                      {
                        "$unknown": "data.googlecompute-secretsmanager.cot"
                      },
                      "payload"
                    ]
                  }
                ]
              }
            ]
          }
        ],
        [
          "shell",
          {
            "execute_command": "sudo sh -c '{{ .Vars }} {{ .Path }}'",
            "scripts": [
              "image-defs/scripts/10-base.sh",
              "image-defs/scripts/20-gui.sh"
            ]
          }
        ],
        [
          "file",
          {
            "destination": "/etc/worker/",
            "source": "/<repository>/image-defs/files"
          }
        ],
        [
          "file",
          {
            "destination": "/opt/",
            "sources": [
              "image-defs/files/",
              "image-defs/packer/user-data.yml"
            ]
          }
        ],
        [
          "file",
          {
            "destination": "build.log",
            "direction": "download",
            "source": "/var/log/build.log"
          }
        ]
      ],
      "source": [
        "googlecompute",
        "ubuntu",
        {
          "disk_size": 60,
          "image_labels": {
            "size": 60,
            "team": "releng"
          },
          "image_name": "-v1",
          "metadata_files": {
            "user-data": "/<repository>/image-defs/packer/user-data.yml"
          },
          "zone": "us-central1-a"
        }
      ]
    }
  ],
  "data": {
    "googlecompute-secretsmanager.cot": {
      "name": "cot-60"
    }
  },
  "environment": [
    "IMAGE_NAME"
  ],
  "packer": [
    {
      "required_plugins": [
        {
          "googlecompute": {
            "source": "github.com/hashicorp/googlecompute",
            "version": "~> 1"
          }
        }
      ]
    }
  ]
}
Upload image-defs/files/a.conf -> /etc/worker/files/a.conf  from image-defs/packer/ubuntu.pkr.hcl:52: `"${path.cwd}/image-defs/files"`
Upload image-defs/files/a.conf -> /opt/a.conf  from image-defs/packer/ubuntu.pkr.hcl:56: `"image-defs/files/"`
Upload image-defs/files/d/b.conf -> /etc/worker/files/d/b.conf  from image-defs/packer/ubuntu.pkr.hcl:52: `"${path.cwd}/image-defs/files"`
Upload image-defs/files/d/b.conf -> /opt/d/b.conf  from image-defs/packer/ubuntu.pkr.hcl:56: `"image-defs/files/"`
Upload image-defs/packer/user-data.yml -> /opt/user-data.yml  from image-defs/packer/ubuntu.pkr.hcl:56: `"image-defs/packer/user-data.yml"`
UserData image-defs/packer/user-data.yml  from image-defs/packer/ubuntu.pkr.hcl:32: `{ user-data = "${path.root}/user-data.yml" }`
Script image-defs/scripts/10-base.sh  from image-defs/packer/ubuntu.pkr.hcl:45: `var.scripts`
Script image-defs/scripts/20-gui.sh  from image-defs/packer/ubuntu.pkr.hcl:45: `var.scripts`
inline Bash: "mkdir -p /etc/worker\necho OK ${PACKER_UNKNOWN}\n"
"#);
}

#[test]
fn follows_blocks_that_multiply_and_override() {
    let template = r#"
variable "spot" {
  type    = bool
  default = true
}
locals {
  steps = { one = "a.sh", two = "b.sh" }
}
source "azure-arm" "win" {
  dynamic "spot" {
    for_each = var.spot ? [1] : []
    content { eviction_policy = "Delete" }
  }
  tags = { for key, value in local.steps : upper(key) => trimsuffix(value, ".sh") if key != "two" }
}
source "null" "other" {}
build {
  name = "fleet"
  source "azure-arm.win" {
    name     = "win11"
    location = "eastus"
  }
  sources = ["null.other"]
  provisioner "powershell" {
    inline   = ["Write-Host default"]
    override = {
      win11 = { inline = ["Write-Host ${lower("WIN11")}"], elevated_user = "SYSTEM" }
      other = { inline = ["nothing"] }
    }
  }
  dynamic "provisioner" {
    for_each = local.steps
    labels   = ["shell"]
    iterator = step
    content {
      script           = "scripts/${step.value}"
      environment_vars = ["STEP=${step.key}", "SOURCE=${source.name}"]
    }
  }
  provisioner "shell-local" {
    except = ["azure-arm.win11"]
    script = "nowhere.sh"
  }
  error-cleanup-provisioner "shell-local" {
    script = "scripts/a.sh"
  }
  post-processors {
    post-processor "compress" { output = "x.tgz" }
    post-processor "shell-local" {
      only   = ["null.other"]
      inline = ["false"]
    }
  }
}
"#;
    let tree = [
        ("t.pkr.hcl", template),
        ("scripts/a.sh", ""),
        ("scripts/b.sh", ""),
    ];
    let shown = show(&tree, "t.pkr.hcl", "source.azure-arm.win11", json!({}));
    assert_snapshot!(shown, @r#"
{
  "builds": [
    {
      "error-cleanup-provisioner": [
        [
          "shell-local",
          {
            "script": "scripts/a.sh"
          }
        ]
      ],
      "post-processors": [
        [
          [
            "compress",
            {
              "output": "x.tgz"
            }
          ]
        ]
      ],
      "provisioners": [
        [
          "powershell",
          {
            "elevated_user": "SYSTEM",
            "inline": [
              "Write-Host win11"
            ]
          }
        ],
        [
          "shell",
          {
            "environment_vars": [
              "STEP=one",
              "SOURCE=win11"
            ],
            "script": "scripts/a.sh"
          }
        ],
        [
          "shell",
          {
            "environment_vars": [
              "STEP=two",
              "SOURCE=win11"
            ],
            "script": "scripts/b.sh"
          }
        ]
      ],
      "settings": {
        "name": "fleet"
      },
      "source": [
        "azure-arm",
        "win11",
        {
          "location": "eastus",
          "spot": [
            {
              "eviction_policy": "Delete"
            }
          ],
          "tags": {
            "ONE": "a"
          }
        }
      ]
    }
  ]
}
Script scripts/a.sh  from t.pkr.hcl:36: `"scripts/${step.value}"`
Script scripts/a.sh (local)  from t.pkr.hcl:45: `"scripts/a.sh"`
Script scripts/b.sh  from t.pkr.hcl:36: `"scripts/${step.value}"`
inline PowerShell: "Write-Host win11\n"
"#);
    // The build's name may be part of the request, and the source's own name is enough.
    for request in ["fleet.azure-arm.win11", "azure-arm.win"] {
        assert_eq!(show(&tree, "t.pkr.hcl", request, json!({})), shown);
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
fn reads_legacy_templates() {
    let template = r#"{
  "_comment": "nothing",
  "min_packer_version": "1.5.0",
  "variables": {
    "region": "us-east-1",
    "home": "{{env `HOME`}}",
    "dir": "{{template_dir}}/scripts"
  },
  "builders": [
    {"type": "amazon-ebs", "region": "{{user `region`}}", "ami_name": "w-{{timestamp}}", "user_data_file": "{{template_dir}}/user-data"},
    {"type": "virtualbox-iso", "name": "local", "vm_name": "{{user `region` | clean_resource_name}}"}
  ],
  "provisioners": [
    {"type": "shell", "scripts": ["{{user `dir`}}/a.sh", "p/scripts/b.sh"],
     "execute_command": "{{.Vars}} sh '{{.Path}}'",
     "override": {"local": {"execute_command": "sudo {{.Path}}"}}},
    {"type": "file", "only": ["local"], "source": "missing", "destination": "/tmp/"},
    {"type": "shell", "except": ["local"], "inline": ["echo {{build_name}} {{user `home`}}"]}
  ],
  "post-processors": ["vagrant", [{"type": "compress", "only": ["local"]}, {"type": "manifest"}]]
}
"#;
    let tree = [
        ("p/t.json", template),
        ("p/user-data", ""),
        ("p/scripts/a.sh", ""),
        ("p/scripts/b.sh", ""),
    ];
    let shown = show(
        &tree,
        "p/t.json",
        "amazon-ebs",
        json!({"region": "eu-west-1"}),
    );
    assert_snapshot!(shown, @r#"
{
  "builds": [
    {
      "post-processors": [
        [
          [
            "vagrant",
            {}
          ]
        ],
        [
          [
            "manifest",
            {}
          ]
        ]
      ],
      "provisioners": [
        [
          "shell",
          {
            "execute_command": "{{.Vars}} sh '{{.Path}}'",
            "scripts": [
              "/<repository>/p/scripts/a.sh",
              "p/scripts/b.sh"
            ]
          }
        ],
        [
          "shell",
          {
            "inline": [
              "echo amazon-ebs "
            ]
          }
        ]
      ],
      "settings": {
        "min_packer_version": "1.5.0"
      },
      "source": [
        "amazon-ebs",
        "amazon-ebs",
        {
          "ami_name": "w-{{timestamp}}",
          "region": "eu-west-1",
          "user_data_file": "/<repository>/p/user-data"
        }
      ]
    }
  ],
  "environment": [
    "HOME"
  ]
}
Script p/scripts/a.sh  from p/t.json:14: `"{{user `dir`}}/a.sh"`
Script p/scripts/b.sh  from p/t.json:14: `"p/scripts/b.sh"`
UserData p/user-data  from p/t.json:10: `"{{template_dir}}/user-data"`
inline Bash: "echo amazon-ebs \n"
"#);
    let shown = show(&tree, "p/t.json", "local", json!({"dir": "p/scripts"}));
    assert_snapshot!(shown, @r#"
{
  "builds": [
    {
      "post-processors": [
        [
          [
            "vagrant",
            {}
          ]
        ],
        [
          [
            "compress",
            {}
          ],
          [
            "manifest",
            {}
          ]
        ]
      ],
      "provisioners": [
        [
          "shell",
          {
            "execute_command": "sudo {{.Path}}",
            "scripts": [
              "p/scripts/a.sh",
              "p/scripts/b.sh"
            ]
          }
        ],
        [
          "file",
          {
            "destination": "/tmp/",
            "source": "missing"
          }
        ]
      ],
      "settings": {
        "min_packer_version": "1.5.0"
      },
      "source": [
        "virtualbox-iso",
        "local",
        {
          "vm_name": {
            "$unknown": "text",
            "of": [
              {
                "$unknown": "user region | clean_resource_name",
                "of": [
                  "us-east-1"
                ]
              }
            ]
          }
        }
      ]
    }
  ]
}
Script p/scripts/a.sh  from p/t.json:14: `"{{user `dir`}}/a.sh"`
Script p/scripts/b.sh  from p/t.json:14: `"p/scripts/b.sh"`
missing-file: `missing` does not exist
  at p/t.json:17: `"missing"`
"#);
}

#[test]
fn reads_hcl_in_json() {
    let template = r#"{
  "//": "a comment",
  "variable": {"name": {"type": "list(string)", "default": ["a", "b"]}},
  "locals": {"n": "${join(\"-\", var.name)}"},
  "source": {"null": {"x": {"communicator": "none"}, "y": {}}},
  "build": {
    "sources": ["null.x", "null.y"],
    "provisioner": [
      {"shell": {"inline": ["echo ${local.n}"], "only": ["null.x"]}},
      {"file": {"source": "a.txt", "destination": "/a"}}
    ],
    "post-processors": [{"post-processor": {"manifest": {}}}]
  }
}"#;
    let shown = show(
        &[("t.pkr.json", template), ("a.txt", "")],
        "t.pkr.json",
        "null.x",
        json!({}),
    );
    assert_snapshot!(shown, @r#"
{
  "builds": [
    {
      "post-processors": [
        [
          [
            "manifest",
            {}
          ]
        ]
      ],
      "provisioners": [
        [
          "shell",
          {
            "inline": [
              "echo a-b"
            ]
          }
        ],
        [
          "file",
          {
            "destination": "/a",
            "source": "a.txt"
          }
        ]
      ],
      "source": [
        "null",
        "x",
        {
          "communicator": "none"
        }
      ]
    }
  ]
}
Upload a.txt -> /a  from t.pkr.json:10: `"a.txt"`
inline Bash: "echo a-b\n"
"#);
}

#[test]
fn reads_folders_and_files_of_values() {
    let shown = show_with(
        &[
            ("p/a.pkr.hcl", "source \"null\" \"x\" { a = var.one }\n"),
            (
                "p/b.pkr.hcl",
                "variable \"one\" {}\nvariable \"two\" {\n  type = map(number)\n}\nbuild {\n  sources = [\"null.x\"]\n  provisioner \"shell\" {\n    inline = [var.two.a + 1]\n  }\n}\n",
            ),
            ("p/c.auto.pkrvars.hcl", "one = \"automatic\"\nthree = 3\n"),
            ("p/README.md", ""),
            ("v/x.pkrvars.hcl", "one = \"file\"\ntwo = { a = 1 }\n"),
            ("v/y.json", "{\"two\": {\"a\": \"2\"}}"),
        ],
        "p",
        "null.x",
        json!({}),
        &["v/x.pkrvars.hcl", "v/y.json"],
    );
    assert_snapshot!(shown, @r#"
{
  "builds": [
    {
      "provisioners": [
        [
          "shell",
          {
            "inline": [
              3
            ]
          }
        ]
      ],
      "source": [
        "null",
        "x",
        {
          "a": "file"
        }
      ]
    }
  ]
}
inline Bash: "3\n"
unknown-variable: the template declares no variable `three`
  at p/c.auto.pkrvars.hcl:2: `3`
"#);
}

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

#[test]
fn refuses_hostile_templates() {
    let deep = |open: &str, close: &str| {
        format!(
            "source \"null\" \"x\" {{\n  a = {}1{}\n}}\nbuild {{\n  sources = [\"null.x\"]\n}}\n",
            open.repeat(10_000),
            close.repeat(10_000)
        )
    };
    let mut doubling = String::from("locals {\n  l0 = \"xxxxxxxxxxxxxxxx\"\n  m0 = [1]\n");
    for at in 1..60 {
        let _ = writeln!(
            doubling,
            "  l{at} = \"${{local.l{0}}}${{local.l{0}}}\"",
            at - 1
        );
        let _ = writeln!(doubling, "  m{at} = [local.m{0}, local.m{0}]", at - 1);
    }
    let uses = |what: &str| {
        format!(
            "source \"null\" \"x\" {{\n  a = {what}\n}}\nbuild {{\n  sources = [\"null.x\"]\n}}\n"
        )
    };
    let mut chain = String::from("locals {\n  l0 = 1\n");
    for at in 1..5000 {
        let _ = writeln!(chain, "  l{at} = local.l{}", at - 1);
    }
    for (text, expect) in [
        (deep("[", "]"), "packer-syntax"),
        (deep("(", ")"), "packer-syntax"),
        (deep("{ a = ", " }"), "packer-syntax"),
        (deep("\"${", "}\""), "packer-syntax"),
        (deep("!", ""), "packer-syntax"),
        (deep("1 + ", ""), "packer-syntax"),
        (deep("f(", ")"), "packer-syntax"),
        (deep("true ? 1 : ", ""), "packer-syntax"),
        (
            format!("{doubling}}}\n{}", uses("local.l59")),
            "template-too-large",
        ),
        (
            format!("{doubling}}}\n{}", uses("local.m59")),
            "template-too-large",
        ),
        (
            format!("{chain}}}\n{}", uses("local.l4999")),
            "template-too-deep",
        ),
        (uses("range(1000000000)"), "template-too-large"),
        (
            uses("setproduct(range(1000), range(1000), range(1000))"),
            "template-too-large",
        ),
        (
            uses("[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]"),
            "template-too-large",
        ),
        (uses("templatefile(\"x.tpl\", {})"), "template-too-deep"),
        (format!("# {}", "x".repeat(2 << 20)), "template-too-large"),
    ] {
        let shown = show(
            &[
                ("t.pkr.hcl", &text),
                ("x.tpl", "${templatefile(\"x.tpl\", {})}"),
            ],
            "t.pkr.hcl",
            "null.x",
            json!({}),
        );
        assert!(
            shown.starts_with(expect),
            "{expect}: {}",
            &shown[..shown.len().min(300)]
        );
    }
}

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

proptest::proptest! {
    /// What nobody means anything by leaves no trace in the fingerprint.
    #[test]
    fn layout_does_not_matter(noise in proptest::collection::vec(0usize..6, 12)) {
        let base = fingerprint(&ubuntu_ready(UBUNTU), "t.pkr.hcl", "googlecompute.ubuntu");
        let mut noisy = String::new();
        let mut noise = noise.into_iter().cycle();
        for line in UBUNTU.lines() {
            noisy.push_str(line);
            noisy.push('\n');
            match noise.next() {
                Some(0) => noisy.push('\n'),
                Some(1) => noisy.push_str("  # a comment\n"),
                Some(2) => noisy.push_str("\t/* another */\n"),
                Some(3) => noisy.push_str("// \"${unbalanced\n"),
                _ => {}
            }
        }
        let changed = fingerprint(&ubuntu_ready(&noisy), "t.pkr.hcl", "googlecompute.ubuntu");
        proptest::prop_assert_eq!(base, changed);
    }

    /// What applies to another source leaves no trace; what applies to this one does.
    #[test]
    fn only_what_applies_matters(text in "[a-z0-9 /.-]{0,20}") {
        let edit = |from: &str, to: &str| {
            let edited = UBUNTU.replace(from, to);
            assert_ne!(edited, UBUNTU, "the text must be there");
            let tree = ubuntu_ready(&edited);
            fingerprint(&tree, "t.pkr.hcl", "googlecompute.ubuntu")
        };
        let base = fingerprint(&ubuntu_ready(UBUNTU), "t.pkr.hcl", "googlecompute.ubuntu");
        let other = format!("edited{text}");
        for (from, to) in [
            ("image-defs/scripts/missing.sh", other.clone()),
            ("us-east-1", other.clone()),
            (">= 1.3", other.clone()),
            ("\"x\"", format!("\"{other}\"")),
        ] {
            proptest::prop_assert_eq!(&base, &edit(from, &to), "{}", from);
        }
        for from in ["-v1", "us-central1-a", "mkdir -p", "manifest.json", "~> 1", "cot-", "releng"] {
            proptest::prop_assert_ne!(&base, &edit(from, &other), "{}", from);
        }
    }
}

/// The fixture's template with a default for `scripts`, in the files that it names.
fn ubuntu_ready(template: &str) -> Vec<(&'static str, &'static str)> {
    let ready = template.replace(
        "variable \"scripts\" { type = list(string) }",
        "variable \"scripts\" { default = [] }",
    );
    let mut tree = ubuntu();
    tree.remove(0);
    // Leaked: a test's few kilobytes live as long as the test.
    tree.push(("t.pkr.hcl", Box::leak(ready.into_boxed_str())));
    tree.push(("user-data.yml", ""));
    tree
}

#[test]
fn templates_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<ParsedTemplate>();
    shared::<VarFile>();
}
