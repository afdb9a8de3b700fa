// Debian on QEMU: `qemu.base` makes the base from Debian's own cloud image, `qemu.worker` makes the worker from
// that base. Both give a disk, artifacts/<image>.qcow2. Debian's Packer, 1.6.6, and QEMU are all that a build
// needs; without KVM set `accelerator` to `tcg`.
packer {
  required_version = ">= 1.6.6"
}

variable "image_name" {
  type = string
}

variable "scripts" {
  type        = list(string)
  description = "The provisioning scripts in the order they run, from the repository's root."
}

variable "files" {
  type        = list(string)
  description = "Folders that the scripts install files from, from the repository's root; at least one."
}

variable "environment" {
  type    = map(string)
  default = {}
}

variable "debian_image" {
  type        = string
  default     = ""
  description = "The build of Debian's cloud image: <date>-<number>."
}

variable "debian_sha256" {
  type    = string
  default = ""
}

variable "parent_image" {
  type        = string
  default     = env("PARENT_IMAGE")
  description = "The parent's disk, as a path."
}

variable "disk_size" {
  type        = number
  default     = 8
  description = "The disk in GiB."
}

variable "accelerator" {
  type    = string
  default = "kvm"
}

variable "cpu_count" {
  type    = number
  default = 2
}

variable "artifacts" {
  type    = string
  default = "artifacts"
}

locals {
  debian_series = "https://cloud.debian.org/images/cloud/bookworm"

  // NoCloud: cloud-init reads user-data and meta-data from Packer's own web server.
  // Packer 1.6.6 has no `cpu_model`; "max" is the host's processor with KVM and everything emulated without.
  qemu_arguments = [
    ["-smbios", "type=1,serial=ds=nocloud-net;s=http://{{ .HTTPIP }}:{{ .HTTPPort }}/"],
    ["-cpu", "max"],
    ["-device", "virtio-rng-pci"],
  ]

  // The build's account goes last, over the connection that it opened itself.
  shut_down = "sudo sh -c 'userdel --force --remove packer; rm -f /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- /etc/sudoers.d/90-cloud-init-users /etc/ssh/sshd_config.d/50-cloud-init.conf; systemctl poweroff'"
}

source "qemu" "base" {
  iso_url      = "${local.debian_series}/${var.debian_image}/debian-12-genericcloud-amd64-${var.debian_image}.qcow2"
  iso_checksum = "sha256:${var.debian_sha256}"

  disk_image       = true
  disk_size        = "${var.disk_size}G"
  disk_compression = true
  format           = "qcow2"
  accelerator      = var.accelerator
  cpus             = var.cpu_count
  memory           = 2048
  headless         = true
  qemuargs         = local.qemu_arguments
  http_directory   = "${path.root}/../../files/qemu-seed"
  ssh_username     = "packer"
  ssh_password     = "packer"
  ssh_timeout      = "30m"
  shutdown_command = local.shut_down
  shutdown_timeout = "10m"
  output_directory = "${var.artifacts}/${var.image_name}"
  vm_name          = "${var.image_name}.qcow2"
}

source "qemu" "worker" {
  // A file of the builder's own disk; what it must be is in the digest that the build task checks.
  iso_url      = var.parent_image
  iso_checksum = "none"

  disk_image       = true
  disk_size        = "${var.disk_size}G"
  disk_compression = true
  format           = "qcow2"
  accelerator      = var.accelerator
  cpus             = var.cpu_count
  memory           = 4096
  headless         = true
  qemuargs         = local.qemu_arguments
  http_directory   = "${path.root}/../../files/qemu-seed"
  ssh_username     = "packer"
  ssh_password     = "packer"
  ssh_timeout      = "30m"
  shutdown_command = local.shut_down
  shutdown_timeout = "10m"
  output_directory = "${var.artifacts}/${var.image_name}"
  vm_name          = "${var.image_name}.qcow2"
}

build {
  sources = [
    "source.qemu.base",
    "source.qemu.worker",
  ]

  provisioner "shell" {
    valid_exit_codes = [0, 2]
    inline           = ["cloud-init status --wait"]
  }

  // The layout of image-defs, see ../linux/build.pkr.hcl.
  provisioner "shell" {
    inline = [
      "sudo install -d -m 0755 -o packer -g packer /opt/image-build",
      "mkdir -p /opt/image-build/scripts/lib /opt/image-build/scripts/run /opt/image-build/files",
    ]
  }

  provisioner "file" {
    source      = "${path.root}/../../scripts/lib/"
    destination = "/opt/image-build/scripts/lib"
  }

  provisioner "file" {
    sources     = var.files
    destination = "/opt/image-build/files"
  }

  provisioner "shell" {
    remote_folder    = "/opt/image-build/scripts/run"
    execute_command  = "sudo env {{ .Vars }} bash {{ .Path }}"
    environment_vars = concat(["IMAGE_NAME=${var.image_name}"], [for name, value in var.environment : "${name}=${value}"])
    scripts          = concat(var.scripts, ["${path.root}/../../scripts/seal/sbom.sh"])
  }

  provisioner "file" {
    direction   = "download"
    source      = "/etc/image-build.d/sbom.tsv"
    destination = "${var.artifacts}/sbom.tsv"
  }

  provisioner "shell" {
    remote_folder   = "/opt/image-build/scripts/run"
    execute_command = "sudo env {{ .Vars }} bash {{ .Path }}"
    skip_clean      = true
    script          = "${path.root}/../../scripts/seal/clean.sh"
  }

  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "${var.artifacts}/${var.image_name}.{{.ChecksumType}}"
  }

  post-processor "manifest" {
    output     = "${var.artifacts}/manifest.json"
    strip_path = true
  }
}
