variable "azure_subscription" {
  type    = string
  default = env("ARM_SUBSCRIPTION_ID")
}

variable "azure_tenant" {
  type    = string
  default = env("ARM_TENANT_ID")
}

variable "azure_client" {
  type    = string
  default = env("ARM_CLIENT_ID")
}

variable "azure_secret" {
  type      = string
  default   = env("ARM_CLIENT_SECRET")
  sensitive = true
}

variable "azure_resource_group" {
  type    = string
  default = "taskgraph-images"
}

locals {
  // publisher, offer, sku, version; padded so that the images of other clouds, whose base is one name, evaluate too.
  marketplace = concat(split(":", var.base_image), ["", "", ""])
}

source "azure-arm" "azure" {
  subscription_id = var.azure_subscription
  tenant_id       = var.azure_tenant
  client_id       = var.azure_client
  client_secret   = var.azure_secret

  os_type         = "Linux"
  image_publisher = local.marketplace[0]
  image_offer     = local.marketplace[1]
  image_sku       = local.marketplace[2]
  image_version   = local.marketplace[3]

  location                   = var.location
  vm_size                    = var.machine_type
  os_disk_size_gb            = var.disk_size
  ssh_username               = "packer"
  ssh_timeout                = "10m"
  async_resourcegroup_delete = true

  managed_image_name                = local.built_name
  managed_image_resource_group_name = var.azure_resource_group

  dynamic "azure_tag" {
    for_each = var.labels
    content {
      name  = azure_tag.key
      value = azure_tag.value
    }
  }
}
