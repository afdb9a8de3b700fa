image_name                   = "ubuntu-2404-wayland-amd64-l1"
scripts                      = ["image-defs/scripts/linux/10-packages.sh", "image-defs/scripts/gui/20-wayland.sh"]
files                        = ["image-defs/files/linux", "image-defs/files/gui"]
environment                  = { TASKCLUSTER_VERSION = "1.2.3", WORKER_PROVIDER = "google" }
base_image                   = "ubuntu-2404-noble-amd64-v20251205"
base_image_owner             = "ubuntu-os-cloud"
machine_type                 = "n2-standard-4"
location                     = "us-west1-a"
disk_size                    = 80
labels                       = { image = "ubuntu-2404-wayland-amd64-l1" }
google_project               = "not-a-project"
google_nested_virtualization = true
