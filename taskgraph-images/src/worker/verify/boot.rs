//! How a machine is started from a disk: QEMU's arguments, and what cloud-init is told so that one may log in.

use std::ffi::OsString;
use std::path::Path;

/// The account that checks log in with. It is made when the machine starts, and is on no image.
pub const ACCOUNT: &str = "verify";
/// Where the checks' files go on the machine: a file system in memory.
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

/// A machine that is started from a candidate.
#[derive(Debug, Clone)]
pub struct Machine<'a> {
    /// What is written while it runs: the candidate's disk stays as it is.
    pub overlay: &'a Path,
    /// A folder with what cloud-init reads.
    pub seed: &'a Path,
    /// Where its serial console goes.
    pub console: &'a Path,
    /// The port of this machine's loopback interface that leads to its SSH.
    pub port: u16,
    /// How its processor is had.
    pub accelerator: Accelerator,
    /// Its memory in MiB.
    pub memory: u32,
    /// Its processors.
    pub processors: u32,
}

impl Machine<'_> {
    /// The arguments of `qemu-img` that make the overlay over a disk.
    pub fn overlay(disk: &Path, overlay: &Path) -> Vec<OsString> {
        vec![
            "create".into(),
            "-q".into(),
            "-f".into(),
            "qcow2".into(),
            "-F".into(),
            "qcow2".into(),
            "-b".into(),
            disk.into(),
            overlay.into(),
        ]
    }

    /// The arguments of `qemu-system-x86_64`.
    pub fn arguments(&self) -> Vec<OsString> {
        let text = |text: &str| OsString::from(text);
        let with = |before: &str, path: &Path, after: &str| {
            let mut word = OsString::from(before);
            // A comma would end the option.
            word.push(path.to_string_lossy().replace(',', ",,"));
            word.push(after);
            word
        };
        vec![
            text("-machine"),
            format!("q35,accel={}", self.accelerator.as_str()).into(),
            text("-cpu"),
            text("max"),
            text("-m"),
            self.memory.to_string().into(),
            text("-smp"),
            self.processors.to_string().into(),
            text("-display"),
            text("none"),
            text("-monitor"),
            text("none"),
            text("-no-reboot"),
            text("-serial"),
            with("file:", self.console, ""),
            text("-drive"),
            with("if=virtio,format=qcow2,file=", self.overlay, ""),
            // cloud-init looks for a file system of this name.
            text("-drive"),
            with(
                "if=virtio,format=raw,readonly=on,file.driver=vvfat,file.label=CIDATA,file.dir=",
                self.seed,
                "",
            ),
            text("-netdev"),
            format!("user,id=net,hostfwd=tcp:127.0.0.1:{}-:22", self.port).into(),
            text("-device"),
            text("virtio-net-pci,netdev=net"),
            text("-device"),
            text("virtio-rng-pci"),
        ]
    }
}

/// What cloud-init is told of the machine: an id that no other has, so that it takes it for a new one.
pub fn meta_data(id: &str) -> String {
    format!("instance-id: {id}\nlocal-hostname: verify\n")
}

/// What cloud-init does: one account, with one key, for as long as the machine runs.
pub fn user_data(key: &str) -> String {
    format!(
        "#cloud-config\nusers:\n  - name: {ACCOUNT}\n    shell: /bin/bash\n    lock_passwd: true\n    \
         sudo: ALL=(ALL) NOPASSWD:ALL\n    ssh_authorized_keys:\n      - {}\nssh_pwauth: false\n",
        key.trim()
    )
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

/// The command that runs a check on the machine: as root, with the layout of the repository around it.
pub fn check_command(path: &str) -> String {
    let path = shlex::try_quote(path).expect("git allows no NUL in a path");
    format!("cd {FOLDER} && sudo bash {path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_a_machine() {
        let machine = Machine {
            overlay: Path::new("/w/over,lay.qcow2"),
            seed: Path::new("/w/seed"),
            console: Path::new("/w/console.txt"),
            port: 2222,
            accelerator: Accelerator::Kvm,
            memory: 2048,
            processors: 2,
        };
        let words: Vec<String> = machine
            .arguments()
            .into_iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        insta::assert_snapshot!(words.join(" "));
    }

    #[test]
    fn a_check_is_one_word() {
        assert_eq!(
            check_command("image-defs/checks/$(id)'.sh"),
            "cd /run/image-verify && sudo bash 'image-defs/checks/$(id)'\"'.sh\""
        );
    }
}
