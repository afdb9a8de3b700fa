//! The plan that a task's environment names: what the action `apply-cleanup` was asked to carry out.

use std::collections::BTreeSet;
use std::path::PathBuf;

use taskgraph_images::comparison::Head;
use taskgraph_images::decision::lookup::Found;
use taskgraph_images::inventory::Realm;
use taskgraph_images::taskcluster::{Client, Queue as _, TaskId};
use taskgraph_images::transforms::{MaintenanceKind, ReviewedPlan};

use super::apply::is_reviewed;
use crate::commands::Global;
use crate::commands::worker::Worker;
use crate::commands::{checkout, project};
use crate::exit::Failure;
use crate::printer::Printer;

/// What `cleanup plan` leaves in a task.
pub(super) const PLAN: &str = "public/maintenance/cleanup-plan.json";

/// Fetches the plan, once it is known who left it, and holds it to what was reviewed. It stays among this task's own
/// artifacts, so that one sees later what was carried out. Says where the checkout is, too, which a task lacks at first.
pub(super) fn fetch(
    worker: &Worker,
    global: &Global,
    printer: &mut Printer,
) -> Result<(PathBuf, Global), Failure> {
    let (Some(task), Some(sha256)) = (&worker.task.plan, &worker.task.plan_sha256) else {
        return Err(Failure::Usage(
            "nothing says which plan is carried out".to_owned(),
            Some(format!(
                "name a file and its SHA-256: `cleanup apply PLAN --reviewed SHA256`; a task has `{}` and `{}`",
                ReviewedPlan::TASK,
                ReviewedPlan::SHA256
            )),
        ));
    };
    // In a folder of artifacts nothing says who left them.
    let queue = worker.queue().ok_or_else(|| {
        Failure::Usage(
            format!("no queue can be asked who made the plan of `{task}`"),
            Some("name a file and its SHA-256: `cleanup apply PLAN --reviewed SHA256`".to_owned()),
        )
    })?;
    let project = checkout::open(global, printer)?;
    let snapshot = project.snapshot_quietly(&Head::WorkTree)?;
    let realm = Realm::of(&project::settings(&snapshot)?.project).map_err(Failure::Files)?;
    if let Some(why) = refusal(task, &realm, queue)? {
        return Err(Failure::Denied(format!(
            "the plan of `{task}` is not carried out: {why}"
        )));
    }
    let content = worker
        .store()?
        .read(task, PLAN)?
        .ok_or_else(|| Failure::Files(format!("the task `{task}` has no artifact `{PLAN}`")))?;
    is_reviewed(&content, sha256.as_str())?;
    let path = worker.folder("maintenance")?.join("reviewed-plan.json");
    std::fs::write(&path, content)
        .map_err(|error| Failure::Files(format!("`{}`: {error}", path.display())))?;
    let global = Global {
        root: checkout::root(&project)?,
        ..global.clone()
    };
    Ok((path, global))
}

/// Why a task is none that planned: completed, of the kind `cleanup`, scheduled and run at level 3.
pub(super) fn refusal(
    task: &TaskId,
    realm: &Realm,
    queue: &Client,
) -> Result<Option<String>, Failure> {
    let ids = BTreeSet::from([task.clone()]);
    let statuses = queue.statuses(&ids).map_err(Failure::Taskcluster)?;
    let definitions = queue.definitions(&ids).map_err(Failure::Taskcluster)?;
    let found = statuses
        .get(task)
        .zip(definitions.get(task))
        .map(|(status, definition)| Found::new(status, definition));
    Ok(match found {
        None => Some("the queue does not know it".to_owned()),
        Some(found) => realm.refuses(MaintenanceKind::Cleanup.into(), &found),
    })
}
