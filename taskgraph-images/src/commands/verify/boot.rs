//! Starts a machine from the candidate with QEMU, and runs the checks on it over SSH.

use std::ffi::{OsStr, OsString};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use taskgraph_images::transforms::{Arch, Cloud, Firmware, Os};
use taskgraph_images::tree::TreePath;
use taskgraph_images::worker::mask::Mask;
use taskgraph_images::worker::process::{Background, Ended, Program};
pub(super) use taskgraph_images::worker::verify::boot::firmware::FOLDER as FIRMWARE;
use taskgraph_images::worker::verify::boot::{
    ACCOUNT, Accelerator, Flash, Guest, KVM_BROKEN, Machine, firmware, processor, ssh_options,
};
use taskgraph_images::worker::verify::results::Check;

use super::{Job, Programs};
use crate::exit::Failure;
use crate::printer::Printer;

/// How long one question to the machine may take.
const SHORT: Duration = Duration::from_secs(60);
/// How `ssh` ends when there is no connection.
const SSH: i32 = 255;
const PAUSE: Duration = Duration::from_secs(2);

pub(super) fn verify(
    job: &Job<'_>,
    programs: &Programs,
    printer: &mut Printer,
) -> Result<Vec<Check>, Failure> {
    let (os, arch) = (job.definition.os, job.definition.arch);
    let refused = |words: &str| {
        Err(Failure::Usage(
            format!("`boot` starts {words}, and `{}` is none", job.id),
            Some("verify it by `pool`: on machines that are started from the candidate".to_owned()),
        ))
    };
    let file = job.manifest.artifacts[0].file.as_ref();
    let (Some(file), Cloud::Qemu) = (file, job.id.cloud) else {
        return refused("disks for QEMU");
    };
    // QEMU's machines of arm64 have no network card that Windows knows.
    if (os, arch) == (Os::Windows, Arch::Arm64) {
        return refused("disks of Linux, and of Windows on amd64");
    }
    let accelerators = accelerators(&programs.accelerator, arch)?;
    let flash = match job.verify.machine.firmware {
        Firmware::Bios => None,
        Firmware::Uefi => Some(flash(&programs.firmware, arch)?),
    };
    let disk = job.worker.fetch(job.build, file, job.scratch)?;
    let qemu = programs.qemu.clone();
    let qemu = qemu.unwrap_or_else(|| format!("qemu-system-{}", processor(arch)).into());
    let machine = Started::new(job, &disk, flash, &qemu, &accelerators, printer)?;
    machine.prepare(job)?;
    let guest = machine.guest;
    let program = |path: &TreePath| machine.ssh(&guest.check(&path.to_string()), job.left());
    let found = job.check_all(&job.secrets.mask, program, printer)?;
    // It is ended in any case; this way what it says last is in its console.
    let _ = machine
        .ssh(guest.shut_down(), SHORT)
        .run(&Mask::default(), &mut Vec::new());
    std::fs::copy(&machine.console, job.folder.join("console.txt"))?;
    Ok(found)
}

/// How the processor may be had here, the best way first.
fn accelerators(asked: &str, arch: Arch) -> Result<Vec<Accelerator>, Failure> {
    let is_same = std::env::consts::ARCH == processor(arch);
    Ok(match asked {
        "kvm" if !is_same => {
            return Err(Failure::Usage(
                format!(
                    "KVM starts no machine of {arch} on this one, which is {}",
                    std::env::consts::ARCH
                ),
                Some("emulate it: `--accelerator tcg`, or `auto`".to_owned()),
            ));
        }
        "kvm" => vec![Accelerator::Kvm],
        "auto" if is_same && Path::new("/dev/kvm").exists() => {
            vec![Accelerator::Kvm, Accelerator::Tcg]
        }
        _ => vec![Accelerator::Tcg],
    })
}

/// The UEFI of this machine's packages.
fn flash(folder: &Path, arch: Arch) -> Result<Flash, Failure> {
    let mut descriptors = Vec::new();
    // Without any firmware there is no folder.
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|kind| kind == "json") {
            let name = entry.file_name().to_string_lossy().into_owned();
            descriptors.push((name, std::fs::read_to_string(entry.path())?));
        }
    }
    firmware::choose(descriptors, arch, Path::exists).ok_or_else(|| {
        let package = match arch {
            Arch::Amd64 => "ovmf",
            Arch::Arm64 => "qemu-efi-aarch64",
        };
        Failure::Files(format!(
            "no UEFI for machines of {arch}: `{}` describes none that is there and starts what is not signed; on Debian it is \
             in the package `{package}`",
            folder.display()
        ))
    })
}

/// A machine that runs, and lets somebody in.
struct Started {
    guest: Guest,
    process: std::cell::RefCell<Background>,
    key: PathBuf,
    port: u16,
    console: PathBuf,
    folder: PathBuf,
}

impl Started {
    fn new(
        job: &Job<'_>,
        disk: &Path,
        flash: Option<Flash>,
        qemu: &OsStr,
        accelerators: &[Accelerator],
        printer: &mut Printer,
    ) -> Result<Self, Failure> {
        let scratch = job.scratch;
        let (os, arch) = (job.definition.os, job.definition.arch);
        let guest = Guest(os);
        let (key, console) = (scratch.join("key"), scratch.join("console.txt"));
        let (seed, overlay) = (scratch.join("seed"), scratch.join("overlay.qcow2"));
        let mut words: Vec<OsString> = ["-q", "-t", "ed25519", "-N", "", "-C", "verify", "-f"]
            .map(Into::into)
            .into();
        words.push(key.clone().into());
        done(&Program::new("ssh-keygen", words, scratch, SHORT))?;
        let public = std::fs::read_to_string(key.with_extension("pub"))?;
        std::fs::create_dir_all(&seed)?;
        let id = format!("verify-{}", job.build);
        std::fs::write(seed.join("meta-data"), guest.meta_data(&id))?;
        std::fs::write(seed.join("user-data"), guest.user_data(&public))?;
        let own = flash.as_ref().map(|flash| Flash {
            variables: scratch.join("variables"),
            ..flash.clone()
        });
        for (number, accelerator) in accelerators.iter().enumerate() {
            let make = Machine::overlay(disk, &overlay);
            done(&Program::new("qemu-img", make, scratch, SHORT))?;
            if let (Some(new), Some(own)) = (&flash, &own) {
                // Its content alone: the package's file may be one that cannot be written.
                std::fs::write(&own.variables, std::fs::read(&new.variables)?)?;
            }
            // Free now; whoever takes it in between makes QEMU fail, which is told.
            let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            let machine = Machine {
                os,
                arch,
                overlay: &overlay,
                seed: &seed,
                console: &console,
                flash: own.as_ref(),
                port,
                accelerator: *accelerator,
                memory: job.verify.machine.memory,
                processors: job.verify.machine.processors,
            };
            // What it writes elsewhere goes with the rest.
            let folder = [("TMPDIR".to_owned(), scratch.display().to_string())];
            let program = Program::new(qemu, machine.arguments(), scratch, job.left()).with(folder);
            let started = Self {
                guest,
                process: program.background()?.into(),
                key: key.clone(),
                port,
                console: console.clone(),
                folder: scratch.to_owned(),
            };
            match started.wait(job, printer) {
                Ok(()) => return Ok(started),
                Err(_) if started.kvm_is_broken() && number + 1 < accelerators.len() => {
                    printer.note("KVM does not work on this machine: the processor is emulated");
                }
                Err(error) => return Err(error),
            }
        }
        Err(Failure::Usage("no accelerator is left".to_owned(), None))
    }

    fn kvm_is_broken(&self) -> bool {
        self.process.borrow().said().contains(KVM_BROKEN)
    }

    /// Waits until somebody can log in and the machine has come up.
    fn wait(&self, job: &Job<'_>, printer: &mut Printer) -> Result<(), Failure> {
        let begun = Instant::now();
        let limit = self.guest.patience().min(job.left());
        loop {
            let asked = self
                .ssh(self.guest.knock(), SHORT)
                .run(&Mask::default(), &mut Vec::new())?;
            if asked.is_success() {
                break;
            }
            let ended = self.process.borrow_mut().ended();
            if let Some(status) = ended {
                let said = self.process.borrow().said();
                return Err(self.broken(&format!("QEMU ended ({status}): {}", said.trim()), job));
            }
            if self.kvm_is_broken() {
                let words = "KVM does not work on this machine".to_owned();
                return Err(Failure::Infrastructure(words));
            }
            if begun.elapsed() > limit {
                return Err(self.broken(
                    &format!(
                        "nobody could log in for {} s: {}",
                        limit.as_secs(),
                        asked.words()
                    ),
                    job,
                ));
            }
            std::thread::sleep(PAUSE);
        }
        while let Some(asked) = self.guest.is_set_up() {
            let ended = self
                .ssh(asked, job.left())
                .run(&Mask::default(), &mut Vec::new())?;
            match ended.status.code() {
                Some(0) => break,
                // cloud-init starts the SSH server again while it works.
                Some(SSH) if begun.elapsed() < limit => std::thread::sleep(PAUSE),
                _ => {
                    let words = format!("cloud-init failed: {}", ended.words());
                    return Err(self.broken(&words, job));
                }
            }
        }
        printer.note(&format!(
            "the machine came up in {} s",
            begun.elapsed().as_secs()
        ));
        Ok(())
    }

    /// Puts the checks on the machine.
    fn prepare(&self, job: &Job<'_>) -> Result<(), Failure> {
        let files = job.files()?;
        done(&self.ssh(&self.guest.make_folder(), SHORT))?;
        let mut words = ssh_options(&self.key, self.port, "-P");
        words.extend(["-q".into(), "-r".into()]);
        for entry in std::fs::read_dir(&files)? {
            words.push(entry?.path().into());
        }
        words.push(format!("{ACCOUNT}@127.0.0.1:{}/", self.guest.folder()).into());
        done(&Program::new("scp", words, &self.folder, job.left()))
    }

    fn ssh(&self, command: &str, limit: Duration) -> Program {
        let mut words = ssh_options(&self.key, self.port, "-p");
        words.extend([format!("{ACCOUNT}@127.0.0.1").into(), command.into()]);
        Program::new("ssh", words, &self.folder, limit)
    }

    /// The image's fault: the machine does not come up. Its console says why.
    fn broken(&self, why: &str, job: &Job<'_>) -> Failure {
        const LINES: usize = 40;
        let console = std::fs::read(&self.console).unwrap_or_default();
        let console = String::from_utf8_lossy(&console).into_owned();
        let _ = std::fs::write(job.folder.join("console.txt"), &console);
        let lines: Vec<&str> = console.lines().collect();
        let tail = lines[lines.len().saturating_sub(LINES)..].join("\n");
        Failure::NoStart {
            image: job.id.clone(),
            why: why.to_owned(),
            console: tail,
        }
    }
}

/// Runs a program that has to succeed.
fn done(program: &Program) -> Result<(), Failure> {
    let ended: Ended = program.run(&Mask::default(), &mut Vec::new())?;
    if ended.is_success() {
        return Ok(());
    }
    Err(Failure::Files(format!(
        "`{}` failed ({}): {}",
        program.name.to_string_lossy(),
        ended.status,
        ended.words()
    )))
}
