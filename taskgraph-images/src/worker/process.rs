//! [`Program`]: a program that a task runs: its output goes on as it comes, without secrets; it has a time limit; and when it
//! ends, or the task does, nothing that it started is left.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap};

use super::mask::Mask;

/// How many last lines of a program are kept for what is said of its failure.
const TAIL: usize = 30;
/// How long a line may become before it goes on without its end.
const LINE: u64 = 64 * 1024;
/// How much a program may answer that is asked something.
const ANSWER: usize = 64 * 1024 * 1024;

/// How long nothing more may come from a program that has ended before its streams count as held open by others: on a busy
/// machine its own last words take a while.
const SILENCE: Duration = Duration::from_secs(5);

/// A program and how it is run.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program.
    pub name: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The folder that it runs in.
    pub folder: PathBuf,
    /// Variables besides those that it inherits.
    pub environment: BTreeMap<String, String>,
    /// What it inherits of this program's variables.
    pub inherited: Inherited,
    /// How long it may take.
    pub limit: Duration,
    /// How long it may take to end when it is asked to: what it has started must be ended by then, too.
    pub grace: Duration,
}

/// Which variables of this program's own a program gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Inherited {
    /// All of them.
    #[default]
    All,
    /// All but some.
    Without(BTreeSet<String>),
    /// None.
    Nothing,
}

/// How long programs get to end when they are asked to: Packer deletes its machines then.
const GRACE: Duration = Duration::from_secs(60);

/// How a program ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its status.
    pub status: ExitStatus,
    /// Its last lines, without secrets.
    pub tail: Vec<String>,
}

impl Ended {
    /// Whether it succeeded.
    pub fn is_success(&self) -> bool {
        self.status.success()
    }

    /// Its last lines as one text.
    pub fn words(&self) -> String {
        self.tail.join("\n")
    }
}

/// What a program answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// How it ended. Its last lines are those of its standard error: an answer is no explanation.
    pub ended: Ended,
    /// Its standard output, without secrets.
    pub output: String,
}

/// What comes from a program that runs.
enum Said {
    /// A line for people.
    Line(String),
    /// Some bytes of the answer.
    Answer(Vec<u8>),
}

/// Why a program did not end by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// It cannot be started.
    #[error("`{name}` cannot be run: {why}")]
    Start {
        /// Its name.
        name: String,
        /// What the system says.
        why: String,
    },
    /// It took too long, and was ended with all that it had started.
    #[error("`{name}` was stopped after {} s; its last words:\n{tail}", .limit.as_secs())]
    Limit {
        /// Its name.
        name: String,
        /// How long it was allowed.
        limit: Duration,
        /// Its last lines.
        tail: String,
    },
    /// Somebody asked this program to end.
    #[error("`{name}` was stopped by a signal")]
    Stopped {
        /// Its name.
        name: String,
    },
    /// Its output cannot be written on.
    #[error("the output of `{name}` cannot be written: {why}")]
    Output {
        /// Its name.
        name: String,
        /// What the system says.
        why: String,
    },
    /// It answers more than any answer can be.
    #[error("`{name}` answers more than {} MiB, and was stopped", ANSWER >> 20)]
    Long {
        /// Its name.
        name: String,
    },
}

impl Program {
    /// A program with arguments in a folder.
    pub fn new(
        name: impl Into<OsString>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        folder: &Path,
        limit: Duration,
    ) -> Self {
        Self {
            name: name.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            folder: folder.to_owned(),
            environment: BTreeMap::new(),
            inherited: Inherited::All,
            limit,
            grace: GRACE,
        }
    }

    /// The same with more variables.
    #[must_use]
    pub fn with(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.environment.extend(variables);
        self
    }

    /// Runs it; each line of its output goes to `out`, without what is masked.
    ///
    /// # Errors
    /// When it cannot be started, takes too long, or this program is asked to end. Whether it failed is said by
    /// [`Ended`].
    pub fn run(&self, mask: &Mask, out: &mut dyn Write) -> Result<Ended, ProgramError> {
        let mut child = self.spawn()?;
        let (sender, said) = sync_channel(1024);
        if let Some(stream) = child.stdout().take() {
            follow(stream, sender.clone());
        }
        if let Some(stream) = child.stderr().take() {
            follow(stream, sender);
        }
        self.attend(child, &said, mask, out, &mut Vec::new())
    }

    /// Runs it for what it answers on its standard output, and keeps that apart from what it says besides on its standard
    /// error.
    ///
    /// # Errors
    /// As those of [`Self::run`], and when there is no end of the answer.
    pub fn ask(&self, mask: &Mask) -> Result<Answer, ProgramError> {
        let mut child = self.spawn()?;
        let (sender, said) = sync_channel(1024);
        if let Some(stream) = child.stdout().take() {
            take(stream, sender.clone());
        }
        if let Some(stream) = child.stderr().take() {
            follow(stream, sender);
        }
        let mut answer = Vec::new();
        let ended = self.attend(child, &said, mask, &mut std::io::sink(), &mut answer)?;
        Ok(Answer {
            ended,
            output: mask.apply(&String::from_utf8_lossy(&answer)),
        })
    }

    /// Waits for a program that has been started, with what comes from it.
    fn attend(
        &self,
        mut child: Box<dyn ChildWrapper>,
        said: &Receiver<Said>,
        mask: &Mask,
        out: &mut dyn Write,
        answer: &mut Vec<u8>,
    ) -> Result<Ended, ProgramError> {
        let name = self.name.to_string_lossy().into_owned();
        let started = Instant::now();
        let mut tail = VecDeque::with_capacity(TAIL);
        let mut take = |said: Said, tail: &mut VecDeque<String>| {
            let line = match said {
                Said::Line(line) => mask.apply(&line),
                Said::Answer(bytes) if answer.len() + bytes.len() > ANSWER => {
                    return Err(ProgramError::Long { name: name.clone() });
                }
                Said::Answer(bytes) => {
                    answer.extend(bytes);
                    return Ok(());
                }
            };
            writeln!(out, "{line}").map_err(|error| ProgramError::Output {
                name: name.clone(),
                why: error.to_string(),
            })?;
            if tail.len() == TAIL {
                tail.pop_front();
            }
            tail.push_back(line);
            Ok(())
        };
        let mut failure = loop {
            match said.recv_timeout(Duration::from_millis(100)) {
                Ok(one) => {
                    if let Err(error) = take(one, &mut tail) {
                        break Some(error);
                    }
                }
                // Both streams are closed.
                Err(RecvTimeoutError::Disconnected) => break None,
                // Something that it left behind may hold the streams open: that is ended, and then the rest is read.
                Err(RecvTimeoutError::Timeout) if matches!(child.try_wait(), Ok(Some(_))) => {
                    break None;
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if super::signals::asked_to_end() {
                break Some(ProgramError::Stopped { name: name.clone() });
            }
            if started.elapsed() > self.limit {
                break Some(ProgramError::Limit {
                    name: name.clone(),
                    limit: self.limit,
                    tail: tail.iter().cloned().collect::<Vec<_>>().join("\n"),
                });
            }
        };
        // Ends the whole group: also what a program that ended well has left in it.
        let ended = if failure.is_some() {
            end(child.as_mut(), self.grace)
        } else {
            let status = child.wait();
            let _ = child.start_kill();
            status
        };
        while failure.is_none()
            && started.elapsed() <= self.limit
            && let Ok(one) = said.recv_timeout(SILENCE)
        {
            failure = take(one, &mut tail).err();
        }
        let _ = out.flush();
        match (failure, ended) {
            (Some(failure), _) => Err(failure),
            (None, Ok(status)) => Ok(Ended {
                status,
                tail: tail.into(),
            }),
            (None, Err(error)) => Err(ProgramError::Start {
                name,
                why: error.to_string(),
            }),
        }
    }

    /// Starts it and lets it run, without its output; it ends, with all that it started, when the value goes.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn background(&self) -> Result<Background, ProgramError> {
        let mut child = self.spawn()?;
        let said = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        for stream in [
            child
                .stdout()
                .take()
                .map(|stream| Box::new(stream) as Box<dyn Read + Send>),
            child
                .stderr()
                .take()
                .map(|stream| Box::new(stream) as Box<dyn Read + Send>),
        ]
        .into_iter()
        .flatten()
        {
            let (sender, lines) = sync_channel(64);
            follow(stream, sender);
            let said = std::sync::Arc::clone(&said);
            std::thread::spawn(move || {
                for line in lines {
                    if let (Said::Line(line), Ok(mut said)) = (line, said.lock()) {
                        said.push_str(&line);
                        said.push('\n');
                    }
                }
            });
        }
        Ok(Background { child, said })
    }

    fn spawn(&self) -> Result<Box<dyn ChildWrapper>, ProgramError> {
        let mut command = CommandWrap::with_new(&self.name, |command| {
            match &self.inherited {
                Inherited::All => {}
                Inherited::Without(names) => {
                    for name in names {
                        command.env_remove(name);
                    }
                }
                Inherited::Nothing => {
                    command.env_clear();
                }
            }
            command
                .args(&self.arguments)
                .current_dir(&self.folder)
                .envs(&self.environment)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
        });
        #[cfg(unix)]
        command.wrap(process_wrap::std::ProcessGroup::leader());
        #[cfg(windows)]
        command.wrap(process_wrap::std::JobObject);
        command.spawn().map_err(|error| ProgramError::Start {
            name: self.name.to_string_lossy().into_owned(),
            why: error.to_string(),
        })
    }
}

/// A program that runs beside this one.
#[derive(Debug)]
pub struct Background {
    child: Box<dyn ChildWrapper>,
    said: std::sync::Arc<std::sync::Mutex<String>>,
}

impl Background {
    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// What it said so far.
    pub fn said(&self) -> String {
        self.said
            .lock()
            .map_or_else(|_| String::new(), |said| said.clone())
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        let _ = self.child.wait();
    }
}

/// Asks a group to end, and ends it if it does not. Its leader may end long before others of it, who still clean up.
fn end(
    child: &mut dyn ChildWrapper,
    #[cfg_attr(
        windows,
        expect(unused_variables, reason = "nothing can be asked there")
    )]
    grace: Duration,
) -> std::io::Result<ExitStatus> {
    #[cfg(unix)]
    {
        const TERM: i32 = 15;
        let group = child.id();
        let _ = child.signal(TERM);
        let asked = Instant::now();
        while asked.elapsed() < grace {
            if let Some(status) = child.try_wait()?
                && super::group::is_gone(group)
            {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let _ = child.start_kill();
    child.wait()
}

/// Sends the lines of a stream.
fn follow(stream: impl Read + Send + 'static, to: SyncSender<Said>) {
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        loop {
            line.clear();
            match stream.by_ref().take(LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&line);
                    let text = text.trim_end_matches(['\n', '\r']);
                    if to.send(Said::Line(text.to_owned())).is_err() {
                        return;
                    }
                }
            }
        }
    });
}

/// Sends a stream as it is.
fn take(mut stream: impl Read + Send + 'static, to: SyncSender<Said>) {
    std::thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(count) = stream.read(&mut bytes) {
            if count == 0 || to.send(Said::Answer(bytes[..count].to_vec())).is_err() {
                return;
            }
        }
    });
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> (Result<Ended, ProgramError>, String) {
        let program = Program::new("sh", ["-c", script], Path::new("/"), limit);
        let mut out = Vec::new();
        let ended = program.run(&Mask::new(["hunter2-not-real"]), &mut out);
        (ended, String::from_utf8_lossy(&out).into_owned())
    }

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn output_goes_on_without_secrets() {
        let (ended, out) = shell("echo a; echo 'b hunter2-not-real c' >&2; exit 3", LONG);
        let ended = ended.unwrap();
        assert_eq!(ended.status.code(), Some(3));
        let mut lines: Vec<&str> = out.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["a", "b [secret] c"]);
        assert!(!ended.words().contains("hunter2"));
    }

    #[test]
    fn what_takes_too_long_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("alive");
        let script = format!(
            "(while :; do date +%N >'{}'; sleep 0.05; done) & echo begun; sleep 60",
            file.display()
        );
        let (ended, out) = shell(&script, Duration::from_millis(500));
        assert!(
            matches!(ended, Err(ProgramError::Limit { .. })),
            "{ended:?}"
        );
        assert_eq!(out, "begun\n");
        let before = std::fs::read(&file).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn who_still_cleans_up_when_the_leader_has_ended_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cleaned");
        let script = format!(
            "(trap 'sleep 1; echo >\"{}\"; exit' TERM; sleep 60 & wait) & trap 'exit 1' TERM; sleep 60 & wait",
            file.display()
        );
        let (ended, _) = shell(&script, Duration::from_millis(500));
        assert!(
            matches!(ended, Err(ProgramError::Limit { .. })),
            "{ended:?}"
        );
        assert!(file.exists());
    }

    #[test]
    fn what_is_left_behind_does_not_hold_it_up() {
        let started = Instant::now();
        let (ended, _) = shell("sleep 50 & echo done", LONG);
        assert!(ended.unwrap().is_success());
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_comes_late_is_not_lost() {
        let script = "setsid sh -c 'sleep 0.5; echo late' & sleep 0.1; echo done";
        let (ended, out) = shell(script, LONG);
        assert!(ended.unwrap().is_success());
        assert_eq!(out, "done\nlate\n");
    }

    #[test]
    fn an_answer_is_apart_from_what_is_said_besides() {
        let ask = |script: &str| {
            let program = Program::new("sh", ["-c", script], Path::new("/"), LONG);
            program.ask(&Mask::new(["hunter2-not-real"])).unwrap()
        };
        let answer = ask(
            "echo beware >&2; printf '{\"a\":\n'; echo '}' >&2; printf '\"hunter2-not-real\"}'",
        );
        assert!(answer.ended.is_success());
        assert_eq!(answer.output, "{\"a\":\n\"[secret]\"}");
        assert_eq!(answer.ended.tail, ["beware", "}"]);
        // Nothing is put in where a line is long.
        let answer = ask("head -c 200000 /dev/zero | tr '\\0' x");
        assert_eq!(answer.output.len(), 200_000);
        let answer = ask("echo part; echo why >&2; exit 3");
        assert_eq!(
            (answer.ended.status.code(), &*answer.ended.words()),
            (Some(3), "why")
        );
    }

    #[test]
    fn an_answer_has_an_end() {
        let program = Program::new("yes", [""; 0], Path::new("/"), LONG);
        let error = program.ask(&Mask::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`yes` answers more than 64 MiB, and was stopped"
        );
    }

    #[test]
    fn no_such_program() {
        let program = Program::new("no-such-program", [""; 0], Path::new("/"), LONG);
        let error = program.run(&Mask::default(), &mut Vec::new()).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`no-such-program` cannot be run"),
            "{error}"
        );
    }
}
