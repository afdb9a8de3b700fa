//! How a machine is started from a disk, and how one gets into it: values alone, nothing is run here.

pub mod firmware;
mod guest;
mod machine;

use std::ffi::OsString;
use std::path::Path;

use taskgraph_images_transforms::Arch;

pub use firmware::Flash;
pub use guest::Guest;
pub use machine::Machine;

/// The account that checks log in with. It is made when the machine starts, and is on no image.
pub const ACCOUNT: &str = "verify";
/// Where the checks' files go on Linux: a file system in memory.
pub const FOLDER: &str = "/run/image-verify";

/// How the processor of a machine is had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accelerator {
    /// The processor of this machine.
    Kvm,
    /// Emulated: much slower, and possible anywhere.
    Tcg,
}

impl Accelerator {
    /// QEMU's word, and Packer's.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }
}

/// What QEMU says when the processor does not do what KVM asks of it, as inside of some machines that are virtual
/// themselves. The machine then stands still.
pub const KVM_BROKEN: &str = "KVM internal error";

/// QEMU's word for an architecture, and Rust's.
pub const fn processor(arch: Arch) -> &'static str {
    match arch {
        Arch::Amd64 => "x86_64",
        Arch::Arm64 => "aarch64",
    }
}

/// The options of `ssh` and `scp`: this key, no other, and a host whose key is new each time.
pub fn ssh_options(key: &Path, port: u16, port_flag: &str) -> Vec<OsString> {
    let mut options: Vec<OsString> = vec![
        "-i".into(),
        key.into(),
        port_flag.into(),
        port.to_string().into(),
    ];
    for option in [
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "GlobalKnownHostsFile=/dev/null",
        "LogLevel=ERROR",
        "ConnectTimeout=10",
        "ServerAliveInterval=15",
        "ServerAliveCountMax=8",
    ] {
        options.push("-o".into());
        options.push(option.into());
    }
    options
}
