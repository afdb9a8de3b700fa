// Debian made of its packages alone: no machine is started, and no image of somebody else's is the base. A script of
// this machine puts packages into a disk (scripts/bootstrap/debian.sh); needs root or user namespaces.
packer {
  required_version = ">= 1.6.6"
}

variable "image_name" {
  type = string
}

variable "suite" {
  type = string
}

variable "arch" {
  type        = string
  default     = "amd64"
  description = "Debian's architecture: amd64 or arm64."
}

variable "disk_size" {
  type        = number
  default     = 3
  description = "The disk in GiB."
}

variable "artifacts" {
  type    = string
  default = "artifacts"
}

source "null" "debian" {
  communicator = "none"
}

build {
  sources = ["source.null.debian"]

  provisioner "shell-local" {
    script          = "${path.root}/../../scripts/bootstrap/debian.sh"
    execute_command = ["/bin/sh", "-c", "{{ .Vars }} bash {{ .Script }}"]
    environment_vars = [
      "IMAGE_NAME=${var.image_name}",
      "DEBIAN_SUITE=${var.suite}",
      "DEBIAN_ARCH=${var.arch}",
      "DISK_GIB=${var.disk_size}",
      "ARTIFACTS=${var.artifacts}",
    ]
  }

  post-processors {
    post-processor "artifice" {
      files = ["${var.artifacts}/${var.image_name}.qcow2"]
    }

    post-processor "manifest" {
      output     = "${var.artifacts}/manifest.json"
      strip_path = true
    }
  }
}
