// Linux images in the clouds: one build for Google Cloud, AWS and Azure. Each image builds one of the three
// sources (`packer build -only=<source>`); what differs between the clouds is in google, aws and azure.pkr.hcl,
// what they share is in build.pkr.hcl. The values come from the image's definition, see ../../README.md.
//
// There is no `required_plugins` block: Debian's Packer, 1.6.6, has the builders inside and refuses the block.
// Newer releases need `packer plugins install` for googlecompute, amazon and azure first.
packer {
  required_version = ">= 1.6.6"
}

variable "image_name" {
  type        = string
  description = "The image's name; the build adds the time, so that no two builds meet."

  validation {
    condition     = length(var.image_name) <= 47
    error_message = "The image's name is longer than 47 characters: Google Cloud allows 63 with the time."
  }
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
  type        = map(string)
  default     = {}
  description = "What the scripts find in their environment: versions and checksums, from the pins."
}

variable "base_image" {
  type        = string
  default     = ""
  description = "The cloud's own image to start from: a name (Google, AWS) or publisher:offer:sku:version (Azure)."
}

variable "base_image_owner" {
  type        = string
  default     = ""
  description = "Whose image that is: a project (Google), an account (AWS)."
}

variable "parent_image" {
  type        = string
  default     = env("PARENT_IMAGE")
  description = "The parent image as its build task reported it; wins over base_image."
}

variable "machine_type" {
  type        = string
  description = "The machine that the image is built on."
}

variable "location" {
  type        = string
  description = "Where it is built: a zone (Google), a region (AWS), a location (Azure)."
}

variable "disk_size" {
  type        = number
  default     = 40
  description = "The boot disk in GiB."
}

variable "labels" {
  type        = map(string)
  default     = {}
  description = "Labels (Google) or tags (AWS, Azure) of the image, and of what is made to build it."
}

variable "artifacts" {
  type        = string
  default     = "artifacts"
  description = "Where the task expects what it will upload."
}

locals {
  built_name = "${var.image_name}-${formatdate("YYYYMMDD-hhmmss", timestamp())}"
}
