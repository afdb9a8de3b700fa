//! [`Machine`]: what a machine is like that is started from an image to verify it.

use serde::Serialize;

use super::{Arch, Firmware};

/// A machine that is started from an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Machine {
    /// What starts the system on its disk.
    pub firmware: Firmware,
    /// Its memory in MiB.
    pub memory: u32,
    /// Its processors.
    pub processors: u32,
}

impl Machine {
    /// The machine where a definition says nothing of it.
    pub const fn of(arch: Arch) -> Self {
        Self {
            firmware: match arch {
                Arch::Amd64 => Firmware::Bios,
                // There is nothing else.
                Arch::Arm64 => Firmware::Uefi,
            },
            memory: 2048,
            processors: 2,
        }
    }
}
