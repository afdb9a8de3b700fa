//! [`Flash`]: the UEFI of a machine, found by what its packages tell QEMU's users of it: descriptors in JSON, in an order by
//! their names (QEMU's `docs/interop/firmware.json`).

use std::path::PathBuf;

use serde::Deserialize;
use taskgraph_images_transforms::Arch;

use super::processor;

/// Where packages of firmware leave their descriptors.
pub const FOLDER: &str = "/usr/share/qemu/firmware";
/// What a machine that starts whatever is on its disk must not ask for.
const UNWANTED: [&str; 3] = ["secure-boot", "enrolled-keys", "requires-smm"];

/// A UEFI in two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// Its code, which all machines share.
    pub code: PathBuf,
    /// In which format.
    pub code_format: String,
    /// Its variables as a new machine has them: each machine needs a copy of its own.
    pub variables: PathBuf,
    /// In which format.
    pub variables_format: String,
}

/// A part of a [`Flash`].
#[derive(Debug, Clone)]
pub struct Part {
    /// The file.
    pub file: PathBuf,
    /// Its format.
    pub format: String,
    /// Whether it stays as it is.
    pub is_fixed: bool,
}

impl Flash {
    /// Its code and its variables, in the order in which a machine has them.
    pub fn parts(&self) -> [Part; 2] {
        let part = |file: &PathBuf, format: &String, is_fixed| Part {
            file: file.clone(),
            format: format.clone(),
            is_fixed,
        };
        [
            part(&self.code, &self.code_format, true),
            part(&self.variables, &self.variables_format, false),
        ]
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Descriptor {
    interface_types: Vec<String>,
    mapping: Mapping,
    targets: Vec<Target>,
    features: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Mapping {
    device: String,
    executable: Option<File>,
    nvram_template: Option<File>,
}

#[derive(Deserialize)]
struct File {
    filename: PathBuf,
    format: String,
}

#[derive(Deserialize)]
struct Target {
    architecture: String,
    machines: Vec<String>,
}

/// The UEFI for a machine: that of the first descriptor, by name, whose code is there and that asks for no signatures.
///
/// Descriptors are their files' names and texts; one that cannot be read is passed over, as it may be of a later sort.
pub fn choose(
    mut descriptors: Vec<(String, String)>,
    arch: Arch,
    is_there: impl Fn(&std::path::Path) -> bool,
) -> Option<Flash> {
    descriptors.sort();
    descriptors
        .iter()
        .filter_map(|(_, text)| serde_json::from_str::<Descriptor>(text).ok())
        .filter(|descriptor| descriptor.is_for(arch))
        .filter_map(|descriptor| {
            let (code, variables) = (
                descriptor.mapping.executable?,
                descriptor.mapping.nvram_template?,
            );
            Some(Flash {
                code: code.filename,
                code_format: code.format,
                variables: variables.filename,
                variables_format: variables.format,
            })
        })
        .find(|flash| is_there(&flash.code) && is_there(&flash.variables))
}

impl Descriptor {
    fn is_for(&self, arch: Arch) -> bool {
        let machine = match arch {
            Arch::Amd64 => "pc-q35-",
            Arch::Arm64 => "virt-",
        };
        let is_target = self.targets.iter().any(|target| {
            let mut machines = target.machines.iter();
            target.architecture == processor(arch)
                && machines.any(|pattern| pattern.starts_with(machine))
        });
        let is_wanted = |feature: &String| !UNWANTED.contains(&feature.as_str());
        is_target
            && self.mapping.device == "flash"
            && self.interface_types.iter().any(|kind| kind == "uefi")
            && self.features.iter().all(is_wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(architecture: &str, machine: &str, code: &str, features: &str) -> String {
        format!(
            r#"{{"description": "x", "interface-types": ["uefi"], "mapping": {{"device": "flash",
              "executable": {{"filename": "/f/{code}", "format": "raw"}},
              "nvram-template": {{"filename": "/f/{code}.vars", "format": "qcow2"}}}},
              "targets": [{{"architecture": "{architecture}", "machines": ["pc-i440fx-*", "{machine}-*"]}}],
              "features": [{features}], "tags": []}}"#
        )
    }

    fn chosen(descriptors: &[(&str, String)], arch: Arch) -> String {
        let all = descriptors
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.clone()))
            .collect();
        let flash = choose(all, arch, |path| !path.starts_with("/f/gone/"));
        flash.map_or_else(
            || "none".to_owned(),
            |flash| {
                let parts = flash.parts();
                let parts = parts.map(|part| format!("{} {}", part.file.display(), part.format));
                parts.join(", ")
            },
        )
    }

    #[test]
    fn the_first_that_starts_anything() {
        let all = [
            ("60-b.json", descriptor("x86_64", "pc-q35", "second", "")),
            (
                "50-a.json",
                descriptor("x86_64", "pc-q35", "signed", "\"secure-boot\""),
            ),
            (
                "55-a.json",
                descriptor("x86_64", "pc-q35", "first", "\"acpi-s3\", \"amd-sev\""),
            ),
            ("51-a.json", descriptor("x86_64", "pc-q35", "gone/code", "")),
            ("40-a.json", descriptor("x86_64", "microvm", "small", "")),
            ("30-a.json", "{\"a\": ".to_owned()),
            ("20-a.json", descriptor("aarch64", "virt", "arm", "")),
            (
                "10-a.json",
                descriptor("x86_64", "pc-q35", "bios", "").replace("\"uefi\"", "\"bios\""),
            ),
            (
                "11-a.json",
                descriptor("x86_64", "pc-q35", "memory", "").replace("\"flash\"", "\"memory\""),
            ),
        ];
        assert_eq!(
            chosen(&all, Arch::Amd64),
            "/f/first raw, /f/first.vars qcow2"
        );
        assert_eq!(chosen(&all, Arch::Arm64), "/f/arm raw, /f/arm.vars qcow2");
        assert_eq!(chosen(&all[4..5], Arch::Amd64), "none");
    }
}
