//! What goes on from a task that stands: it again, or what comes after it.

use std::collections::BTreeMap;

use taskgraph_images_transforms::{Kind, Label, Task};

use super::creation::{create, is_kind};
use super::{ActionError, Creation, Work, label, state, word};
use crate::actions::Action;
use crate::actions::group::Member;
use crate::actions::input::Input;
use crate::actions::subject::Subject;
use crate::taskcluster::{TaskId, TaskState};

pub(super) fn retrigger(
    action: Action,
    input: &Input,
    id: &TaskId,
    member: &Member,
    subject: &Subject,
) -> Result<Work, Vec<ActionError>> {
    let label = label(action, id, member, subject).map_err(|error| vec![error])?;
    let mut fresh = BTreeMap::from([(label.clone(), format!("`{id}` was retriggered"))]);
    if input.downstream {
        let there = subject.group.labels();
        for dependent in subject.full.dependents_closure([label]).unwrap_or_default() {
            // Whoever may publish asks for that by itself.
            let publishes = is_kind(subject, &dependent, Kind::Publish);
            if there.contains(&dependent) && !publishes && dependent != *label {
                fresh.insert(dependent, format!("it depends on `{label}`"));
            }
        }
    }
    let mut standing = subject.standing();
    standing.extend(subject.based_on(id));
    create(fresh, standing, input.times, subject)
}

pub(super) fn verify(
    action: Action,
    input: &Input,
    id: &TaskId,
    member: &Member,
    subject: &Subject,
) -> Result<Work, Vec<ActionError>> {
    let label = label(action, id, member, subject).map_err(|error| vec![error])?;
    let fresh = BTreeMap::from([(
        label.clone(),
        format!("what `{id}` verified is verified again"),
    )]);
    create(fresh, verified(id, label, subject)?, input.times, subject)
}

/// Verifies again what an earlier decision built under a label; nothing, if nothing of it stands.
///
/// # Errors
/// Everything that stands against it.
pub fn verify_earlier(
    wanted: &Label,
    times: u32,
    subject: &Subject,
) -> Result<Option<Creation>, Vec<ActionError>> {
    let standing = subject.standing();
    let Some(task) = subject.full.get(wanted) else {
        return Ok(None);
    };
    if !task
        .dependencies
        .values()
        .all(|label| standing.contains_key(label))
    {
        return Ok(None);
    }
    let reason = "what an earlier push built is verified again".to_owned();
    let fresh = BTreeMap::from([(wanted.clone(), reason)]);
    match create(fresh, standing, times, subject)? {
        Work::Create(creation) => Ok(Some(creation)),
        _ => Ok(None),
    }
}

pub(super) fn publish(
    action: Action,
    id: &TaskId,
    member: &Member,
    subject: &Subject,
) -> Result<Work, Vec<ActionError>> {
    let label = label(action, id, member, subject).map_err(|error| vec![error])?;
    if member.status.state != TaskState::Completed {
        return Err(vec![state(
            id,
            member,
            "only what was verified is published",
        )]);
    }
    let image = subject
        .full
        .get(label)
        .and_then(Task::image)
        .expect("a verify task of the graph is about an image");
    let wanted = image.label(Kind::Publish);
    if subject.full.get(&wanted).is_none() {
        return Err(vec![ActionError::Unpublished(label.clone())]);
    }
    // One that waits for a verify task which failed waits for ever.
    let done = subject.group.tasks.iter().find(|(_, member)| {
        member.label.as_ref() == Some(&wanted)
            && !member.is_broken()
            && member.status.state != TaskState::Unscheduled
    });
    if let Some((id, member)) = done {
        return Err(vec![ActionError::Published {
            label: wanted,
            id: id.clone(),
            state: word(member.status.state),
        }]);
    }
    let mut standing = verified(id, label, subject)?;
    standing.insert(label.clone(), id.clone());
    let fresh = BTreeMap::from([(
        wanted,
        format!("`{id}` verified it, and somebody asked for it"),
    )]);
    Ok(Work::Create(Creation::new(fresh, standing, 1)))
}

/// What stands, with the very build that a verify task looked at.
fn verified(
    id: &TaskId,
    label: &Label,
    subject: &Subject,
) -> Result<BTreeMap<Label, TaskId>, Vec<ActionError>> {
    let based_on = subject.based_on(id);
    let task = subject.full.get(label);
    let needed = task.into_iter().flat_map(|task| task.dependencies.values());
    if !needed.into_iter().all(|label| based_on.contains_key(label)) {
        return Err(vec![ActionError::NoBuild(id.clone())]);
    }
    let mut standing = subject.standing();
    standing.extend(based_on);
    Ok(standing)
}
