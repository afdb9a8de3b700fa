//! Templates in, what they mean out.

mod blocks;
mod expressions;
mod faults;
mod hostile;
mod laws;
mod syntax;

use std::collections::BTreeMap;
use std::fmt::Write as _;

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
