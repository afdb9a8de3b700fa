//! [`ActionError`].

use taskgraph_images_transforms::{Label, MaintenanceKind};

use crate::actions::Action;
use crate::decision::target::UnknownImage;
use crate::taskcluster::TaskId;

/// Why an action does nothing; whoever asked can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActionError {
    /// It is about a task, and none is named.
    #[error("`{0}` is about a task, and none is named")]
    NoTask(Action),
    /// The task is none of the group.
    #[error("the task `{id}` is none of the group `{group}`")]
    Stranger {
        /// The task.
        id: TaskId,
        /// The group.
        group: TaskId,
    },
    /// The task has no label of the graph, or is of another kind.
    #[error("`{action}` is about {expected}, and `{id}` is none")]
    OtherKind {
        /// The action.
        action: Action,
        /// The task.
        id: TaskId,
        /// What it should be.
        expected: String,
    },
    /// The task's state does not allow it.
    #[error("the task `{id}` is {state}: {why}")]
    State {
        /// The task.
        id: TaskId,
        /// Its state.
        state: &'static str,
        /// What would be needed.
        why: &'static str,
    },
    /// A label that the task graph has not.
    #[error("the task graph has no task `{label}`{}", perhaps(.near))]
    UnknownLabel {
        /// What was asked for.
        label: String,
        /// What it may have meant.
        near: Option<String>,
    },
    /// An image that there is not.
    #[error(transparent)]
    UnknownImage(#[from] UnknownImage),
    /// Words that name no image.
    #[error("`{0}` names no image: expected `name` or `name@cloud`")]
    NoImage(String),
    /// A task that only its own action may create.
    #[error("`{0}` publishes: ask for it with `publish`, on a verify task that completed")]
    Publishes(Label),
    /// A task about the fleet, which may change repositories.
    #[error("`{0}` is about the fleet: only a cron job or an action of its own creates it")]
    Maintenance(Label),
    /// No plan of a clean-up is named.
    #[error("nothing says which plan is carried out")]
    NoPlan,
    /// There is no task that carries out a plan.
    #[error("the settings have no `maintenance.{0}`, so there is no such task")]
    NoMaintenance(MaintenanceKind),
    /// A task that the event gets none of.
    #[error(
        "`{0}` needs credentials, or what a task that does makes, and the decision's event gets none"
    )]
    Withheld(Label),
    /// There is no task that publishes the image.
    #[error("`{0}` is not published: its definition says nothing of it")]
    Unpublished(Label),
    /// It is published already, or about to be.
    #[error("`{label}` is {state} as `{id}`")]
    Published {
        /// The publish task.
        label: Label,
        /// Its id.
        id: TaskId,
        /// Its state.
        state: &'static str,
    },
    /// The build that was verified is not known any more.
    #[error("the build that `{0}` verified is broken, or not known any more")]
    NoBuild(TaskId),
}

fn perhaps(near: &Option<String>) -> String {
    near.as_ref()
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
