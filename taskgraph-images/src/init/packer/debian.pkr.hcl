// Debian on QEMU. Packer runs at the repository's root; the disk is artifacts/<image>/<image>.qcow2.
// Without KVM set `accelerator` to `tcg`.

variable "image_name" {
  type = string
}

variable "scripts" {
  type        = list(string)
  description = "The provisioning scripts of the image, in the order they run. taskgraph-images sets it."
}

variable "debian_image" {
  type        = string
  description = "The build of Debian's cloud image: <date>-<number>."
}

variable "debian_sha256" {
  type = string
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

source "qemu" "debian" {
  iso_url          = "https://cloud.debian.org/images/cloud/bookworm/${var.debian_image}/debian-12-genericcloud-amd64-${var.debian_image}.qcow2"
  iso_checksum     = "sha256:${var.debian_sha256}"
  disk_image       = true
  disk_size        = "${var.disk_size}G"
  disk_compression = true
  format           = "qcow2"
  accelerator      = var.accelerator
  memory           = 2048
  headless         = true
  http_directory   = "${path.root}/../files/qemu"
  qemuargs = [
    // cloud-init reads files/qemu from Packer's own web server.
    ["-smbios", "type=1,serial=ds=nocloud-net;s=http://{{ .HTTPIP }}:{{ .HTTPPort }}/"],
    ["-cpu", "max"],
  ]
  ssh_username = "packer"
  ssh_password = "packer"
  ssh_timeout  = "30m"
  // The build's account goes last, over the connection that it opened itself.
  shutdown_command = "sudo sh -c 'userdel --force --remove packer; rm -f /etc/sudoers.d/90-cloud-init-users /etc/ssh/sshd_config.d/50-cloud-init.conf; systemctl poweroff'"
  shutdown_timeout = "10m"
  output_directory = "artifacts/${var.image_name}"
  vm_name          = "${var.image_name}.qcow2"
}

build {
  sources = ["source.qemu.debian"]

  // Packer uploads a script alone. This rebuilds the layout of image-defs/scripts on the machine, so that
  // `"$(dirname "$0")/../lib"` is right in both places.
  provisioner "shell" {
    inline = [
      "cloud-init status --wait || [ $? -eq 2 ]",
      "sudo install -d -o packer /opt/image-build",
      "mkdir -p /opt/image-build/lib /opt/image-build/run",
    ]
  }

  provisioner "file" {
    source      = "${path.root}/../scripts/lib/"
    destination = "/opt/image-build/lib"
  }

  provisioner "shell" {
    remote_folder    = "/opt/image-build/run"
    execute_command  = "sudo env {{ .Vars }} bash {{ .Path }}"
    environment_vars = ["IMAGE_NAME=${var.image_name}"]
    scripts          = var.scripts
  }

  provisioner "shell" {
    inline = ["sudo rm -rf /opt/image-build && sudo cloud-init clean --logs"]
  }
}
