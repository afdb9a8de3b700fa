image_name   = "win2025"
scripts      = ["image-defs/scripts/windows/base/10-system.ps1"]
versions     = { taskcluster = "1.2.3" }
checksums    = { generic-worker = "0000000000000000000000000000000000000000000000000000000000000000" }
base_image   = "not-an-image"
parent_image = "ami-00000000000000000"
project      = "not-a-project"
