//! The forms that a template comes in.

use insta::assert_snapshot;
use serde_json::json;

use super::{fingerprint, show, show_with};

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
fn reads_comments_and_any_name_among_the_locals_of_json() {
    let template = r#"{
        "//": "a comment",
        "variables": {"//": "a comment", "dynamic": "a.sh", "z": "b.sh"},
        "locals": {"//": "a comment", "dynamic": {"content": "c.sh"}, "z": "d.sh"},
        "source": {"null": {"x": {}}},
        "build": {"//": "a comment", "sources": ["null.x"], "provisioner": {"shell": {"scripts": [
            "${var.dynamic}", "${var.z}", "${local.dynamic.content}", "${local.z}"
        ]}}}
    }"#;
    let tree = [
        ("t.pkr.json", template),
        ("a.sh", ""),
        ("b.sh", ""),
        ("c.sh", ""),
        ("d.sh", ""),
    ];
    assert_eq!(
        fingerprint(&tree, "t.pkr.json", "null.x")["builds"][0]["provisioners"],
        json!([["shell", {"scripts": ["a.sh", "b.sh", "c.sh", "d.sh"]}]])
    );
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
