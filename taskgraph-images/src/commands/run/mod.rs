//! `run`: tasks of the graph on this machine, in the order of what they need.

mod select;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use clap::ValueEnum;
use taskgraph_images::comparison::Head;
use taskgraph_images::local::execute::{Machine, Outcome, State, execute};
use taskgraph_images::local::mounts::Tool;
use taskgraph_images::local::record::{Record, Subject, todo};
use taskgraph_images::local::schedule::{self, Ended};
use taskgraph_images::local::{Command, LocalTask, Place, Worker};
use taskgraph_images::output;
use taskgraph_images::output::run::{ResultJson, RunJson, TaskJson, table};
use taskgraph_images::output::text::count;
use taskgraph_images::taskcluster::TaskId;
use taskgraph_images::transforms::Level;
use taskgraph_images::tree::snapshot::{Fetchable, LOCAL_VARIABLES, Taken, address, snapshot};
use taskgraph_images::worker::head::MODIFIED;
use taskgraph_images::worker::process::Inherited;
use taskgraph_images::worker::signals;

use super::Global;
use super::local::{FOLDER, mask, path, place, program};
use super::preview::level;
use super::project::Project;
use super::range::Range;
use crate::exit::{Failure, Unfinished};
use crate::printer::Printer;
use select::{Chosen, Selected};

/// Run tasks on this machine: the affected images' by default, in the order of what they need
///
/// Each task runs the very commands that a decision gives to a worker, in a folder of its own, on a checkout of the
/// commit; what is not committed is put into a snapshot first, and manifests say so. A task that completed with the same
/// digest is not run again, so a run that was stopped goes on where it was. What would run in a container runs on this
/// machine itself.
///
/// Artifacts are left as `DIR/TASK_ID/public/...`, each task's log among them as `public/logs/live.log`; the folder of a
/// task that did not complete stays, as `DIR/.tasks/TASK_ID`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The images, with what they need: `name`, or `name@cloud`; by default those that are affected, as `preview` has it
    #[arg(value_name = "IMAGE", conflicts_with = "all")]
    pub(super) images: Vec<String>,
    #[command(flatten)]
    pub(super) range: Range,
    /// Run nothing after tasks of this kind
    #[arg(long, value_name = "KIND")]
    pub(super) kind: Option<Last>,
    /// The level of the run: 1 or 3; only at level 3 is anything published
    #[arg(long, value_name = "N", default_value = "1", value_parser = level)]
    pub(super) level: Level,
    /// The folder of artifacts; by default `.taskgraph-images` in the work tree, which git ignores
    #[arg(long, short, value_name = "DIR", env = "TASKGRAPH_IMAGES_STORE")]
    out: Option<PathBuf>,
    /// How many tasks run at the same time
    #[arg(long, short, value_name = "N", default_value = "1")]
    jobs: NonZeroUsize,
    /// After a failure, run what does not need the task that failed
    #[arg(long, short)]
    keep_going: bool,
    /// Run also what has completed already
    #[arg(long)]
    force: bool,
    /// Say what would run, and run nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// How to say what became of the tasks
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

/// The last kind of task that is run.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Last {
    /// Only build
    Build,
    /// Build and verify
    Verify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line a task
    Table,
    /// A JSON document
    Json,
}

/// A task with all that is known of it before it runs.
struct Item {
    selected: Selected,
    local: LocalTask,
    /// Why it is to be run; nothing where it completed already.
    todo: Option<String>,
}

/// What became of a task that ran.
struct Done {
    outcome: Outcome,
    seconds: u64,
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    // From now on a signal ends tasks first.
    signals::asked_to_end();
    let project = Project::open(global)?;
    let head = args.range.head(&project.repository);
    let place = where_to(&args, &project)?;
    let _lock = if args.dry_run {
        None
    } else {
        Some(super::local::lock(&place)?)
    };
    let source = fetchable(&project, global, &head, (!args.dry_run).then_some(&place))?;
    let chosen = select::choose(&args, &project, &head, &source, global, printer)?;
    let items = items(&chosen, &place, &source, args.level, args.force)?;
    let said = |items: &[Item], done: &[Option<Done>]| {
        let mut document = RunJson::new(
            place.root().display().to_string(),
            source.revision.clone(),
            source.modified,
            args.level,
        );
        document.tasks = items
            .iter()
            .zip(done)
            .map(|(item, done)| result(item, done.as_ref(), &place))
            .collect();
        document
    };
    let mut done: Vec<Option<Done>> = items.iter().map(|_| None).collect();
    if args.dry_run {
        let document = said(&items, &done);
        let text = match args.format {
            Format::Json => output::json(&document),
            Format::Table => planned(&items),
        };
        return printer.data(&text, None);
    }
    tell(&items, &source, printer);
    chosen.write(&place)?;
    work(&args, &chosen, &items, &place, &source, &mut done, printer)?;
    let document = said(&items, &done);
    let text = match args.format {
        Format::Json => output::json(&document),
        Format::Table => table(&document),
    };
    printer.data(&text, None)?;
    unfinished(&items, &done, &place)
}

fn where_to(args: &Args, project: &Project) -> Result<Place, Failure> {
    match (&args.out, project.repository.work_dir()) {
        (Some(out), _) => place(out),
        (None, Some(root)) => place(&root.join(FOLDER)),
        (None, None) => Err(Failure::Usage(
            "a bare repository has no place for artifacts".to_owned(),
            Some("name a folder with `--out`".to_owned()),
        )),
    }
}

/// What the tasks check out. Without a place nothing is written, and what is not committed has no revision.
fn fetchable(
    project: &Project,
    global: &Global,
    head: &Head,
    place: Option<&Place>,
) -> Result<Fetchable, Failure> {
    let repository = &project.repository;
    let root = repository.work_dir().unwrap_or_else(|| global.root.clone());
    let root = root
        .canonicalize()
        .map_err(|error| Failure::Files(format!("`{}`: {error}", root.display())))?;
    let taken = match head {
        Head::Revision(name) => {
            return Ok(Fetchable {
                repository: address(&root),
                revision: repository.revision(name)?.id,
                modified: false,
            });
        }
        Head::WorkTree => Taken::WorkTree,
        Head::Staged => Taken::Staged,
    };
    let current = repository.revision("HEAD").ok().map(|revision| revision.id);
    match place {
        Some(place) => Ok(snapshot(
            &root,
            current.as_deref(),
            taken,
            &place.snapshot(),
        )?),
        None => Ok(Fetchable {
            repository: address(&root),
            revision: current.unwrap_or_else(|| "0".repeat(40)),
            modified: false,
        }),
    }
}

/// The tasks as this machine does them, in order.
fn items(
    chosen: &Chosen,
    place: &Place,
    source: &Fetchable,
    level: Level,
    force: bool,
) -> Result<Vec<Item>, Failure> {
    let mut subjects: Vec<(Subject, TaskId, Vec<usize>)> = Vec::new();
    let mut tasks = Vec::new();
    for selected in &chosen.tasks {
        let local = LocalTask::read(&selected.definition).map_err(|errors| {
            let words: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Failure::Usage(format!("`{}`: {}", selected.label, words.join("; ")), None)
        })?;
        let subject = Subject {
            label: selected.label.clone(),
            digest: selected.digest.clone(),
            level,
            revision: source.revision.clone(),
            modified: source.modified,
        };
        subjects.push((subject, selected.id.clone(), selected.needs.clone()));
        tasks.push((selected.clone(), local));
    }
    let todo = todo(&subjects, place, force);
    Ok(tasks
        .into_iter()
        .zip(todo)
        .map(|((selected, local), todo)| Item {
            selected,
            local,
            todo,
        })
        .collect())
}

/// Says what this machine does otherwise than workers.
fn tell(items: &[Item], source: &Fetchable, printer: &mut Printer) {
    let to_run = items.iter().filter(|item| item.todo.is_some()).count();
    printer.note(&format!(
        "{} to run, {} found; revision {}{}",
        count(to_run, "task"),
        items.len() - to_run,
        source.revision,
        if source.modified {
            ", a snapshot of what is not committed"
        } else {
            ""
        }
    ));
    let containers = items
        .iter()
        .filter(|item| item.todo.is_some() && item.local.worker == Worker::Container)
        .count();
    if containers > 0 {
        printer.note(&format!(
            "{} of containers: their commands run on this machine itself",
            count(containers, "task")
        ));
    }
}

fn work(
    args: &Args,
    chosen: &Chosen,
    items: &[Item],
    place: &Place,
    source: &Fetchable,
    done: &mut Vec<Option<Done>>,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let program = program()?;
    let tool = Tool(program.clone());
    let machine = Machine {
        place,
        group: chosen.decision.clone(),
        base: BTreeMap::new(),
        environment: environment(chosen, place, source),
        inherited: Inherited::Without(forgotten()),
        path: path(),
        program: Some(program),
        contents: &tool,
        mask: mask(&[]),
    };
    let needs: Vec<Vec<usize>> = items
        .iter()
        .map(|item| item.selected.needs.clone())
        .collect();
    let total = items.iter().filter(|item| item.todo.is_some()).count();
    let shared = Mutex::new((printer, &mut *done, 0usize, None::<Failure>));
    schedule::run(&needs, args.jobs.get(), args.keep_going, |at| {
        let item = &items[at];
        let Some(reason) = &item.todo else {
            return Ended::Well;
        };
        let label = &item.selected.label;
        {
            let (printer, _, begun, _) = &mut *lock(&shared);
            *begun += 1;
            printer.note(&format!("[{begun}/{total}] {label}: {reason}"));
        }
        let (started, clock) = (super::now(), Instant::now());
        let outcome = execute(&item.local, &item.selected.id, &machine, &mut |line| {
            let (printer, ..) = &mut *lock(&shared);
            if args.jobs.get() > 1 {
                printer.note(&format!("{label}: {line}"));
            } else {
                printer.note(line);
            }
        });
        let seconds = clock.elapsed().as_secs();
        let subject = Subject {
            label: label.clone(),
            digest: item.selected.digest.clone(),
            level: args.level,
            revision: source.revision.clone(),
            modified: source.modified,
        };
        let record = Record::new(&subject, &outcome, started, super::now());
        let written = record.write(place, &item.selected.id);
        let (printer, done, _, failure) = &mut *lock(&shared);
        printer.note(&format!(
            "{label}: {} after {seconds} s",
            ResultJson::from(outcome.state).as_str()
        ));
        let mut ended = match outcome.state {
            _ if outcome.stopped => Ended::Stop,
            State::Completed => Ended::Well,
            State::Failed | State::Exception => Ended::Badly,
        };
        done[at] = Some(Done { outcome, seconds });
        if let Err(error) = written {
            *failure = Some(Failure::Files(error.to_string()));
            ended = Ended::Stop;
        }
        ended
    });
    let (.., failure) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    failure.map_or(Ok(()), Err)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What tells a task that it is on this machine: where its revision is, and where others' artifacts are.
fn environment(chosen: &Chosen, place: &Place, source: &Fetchable) -> BTreeMap<String, String> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut environment: BTreeMap<String, String> = [
        (
            format!("{}_HEAD_REPOSITORY", chosen.prefix),
            source.repository.clone(),
        ),
        ("TASKGRAPH_IMAGES_STORE".to_owned(), text(place.root())),
        ("GIT_ALLOW_PROTOCOL".to_owned(), "file:https:ssh".to_owned()),
        // A task is in no repository until it has checked its own out.
        ("GIT_CEILING_DIRECTORIES".to_owned(), text(&place.folders())),
    ]
    .into();
    if source.modified {
        environment.insert(MODIFIED.to_owned(), "1".to_owned());
    }
    environment
}

/// Variables of ours that would tell a task of another revision, range or task than its own.
fn forgotten() -> BTreeSet<String> {
    const OWN: [&str; 13] = [
        "BASE_REV",
        "BUILD_TASK_ID",
        "DEFINITIONS",
        "DIGEST",
        "EVENT",
        "HEAD_REV",
        "METHOD",
        "PARENT_TASK_ID",
        "REPOSITORY_PREFIX",
        "ROOT",
        "SECRETS",
        "TARGET_BRANCH",
        "VERIFY_TASK_ID",
    ];
    OWN.iter()
        .map(|name| format!("TASKGRAPH_IMAGES_{name}"))
        .chain([MODIFIED.to_owned()])
        .chain(LOCAL_VARIABLES.map(str::to_owned))
        .collect()
}

fn result(item: &Item, done: Option<&Done>, place: &Place) -> TaskJson {
    let selected = &item.selected;
    let log = place.log(&selected.id);
    let has_log = (done.is_some() || item.todo.is_none()) && log.exists();
    let mut task = TaskJson {
        label: selected.label.clone(),
        image: selected.image.clone(),
        kind: selected.kind,
        task_id: selected.id.clone(),
        result: ResultJson::Unscheduled,
        reason: item.todo.clone(),
        exit_code: None,
        tries: 0,
        seconds: 0,
        log: has_log.then(|| log.display().to_string()),
        artifacts: Vec::new(),
    };
    match (done, &item.todo) {
        (Some(done), _) => {
            task.result = done.outcome.state.into();
            task.reason = done.outcome.why.clone();
            task.exit_code = done.outcome.exit_code;
            task.tries = done.outcome.tries;
            task.seconds = done.seconds;
            task.artifacts = done.outcome.artifacts.clone();
        }
        (None, None) => {
            task.result = ResultJson::Found;
            task.artifacts = Record::read(place, &selected.id)
                .map(|record| record.artifacts)
                .unwrap_or_default();
        }
        (None, Some(_)) => {}
    }
    task
}

/// What would run, with its commands.
fn planned(items: &[Item]) -> String {
    let mut text = String::new();
    for item in items {
        let (selected, local) = (&item.selected, &item.local);
        let Some(reason) = &item.todo else {
            text += &format!("found  {}  {}\n", selected.label, selected.id);
            continue;
        };
        text += &format!("run    {}  {}  {reason}\n", selected.label, selected.id);
        for command in &local.commands {
            text += &format!("       {}\n", words(command));
        }
        match local.worker {
            Worker::Container => text += "       # of a container, on this machine itself\n",
            Worker::Windows if !cfg!(windows) => text += "       # on Windows only\n",
            Worker::Windows | Worker::Posix => {}
        }
    }
    text
}

/// A command as somebody could type it.
pub(super) fn words(command: &Command) -> String {
    match command {
        Command::Words(words) => shlex::try_join(words.iter().map(String::as_str))
            .unwrap_or_else(|_| format!("{words:?}")),
        Command::Line(line) => line.clone(),
    }
}

/// What is to be said of tasks that did not complete.
fn unfinished(items: &[Item], done: &[Option<Done>], place: &Place) -> Result<(), Failure> {
    let mut unfinished = Unfinished::default();
    for (item, done) in items.iter().zip(done) {
        match done {
            Some(done) if done.outcome.state == State::Completed => {}
            Some(done) => {
                let label = item.selected.label.as_str();
                unfinished.add(label, &item.selected.id, &done.outcome, place);
            }
            None if item.todo.is_some() => unfinished.not_begun += 1,
            None => {}
        }
    }
    if unfinished.is_empty() {
        Ok(())
    } else {
        Err(Failure::Unfinished(unfinished))
    }
}
