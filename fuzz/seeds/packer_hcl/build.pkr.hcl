// The build has no name: `-only` would have to carry it, and Packer 1.6.6 builds nothing, without an error, when
// `-only` matches nothing.
build {
  sources = [
    "source.googlecompute.google",
    "source.amazon-ebs.aws",
    "source.azure-arm.azure",
  ]

  provisioner "shell" {
    // 2: cloud-init finished, with warnings.
    valid_exit_codes = [0, 2]
    inline           = ["cloud-init status --wait"]
  }

  // Local disks belong to the worker (files/worker/worker-disks), not to Azure's agent.
  provisioner "shell" {
    only   = ["azure-arm.azure"]
    inline = ["sudo sed -i 's/^ResourceDisk.Format=y$/ResourceDisk.Format=n/' /etc/waagent.conf"]
  }

  // On the machine /opt/image-build has the layout of image-defs, so that scripts find their library and their
  // files by the same relative paths as in a checkout (../scripts/lib/common.sh). Packer uploads a script alone:
  // `remote_folder` below puts it into a sibling folder of the library.
  provisioner "shell" {
    inline = [
      "sudo install -d -m 0755 /opt/image-build",
      "sudo chown \"$(id -u):$(id -g)\" /opt/image-build",
      "mkdir -p /opt/image-build/scripts/lib /opt/image-build/scripts/run /opt/image-build/files",
    ]
  }

  provisioner "file" {
    source      = "${path.root}/../../scripts/lib/"
    destination = "/opt/image-build/scripts/lib"
  }

  provisioner "file" {
    sources     = var.files
    destination = "/opt/image-build/files"
  }

  provisioner "shell" {
    remote_folder    = "/opt/image-build/scripts/run"
    execute_command  = "sudo env {{ .Vars }} bash {{ .Path }}"
    environment_vars = [for name, value in var.environment : "${name}=${value}"]
    scripts          = var.scripts
  }

  // The new kernel and the services come up while somebody is looking.
  provisioner "shell" {
    expect_disconnect = true
    inline            = ["sudo systemctl reboot"]
  }

  provisioner "shell" {
    pause_before        = "20s"
    start_retry_timeout = "10m"
    inline              = ["sudo systemctl is-system-running --wait || systemctl list-units --failed"]

    override = {
      // Azure's machines take longer to come back.
      azure = {
        start_retry_timeout = "20m"
      }
    }
  }

  provisioner "shell" {
    remote_folder    = "/opt/image-build/scripts/run"
    execute_command  = "sudo env {{ .Vars }} bash {{ .Path }}"
    environment_vars = ["IMAGE_NAME=${var.image_name}"]
    script           = "${path.root}/../../scripts/seal/sbom.sh"
  }

  provisioner "file" {
    direction   = "download"
    source      = "/etc/image-build.d/sbom.tsv"
    destination = "${var.artifacts}/sbom.tsv"
  }

  provisioner "shell" {
    remote_folder   = "/opt/image-build/scripts/run"
    execute_command = "sudo env {{ .Vars }} bash {{ .Path }}"
    skip_clean      = true
    script          = "${path.root}/../../scripts/seal/clean.sh"
  }

  // Google and AWS make an image of the machine as it is; Azure wants it to be told.
  provisioner "shell" {
    except = [
      "googlecompute.google",
      "amazon-ebs.aws",
    ]
    inline = ["sudo waagent -force -deprovision+user"]
  }

  post-processor "manifest" {
    output     = "${var.artifacts}/manifest.json"
    strip_path = true
    custom_data = {
      image = var.image_name
    }
  }
}
