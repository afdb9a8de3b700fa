//! What is in a container's file system, as lines of the list of what is on an image: kind, name, version, tab-separated.

use std::fmt::Write as _;
use std::path::Path;

/// The list of what Debian's package manager has installed below a root; nothing if it is not there.
pub fn of_root(image: &str, arch: &str, root: &Path) -> Option<String> {
    let status = std::fs::read_to_string(root.join("var/lib/dpkg/status")).ok()?;
    let system = std::fs::read_to_string(root.join("etc/os-release")).unwrap_or_default();
    Some(list(image, arch, &system, &status))
}

fn list(image: &str, arch: &str, system: &str, status: &str) -> String {
    let mut text = format!("image\t{image}\t{arch}\n");
    let value = |name: &str| {
        let line = system
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.map_or("unknown", |value| value.trim_matches('"'))
            .to_owned()
    };
    let _ = writeln!(text, "system\t{}\t{}", value("ID"), value("VERSION_ID"));
    let mut packages: Vec<String> = status
        .split("\n\n")
        .filter_map(|stanza| {
            let field = |name: &str| {
                stanza
                    .lines()
                    .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            };
            // What was removed leaves its settings behind.
            field("Status")?.ends_with(" installed").then_some(())?;
            Some(format!(
                "deb\t{}\t{}\n",
                field("Package")?,
                field("Version")?
            ))
        })
        .collect();
    packages.sort_unstable();
    text.extend(packages);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installed_packages() {
        let status = "\
Package: zlib1g
Status: install ok installed
Version: 1:1.2.13

Package: gone
Status: deinstall ok config-files
Version: 1

Package: bash
Status: install ok installed
Description: GNU
 Bourne
Version: 5.2-1
";
        let text = list("x", "amd64", "ID=debian\nVERSION_ID=\"12\"\n", status);
        assert_eq!(
            text,
            "image\tx\tamd64\nsystem\tdebian\t12\ndeb\tbash\t5.2-1\ndeb\tzlib1g\t1:1.2.13\n"
        );
    }
}
