//! [`Machine`]: a machine as QEMU's arguments.

use std::ffi::OsString;
use std::path::Path;

use taskgraph_images_transforms::{Arch, Os};

use super::{Accelerator, Flash};

/// A machine that is started from a candidate.
#[derive(Debug, Clone)]
pub struct Machine<'a> {
    /// The system on its disk, which decides what devices it can do with.
    pub os: Os,
    /// Its architecture.
    pub arch: Arch,
    /// What is written while it runs: the candidate's disk stays as it is.
    pub overlay: &'a Path,
    /// A folder with what cloud-init, or cloudbase-init, reads.
    pub seed: &'a Path,
    /// Where its serial console goes.
    pub console: &'a Path,
    /// Its UEFI, whose variables are its own; a BIOS if there is none.
    pub flash: Option<&'a Flash>,
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

    /// The arguments of QEMU's program for the architecture.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut words = Words::default();
        let kind = match self.arch {
            Arch::Amd64 => "q35",
            Arch::Arm64 => "virt",
        };
        words.two(
            "-machine",
            format!("{kind},accel={}", self.accelerator.as_str()),
        );
        words.two("-cpu", self.cpu());
        words.two("-m", self.memory.to_string());
        words.two("-smp", self.processors.to_string());
        words.two("-display", "none");
        words.two("-monitor", "none");
        words.two("-serial", with("file:", self.console));
        for (unit, part) in self
            .flash
            .iter()
            .flat_map(|flash| flash.parts())
            .enumerate()
        {
            let only = if part.is_fixed { "readonly=on," } else { "" };
            let before = format!("if=pflash,unit={unit},format={},{only}file=", part.format);
            words.two("-drive", with(&before, &part.file));
        }
        let network = match self.os {
            Os::Linux => {
                words.one("-no-reboot");
                words.two("-drive", with("if=virtio,format=qcow2,file=", self.overlay));
                // cloud-init looks for a file system of this name.
                let before = "if=virtio,format=raw,readonly=on,file.driver=vvfat,file.label=CIDATA,file.dir=";
                words.two("-drive", with(before, self.seed));
                words.two("-device", "virtio-rng-pci");
                "virtio-net-pci"
            }
            // What Windows has drivers for without others' help; and it starts again when it is set up.
            Os::Windows => {
                words.two("-drive", with("if=ide,format=qcow2,file=", self.overlay));
                // A disk of this sort must be one that can be written: that goes nowhere.
                let before =
                    "if=ide,format=raw,snapshot=on,file.driver=vvfat,file.label=CIDATA,file.dir=";
                words.two("-drive", with(before, self.seed));
                "e1000e"
            }
        };
        words.two(
            "-netdev",
            format!("user,id=net,hostfwd=tcp:127.0.0.1:{}-:22", self.port),
        );
        // Nothing is started from the network.
        words.two("-device", format!("{network},netdev=net,romfile="));
        words.0
    }

    fn cpu(&self) -> &'static str {
        match (self.arch, self.accelerator) {
            // Else most of the time goes into the emulation of signed pointers.
            (Arch::Arm64, Accelerator::Tcg) => "max,pauth-impdef=on",
            _ => "max",
        }
    }
}

#[derive(Default)]
struct Words(Vec<OsString>);

impl Words {
    fn one(&mut self, word: impl Into<OsString>) {
        self.0.push(word.into());
    }

    fn two(&mut self, option: &str, value: impl Into<OsString>) {
        self.one(option);
        self.one(value);
    }
}

/// A path at the end of an option's value.
fn with(before: &str, path: &Path) -> OsString {
    let mut word = OsString::from(before);
    // A comma would end the option.
    word.push(path.to_string_lossy().replace(',', ",,"));
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(os: Os, arch: Arch, accelerator: Accelerator, flash: Option<&Flash>) -> String {
        let machine = Machine {
            os,
            arch,
            overlay: Path::new("/w/over,lay.qcow2"),
            seed: Path::new("/w/seed"),
            console: Path::new("/w/console.txt"),
            flash,
            port: 2222,
            accelerator,
            memory: 2048,
            processors: 2,
        };
        let words: Vec<String> = machine
            .arguments()
            .into_iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        words.join(" ").replace(" -", "\n-")
    }

    fn flash() -> Flash {
        Flash {
            code: "/f/CODE.fd".into(),
            code_format: "raw".to_owned(),
            variables: "/w/variables".into(),
            variables_format: "raw".to_owned(),
        }
    }

    #[test]
    fn linux() {
        insta::assert_snapshot!(words(Os::Linux, Arch::Amd64, Accelerator::Kvm, None), @"
        -machine q35,accel=kvm
        -cpu max
        -m 2048
        -smp 2
        -display none
        -monitor none
        -serial file:/w/console.txt
        -no-reboot
        -drive if=virtio,format=qcow2,file=/w/over,,lay.qcow2
        -drive if=virtio,format=raw,readonly=on,file.driver=vvfat,file.label=CIDATA,file.dir=/w/seed
        -device virtio-rng-pci
        -netdev user,id=net,hostfwd=tcp:127.0.0.1:2222-:22
        -device virtio-net-pci,netdev=net,romfile=
        ");
    }

    #[test]
    fn linux_on_arm64() {
        let flash = flash();
        let words = words(Os::Linux, Arch::Arm64, Accelerator::Tcg, Some(&flash));
        insta::assert_snapshot!(words, @"
        -machine virt,accel=tcg
        -cpu max,pauth-impdef=on
        -m 2048
        -smp 2
        -display none
        -monitor none
        -serial file:/w/console.txt
        -drive if=pflash,unit=0,format=raw,readonly=on,file=/f/CODE.fd
        -drive if=pflash,unit=1,format=raw,file=/w/variables
        -no-reboot
        -drive if=virtio,format=qcow2,file=/w/over,,lay.qcow2
        -drive if=virtio,format=raw,readonly=on,file.driver=vvfat,file.label=CIDATA,file.dir=/w/seed
        -device virtio-rng-pci
        -netdev user,id=net,hostfwd=tcp:127.0.0.1:2222-:22
        -device virtio-net-pci,netdev=net,romfile=
        ");
    }

    #[test]
    fn windows() {
        let flash = flash();
        let words = words(Os::Windows, Arch::Amd64, Accelerator::Kvm, Some(&flash));
        insta::assert_snapshot!(words, @"
        -machine q35,accel=kvm
        -cpu max
        -m 2048
        -smp 2
        -display none
        -monitor none
        -serial file:/w/console.txt
        -drive if=pflash,unit=0,format=raw,readonly=on,file=/f/CODE.fd
        -drive if=pflash,unit=1,format=raw,file=/w/variables
        -drive if=ide,format=qcow2,file=/w/over,,lay.qcow2
        -drive if=ide,format=raw,snapshot=on,file.driver=vvfat,file.label=CIDATA,file.dir=/w/seed
        -netdev user,id=net,hostfwd=tcp:127.0.0.1:2222-:22
        -device e1000e,netdev=net,romfile=
        ");
    }

    #[test]
    fn the_processor_of_an_arm64_machine_is_as_it_is() {
        let words = words(Os::Linux, Arch::Arm64, Accelerator::Kvm, None);
        assert!(words.contains("\n-cpu max\n"), "{words}");
    }
}
