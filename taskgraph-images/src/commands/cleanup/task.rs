//! `cleanup --task`: deletes what a task has left in clouds.

use std::cell::RefCell;

use taskgraph_images::output::text::count;
use taskgraph_images::providers::{
    ProviderError, Resource, Session, Variables, label_of_task, provider,
};
use taskgraph_images::taskcluster::TaskId;
use taskgraph_images::transforms::Cloud;

use crate::commands::clouds::{Clouds, cloud};
use crate::exit::Failure;
use crate::printer::Printer;

/// What a task has left: a build labels all that it makes with `taskgraph-images-task`, whose value is the task's id in
/// hexadecimal digits. A build that was killed may have left some of it; a candidate that nobody wants any more is deleted
/// so, too. What is published carries no such label, and is never found. Credentials are those of `publish`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Delete what this task has left in clouds: machines, disks and candidates that carry its label
    #[arg(long, value_name = "TASK_ID")]
    task: Option<TaskId>,
    /// Where to look; where variables name credentials, if nothing is said
    #[arg(long, value_name = "CLOUD", value_parser = cloud, requires = "task")]
    cloud: Vec<Cloud>,
    /// Say what would be deleted, and delete nothing
    #[arg(long, requires = "task")]
    dry_run: bool,
}

pub(super) fn run(args: &Args, printer: &mut Printer) -> Result<(), Failure> {
    let Some(task) = &args.task else {
        return Err(Failure::Usage(
            "nothing says what to clean up".to_owned(),
            Some("name a task with `--task`, or use `cleanup plan`".to_owned()),
        ));
    };
    let known = Clouds::open()?;
    let clouds = known.chosen(&args.cloud);
    if clouds.is_empty() {
        return Err(Failure::Usage(
            "no cloud is named, and no credentials of any".to_owned(),
            Some(
                "name one with `--cloud`; on a machine of that cloud its own credentials do"
                    .to_owned(),
            ),
        ));
    }
    let printer = RefCell::new(printer);
    let say = |words: &str| printer.borrow_mut().note(words);
    let session = known.session(false, &say)?;
    let mut errors = Vec::new();
    let mut deleted = 0;
    let mut done = |resource: &Resource| {
        deleted += 1;
        let word = if args.dry_run {
            "would delete"
        } else {
            "deleted"
        };
        printer
            .borrow_mut()
            .data(&format!("{word} {resource}\n"), None)
    };
    for cloud in clouds {
        clean(
            cloud,
            task,
            &session,
            &known.variables,
            args,
            &mut done,
            &mut errors,
        )?;
    }
    if errors.is_empty() {
        if deleted == 0 {
            printer.borrow_mut().note("nothing is left");
        } else if !args.dry_run {
            printer
                .borrow_mut()
                .note(&format!("{} deleted", count(deleted, "resource")));
        }
        return Ok(());
    }
    Err(Failure::providers(errors, &known.mask))
}

/// Deletes what a task has left in a cloud. What cannot be deleted does not keep the rest.
fn clean(
    cloud: Cloud,
    task: &TaskId,
    session: &Session<'_>,
    variables: &Variables,
    args: &Args,
    done: &mut dyn FnMut(&Resource) -> Result<(), Failure>,
    errors: &mut Vec<ProviderError>,
) -> Result<(), Failure> {
    let (name, value) = label_of_task(task);
    let found = provider(cloud, session, variables)
        .and_then(|provider| Ok((provider.list(name, &value)?, provider)));
    let (mut found, provider) = match found {
        Ok(found) => found,
        Err(error) => {
            errors.push(error);
            return Ok(());
        }
    };
    // Machines first: they use disks and images.
    found.sort_by(|a, b| (a.kind, &a.reference).cmp(&(b.kind, &b.reference)));
    for resource in &found {
        if !args.dry_run
            && let Err(error) = provider.delete(resource)
        {
            errors.push(error);
            continue;
        }
        done(resource)?;
    }
    Ok(())
}
