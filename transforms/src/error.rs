//! [`TransformError`]: why an image has no task, or a graph may not be used.

use std::fmt;

use crate::definition::{
    AliasName, ImageId, Kind, MaintenanceKind, SecretName, TaskKind, TextError,
};
use crate::graph::GraphError;
use crate::templates::RenderError;
use crate::verify::Violation;

/// A fault of one image's tasks, or of the run as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransformError {
    /// The task, unless the fault is the run's.
    pub task: Option<TaskName>,
    /// What is wrong.
    pub kind: TransformErrorKind,
}

/// Which task a fault is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskName {
    /// A task of an image.
    Image(ImageId, Kind),
    /// The task of a kind that is about the fleet.
    Maintenance(MaintenanceKind),
}

impl TaskName {
    /// The kind of the task.
    pub fn kind(&self) -> TaskKind {
        match self {
            Self::Image(_, kind) => (*kind).into(),
            Self::Maintenance(kind) => (*kind).into(),
        }
    }
}

impl fmt::Display for TaskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image, kind) => write!(f, "`{image}`: {kind}"),
            Self::Maintenance(kind) => write!(f, "`{kind}`"),
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransformErrorKind {
    /// A definition names a worker alias that the settings lack; its owner can fix it.
    #[error("unknown worker alias `{alias}`; known are {}", Quoted(.known))]
    UnknownWorker {
        /// The name.
        alias: AliasName,
        /// All that there are.
        known: Vec<String>,
    },
    /// An alias asks its worker for what that worker cannot do; whoever edits the settings can fix it.
    #[error("worker alias `{alias}`: {why}")]
    UnusableWorker {
        /// The alias.
        alias: AliasName,
        /// What does not fit.
        why: &'static str,
    },
    /// A definition's parent is none of the images; its owner can fix it.
    #[error("unknown parent image `{0}`")]
    UnknownParent(ImageId),
    /// There is a task for which the caller gave no digest; a fault of the caller.
    #[error("no digest is given")]
    MissingDigest,
    /// An attribute has a name that Taskgraph's tools give a meaning; the definition's owner can fix it.
    #[error("the attribute `{0}` has a reserved name; rename it")]
    ReservedAttribute(String),
    /// A kind template sets a variable that is not its to set; whoever overrides templates can fix it.
    #[error("the template sets `{0}`, which is set for every task; remove it")]
    ReservedVariable(String),
    /// A task's `environment` in the settings sets a variable that is not its to set; whoever edits them can fix it.
    #[error("the settings set `{0}`, which is not theirs to set; remove it from `environment`")]
    ReservedSetting(String),
    /// Images would be published by the machines that change other repositories; whoever edits the settings can fix it.
    #[error("worker alias `{alias}` publishes images, and is of the pool where `{kind}` runs")]
    SharedWorker {
        /// The alias.
        alias: AliasName,
        /// What runs there.
        kind: MaintenanceKind,
    },
    /// What deletes images would run where another task about the fleet does; whoever edits the settings can fix it.
    #[error(
        "worker alias `{alias}` is of the pool where `{kind}` runs, and this task deletes images"
    )]
    SharedCleanup {
        /// The alias.
        alias: AliasName,
        /// What else runs there.
        kind: MaintenanceKind,
    },
    /// A secret would be read by what publishes and by a task about the fleet, or by what deletes images and another one;
    /// whoever edits the settings can fix it.
    #[error("the secret `{secret}` is one that `{kind}` reads, and they must share none")]
    SharedSecret {
        /// The secret.
        secret: SecretName,
        /// What else reads it.
        kind: MaintenanceKind,
    },
    /// A cache's name is not legal; whoever overrides templates can fix it.
    #[error(
        "{0:?} is no cache name: expected letters, digits, `-` and `_`, not starting with `pr-`"
    )]
    Cache(String),
    /// A command cannot be written on a line of a batch file.
    #[error(
        "the argument {0:?} does not fit on a line of a batch file; pass it through the environment"
    )]
    Argument(String),
    /// A leaf of a kind template cannot be rendered; whoever overrides templates can fix it.
    #[error("cannot render the kind template")]
    Render(#[source] RenderError),
    /// A path of the index is not legal; shorten `index.prefix` or the image's name.
    #[error("cannot index the task")]
    Index(#[source] TextError),
    /// Level 3 is claimed for an event in which anybody may choose the code.
    #[error(
        "`{0}` can never run at level 3; the level comes from the decision task's scopes, not from its parameters"
    )]
    LevelOfPullRequest(String),
    /// The tasks do not form a graph.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A task breaks a rule.
    #[error(transparent)]
    Violation(#[from] Violation),
}

impl TransformError {
    pub(crate) fn run(kind: impl Into<TransformErrorKind>) -> Self {
        Self {
            task: None,
            kind: kind.into(),
        }
    }

    /// What to do, where the message does not say it.
    pub fn hint(&self) -> Option<&'static str> {
        match &self.kind {
            TransformErrorKind::Violation(violation) => Some(violation.hint),
            TransformErrorKind::Index(_) => {
                Some("shorten `index.prefix`, or the names of the image and the project")
            }
            TransformErrorKind::UnknownWorker { .. } => {
                Some("declare the alias below `workers.aliases`, or use one that is")
            }
            TransformErrorKind::SharedWorker { .. } => {
                Some("give `maintenance` a worker alias of another pool")
            }
            TransformErrorKind::SharedCleanup { .. } => {
                Some("give `maintenance.cleanup-apply` a worker alias of a pool of its own")
            }
            TransformErrorKind::SharedSecret { .. } => {
                Some("give each a secret of its own, with no more rights than it needs")
            }
            TransformErrorKind::UnknownParent(_) => {
                Some("name an image of the fleet on the same cloud, or drop `parent`")
            }
            _ => None,
        }
    }
}

impl From<GraphError> for TransformError {
    fn from(error: GraphError) -> Self {
        Self::run(error)
    }
}

impl fmt::Display for TransformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(task) = &self.task {
            write!(f, "{task}: ")?;
        }
        write!(f, "{}", self.kind)
    }
}

impl std::error::Error for TransformError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.kind)
    }
}

/// Words in backticks, joined by commas.
pub(crate) struct Quoted<'a>(pub(crate) &'a [String]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (index, word) in self.0.iter().enumerate() {
            write!(f, "{}`{word}`", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
