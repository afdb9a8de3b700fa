# Windows Server images on AWS and Google Cloud.
#
# Packer 1.6.6 validates this file as it is. What that version cannot read, and what is therefore left out:
#   * `packer { required_plugins {} }`: builders are part of 1.6; with 1.7 and later the build worker's image has
#     the amazon and googlecompute plugins installed at their pinned versions;
#   * amazon-ebs: `metadata_options {}` and `imds_support` (instance metadata v2 only), which the worker pools set;
#   * googlecompute: `image_guest_os_features`.

variable "image_name" {
  type = string
}

variable "image_arch" {
  type    = string
  default = "amd64"
}

variable "image_level" {
  type    = string
  default = "1"
}

variable "image_family" {
  type    = string
  default = ""
}

variable "scripts" {
  type        = list(string)
  description = "The provisioning scripts of the image, in the order they run, from the repository's root."
}

variable "versions" {
  type        = map(string)
  description = "Pinned versions by name."
}

variable "checksums" {
  type        = map(string)
  description = "Pinned SHA-256 sums by name."
}

variable "base_image" {
  type        = string
  description = "The exact name of the public image to start from: an AMI's name, or an image of windows-cloud."
  default     = ""
}

variable "parent_image" {
  type        = string
  description = "The AMI to start from, for an image that is built on another one of the fleet."
  default     = env("PARENT_IMAGE")
}

variable "machine_type" {
  type    = string
  default = "m6i.2xlarge"
}

variable "disk_size" {
  type    = number
  default = 100
}

variable "region" {
  type    = string
  default = "us-east-1"
}

variable "zone" {
  type    = string
  default = "us-central1-a"
}

variable "project" {
  type    = string
  default = env("GOOGLE_CLOUD_PROJECT")
}

variable "artifacts" {
  type        = string
  description = "Where the manifest and the bill of materials go."
  default     = "artifacts"
}

variable "labels" {
  type        = map(string)
  default     = {}
  description = "More labels or tags of the image, and of what is made to build it."
}

locals {
  stamp   = formatdate("YYYYMMDD-hhmmss", timestamp())
  windows = "${path.root}/../scripts/windows"

  tags = merge(var.labels, {
    image = var.image_name
    level = var.image_level
  })

  environment = concat(
    [
      "IMAGE_NAME=${var.image_name}",
      "IMAGE_ARCH=${var.image_arch}",
      "IMAGE_LEVEL=${var.image_level}",
      "DEFENDER=off",
    ],
    [for name, version in var.versions : "VERSION_${upper(replace(name, "-", "_"))}=${version}"],
    [for name, sum in var.checksums : "SHA256_${upper(replace(name, "-", "_"))}=${sum}"],
  )
}

source "amazon-ebs" "server" {
  region        = var.region
  instance_type = var.machine_type
  ami_name      = "${var.image_name}-${local.stamp}"
  tags          = local.tags
  snapshot_tags = local.tags
  # What a killed build leaves is found by them.
  run_tags        = local.tags
  run_volume_tags = local.tags

  source_ami_filter {
    owners      = ["amazon"]
    most_recent = true
    filters = {
      name                = var.base_image
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
  }

  launch_block_device_mappings {
    device_name           = "/dev/sda1"
    volume_type           = "gp3"
    iops                  = 3000
    throughput            = 250
    volume_size           = var.disk_size
    delete_on_termination = true
  }

  # The function `file` starts from this template's folder by itself.
  user_data      = file("../files/windows/ec2-winrm.userdata")
  communicator   = "winrm"
  winrm_username = "Administrator"
  winrm_use_ssl  = true
  # The certificate is made for this one machine, so no authority vouches for it.
  winrm_insecure = true
  winrm_timeout  = "20m"
  # EC2Launch shuts the machine down when it has generalised it.
  disable_stop_instance = true
}

# On a machine with a GPU, from an image of the fleet.
source "amazon-ebs" "gpu" {
  region        = var.region
  instance_type = var.machine_type
  ami_name      = "${var.image_name}-${local.stamp}"
  source_ami    = var.parent_image
  tags          = local.tags
  snapshot_tags = local.tags
  # What a killed build leaves is found by them.
  run_tags        = local.tags
  run_volume_tags = local.tags

  launch_block_device_mappings {
    device_name           = "/dev/sda1"
    volume_type           = "gp3"
    iops                  = 3000
    throughput            = 250
    volume_size           = var.disk_size
    delete_on_termination = true
  }

  user_data             = file("../files/windows/ec2-winrm.userdata")
  communicator          = "winrm"
  winrm_username        = "Administrator"
  winrm_use_ssl         = true
  winrm_insecure        = true
  winrm_timeout         = "20m"
  disable_stop_instance = true
}

source "googlecompute" "server" {
  project_id                      = var.project
  zone                            = var.zone
  machine_type                    = var.machine_type
  source_image                    = var.base_image
  source_image_project_id         = ["windows-cloud"]
  image_name                      = "${var.image_name}-${local.stamp}"
  image_family                    = var.image_family
  image_labels                    = local.tags
  labels                          = local.tags
  disk_size                       = var.disk_size
  disk_type                       = "pd-ssd"
  disable_default_service_account = true

  communicator   = "winrm"
  winrm_username = "packer"
  winrm_use_ssl  = true
  winrm_insecure = true
  winrm_timeout  = "20m"
}

build {
  sources = [
    "source.amazon-ebs.server",
    "source.amazon-ebs.gpu",
    "source.googlecompute.server",
  ]

  provisioner "powershell" {
    inline = ["$null = New-Item -ItemType Directory -Force -Path C:\\ImageBuild\\modules, C:\\ImageBuild\\files"]
  }

  provisioner "file" {
    source      = "${local.windows}/modules/"
    destination = "C:/ImageBuild/modules/"
  }

  # The parent of the GPU image has it already.
  provisioner "file" {
    except      = ["amazon-ebs.gpu"]
    source      = "${path.root}/../files/windows/start-worker.ps1"
    destination = "C:/ImageBuild/files/start-worker.ps1"
  }

  provisioner "powershell" {
    elevated_user     = "SYSTEM"
    elevated_password = ""
    environment_vars  = concat(local.environment, ["WORKER_PROVIDER=aws"])
    scripts           = var.scripts
    only              = ["amazon-ebs.server", "amazon-ebs.gpu"]
  }

  provisioner "powershell" {
    elevated_user     = "SYSTEM"
    elevated_password = ""
    environment_vars  = concat(local.environment, ["WORKER_PROVIDER=google"])
    scripts           = var.scripts
    only              = ["googlecompute.server"]
  }

  provisioner "windows-restart" {
    restart_timeout = "15m"

    # The first start after the driver's installation sets every display up.
    override = {
      gpu = {
        restart_timeout = "40m"
      }
    }
  }

  provisioner "powershell" {
    elevated_user     = "SYSTEM"
    elevated_password = ""
    environment_vars  = concat(local.environment, ["WORKER_PROVIDER=aws"])
    script            = "${local.windows}/finish/sbom.ps1"
    except            = ["googlecompute.server"]
  }

  provisioner "powershell" {
    elevated_user     = "SYSTEM"
    elevated_password = ""
    environment_vars  = concat(local.environment, ["WORKER_PROVIDER=google"])
    script            = "${local.windows}/finish/sbom.ps1"
    only              = ["googlecompute.server"]
  }

  provisioner "file" {
    source      = "C:/ImageBuild/sbom.json"
    destination = "${var.artifacts}/sbom.json"
    direction   = "download"
  }

  # No pool boots candidates on Google Cloud: there the checks run in the build, before it is sealed.
  provisioner "file" {
    only        = ["googlecompute.server"]
    source      = "${path.root}/../checks/windows/common/"
    destination = "C:/ImageBuild/checks/"
  }

  provisioner "powershell" {
    only              = ["googlecompute.server"]
    elevated_user     = "SYSTEM"
    elevated_password = ""
    script            = "${local.windows}/finish/run-checks.ps1"
  }

  provisioner "powershell" {
    elevated_user     = "SYSTEM"
    elevated_password = ""
    script            = "${local.windows}/finish/clean.ps1"
  }

  # Last: after this the machine belongs to nobody.
  provisioner "powershell" {
    only              = ["amazon-ebs.server", "amazon-ebs.gpu"]
    elevated_user     = "SYSTEM"
    elevated_password = ""
    script            = "${local.windows}/generalize/aws.ps1"
    # The machine is gone before anything could be cleaned.
    skip_clean = true
  }

  provisioner "powershell" {
    only   = ["googlecompute.server"]
    script = "${local.windows}/generalize/google.ps1"
  }

  post-processor "manifest" {
    output     = "${var.artifacts}/manifest.json"
    strip_path = true
    custom_data = {
      image = var.image_name
    }
  }
}
