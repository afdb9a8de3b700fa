//! [`Work`]: what an action does, from what was asked and what stands. Pure: nothing is done yet.

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images_transforms::{Kind, Label, MaintenanceKind, Task, TaskGraph, TaskKind};

use super::group::{Member, is_open};
use super::input::Input;
use super::subject::Subject;
use super::{Action, Context};
use crate::decision::request::Selector;
use crate::decision::target::{UnknownImage, unknown};
use crate::taskcluster::{TaskId, TaskState};

/// What an action does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Creates tasks.
    Create(Creation),
    /// Gives tasks a new run.
    Rerun(BTreeSet<TaskId>),
    /// Cancels tasks.
    Cancel(BTreeSet<TaskId>),
}

/// Tasks that are created of a decision's full task graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// Labels of the tasks that are created whatever stands already, each with why.
    pub fresh: BTreeMap<Label, String>,
    /// Tasks that stand in for what these need.
    pub standing: BTreeMap<Label, TaskId>,
    /// How many copies are created.
    pub times: u32,
}

impl Creation {
    fn new(
        fresh: BTreeMap<Label, String>,
        mut standing: BTreeMap<Label, TaskId>,
        times: u32,
    ) -> Self {
        standing.retain(|label, _| !fresh.contains_key(label));
        Self {
            fresh,
            standing,
            times,
        }
    }

    /// The tasks that stand in for what one of the tasks needs.
    pub fn under(&self, label: &Label, graph: &TaskGraph) -> BTreeSet<TaskId> {
        graph
            .get(label)
            .into_iter()
            .flat_map(|task| task.dependencies.values())
            .filter_map(|needed| self.standing.get(needed).cloned())
            .collect()
    }
}

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

/// What an action does.
///
/// # Errors
/// Everything that stands against it.
pub fn choose(
    action: Action,
    input: &Input,
    task: Option<&TaskId>,
    subject: &Subject,
) -> Result<Work, Vec<ActionError>> {
    let target = match action.context() {
        Context::Group => None,
        _ => Some(target(action, task, subject).map_err(|error| vec![error])?),
    };
    match (action, target) {
        (Action::CancelAll, _) => Ok(Work::Cancel(open(subject))),
        (Action::AddNewTasks | Action::AddNewJobs, _) => add(input, subject),
        (Action::Rebuild, _) => rebuild(input, subject),
        (Action::ApplyCleanup, _) => apply_cleanup(input, subject),
        (Action::Rerun, Some((id, member))) => rerun(id, member),
        (Action::Cancel, Some((id, member))) => cancel(id, member),
        (Action::Retrigger, Some((id, member))) => retrigger(action, input, id, member, subject),
        (Action::VerifyAgain, Some((id, member))) => verify(action, input, id, member, subject),
        (Action::Publish, Some((id, member))) => publish(action, id, member, subject),
        // The context was looked at above.
        (_, None) => Err(vec![ActionError::NoTask(action)]),
    }
}

/// The task that an action is about.
fn target<'a>(
    action: Action,
    task: Option<&'a TaskId>,
    subject: &'a Subject,
) -> Result<(&'a TaskId, &'a Member), ActionError> {
    let id = task.ok_or(ActionError::NoTask(action))?;
    let member = subject
        .group
        .tasks
        .get(id)
        .ok_or_else(|| ActionError::Stranger {
            id: id.clone(),
            group: subject.decision.clone(),
        })?;
    Ok((id, member))
}

/// The label of a task, which must be of one of the kinds that the action is about.
fn label<'a>(
    action: Action,
    id: &TaskId,
    member: &'a Member,
    subject: &Subject,
) -> Result<&'a Label, ActionError> {
    let kinds = match action.context() {
        Context::Kinds(kinds) => kinds,
        _ => Kind::ALL,
    };
    member
        .label
        .as_ref()
        .filter(|label| {
            let task = subject.full.get(label);
            task.and_then(|task| task.kind.image())
                .is_some_and(|kind| kinds.contains(&kind))
        })
        .ok_or_else(|| ActionError::OtherKind {
            action,
            id: id.clone(),
            expected: kinds
                .iter()
                .map(|kind| format!("a {kind} task"))
                .collect::<Vec<_>>()
                .join(" or "),
        })
}

/// All that is left of a group, but for the decision itself: it may be creating tasks.
fn open(subject: &Subject) -> BTreeSet<TaskId> {
    subject
        .group
        .tasks
        .iter()
        .filter(|(id, member)| **id != subject.decision && is_open(member.status.state))
        .map(|(id, _)| id.clone())
        .collect()
}

fn rerun(id: &TaskId, member: &Member) -> Result<Work, Vec<ActionError>> {
    if member.is_broken() {
        return Ok(Work::Rerun(BTreeSet::from([id.clone()])));
    }
    let why = if member.status.state == TaskState::Completed {
        "what depends on it has its results; retrigger it instead"
    } else {
        "only a task that failed or met an exception gets a new run"
    };
    Err(vec![state(id, member, why)])
}

fn cancel(id: &TaskId, member: &Member) -> Result<Work, Vec<ActionError>> {
    if is_open(member.status.state) {
        return Ok(Work::Cancel(BTreeSet::from([id.clone()])));
    }
    Err(vec![state(id, member, "there is nothing left to cancel")])
}

fn state(id: &TaskId, member: &Member, why: &'static str) -> ActionError {
    ActionError::State {
        id: id.clone(),
        state: word(member.status.state),
        why,
    }
}

fn word(state: TaskState) -> &'static str {
    match state {
        TaskState::Unscheduled => "unscheduled",
        TaskState::Pending => "pending",
        TaskState::Running => "running",
        TaskState::Completed => "completed",
        TaskState::Failed => "failed",
        TaskState::Exception => "an exception",
    }
}

fn retrigger(
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

fn verify(
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

fn publish(
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

fn add(input: &Input, subject: &Subject) -> Result<Work, Vec<ActionError>> {
    let mut fresh = BTreeMap::new();
    let mut errors = Vec::new();
    for text in &input.tasks {
        let label = Label::new(text).ok();
        match label.filter(|label| subject.candidates.contains_key(label)) {
            Some(label) if subject.full.get(&label).is_none() => {
                errors.push(ActionError::Withheld(label));
            }
            Some(label) => {
                fresh.insert(label, "it was asked for".to_owned());
            }
            None => errors.push(match fleets(subject, text) {
                Some(label) => ActionError::Maintenance(label),
                None => ActionError::UnknownLabel {
                    label: text.clone(),
                    near: subject
                        .full
                        .tasks()
                        .map(|task| (strsim::jaro_winkler(task.label.as_str(), text), &task.label))
                        .filter(|(score, _)| *score > 0.85)
                        .max_by(|(a, _), (b, _)| a.total_cmp(b))
                        .map(|(_, label)| label.to_string()),
                },
            }),
        }
    }
    create_unless(errors, fresh, input.times, subject)
}

fn rebuild(input: &Input, subject: &Subject) -> Result<Work, Vec<ActionError>> {
    let mut errors = Vec::new();
    let mut selectors: Vec<Selector> = Vec::new();
    for text in &input.images {
        match Selector::of_word(text) {
            Some(selector) => selectors.push(selector),
            None => errors.push(ActionError::NoImage(text.clone())),
        }
    }
    errors.extend(
        unknown(&subject.candidates, &selectors)
            .into_iter()
            .map(Into::into),
    );
    let withheld = subject.candidates.iter().filter(|(label, image)| {
        **label == image.label(Kind::Build)
            && subject.full.get(label).is_none()
            && selectors.iter().any(|selector| selector.selects(image))
    });
    errors.extend(withheld.map(|(label, _)| ActionError::Withheld(label.clone())));
    let asked = |task: &Task| {
        let image = task.image();
        image.is_some_and(|image| selectors.iter().any(|selector| selector.selects(image)))
    };
    let builds = subject
        .full
        .tasks()
        .filter(|task| task.kind == Kind::Build && asked(task))
        .map(|task| &task.label);
    let dependents = subject.full.dependents_closure(builds).unwrap_or_default();
    let fresh = dependents
        .iter()
        .filter_map(|label| subject.full.get(label))
        .filter(|task| task.kind != Kind::Publish)
        .filter_map(|task| {
            let reason = match (asked(task), input.children) {
                (true, _) => "the image is rebuilt",
                (false, true) => "an image that it is built on is rebuilt",
                (false, false) => return None,
            };
            Some((task.label.clone(), reason.to_owned()))
        })
        .collect();
    create_unless(errors, fresh, 1, subject)
}

/// The one task that carries out a plan. It needs no other, and nothing takes its place.
fn apply_cleanup(input: &Input, subject: &Subject) -> Result<Work, Vec<ActionError>> {
    let plan = input.plan().ok_or_else(|| vec![ActionError::NoPlan])?;
    let kind = MaintenanceKind::CleanupApply;
    let task = subject.full.get(&kind.label());
    let task = task.ok_or_else(|| vec![ActionError::NoMaintenance(kind)])?;
    let reason = format!("the plan of `{}` was reviewed: {}", plan.task, plan.sha256);
    let fresh = BTreeMap::from([(task.label.clone(), reason)]);
    Ok(Work::Create(Creation::new(fresh, BTreeMap::new(), 1)))
}

/// As [`create`], with what stands, unless there are errors already.
fn create_unless(
    mut errors: Vec<ActionError>,
    fresh: BTreeMap<Label, String>,
    times: u32,
    subject: &Subject,
) -> Result<Work, Vec<ActionError>> {
    match create(fresh, subject.standing(), times, subject) {
        Ok(work) if errors.is_empty() => return Ok(work),
        Ok(_) => {}
        Err(mut more) => errors.append(&mut more),
    }
    Err(errors)
}

/// Tasks that anybody who may act may create: none that publishes, and none about the fleet.
fn create(
    fresh: BTreeMap<Label, String>,
    standing: BTreeMap<Label, TaskId>,
    times: u32,
    subject: &Subject,
) -> Result<Work, Vec<ActionError>> {
    let errors: Vec<ActionError> = fresh
        .keys()
        .filter_map(|label| match subject.full.get(label)?.kind {
            TaskKind::Image(Kind::Publish) => Some(ActionError::Publishes(label.clone())),
            TaskKind::Image(_) => None,
            TaskKind::Maintenance(_) => Some(ActionError::Maintenance(label.clone())),
        })
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Work::Create(Creation::new(fresh, standing, times)))
}

/// The label of a task about the fleet, if it is one.
fn fleets(subject: &Subject, label: &str) -> Option<Label> {
    let label = Label::new(label).ok()?;
    let task = subject.full.get(&label)?;
    task.kind.maintenance().map(|_| label)
}

fn is_kind(subject: &Subject, label: &Label, kind: Kind) -> bool {
    subject
        .full
        .get(label)
        .is_some_and(|task| task.kind == kind)
}
