//! Actions: what people ask of the tasks of a decision, from Taskcluster's and Treeherder's pages.
//!
//! ```text
//! decision ─ document ─▶ public/actions.json         what can be asked, of which tasks, with which input
//! a person ─ hook     ─▶ an action task, which runs `action-callback`
//! Input + Subject ─ choose ─▶ Work                   tasks to create, to run again or to cancel
//! ```
//!
//! An action task trusts no artifact for what tasks are: it makes the full task graph anew from the revision and the
//! parameters of its decision. What stands already is read from the task group. All of this is pure; the command calls
//! the services.

pub mod choose;
pub mod document;
pub mod group;
pub mod input;
pub mod scopes;
pub mod subject;

use std::fmt;

use taskgraph_images_transforms::{Kind, Level, MaintenanceKind};

/// Something that people can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Creates a task again, and those that depend on it if asked for.
    Retrigger,
    /// Publishes a build that was verified.
    Publish,
    /// Verifies a build again, and those of earlier pushes if asked for.
    VerifyAgain,
    /// Creates tasks of the full task graph.
    AddNewTasks,
    /// [`Action::AddNewTasks`], under the name that Treeherder looks for.
    AddNewJobs,
    /// Gives a failed task a new run.
    Rerun,
    /// Cancels a task.
    Cancel,
    /// Cancels what is left of a task group.
    CancelAll,
    /// Builds and verifies images anew, whatever the index has.
    Rebuild,
    /// Carries out a plan of a clean-up that a person has reviewed.
    ApplyCleanup,
}

/// A name that no action has; whoever wrote it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no action `{name}`, expected one of {}", names())]
pub struct UnknownAction {
    /// The name.
    pub name: String,
}

fn names() -> String {
    format!("`{}`", Action::WORDS.join("`, `"))
}

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The whole task group.
    Group,
    /// Any task.
    AnyTask,
    /// A task of some kinds.
    Kinds(&'static [Kind]),
}

impl Action {
    /// All of them, in the order in which people see them. Pages take the first of a name that fits.
    pub const ALL: &'static [Self] = &[
        Self::Retrigger,
        Self::Publish,
        Self::VerifyAgain,
        Self::AddNewTasks,
        Self::AddNewJobs,
        Self::Rerun,
        Self::Cancel,
        Self::CancelAll,
        Self::Rebuild,
        Self::ApplyCleanup,
    ];

    /// Their names, in the same order.
    pub const WORDS: &'static [&'static str] = &[
        "retrigger",
        "publish",
        "verify-again",
        "add-new-tasks",
        "add-new-jobs",
        "rerun",
        "cancel",
        "cancel-all",
        "rebuild",
        "apply-cleanup",
    ];

    /// Its name, which is that of its callback, too.
    pub const fn as_str(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The words of the button.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Retrigger => "Retrigger",
            Self::Publish => "Publish",
            Self::VerifyAgain => "Verify again",
            Self::AddNewTasks => "Add new tasks",
            Self::AddNewJobs => "Add new jobs",
            Self::Rerun => "Rerun",
            Self::Cancel => "Cancel",
            Self::CancelAll => "Cancel all",
            Self::Rebuild => "Rebuild images",
            Self::ApplyCleanup => "Apply a clean-up",
        }
    }

    /// What it does, in Markdown.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Retrigger => {
                "Creates the task again, with what the first one was based on. Nothing that is published changes."
            }
            Self::Publish => {
                "Publishes the build that this task verified, if it completed. It is the same artifact: nothing is \
                 built again."
            }
            Self::VerifyAgain => {
                "Verifies the same build again; with `depth`, also what earlier pushes built of the image, so that one \
                 sees since when it fails."
            }
            Self::AddNewTasks | Self::AddNewJobs => {
                "Creates tasks of this revision by their labels, and what they need if the index does not have it."
            }
            Self::Rerun => {
                "Gives a task that failed or met an exception a new run. Its id stays the same."
            }
            Self::Cancel => "Cancels the task.",
            Self::CancelAll => "Cancels all tasks of this group that are not resolved yet.",
            Self::Rebuild => {
                "Builds images from scratch and verifies them, whatever the index has. It does not publish: that is \
                 asked for on the verify task, once it is green."
            }
            Self::ApplyCleanup => {
                "Deletes, disables and deprecates images as a plan says that you have read: `cleanup-plan.json` of a \
                 `cleanup` task. What is used by now stays."
            }
        }
    }

    /// What Treeherder shows.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Retrigger => "rt",
            Self::Publish => "pub",
            Self::VerifyAgain => "va",
            Self::AddNewTasks | Self::AddNewJobs => "add-new",
            Self::Rerun => "rr",
            Self::Cancel => "cx",
            Self::CancelAll => "cAll",
            Self::Rebuild => "rb",
            Self::ApplyCleanup => "clean",
        }
    }

    /// The word in hooks' ids and in roles by which a deployment says who may ask for it.
    pub const fn permission(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Rebuild => "rebuild",
            Self::ApplyCleanup => "cleanup",
            _ => "generic",
        }
    }

    /// All permissions.
    pub const PERMISSIONS: &'static [&'static str] = &["generic", "rebuild", "publish", "cleanup"];

    /// What it is about.
    pub const fn context(self) -> Context {
        match self {
            Self::Retrigger => Context::Kinds(&[Kind::Build, Kind::Verify, Kind::Validate]),
            Self::Publish | Self::VerifyAgain => Context::Kinds(&[Kind::Verify]),
            Self::Rerun | Self::Cancel => Context::AnyTask,
            Self::AddNewTasks
            | Self::AddNewJobs
            | Self::CancelAll
            | Self::Rebuild
            | Self::ApplyCleanup => Context::Group,
        }
    }

    /// Whether it exists in decisions of a level.
    pub const fn is_at(self, level: Level) -> bool {
        !matches!(self, Self::Publish | Self::ApplyCleanup) || matches!(level, Level::Three)
    }

    /// The task about the fleet that it creates. It is offered where the settings say how that runs.
    pub const fn maintenance(self) -> Option<MaintenanceKind> {
        match self {
            Self::ApplyCleanup => Some(MaintenanceKind::CleanupApply),
            _ => None,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        Self::ALL
            .iter()
            .copied()
            .find(|action| action.as_str() == text)
            .ok_or_else(|| UnknownAction {
                name: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests;
