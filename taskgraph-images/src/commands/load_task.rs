//! `load-task`: a task of Taskcluster's on this machine.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::PathBuf;
use std::process::Command as Process;

use taskgraph_images::local::LocalTask;
use taskgraph_images::local::execute::{Machine, Prepared, State, execute, prepare};
use taskgraph_images::local::mounts::{MountError, Remote};
use taskgraph_images::output::text::count;
use taskgraph_images::taskcluster::{Queue as _, TaskId};
use taskgraph_images::worker::process::Inherited;
use taskgraph_images::worker::signals;
use taskgraph_images::worker::store::StoreError;

use super::decision::connect;
use super::local::{FOLDER, lock, mask, path, place};
use super::run::words;
use crate::exit::{Failure, Unfinished};
use crate::printer::Printer;

/// Run a task of Taskcluster's on this machine: its definition is fetched, what it mounts, and its commands run here
///
/// The commands run as you, with what you may do: load only tasks that you trust. They get the environment that the
/// definition gives, and of yours nothing but the path, the language and what you name with `--pass`: no credentials.
/// What a worker has and this machine has not, such as scopes, the proxy, caches or the container, is said.
///
/// Its artifacts are left as `DIR/TASK_ID/...`, its log among them as `public/logs/live.log`; its folder, unless it
/// completes, as `DIR/.tasks/TASK_ID`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The task
    #[arg(value_name = "TASK_ID")]
    task: TaskId,
    /// Start a shell in its folder, with its environment, instead of its commands
    #[arg(long)]
    shell: bool,
    /// A variable of yours that it gets, too; once or more
    #[arg(long = "pass", value_name = "NAME")]
    pass: Vec<String>,
    /// The folder of artifacts
    #[arg(long, short, value_name = "DIR", default_value = FOLDER)]
    out: PathBuf,
}

/// Variables of ours that say how to run anything at all, and nothing of who we are.
const PLAIN: [&str; 12] = [
    "COMSPEC",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LOGNAME",
    "PATH",
    "PATHEXT",
    "SYSTEMROOT",
    "TEMP",
    "TERM",
    "TMPDIR",
    "USER",
];

pub(super) fn run(args: Args, printer: &mut Printer) -> Result<(), Failure> {
    signals::asked_to_end();
    let client = connect(true)?.ok_or_else(Failure::no_taskcluster)?;
    let found = client
        .definitions(&BTreeSet::from([args.task.clone()]))
        .map_err(Failure::Taskcluster)?;
    let definition = found.get(&args.task).ok_or_else(|| {
        let words = format!("there is no task `{}` at {}", args.task, client.root_url());
        Failure::Usage(words, None)
    })?;
    let task = LocalTask::read(definition).map_err(|errors| {
        let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::Usage(format!("`{}`: {}", args.task, words.join("; ")), None)
    })?;
    printer.note(&format!("`{}`, {}", task.name, args.task));
    for missing in &task.missing {
        printer.note(&format!("not here: {missing}"));
    }
    let place = place(&args.out)?;
    let _lock = lock(&place)?;
    let passed = passed(&args.pass)?;
    let secrets: Vec<String> = passed.values().cloned().collect();
    let mut base = plain();
    base.insert(
        "HOME".to_owned(),
        place.folder(&args.task).display().to_string(),
    );
    base.insert(
        "TASKCLUSTER_ROOT_URL".to_owned(),
        client.root_url().to_owned(),
    );
    let mut environment = passed;
    environment.insert(
        "GIT_CEILING_DIRECTORIES".to_owned(),
        place.folders().display().to_string(),
    );
    let contents = Remote(&client);
    let group = definition["taskGroupId"].as_str();
    let machine = Machine {
        place: &place,
        group: group
            .and_then(|id| id.parse().ok())
            .unwrap_or_else(|| args.task.clone()),
        base,
        environment,
        inherited: Inherited::Nothing,
        path: path(),
        program: None,
        contents: &contents,
        mask: mask(&secrets),
    };
    if args.shell {
        let prepared = prepare(&task, &args.task, 0, &machine).map_err(failure)?;
        return shell(&task, &prepared, printer);
    }
    let mut gone = None;
    let outcome = execute(&task, &args.task, &machine, &mut |line| {
        // Who reads may have gone; the task goes on, and its log has everything.
        if gone.is_none() {
            gone = printer.data(&format!("{line}\n"), None).err();
        }
    });
    if let Some(fault) = outcome.fault {
        return Err(failure(fault));
    }
    printer.note(&format!(
        "{} in `{}`",
        count(outcome.artifacts.len(), "artifact"),
        place.artifacts(&args.task).display()
    ));
    if outcome.state == State::Completed {
        return Ok(());
    }
    let mut unfinished = Unfinished::default();
    unfinished.add(&task.name, &args.task, &outcome, &place);
    Err(Failure::Unfinished(unfinished))
}

/// What of our environment is given to every task.
fn plain() -> BTreeMap<String, String> {
    PLAIN
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), env::var(name).ok()?)))
        .collect()
}

/// What is given to the task by name; all names that are not set are told.
fn passed(names: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut passed = BTreeMap::new();
    let mut unset = Vec::new();
    for name in names {
        match env::var(name) {
            Ok(value) => {
                passed.insert(name.clone(), value);
            }
            Err(_) => unset.push(format!("`{name}`")),
        }
    }
    if unset.is_empty() {
        return Ok(passed);
    }
    let words = format!("not set, or no text: {}", unset.join(", "));
    Err(Failure::Usage(words, None))
}

/// Lets somebody work where the task would.
fn shell(task: &LocalTask, prepared: &Prepared, printer: &mut Printer) -> Result<(), Failure> {
    printer.note(&format!(
        "in `{}`; its commands:",
        prepared.folder.display()
    ));
    for command in &task.commands {
        printer.note(&format!("  {}", words(command)));
    }
    let (variable, default) = if cfg!(windows) {
        ("COMSPEC", "cmd.exe")
    } else {
        ("SHELL", "/bin/sh")
    };
    let program = env::var(variable).unwrap_or_else(|_| default.to_owned());
    // How it ends is its user's business.
    Process::new(&program)
        .current_dir(&prepared.folder)
        .env_clear()
        .envs(&prepared.environment)
        .status()
        .map(|_| ())
        .map_err(|error| Failure::Program {
            name: program,
            why: error.to_string(),
        })
}

fn failure(error: MountError) -> Failure {
    match error {
        MountError::Api(error) | MountError::Store(StoreError::Api(error)) => {
            Failure::Taskcluster(error)
        }
        other => Failure::Files(other.to_string()),
    }
}
