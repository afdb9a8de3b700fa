//! Starts a machine from the candidate with QEMU, and runs the checks on it over SSH.

use std::ffi::{OsStr, OsString};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use taskgraph_images::transforms::{Arch, Cloud, Os};
use taskgraph_images::tree::TreePath;
use taskgraph_images::worker::mask::Mask;
use taskgraph_images::worker::process::{Background, Ended, Program};
use taskgraph_images::worker::verify::boot::{
    ACCOUNT, Accelerator, FOLDER, KVM_BROKEN, Machine, check_command, meta_data, ssh_options,
    user_data,
};
use taskgraph_images::worker::verify::results::Check;

use super::{Job, Programs};
use crate::exit::Failure;
use crate::printer::Printer;

/// How long one question to the machine may take.
const SHORT: Duration = Duration::from_secs(60);
/// How long the machine may take until it lets somebody in. Emulated ones are slow.
const START: Duration = Duration::from_secs(900);
/// How `ssh` ends when there is no connection.
const SSH: i32 = 255;
const PAUSE: Duration = Duration::from_secs(2);

pub(super) fn verify(
    job: &Job<'_>,
    programs: &Programs,
    printer: &mut Printer,
) -> Result<Vec<Check>, Failure> {
    let (os, arch) = (job.definition.os, job.definition.arch);
    let file = job.manifest.artifacts[0].file.as_ref();
    let (Some(file), Cloud::Qemu, Os::Linux, Arch::Amd64) = (file, job.id.cloud, os, arch) else {
        return Err(Failure::Usage(
            format!(
                "`boot` starts disks of Linux on amd64, and `{}` is none",
                job.id
            ),
            Some("verify it by `pool`: on machines that are started from the candidate".to_owned()),
        ));
    };
    let disk = job.worker.fetch(job.build, file, job.scratch)?;
    let accelerators: &[Accelerator] = match programs.accelerator.as_str() {
        "kvm" => &[Accelerator::Kvm],
        "tcg" => &[Accelerator::Tcg],
        _ if Path::new("/dev/kvm").exists() => &[Accelerator::Kvm, Accelerator::Tcg],
        _ => &[Accelerator::Tcg],
    };
    let machine = Started::new(job, &disk, &programs.qemu, accelerators, printer)?;
    machine.prepare(job)?;
    let program = |path: &TreePath| machine.ssh(&check_command(&path.to_string()), job.left());
    let found = job.check_all(&job.secrets.mask, program, printer)?;
    // It is ended in any case; this way what it says last is in its console.
    let _ = machine
        .ssh("sudo systemctl poweroff", SHORT)
        .run(&Mask::default(), &mut Vec::new());
    std::fs::copy(&machine.console, job.folder.join("console.txt"))?;
    Ok(found)
}

/// A machine that runs, and lets somebody in.
struct Started {
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
        qemu: &OsStr,
        accelerators: &[Accelerator],
        printer: &mut Printer,
    ) -> Result<Self, Failure> {
        let scratch = job.scratch;
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
        std::fs::write(seed.join("meta-data"), meta_data(&id))?;
        std::fs::write(seed.join("user-data"), user_data(&public))?;
        for (number, accelerator) in accelerators.iter().enumerate() {
            let make = Machine::overlay(disk, &overlay);
            done(&Program::new("qemu-img", make, scratch, SHORT))?;
            // Free now; whoever takes it in between makes QEMU fail, which is told.
            let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            let machine = Machine {
                overlay: &overlay,
                seed: &seed,
                console: &console,
                port,
                accelerator: *accelerator,
                memory: 2048,
                processors: 2,
            };
            let program = Program::new(qemu, machine.arguments(), scratch, job.left());
            let started = Self {
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
        let limit = START.min(job.left());
        loop {
            let asked = self
                .ssh("true", SHORT)
                .run(&Mask::default(), &mut Vec::new())?;
            if asked.is_success() {
                break;
            }
            if let Some(status) = self.process.borrow_mut().ended() {
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
        // 2: it is done, with warnings.
        let asked =
            "said=$(cloud-init status --wait --long); [ $? -ne 1 ] || { echo \"$said\"; false; }";
        loop {
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
        let make = format!("sudo install -d -o {ACCOUNT} {FOLDER}");
        done(&self.ssh(&make, SHORT))?;
        let mut words = ssh_options(&self.key, self.port, "-P");
        words.extend(["-q".into(), "-r".into()]);
        for entry in std::fs::read_dir(&files)? {
            words.push(entry?.path().into());
        }
        words.push(format!("{ACCOUNT}@127.0.0.1:{FOLDER}/").into());
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
