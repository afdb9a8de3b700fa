image_name    = "debian-12-worker"
scripts       = ["image-defs/scripts/linux/10-packages.sh"]
files         = ["image-defs/files/linux"]
environment   = { WORKER_PROVIDER = "standalone" }
debian_image  = "20250101-0"
debian_sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
parent_image  = "artifacts/parent.qcow2"
