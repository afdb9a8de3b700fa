//! [`Group`]: the tasks of a decision's task group, as the queue has them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use taskgraph_images_transforms::{Label, TaskGraph};

use crate::taskcluster::{TaskId, TaskState, TaskStatus, Timestamp};

/// The tasks of a group.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// By id.
    pub tasks: BTreeMap<TaskId, Member>,
}

/// A task of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// How it is doing.
    pub status: TaskStatus,
    /// Its label, if the decision's task graph has one of that name and the same scheduler created it.
    pub label: Option<Label>,
    /// The ids of what it depends on.
    pub dependencies: BTreeSet<TaskId>,
    /// When it was created.
    pub created: Timestamp,
    /// The task that created it, as it says.
    pub parent: Option<TaskId>,
}

impl Member {
    /// Whether it has failed, or never came to an end of its own.
    pub fn is_broken(&self) -> bool {
        is_broken(self.status.state)
    }
}

/// Whether nothing that depends on a task of this state will ever run.
pub fn is_broken(state: TaskState) -> bool {
    matches!(state, TaskState::Failed | TaskState::Exception)
}

/// Whether a task of this state may still run.
pub fn is_open(state: TaskState) -> bool {
    matches!(
        state,
        TaskState::Unscheduled | TaskState::Pending | TaskState::Running
    )
}

impl Group {
    /// Takes what the queue lists, but for `except`, the action task itself, and what an earlier run of it created.
    pub fn new(
        listed: BTreeMap<TaskId, (TaskStatus, Value)>,
        graph: &TaskGraph,
        scheduler_id: &str,
        except: &TaskId,
    ) -> Self {
        let member = |status: TaskStatus, definition: &Value| {
            let label = definition["metadata"]["name"]
                .as_str()
                .filter(|_| status.scheduler_id == scheduler_id)
                .and_then(|name| Label::new(name).ok())
                .filter(|label| graph.get(label).is_some());
            let ids = definition["dependencies"].as_array();
            Member {
                label,
                dependencies: ids
                    .into_iter()
                    .flatten()
                    .filter_map(|id| id.as_str()?.parse().ok())
                    .collect(),
                created: definition["created"]
                    .as_str()
                    .and_then(|time| time.parse().ok())
                    .unwrap_or_else(|| Timestamp::from_millis(0)),
                parent: definition["extra"]["parent"]
                    .as_str()
                    .and_then(|id| id.parse().ok()),
                status,
            }
        };
        Self {
            tasks: listed
                .into_iter()
                .map(|(id, (status, definition))| (id, member(status, &definition)))
                .filter(|(id, member)| id != except && member.parent.as_ref() != Some(except))
                .collect(),
        }
    }

    /// What a group may look like of which only ids are known: every task is taken for completed.
    pub fn supposed(
        ids: &BTreeMap<Label, TaskId>,
        graph: &TaskGraph,
        group: &TaskId,
        scheduler_id: &str,
    ) -> Self {
        let tasks = ids.iter().filter_map(|(label, id)| {
            let task = graph.get(label)?;
            let never = Timestamp::from_millis(0);
            let member = Member {
                status: TaskStatus {
                    task_id: id.clone(),
                    task_group_id: group.clone(),
                    scheduler_id: scheduler_id.to_owned(),
                    state: TaskState::Completed,
                    deadline: never,
                    expires: never,
                },
                label: Some(label.clone()),
                dependencies: task
                    .dependencies
                    .values()
                    .filter_map(|needed| ids.get(needed).cloned())
                    .collect(),
                created: never,
                parent: None,
            };
            Some((id.clone(), member))
        });
        Self {
            tasks: tasks.collect(),
        }
    }

    /// The newest task of each label that is not broken.
    pub fn sound(&self) -> BTreeMap<Label, TaskId> {
        let mut newest: BTreeMap<&Label, (Timestamp, &TaskId)> = BTreeMap::new();
        for (id, member) in &self.tasks {
            let Some(label) = member.label.as_ref().filter(|_| !member.is_broken()) else {
                continue;
            };
            let one = (member.created, id);
            let best = newest.entry(label).or_insert(one);
            *best = (*best).max(one);
        }
        newest
            .into_iter()
            .map(|(label, (_, id))| (label.clone(), id.clone()))
            .collect()
    }

    /// The labels that tasks of the group have.
    pub fn labels(&self) -> BTreeSet<&Label> {
        self.tasks
            .values()
            .filter_map(|member| member.label.as_ref())
            .collect()
    }
}
