//! [`Failure`]: what went wrong, with its documented exit code and hint, in one place.

mod from;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use taskgraph_images::actions::Action;
use taskgraph_images::actions::choose::ActionError;
use taskgraph_images::actions::input::InputError;
use taskgraph_images::decision::create::CreateError;
use taskgraph_images::decision::event::EventError;
use taskgraph_images::decision::scopes::MissingScope;
use taskgraph_images::decision::target::UnknownImage;
use taskgraph_images::diagnostic::Diagnostic;
use taskgraph_images::local::Place;
use taskgraph_images::local::execute::{Outcome, State};
use taskgraph_images::taskcluster::{ApiError, TaskId};
use taskgraph_images::transforms::{ImageId, TransformError};
use taskgraph_images::tree::{RepositoryError, Tree};
use taskgraph_images::worker::build::BuildFault;
use taskgraph_images::worker::dependencies::Refusal;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The definitions are at fault.
    Definitions(Vec<Diagnostic>, Option<Tree>),
    /// The task graph is at fault.
    Tasks(Vec<TransformError>),
    /// Words on the command line that name nothing.
    Usage(String, Option<String>),
    /// The repository cannot answer.
    Repository(RepositoryError),
    /// A file cannot be read or written.
    Files(String),
    /// What is known of an event does not make parameters.
    Event(Vec<EventError>),
    /// The input of an action is at fault.
    Input(Vec<InputError>),
    /// An action cannot do what was asked.
    Action(Vec<ActionError>),
    /// Calls of Taskcluster's services that failed, of several that do not depend on each other.
    Calls(Vec<ApiError>),
    /// Images that were asked for and that there are not.
    Images(Vec<UnknownImage>),
    /// A service of Taskcluster refused, or did not answer.
    Taskcluster(ApiError),
    /// The task holds scopes of level 3 in a run of level 1.
    TooMuch {
        /// The event.
        tasks_for: String,
        /// The scopes.
        scopes: Vec<String>,
    },
    /// The action task was started for another permission.
    Permission {
        /// The action.
        action: Action,
        /// The scope that would say so.
        scope: String,
    },
    /// The task lacks scopes.
    Scopes(Vec<MissingScope>),
    /// Not all tasks were created.
    Create(CreateError),
    /// Proposals that did not get to where they should, each in words, and whether a later run may help.
    Proposals(Vec<String>, bool),
    /// A report holds something that was denied; its summary.
    Denied(String),
    /// Images whose template Packer refuses.
    Templates(Vec<ImageId>),
    /// Tasks that ran on this machine, or should have, and did not complete.
    Unfinished(Unfinished),
    /// A program that is needed cannot be run.
    Program {
        /// Its name.
        name: String,
        /// What the system says.
        why: String,
    },
    /// Something around the task failed, and may not fail again.
    Infrastructure(String),
    /// An image cannot be built as its definition says.
    Build(ImageId, BuildFault),
    /// A machine does not come up from an image.
    NoStart {
        /// The image.
        image: ImageId,
        /// What was seen of it.
        why: String,
        /// The last lines of its console.
        console: String,
    },
    /// An image does not pass its checks.
    Verify {
        /// The image.
        image: ImageId,
        /// The checks that failed.
        checks: Vec<String>,
    },
    /// Tasks that a task builds on are not what it may build on.
    Publish(Vec<Refusal>),
    /// A cloud did not do what it was asked, and why is no matter of running again.
    Provider(String),
    /// Whoever reads the output went away; nobody is to be told.
    BrokenPipe,
}

/// Tasks that did not complete on this machine.
#[derive(Debug, Default)]
pub(crate) struct Unfinished {
    /// Those that were begun.
    pub(crate) begun: Vec<UnfinishedTask>,
    /// How many were not begun, because of these.
    pub(crate) not_begun: usize,
}

/// A task that did not complete on this machine.
#[derive(Debug)]
pub(crate) struct UnfinishedTask {
    pub(crate) name: String,
    pub(crate) why: String,
    /// Whether it is the task's own fault.
    failed: bool,
    pub(crate) log: PathBuf,
    pub(crate) folder: PathBuf,
}

impl Unfinished {
    pub(crate) fn add(&mut self, name: &str, id: &TaskId, outcome: &Outcome, place: &Place) {
        self.begun.push(UnfinishedTask {
            name: name.to_owned(),
            why: outcome.why.clone().unwrap_or_default(),
            failed: outcome.state == State::Failed,
            log: place.log(id),
            folder: place.folder(id),
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.not_begun == 0
    }

    fn has_failed(&self) -> bool {
        self.begun.iter().any(|task| task.failed)
    }
}

impl Failure {
    /// Whether a later run may succeed without a change by anybody.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Taskcluster(error) => error.is_transient(),
            Self::Infrastructure(_) | Self::Proposals(_, true) => true,
            _ => false,
        }
    }

    /// The exit codes, as `--help` lists them.
    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Self::BrokenPipe => ExitCode::SUCCESS,
            Self::Build(_, BuildFault::Infrastructure { .. }) => ExitCode::from(75),
            Self::Definitions(..)
            | Self::Tasks(_)
            | Self::Templates(_)
            | Self::Denied(_)
            | Self::Build(..)
            | Self::NoStart { .. }
            | Self::Verify { .. } => ExitCode::from(1),
            Self::Usage(..)
            | Self::Event(_)
            | Self::Images(_)
            | Self::Input(_)
            | Self::Action(_) => ExitCode::from(2),
            Self::Repository(_) | Self::Files(_) | Self::Program { .. } => ExitCode::from(3),
            Self::Unfinished(tasks) if tasks.has_failed() => ExitCode::from(1),
            Self::Unfinished(_) => ExitCode::from(75),
            // EX_TEMPFAIL
            Self::Infrastructure(_) | Self::Proposals(_, true) => ExitCode::from(75),
            Self::Taskcluster(error) if error.is_transient() => ExitCode::from(4),
            Self::Create(error) if error.is_transient() => ExitCode::from(4),
            Self::Calls(errors) if errors.iter().any(ApiError::is_transient) => ExitCode::from(4),
            Self::Taskcluster(_)
            | Self::TooMuch { .. }
            | Self::Permission { .. }
            | Self::Scopes(_)
            | Self::Create(_)
            | Self::Proposals(..)
            | Self::Calls(_)
            | Self::Publish(_)
            | Self::Provider(_) => ExitCode::from(5),
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(_, hint) => hint.clone(),
            Self::Repository(RepositoryError::UnknownRevision { name, shallow: true }) => Some(format!(
                "fetch it with `git fetch --depth=1 origin {name}`, or compare with another `--base`; `--all` and \
                 `digest` need no base"
            )),
            Self::Repository(RepositoryError::UnknownRevision { .. }) => Some(
                "fetch it, or compare with another `--base` (a force push removes the old tip: compare with the \
                 branch it came from); `--all` and `digest` need no base"
                    .to_owned(),
            ),
            Self::Repository(RepositoryError::Unrelated { shallow: true, .. }) => Some(
                "deepen the clone with `git fetch --unshallow`, or name the revision to compare with by `--base`; \
                 `--all` and `digest` need no base"
                    .to_owned(),
            ),
            Self::Repository(RepositoryError::Unrelated { .. }) => {
                Some("name the revision to compare with by `--base`, or take every image with `--all`".to_owned())
            }
            Self::Repository(RepositoryError::NotARepository { .. }) => {
                Some("run it inside a clone, or name one with `--root`".to_owned())
            }
            Self::Taskcluster(error) if error.is_transient() => Some("run it again: nothing is done twice".to_owned()),
            Self::Create(error) if error.is_transient() => {
                Some("run it again: what was created is found, and nothing is created twice".to_owned())
            }
            Self::TooMuch { .. } => Some(
                "take them from the role of such events: pull requests, tags, and whatever else is of level 1; nothing \
                 was created"
                    .to_owned(),
            ),
            Self::Permission { action, .. } => Some(format!(
                "start it from `public/actions.json`, whose hook for `{action}` is one of the permission `{}`",
                action.permission()
            )),
            Self::Scopes(_) => Some(
                "grant them to the role that `.taskcluster.yml` assumes for this event; nothing was created".to_owned(),
            ),
            Self::Templates(_) => Some(
                "Packer said above what is wrong; if it misses a value that only a builder's machine or a secret has, \
                 put something in its place below `validate.environment` of the settings"
                    .to_owned(),
            ),
            Self::Publish(_) => Some(
                "nothing was published; name the build and verify tasks that this one depends on".to_owned(),
            ),
            Self::Provider(_) => Some(
                "when the cause is gone, run it again: it goes on where it stopped".to_owned(),
            ),
            Self::Program { name, .. } => Some(format!("install `{name}`, or say where it is")),
            Self::Infrastructure(_) | Self::Build(_, BuildFault::Infrastructure { .. }) => {
                Some("run it again; a task does so by itself".to_owned())
            }
            Self::Unfinished(_) => Some("look into the logs; run again, it goes on with what did not complete".to_owned()),
            Self::Repository(RepositoryError::Conflict(_)) => Some("resolve it and stage the file".to_owned()),
            Self::Repository(RepositoryError::Bare(_)) => Some("name a revision with `--head`".to_owned()),
            _ => None,
        }
    }
}
