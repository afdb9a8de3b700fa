image_name = "debian-12-minimal"
suite      = "bookworm"
