//! Which blocks apply to a source, and what they come to.

use insta::assert_snapshot;
use serde_json::json;

use super::{show, ubuntu};
use crate::packer::{ParsedTemplate, VarFile};

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
fn templates_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<ParsedTemplate>();
    shared::<VarFile>();
}
