//! [`execute`]: a task's commands, run as its worker runs them: in a folder of its own, with its environment and limit,
//! tried again after the exit codes that it lists.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::artifacts::collect;
use super::mounts::{Contents, MountError, mount};
use super::payload::{Command, LocalTask, Worker, in_home};
use super::place::Place;
use crate::taskcluster::TaskId;
use crate::worker::mask::Mask;
use crate::worker::process::{Inherited, Program, ProgramError};
use crate::worker::remove::remove_folder;

/// How long a command gets to end when it is asked to: longer than the programs that it started get from it.
const GRACE: Duration = Duration::from_secs(90);
/// The folder of programs that stands first in the path of what would run in a container.
const PROGRAMS: &str = "bin";

/// The machine, as it stands in for workers.
pub struct Machine<'a> {
    /// Where tasks run, and where their results go.
    pub place: &'a Place,
    /// The id of the tasks' group.
    pub group: TaskId,
    /// Variables over which a payload's own win.
    pub base: BTreeMap<String, String>,
    /// Variables that win over a payload's own.
    pub environment: BTreeMap<String, String>,
    /// Which variables of this program's own tasks get.
    pub inherited: Inherited,
    /// The path on which programs are found.
    pub path: String,
    /// This program, for what would run in a container that has it.
    pub program: Option<PathBuf>,
    /// Where mounts come from.
    pub contents: &'a dyn Contents,
    /// What no output may show.
    pub mask: Mask,
}

/// How a task ended, in the queue's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// All commands succeeded, and left what they should.
    Completed,
    /// A command failed.
    Failed,
    /// It did not come to an end of its own; a new run may help.
    Exception,
}

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub state: State,
    /// Why, unless it completed.
    pub why: Option<String>,
    /// The exit code of the command that decided it.
    pub exit_code: Option<i32>,
    /// How often it was begun.
    pub tries: u32,
    /// The names of its artifacts, sorted.
    pub artifacts: Vec<String>,
    /// Whether it was ended because this program was asked to end.
    pub stopped: bool,
    /// What kept it from being begun, if something did.
    pub fault: Option<MountError>,
}

/// One try.
struct Try {
    fault: Option<MountError>,
    state: State,
    why: Option<String>,
    exit_code: Option<i32>,
    again: bool,
    stopped: bool,
}

/// A folder in which a task's commands can run, and their environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The folder.
    pub folder: PathBuf,
    /// The variables.
    pub environment: BTreeMap<String, String>,
}

/// Makes a task's folder anew, with its mounts.
///
/// # Errors
/// When it cannot be made, or a mount cannot be had.
pub fn prepare(
    task: &LocalTask,
    id: &TaskId,
    run: u32,
    machine: &Machine<'_>,
) -> Result<Prepared, MountError> {
    let folder = machine.place.folder(id);
    let fault = |error: std::io::Error| MountError::File {
        path: folder.clone(),
        why: error.to_string(),
    };
    remove_folder(&folder).map_err(fault)?;
    std::fs::create_dir_all(&folder).map_err(fault)?;
    mount(&task.mounts, &folder, machine.contents)?;
    let mut environment = machine.base.clone();
    environment.extend(task.environment.clone());
    if task.worker == Worker::Container {
        for value in environment.values_mut() {
            if let Some(rest) = in_home(value) {
                *value = folder.join(rest).to_string_lossy().into_owned();
            }
        }
        let programs = folder.join(PROGRAMS);
        if let Some(program) = &machine.program {
            std::fs::create_dir_all(&programs).map_err(fault)?;
            let name = program.file_name().unwrap_or_default();
            super::mounts::link(program, &programs.join(name))?;
        }
        let separator = if cfg!(windows) { ';' } else { ':' };
        // The container's own path says nothing about this machine.
        let path = format!("{}{separator}{}", programs.display(), machine.path);
        environment.insert("PATH".to_owned(), path);
    } else {
        environment.insert("TASK_WORKDIR".to_owned(), folder.display().to_string());
    }
    for (name, value) in [
        ("TASK_ID", id.to_string()),
        ("RUN_ID", run.to_string()),
        ("TASK_GROUP_ID", machine.group.to_string()),
    ] {
        environment.insert(name.to_owned(), value);
    }
    environment.extend(machine.environment.clone());
    Ok(Prepared {
        folder,
        environment,
    })
}

/// Runs a task to its end; each line of its output goes to its log and to `show`.
///
/// What an earlier run left is removed first. The task's folder stays unless it completed.
pub fn execute(
    task: &LocalTask,
    id: &TaskId,
    machine: &Machine<'_>,
    show: &mut dyn FnMut(&str),
) -> Outcome {
    let mut tries = 0;
    let mut artifacts = Vec::new();
    let mut one = || -> Result<Try, String> {
        let log = machine.place.log(id);
        let fault = |error: std::io::Error| format!("`{}`: {error}", log.display());
        let results = machine.place.artifacts(id);
        remove_folder(&results).map_err(|error| format!("`{}`: {error}", results.display()))?;
        std::fs::create_dir_all(log.parent().unwrap_or(&results)).map_err(fault)?;
        let mut out = Log {
            file: BufWriter::new(File::create(&log).map_err(fault)?),
            line: Vec::new(),
            show,
        };
        loop {
            tries += 1;
            let mut ended = attempt(task, id, tries - 1, machine, &mut out);
            if ended.again && tries <= task.retries {
                let words = format!(
                    "[taskgraph-images] {}; run again, {} of {}",
                    ended.why.as_deref().unwrap_or_default(),
                    tries,
                    task.retries
                );
                writeln!(out, "{words}").map_err(fault)?;
                continue;
            }
            let collected = collect(&task.rules, &machine.place.folder(id), &results)?;
            artifacts = collected.names;
            if ended.state == State::Completed && !collected.absent.is_empty() {
                ended.state = State::Failed;
                ended.why = Some(format!("it did not leave {}", collected.absent.join(", ")));
            }
            if let Some(why) = &ended.why {
                let tries = if tries > 1 {
                    format!(", in {tries} runs")
                } else {
                    String::new()
                };
                writeln!(out, "[taskgraph-images] {why}{tries}").map_err(fault)?;
            }
            out.flush().map_err(fault)?;
            return Ok(ended);
        }
    };
    let ended = one().unwrap_or_else(|why| Try {
        state: State::Exception,
        why: Some(why),
        exit_code: None,
        again: false,
        stopped: false,
        fault: None,
    });
    if ended.state == State::Completed {
        // Nobody needs it any more; if it cannot be removed, the next run says so.
        let _ = remove_folder(&machine.place.folder(id));
    }
    Outcome {
        state: ended.state,
        why: ended.why,
        exit_code: ended.exit_code,
        tries,
        artifacts,
        stopped: ended.stopped,
        fault: ended.fault,
    }
}

/// Runs a task's commands once.
fn attempt(
    task: &LocalTask,
    id: &TaskId,
    run: u32,
    machine: &Machine<'_>,
    out: &mut dyn Write,
) -> Try {
    let exception = |why: String| Try {
        state: State::Exception,
        why: Some(why),
        exit_code: None,
        again: false,
        stopped: false,
        fault: None,
    };
    if task.worker == Worker::Windows && !cfg!(windows) {
        return exception("it runs on Windows only".to_owned());
    }
    let prepared = match prepare(task, id, run, machine) {
        Ok(prepared) => prepared,
        Err(error) => {
            return Try {
                fault: Some(error.clone()),
                ..exception(error.to_string())
            };
        }
    };
    let begun = Instant::now();
    for (at, command) in task.commands.iter().enumerate() {
        let program = match program(command, at, &prepared.folder) {
            Ok(program) => program,
            Err(why) => return exception(why),
        };
        let program = Program {
            environment: prepared.environment.clone(),
            inherited: machine.inherited.clone(),
            // Of all commands together.
            limit: task.limit.saturating_sub(begun.elapsed()),
            grace: GRACE,
            ..program
        };
        let failed = |why: String| Try {
            state: State::Failed,
            ..exception(why)
        };
        match program.run(&machine.mask, out) {
            Ok(ended) if ended.is_success() => {}
            Ok(ended) => {
                let Some(code) = ended.status.code() else {
                    return failed(format!(
                        "its command was ended by a signal: {}",
                        ended.status
                    ));
                };
                let again = task.retry.contains(&i64::from(code));
                let state = if again {
                    State::Exception
                } else {
                    State::Failed
                };
                return Try {
                    state,
                    why: Some(format!("its command ended with exit code {code}")),
                    exit_code: Some(code),
                    again,
                    stopped: false,
                    fault: None,
                };
            }
            Err(ProgramError::Stopped { .. }) => {
                return Try {
                    stopped: true,
                    ..exception("it was stopped".to_owned())
                };
            }
            Err(ProgramError::Limit { .. }) => {
                return failed(format!(
                    "it was stopped after {} s, its `maxRunTime`",
                    task.limit.as_secs()
                ));
            }
            Err(error @ ProgramError::Start { .. }) => return failed(error.to_string()),
            Err(error) => return exception(error.to_string()),
        }
    }
    Try {
        state: State::Completed,
        why: None,
        exit_code: Some(0),
        again: false,
        stopped: false,
        fault: None,
    }
}

/// A command as a program in a task's folder.
fn program(command: &Command, at: usize, folder: &Path) -> Result<Program, String> {
    let limit = Duration::MAX;
    match command {
        Command::Words(words) => {
            let (name, arguments) = words
                .split_first()
                .ok_or_else(|| format!("its command {at} is empty"))?;
            // Which folder a relative name starts from is the system's to choose, else.
            let name = match Path::new(name) {
                path if path.is_relative() && path.components().count() > 1 => {
                    folder.join(path).into_os_string()
                }
                _ if name.starts_with("./") => folder.join(name).into_os_string(),
                path => path.as_os_str().to_owned(),
            };
            Ok(Program::new(name, arguments, folder, limit))
        }
        Command::Line(line) => {
            // What a line means depends on its being in a batch file.
            let file = folder.join(format!("command-{at}.cmd"));
            std::fs::write(&file, format!("@echo off\r\n{line}\r\n"))
                .map_err(|error| format!("`{}`: {error}", file.display()))?;
            let words: [std::ffi::OsString; 5] = [
                "/d".into(),
                "/e:on".into(),
                "/v:off".into(),
                "/c".into(),
                file.into_os_string(),
            ];
            Ok(Program::new("cmd.exe", words, folder, limit))
        }
    }
}

/// A task's log, each line of which is also shown.
struct Log<'a> {
    file: BufWriter<File>,
    line: Vec<u8>,
    show: &'a mut dyn FnMut(&str),
}

impl Write for Log<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write_all(bytes)?;
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                // Whoever looks into the log meanwhile sees what there is.
                self.file.flush()?;
                (self.show)(String::from_utf8_lossy(&self.line).trim_end_matches('\n'));
                self.line.clear();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
