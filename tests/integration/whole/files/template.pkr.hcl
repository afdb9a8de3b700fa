variable "tool" {
  type = string
}
variable "scripts" {
  type = list(string)
}
variable "artifacts" {
  type    = string
  default = "artifacts"
}
source "null" "a" {
  communicator = "none"
}
build {
  sources = ["null.a"]
  provisioner "shell" {
    environment_vars = ["TOOL=${var.tool}"]
    scripts          = var.scripts
  }
}
