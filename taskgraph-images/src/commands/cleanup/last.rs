//! The plan that was made before: since when images are unused.

use std::collections::BTreeSet;

use taskgraph_images::comparison::Head;
use taskgraph_images::inventory::Realm;
use taskgraph_images::retention::Plan;
use taskgraph_images::taskcluster::{Index as _, Queue as _, TaskId, Timestamp};
use taskgraph_images::transforms::{IndexPath, MaintenanceKind};

use super::named::{PLAN, refusal};
use crate::commands::Global;
use crate::commands::decision::connect;
use crate::commands::project::{self, Project};
use crate::exit::Failure;
use crate::printer::Printer;

/// Finds the plan of the last task of this sort, where a task makes one: it is indexed where this task is going to be.
///
/// A plan that is not believed is said, and none is taken: then nothing counts as unused for any time yet, which deletes
/// nothing too early.
pub(super) fn of_index(
    now: Timestamp,
    global: &Global,
    printer: &mut Printer,
) -> Result<Option<Plan>, Failure> {
    let own = std::env::var("TASK_ID").ok();
    let own: Option<TaskId> = own.and_then(|id| id.parse().ok());
    let (Some(own), Some(client)) = (own, connect(false)?) else {
        return Ok(None);
    };
    let failure = Failure::Taskcluster;
    let definitions = client
        .definitions(&BTreeSet::from([own.clone()]))
        .map_err(failure)?;
    let Some(path) = definitions.get(&own).and_then(path) else {
        return Ok(None);
    };
    let found = client
        .find_tasks(&BTreeSet::from([path.clone()]))
        .map_err(failure)?;
    let Some(entry) = found.get(&path).filter(|entry| entry.expires > now) else {
        printer.note("no plan was made before: nothing has been unused for any time yet");
        return Ok(None);
    };
    let task = &entry.task_id;
    let project = Project::open(global)?;
    let snapshot = project.snapshot_quietly(&Head::WorkTree)?;
    let realm = Realm::of(&project::settings(&snapshot)?.project).map_err(Failure::Files)?;
    let read = || -> Result<Result<Plan, String>, Failure> {
        if let Some(why) = refusal(task, &realm, &client)? {
            return Ok(Err(why));
        }
        let content = client.artifact(task, PLAN).map_err(failure)?;
        Ok(content
            .ok_or_else(|| format!("it has no artifact `{PLAN}`"))
            .and_then(|content| Plan::read(&content)))
    };
    match read()? {
        Ok(plan) => {
            printer.note(&format!(
                "the plan before is that of `{task}`, made {}",
                plan.made
            ));
            Ok(Some(plan))
        }
        Err(why) => {
            printer.note(&format!(
                "the plan of `{task}` is not believed: {why}; nothing has been unused for any time yet"
            ));
            Ok(None)
        }
    }
}

/// Where a task of this sort is indexed, as its routes say.
fn path(definition: &serde_json::Value) -> Option<IndexPath> {
    let end = format!(".maintenance.{}", MaintenanceKind::Cleanup);
    let mut routes = definition["routes"].as_array()?.iter();
    routes.find_map(|route| {
        let path = route.as_str()?.strip_prefix("index.")?;
        IndexPath::new(path).ok().filter(|_| path.ends_with(&end))
    })
}
