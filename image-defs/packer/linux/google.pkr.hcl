variable "google_project" {
  type    = string
  default = env("GOOGLE_CLOUD_PROJECT")
}

variable "google_nested_virtualization" {
  type        = bool
  default     = false
  description = "Machines of this image can use KVM."
}

// Credentials: the service account of the builder's own machine.
// Packer 1.6.6 has no `image_guest_os_features`: the features of the image that the build starts from are kept.
source "googlecompute" "google" {
  project_id = var.google_project
  zone       = var.location

  source_image            = var.parent_image != "" ? var.parent_image : var.base_image
  source_image_project_id = var.parent_image != "" ? [var.google_project] : [var.base_image_owner]

  machine_type = var.machine_type
  disk_size    = var.disk_size
  disk_type    = "pd-ssd"
  use_iap      = true
  ssh_username = "packer"
  ssh_timeout  = "10m"

  // No family: an image joins its family when it is published, after it was verified.
  image_name        = local.built_name
  image_description = "${var.image_name}, built by taskgraph-images"
  image_labels      = var.labels
  // The machine's and its disk's: what a killed build leaves is found by them.
  labels         = var.labels
  image_licenses = var.google_nested_virtualization ? ["projects/vm-options/global/licenses/enable-vmx"] : []
}
