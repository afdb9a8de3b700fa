//! The text of every file.

use std::fmt::Write as _;

use crate::shape::{FAMILIES, Random, Synthetic, cloud, image_name};

pub(crate) const CONFIG: &str = "\
# What holds for the whole project.
trust-domain: bench
owner: bench@example.org
provisioning: [image-defs]
workers:
  aliases:
    linux-builder:
      {provisioner: \"{{trust-domain}}-{{level}}\", worker-type: image-builder, implementation: generic-worker, os: linux}
    publisher:
      {provisioner: \"{{trust-domain}}-{{level}}\", worker-type: publisher, implementation: generic-worker, os: linux}
tasks:
  priority: low
  deadline: 1 day
  expires: {by-level: {1: 28 days, 3: 1 year}}
";

pub(crate) const LINUX: &str = "\
# Every Linux image.
os: linux
builder:
  packer:
    template: image-defs/packer/linux
    variables:
      image_name: \"{{name}}\"
      machine_type:
        by-cloud:
          google: {by-arch: {amd64: n2-standard-4, arm64: t2a-standard-4}}
          aws: {by-arch: {amd64: m6i.xlarge, arm64: m7g.xlarge}}
          azure: Standard_D4s_v5
      environment:
        TASKCLUSTER_VERSION: \"{{pins.taskcluster.value}}\"
        GENERIC_WORKER_SHA256:
          by-arch:
            amd64: \"{{pins.taskcluster.sha256.linux-amd64}}\"
            arm64: \"{{pins.taskcluster.sha256.linux-arm64}}\"
build: {worker: linux-builder, max-run-time: 2 hours, retries: 2}
verify:
  method: boot
  worker: linux-builder
  checks: [\"image-defs/checks/linux/*.sh\"]
  max-run-time: 30 minutes
publish:
  worker: publisher
  family: \"{{name}}\"
  regions:
    by-cloud:
      google: [us-central1, us-west1]
      aws: [us-east-1, us-west-2]
      azure: [centralus, eastus2]
  labels: {managed-by: taskgraph-images}
  max-run-time: 1 hour
max-age: 30 days
treeherder: {platform: \"linux-{{cloud}}/opt\"}
";

pub(crate) fn pins() -> String {
    let mut random = Random(1);
    let mut text = "# Versions of what comes from outside.\npins:\n".to_owned();
    let mut pin = |name: &str, value: &str| {
        let _ = write!(
            text,
            "  {name}:\n    value: {value}\n    reason: the newest release that was tried\n    review: 2027-03-01\n    sha256:\n"
        );
        for arch in ["linux-amd64", "linux-arm64"] {
            let digest: String = (0..8)
                .map(|_| format!("{:08x}", random.below(1 << 32)))
                .collect();
            let _ = writeln!(text, "      {arch}: \"{digest}\"");
        }
    };
    pin("taskcluster", "105.0.0");
    for family in 0..FAMILIES {
        pin(&format!("base-{family}"), &format!("v2026.{family}"));
    }
    for other in 0..20 {
        pin(&format!("tool-{other}"), &format!("1.{other}.0"));
    }
    text
}

pub(crate) fn family(family: usize) -> String {
    let cloud = cloud(family);
    let kind = source(family);
    format!(
        "# What the images of family {family} share.\n\
         extends: [linux]\n\
         cloud: {cloud}\n\
         attributes: {{family: f{family}}}\n\
         builder:\n  packer:\n    source: {kind}.family{family}\n    variables:\n      \
         base_image: \"base-{family}-{{{{pins.base-{family}.value}}}}\"\n      \
         labels: {{image: \"{{{{name}}}}\", definition: \"{{{{definition}}}}\", family: f{family}}}\n"
    )
}

fn source(family: usize) -> &'static str {
    ["googlecompute", "amazon-ebs", "azure-arm"][family % 3]
}

impl Synthetic {
    pub(crate) fn definition(&self, at: usize) -> String {
        let image = &self.images[at];
        let mut text = format!(
            "# Image {at} of the synthetic fleet.\nextends: [family/f{}]\nname: {}\ndescription: Workers of team {}\n",
            image.family,
            image_name(at),
            at / 100
        );
        let _ = writeln!(text, "owner: team-{}@example.org", at / 100);
        if at.is_multiple_of(5) && image.family % 3 != 2 {
            text += "arch: arm64\n";
        }
        if let Some(parent) = image.parent {
            let _ = writeln!(text, "parent: {}", image_name(parent));
        }
        let _ = write!(
            text,
            "builder:\n  packer:\n    variables:\n      disk_size: {}\n",
            20 + at % 7 * 10
        );
        if at.is_multiple_of(4) {
            let tool = at % 20;
            let _ = write!(
                text,
                "      environment:\n        TOOL_VERSION: \"{{{{pins.tool-{tool}.value}}}}\"\n"
            );
        }
        text += "scripts:\n";
        for script in &image.scripts {
            let _ = writeln!(text, "  - image-defs/scripts/{}", script_name(*script));
        }
        let _ = writeln!(text, "treeherder: {{symbol: \"i{at}\"}}");
        text
    }

    pub(crate) fn script(&self, at: usize) -> String {
        let mut text = format!(
            "#!/usr/bin/env bash\n# Step {at} of the synthetic fleet.\nset -euo pipefail\n\n"
        );
        for source in &self.scripts[at].sources {
            let _ = writeln!(
                text,
                "# shellcheck source-path=SCRIPTDIR\n. \"$(dirname \"$0\")/{}\"",
                script_name(*source)
            );
        }
        let _ = write!(
            text,
            "\nversion=\"${{TASKCLUSTER_VERSION:?}}\"\npackages=(curl jq tool-{at})\n\n\
             install_step_{at}() {{\n  local target=/usr/local/bin/step-{at}\n  \
             if [[ -x $target ]]; then\n    echo \"step {at} is installed already\"\n    return\n  fi\n  \
             apt-get install -y --no-install-recommends \"${{packages[@]}}\"\n  \
             curl -fsSL -o \"$target\" \"https://example.org/releases/$version/step-{at}\"\n  \
             chmod 0755 \"$target\"\n}}\n\n\
             configure_step_{at}() {{\n  cat > /etc/systemd/system/step-{at}.service <<UNIT\n[Unit]\nDescription=Step {at}\n\
             [Service]\nExecStart=/usr/local/bin/step-{at} --serve\nRestart=always\n[Install]\nWantedBy=multi-user.target\nUNIT\n  \
             systemctl daemon-reload\n  systemctl enable step-{at}.service\n}}\n\n\
             install_step_{at}\nconfigure_step_{at}\n"
        );
        text
    }
}

pub(crate) fn script_name(at: usize) -> String {
    format!("step-{at:04}.sh")
}

pub(crate) fn check(at: usize) -> String {
    format!(
        "#!/usr/bin/env bash\n# Check {at}: the machine is as it should be.\nset -euo pipefail\n\n\
         if ! systemctl is-active --quiet worker-{at}; then\n  echo \"worker-{at} is not running\" >&2\n  exit 1\nfi\n"
    )
}

pub(crate) const TEMPLATE_VARIABLES: &str = r#"variable "image_name" {
  type = string

  validation {
    condition     = length(var.image_name) <= 47
    error_message = "The image's name is longer than 47 characters."
  }
}

variable "scripts" {
  type        = list(string)
  description = "The provisioning scripts in the order they run."
}

variable "environment" {
  type    = map(string)
  default = {}
}

variable "base_image" {
  type    = string
  default = ""
}

variable "parent_image" {
  type    = string
  default = env("PARENT_IMAGE")
}

variable "machine_type" {
  type = string
}

variable "disk_size" {
  type    = number
  default = 40
}

variable "labels" {
  type    = map(string)
  default = {}
}

variable "project" {
  type    = string
  default = env("CLOUD_PROJECT")
}

locals {
  built_name = "${var.image_name}-${formatdate("YYYYMMDDhhmmss", timestamp())}"
}
"#;

pub(crate) fn template_sources() -> String {
    let mut text = String::new();
    for family in 0..FAMILIES {
        let fields = match family % 3 {
            0 => {
                "  project_id   = var.project\n  zone         = \"us-west1-a\"\n  source_image = var.parent_image != \"\" ? var.parent_image : var.base_image\n  \
                 machine_type = var.machine_type\n  disk_size    = var.disk_size\n  image_name   = local.built_name\n  image_labels = var.labels\n  ssh_username = \"packer\"\n"
            }
            1 => {
                "  region        = \"us-west-2\"\n  source_ami    = var.parent_image != \"\" ? var.parent_image : var.base_image\n  instance_type = var.machine_type\n  \
                 ami_name      = local.built_name\n  ssh_username  = \"ubuntu\"\n\n  launch_block_device_mappings {\n    device_name = \"/dev/sda1\"\n    volume_size = var.disk_size\n  }\n\n  \
                 dynamic \"tag\" {\n    for_each = var.labels\n    content {\n      key   = tag.key\n      value = tag.value\n    }\n  }\n"
            }
            _ => {
                "  subscription_id    = var.project\n  os_type            = \"Linux\"\n  location           = \"westus2\"\n  image_sku          = var.base_image\n  \
                 vm_size            = var.machine_type\n  os_disk_size_gb    = var.disk_size\n  managed_image_name = local.built_name\n  ssh_username       = \"packer\"\n"
            }
        };
        let _ = write!(
            text,
            "source \"{}\" \"family{family}\" {{\n{fields}}}\n\n",
            source(family)
        );
    }
    text
}

pub(crate) fn template_build() -> String {
    let mut text = "build {\n  sources = [\n".to_owned();
    for family in 0..FAMILIES {
        let _ = writeln!(text, "    \"source.{}.family{family}\",", source(family));
    }
    text += r#"  ]

  provisioner "shell" {
    inline = ["cloud-init status --wait"]
  }

  provisioner "shell" {
    remote_folder    = "/opt/image-build"
    execute_command  = "sudo env {{ .Vars }} bash {{ .Path }}"
    environment_vars = [for name, value in var.environment : "${name}=${value}"]
    scripts          = var.scripts
  }

  provisioner "file" {
    source      = "${path.root}/../../files/linux/"
    destination = "/etc/image-build"
  }

"#;
    for family in 0..FAMILIES {
        let _ = write!(
            text,
            "  provisioner \"shell\" {{\n    only   = [\"{}.family{family}\"]\n    inline = [\"echo family {family} > /etc/family\"]\n  }}\n\n",
            source(family)
        );
    }
    text += "  post-processor \"manifest\" {\n    output = \"artifacts/manifest.json\"\n  }\n}\n";
    text
}
