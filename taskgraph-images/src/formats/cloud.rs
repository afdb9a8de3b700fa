//! [`cloud`]: where the images of a Packer builder run.

use taskgraph_images_transforms::Cloud;

/// The cloud that a builder of some type makes images for.
pub(super) fn cloud(of: &str) -> Option<Cloud> {
    let starts = |names: &[&str]| {
        names
            .iter()
            .any(|name| of == *name || of.starts_with(&format!("{name}-")))
    };
    if starts(&["googlecompute"]) {
        Some(Cloud::Google)
    } else if starts(&["amazon"]) {
        Some(Cloud::Aws)
    } else if starts(&["azure"]) {
        Some(Cloud::Azure)
    } else if starts(&["docker"]) {
        Some(Cloud::Container)
    } else if starts(&[
        "qemu",
        "vagrant",
        "virtualbox",
        "vmware",
        "parallels",
        "hyperv",
    ]) {
        Some(Cloud::Qemu)
    } else {
        None
    }
}
