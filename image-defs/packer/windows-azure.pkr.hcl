# Windows images on Azure, into a shared image gallery.
#
# Packer 1.6.6 validates this file as it is. What that version cannot read, and what is therefore left out:
#   * `packer { required_plugins {} }`: builders are part of 1.6; with 1.7 and later the build worker's image has
#     the azure plugin installed at its pinned version;
#   * `security_type`, `secure_boot_enabled` and `vtpm_enabled` (trusted launch) and `oidc_request_url`.
# 1.6 insists on a managed image beside the gallery's, which later versions make optional.

variable "image_name" {
  type        = string
  description = "The image's name in the fleet, which is also its image definition in the gallery."
}

variable "image_arch" {
  type    = string
  default = "amd64"
}

variable "image_level" {
  type    = string
  default = "1"
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
  type        = map(string)
  description = "The marketplace image: publisher, offer, sku, version."
}

variable "location" {
  type    = string
  default = "eastus2"
}

variable "vm_size" {
  type    = string
  default = "Standard_F8s_v2"
}

variable "disk_size" {
  type    = number
  default = 128
}

variable "resource_group" {
  type = string
}

variable "gallery" {
  type = string
}

variable "network" {
  type        = map(string)
  description = "Trusted builds only: the private network (name, subnet, resource_group) that they run in."
  default     = { name = "", subnet = "", resource_group = "" }
}

variable "artifacts" {
  type        = string
  description = "Where the manifest and the bill of materials go."
  default     = "artifacts"
}

# Credentials come from the task's secrets, never from a file. With none of them the managed identity of the
# machine is used.
variable "client_id" {
  type    = string
  default = env("ARM_CLIENT_ID")
}

variable "client_secret" {
  type      = string
  default   = env("ARM_CLIENT_SECRET")
  sensitive = true
}

variable "tenant_id" {
  type    = string
  default = env("ARM_TENANT_ID")
}

variable "subscription_id" {
  type    = string
  default = env("ARM_SUBSCRIPTION_ID")
}

variable "gallery_subscription_id" {
  type    = string
  default = env("GALLERY_SUBSCRIPTION_ID")
}

variable "labels" {
  type        = map(string)
  default     = {}
  description = "More tags of the image, and of what is made to build it."
}

locals {
  now = timestamp()
  # Gallery versions are three integers without leading zeros: the 1 in front keeps the time of day one.
  version = "1.${formatdate("YYYYMMDD", local.now)}.1${formatdate("hhmmss", local.now)}"
  windows = "${path.root}/../scripts/windows"

  tags = merge(var.labels, {
    image       = var.image_name
    level       = var.image_level
    taskcluster = var.versions["taskcluster"]
  })

  environment = concat(
    [
      "IMAGE_NAME=${var.image_name}",
      "IMAGE_ARCH=${var.image_arch}",
      "IMAGE_LEVEL=${var.image_level}",
      "WORKER_PROVIDER=azure",
    ],
    [for name, version in var.versions : "VERSION_${upper(replace(name, "-", "_"))}=${version}"],
    [for name, sum in var.checksums : "SHA256_${upper(replace(name, "-", "_"))}=${sum}"],
  )
}

source "azure-arm" "gallery" {
  client_id       = var.client_id
  client_secret   = var.client_secret
  tenant_id       = var.tenant_id
  subscription_id = var.subscription_id

  os_type         = "Windows"
  image_publisher = var.base_image["publisher"]
  image_offer     = var.base_image["offer"]
  image_sku       = var.base_image["sku"]
  image_version   = var.base_image["version"]

  location                           = var.location
  vm_size                            = var.vm_size
  os_disk_size_gb                    = var.disk_size
  managed_image_name                 = "${var.image_name}-${local.version}"
  managed_image_resource_group_name  = var.resource_group
  managed_image_storage_account_type = "Premium_LRS"
  async_resourcegroup_delete         = true
  azure_tags                         = local.tags

  # Only where it was built: publishing replicates it, once the checks have passed.
  shared_image_gallery_destination {
    subscription        = var.gallery_subscription_id
    resource_group      = var.resource_group
    gallery_name        = var.gallery
    image_name          = var.image_name
    image_version       = local.version
    replication_regions = [var.location]
  }
  shared_image_gallery_timeout = "2h"

  communicator   = "winrm"
  winrm_username = "packer"
  winrm_use_ssl  = true
  # The certificate is made for this one machine, so no authority vouches for it.
  winrm_insecure = true
  winrm_timeout  = "15m"
}

# As `gallery`, but inside a private network: no address from which the internet could reach the machine.
source "azure-arm" "trusted" {
  client_id       = var.client_id
  client_secret   = var.client_secret
  tenant_id       = var.tenant_id
  subscription_id = var.subscription_id

  os_type         = "Windows"
  image_publisher = var.base_image["publisher"]
  image_offer     = var.base_image["offer"]
  image_sku       = var.base_image["sku"]
  image_version   = var.base_image["version"]

  location                           = var.location
  vm_size                            = var.vm_size
  os_disk_size_gb                    = var.disk_size
  managed_image_name                 = "${var.image_name}-${local.version}"
  managed_image_resource_group_name  = var.resource_group
  managed_image_storage_account_type = "Premium_LRS"
  async_resourcegroup_delete         = true
  azure_tags                         = local.tags

  virtual_network_name                   = var.network["name"]
  virtual_network_subnet_name            = var.network["subnet"]
  virtual_network_resource_group_name    = var.network["resource_group"]
  private_virtual_network_with_public_ip = false

  shared_image_gallery_destination {
    subscription        = var.gallery_subscription_id
    resource_group      = var.resource_group
    gallery_name        = var.gallery
    image_name          = var.image_name
    image_version       = local.version
    replication_regions = [var.location]
  }
  shared_image_gallery_timeout = "2h"

  communicator   = "winrm"
  winrm_username = "packer"
  winrm_use_ssl  = true
  winrm_insecure = true
  winrm_timeout  = "15m"
}

build {
  sources = ["source.azure-arm.gallery", "source.azure-arm.trusted"]

  provisioner "powershell" {
    inline = ["$null = New-Item -ItemType Directory -Force -Path C:\\ImageBuild\\modules, C:\\ImageBuild\\files"]
  }

  # The trailing slash uploads what is in the folder, not the folder.
  provisioner "file" {
    source      = "${local.windows}/modules/"
    destination = "C:/ImageBuild/modules/"
  }

  provisioner "file" {
    source      = "${path.root}/../files/windows/start-worker.ps1"
    destination = "C:/ImageBuild/files/start-worker.ps1"
  }

  provisioner "powershell" {
    elevated_user     = "SYSTEM"
    elevated_password = ""
    environment_vars  = concat(local.environment, ["DEFENDER=off"])
    scripts           = var.scripts

    # Trusted builds keep the scanner, except over the folders that tasks write.
    override = {
      trusted = {
        environment_vars = concat(local.environment, ["DEFENDER=exclusions"])
      }
    }
  }

  provisioner "windows-restart" {
    restart_timeout = "20m"
  }

  provisioner "powershell" {
    except            = ["azure-arm.trusted"]
    elevated_user     = "SYSTEM"
    elevated_password = ""
    script            = "${local.windows}/finish/loan.ps1"
  }

  provisioner "powershell" {
    only              = ["azure-arm.trusted"]
    elevated_user     = "SYSTEM"
    elevated_password = ""
    script            = "${local.windows}/finish/audit.ps1"
  }

  provisioner "powershell" {
    elevated_user     = "SYSTEM"
    elevated_password = ""
    environment_vars  = local.environment
    script            = "${local.windows}/finish/sbom.ps1"
  }

  provisioner "file" {
    source      = "C:/ImageBuild/sbom.json"
    destination = "${var.artifacts}/sbom.json"
    direction   = "download"
  }

  provisioner "powershell" {
    elevated_user     = "SYSTEM"
    elevated_password = ""
    script            = "${local.windows}/finish/clean.ps1"
  }

  # Last: after this the machine belongs to nobody.
  provisioner "powershell" {
    script = "${local.windows}/generalize/azure.ps1"
  }

  post-processor "manifest" {
    output     = "${var.artifacts}/manifest.json"
    strip_path = true
    custom_data = {
      image   = var.image_name
      version = local.version
    }
  }
}
