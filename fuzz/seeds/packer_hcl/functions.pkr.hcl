variable "list" { default = ["a", "b"] }
locals {
  x = { for i, v in var.list : v => upper("${i}-${v}") if v != "" }
  y = fileset(path.root, "**/*.sh")
  z = templatefile("${path.root}/../scripts/a.sh", { a = 1 })
}
source "null" "a" { communicator = "none" }
build {
  source "null.a" { name = "b" }
  dynamic "provisioner" {
    for_each = var.list
    labels   = ["shell"]
    content { inline = ["echo ${provisioner.value}"] }
  }
  provisioner "file" {
    only        = ["null.b"]
    source      = "image-defs/context/"
    destination = "/tmp"
  }
  provisioner "shell" {
    except = ["null.a"]
    script = "image-defs/scripts/a.sh"
    override = { b = { inline = ["true"] } }
  }
}
