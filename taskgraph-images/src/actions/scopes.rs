//! The scopes that an action needs besides those of the tasks that it creates.

use std::collections::BTreeSet;

use super::Action;
use super::group::Group;
use crate::decision::scopes::satisfies;
use crate::taskcluster::TaskId;

/// The scope that says for which permission an action task was started.
///
/// A hook fixes it, while the callback's name and everything else is said by whoever fires the hook. So it is asked for
/// literally: a broader scope that covers it would say nothing.
pub fn permission(tasks_for: &str, base_repository: &str, action: Action) -> String {
    role(tasks_for, base_repository, action.permission())
}

/// The scope of the role that a repository's actions of a permission have.
pub fn role(tasks_for: &str, repository: &str, permission: &str) -> String {
    let address = repository
        .split_once("://")
        .map_or(repository, |(_, address)| address);
    format!("assume:repo:{address}:{tasks_for}:{permission}")
}

/// The scopes that calling `verb` (`rerun`, `cancel`) for tasks needs, and that are not held.
pub fn missing(
    verb: &str,
    ids: &BTreeSet<TaskId>,
    group: &Group,
    held: &BTreeSet<String>,
) -> BTreeSet<String> {
    ids.iter()
        .filter_map(|id| Some((id, group.tasks.get(id)?)))
        .map(|(id, member)| {
            let status = &member.status;
            format!(
                "queue:{verb}-task:{}/{}/{id}",
                status.scheduler_id, status.task_group_id
            )
        })
        // The program's own tasks are of no project.
        .filter(|scope| {
            !satisfies(held, scope)
                && !satisfies(held, &format!("queue:{verb}-task-in-project:none"))
        })
        .collect()
}
