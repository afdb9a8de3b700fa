//! `action-callback` and `test-action-callback`: what an action task runs, and the same without doing anything.

mod args;
mod gather;
mod perform;

use taskgraph_images::actions::choose::{Work, choose};
use taskgraph_images::actions::input::Input;
use taskgraph_images::actions::{Action, scopes};
use taskgraph_images::comparison::Head;
use taskgraph_images::decision::scopes::of_level_3;
use taskgraph_images::taskcluster::{Auth as _, TaskId};
use taskgraph_images::transforms::Level;

use super::Global;
use super::artifacts::Folder;
use super::decision::connect;
use super::decision::replay::{self, Recorded};
use super::project::Project;
use crate::exit::Failure;
use crate::printer::Printer;

pub(crate) use args::{CallbackArgs, TestArgs};
use gather::Gathered;
use perform::Performer;

/// What was asked, in whichever way.
struct Asked {
    action: Action,
    input: Input,
    task: Option<TaskId>,
    group: TaskId,
    /// The action task.
    own: TaskId,
}

/// Runs the action that the environment of its task describes.
pub(super) fn callback(
    args: &CallbackArgs,
    global: &Global,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let asked = args.asked()?;
    let client = connect(true)?.ok_or_else(Failure::no_taskcluster)?;
    let held = client.current_scopes().map_err(Failure::Taskcluster)?;
    // A hook of one permission must not run what needs another, whatever whoever fired it says.
    let permission = scopes::permission(&args.tasks_for, &args.base_repository, asked.action);
    if !held.contains(&permission) {
        return Err(Failure::Permission {
            action: asked.action,
            scope: permission,
        });
    }
    let project = Project::open(global)?;
    let folder = Folder::make(&args.artifacts)?;
    let recorded = gather::decision(&asked.group, &client)?;
    args.agrees(&recorded)?;
    let mut gathered = Gathered::new(
        &project,
        asked.group.clone(),
        recorded,
        None,
        Some(&client),
        &asked.own,
    )?;
    if gathered.for_tasks.level == Level::One {
        let scopes = of_level_3(gathered.config(), &held);
        if !scopes.is_empty() {
            return Err(Failure::TooMuch {
                tasks_for: args.tasks_for.clone(),
                scopes,
            });
        }
    }
    let performer = Performer {
        project: &project,
        client: Some(&client),
        held: Some(&held),
        folder: &folder,
        tools: args.tools.as_deref(),
        own: &asked.own,
    };
    act(&asked, &mut gathered, &performer, printer)
}

/// Says what an action would do.
pub(super) fn test(args: &TestArgs, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let client = connect(false)?;
    let client = client.as_ref();
    let project = Project::open(global)?;
    let folder = Folder::make(&args.artifacts)?;
    let trust_domain = || {
        let snapshot = project.snapshot_quietly(&Head::Revision("HEAD".to_owned()))?;
        gather::settings(&snapshot).map(|config| config.project.trust_domain.clone())
    };
    let Recorded {
        parameters,
        optimization,
        ids,
    } = replay::read(&args.parameters, false, client, &trust_domain)?;
    let decision = args
        .task_group_id
        .clone()
        .or_else(|| optimization.map(|document| document.decision_task_id))
        .unwrap_or_else(TaskId::placeholder);
    let asked = args.asked(decision)?;
    let mut gathered = Gathered::new(
        &project,
        asked.group.clone(),
        parameters,
        ids,
        client,
        &asked.own,
    )?;
    if client.is_none() {
        printer.note("no Taskcluster is named, so the decision's tasks are taken for completed");
    }
    let performer = Performer {
        project: &project,
        client,
        held: None,
        folder: &folder,
        tools: None,
        own: &asked.own,
    };
    act(&asked, &mut gathered, &performer, printer)?;
    printer.note(&format!(
        "nothing was done; what it would have left is in `{}`",
        args.artifacts.display()
    ));
    Ok(())
}

fn act(
    asked: &Asked,
    gathered: &mut Gathered,
    performer: &Performer<'_>,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let Asked { action, input, .. } = asked;
    if !gathered.offers(*action) {
        return Err(Failure::Usage(
            format!("the decision `{}` does not offer `{action}`", asked.group),
            Some(
                "`public/actions.json` lists what it offers; the settings may disable actions"
                    .to_owned(),
            ),
        ));
    }
    printer.note(&format!(
        "{action} on the decision `{}` of {} at level {}",
        asked.group, gathered.parameters.project, gathered.parameters.level
    ));
    if *action == Action::ApplyCleanup
        && let Some(plan) = input.plan()
    {
        gathered.carrying_out(plan)?;
    }
    let gathered = &*gathered;
    let subject = &gathered.subject;
    match choose(*action, input, asked.task.as_ref(), subject).map_err(Failure::Action)? {
        Work::Create(creation) => {
            let earlier = match action {
                Action::VerifyAgain => performer.earlier(input, &creation, gathered, printer)?,
                _ => Vec::new(),
            };
            performer.create(&creation, gathered, &earlier, printer)
        }
        Work::Rerun(ids) => performer.call("rerun", &ids, subject, printer),
        Work::Cancel(ids) => performer.call("cancel", &ids, subject, printer),
    }
}
