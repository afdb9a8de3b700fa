image_name              = "win11-24h2-tester"
image_arch              = "amd64"
image_level             = "1"
scripts                 = ["image-defs/scripts/windows/base/10-system.ps1"]
versions                = { taskcluster = "1.2.3" }
checksums               = { generic-worker = "0000000000000000000000000000000000000000000000000000000000000000" }
base_image              = { publisher = "a", offer = "b", sku = "c", version = "1.2.3" }
resource_group          = "not-a-group"
gallery                 = "not_a_gallery"
network                 = { name = "a", subnet = "b", resource_group = "c" }
client_id               = "00000000-0000-0000-0000-000000000000"
client_secret           = "not-a-secret"
tenant_id               = "00000000-0000-0000-0000-000000000000"
subscription_id         = "00000000-0000-0000-0000-000000000000"
gallery_subscription_id = "00000000-0000-0000-0000-000000000000"
