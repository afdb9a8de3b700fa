// Credentials: the instance profile of the builder's own machine.
// Packer 1.6.6 has no `imds_support`: requiring IMDSv2 is left to the launch configuration of the pools.
source "amazon-ebs" "aws" {
  region        = var.location
  instance_type = var.machine_type
  ssh_username  = "ubuntu"
  ssh_timeout   = "10m"

  source_ami = var.parent_image != "" ? var.parent_image : null

  dynamic "source_ami_filter" {
    for_each = var.parent_image != "" ? [] : [var.base_image]
    content {
      owners      = [var.base_image_owner]
      most_recent = true
      filters = {
        name                = source_ami_filter.value
        root-device-type    = "ebs"
        virtualization-type = "hvm"
      }
    }
  }

  launch_block_device_mappings {
    device_name           = "/dev/sda1"
    volume_size           = var.disk_size
    volume_type           = "gp3"
    iops                  = 3000
    throughput            = 125
    delete_on_termination = true
  }

  // Copies to other regions are made when the image is published.
  ami_name                  = local.built_name
  ami_description           = "${var.image_name}, built by taskgraph-images"
  ssh_clear_authorized_keys = true

  // The machine's and its disks': what a killed build leaves is found by them.
  run_tags        = var.labels
  run_volume_tags = var.labels
  snapshot_tags   = var.labels

  dynamic "tag" {
    for_each = var.labels
    content {
      key   = tag.key
      value = tag.value
    }
  }
}
