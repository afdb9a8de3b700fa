image_name       = "ubuntu-2404-wayland-amd64-l1"
scripts          = ["image-defs/scripts/linux/10-packages.sh", "image-defs/scripts/gui/20-wayland.sh"]
files            = ["image-defs/files/linux", "image-defs/files/gui"]
environment      = { TASKCLUSTER_VERSION = "1.2.3", WORKER_PROVIDER = "google" }
base_image       = "not-an-image"
base_image_owner = "nobody"
machine_type     = "not-a-machine"
location         = "us-west-2"
disk_size        = 80
labels           = { image = "ubuntu-2404-wayland-amd64-l1" }
