//! [`Here`]: the machine that this runs on, if an image may be made of it: its owner agrees, it is what it should be, and it
//! does nothing else afterwards.

use std::path::{Path, PathBuf};
use std::time::Duration;

use taskgraph_images::http;
use taskgraph_images::providers::{ProviderError, Session, Variables, provider};
use taskgraph_images::transforms::Cloud;
use taskgraph_images::worker::build::origin::{Origin, origin};
use taskgraph_images::worker::machine::Machine;
use taskgraph_images::worker::mask::Mask;
use taskgraph_images::worker::seal::TaskWorker;

use super::super::super::worker::Worker;
use super::super::{Args, Job, ParentImage};
use crate::exit::Failure;
use crate::printer::Printer;

/// What generic-worker calls the folder of a task.
const FOLDER: &str = "TASK_WORKDIR";

/// The machine that this runs on.
pub(super) struct Here {
    pub(super) machine: Machine,
    /// The worker whose task this is.
    pub(super) worker: Option<TaskWorker>,
    /// The task's folder.
    pub(super) folder: Option<PathBuf>,
}

impl Here {
    /// Finds out where this is, and refuses to go on where it should not.
    pub(super) fn find(
        job: &Job<'_>,
        args: &Args,
        worker: &Worker,
        variables: &Variables,
        printer: &mut Printer,
    ) -> Result<Self, Failure> {
        let expected = match args.give_up_this_machine {
            true => None,
            false => Some(running_on(job, worker)?),
        };
        let machine = ask(job.id.cloud, variables)?;
        if let Some(expected) = expected
            && expected != machine.id
        {
            return Err(refusal(
                job,
                &format!(
                    "the task runs on `{expected}`, as the queue has it, and this is `{}`",
                    machine.id
                ),
            ));
        }
        let is_real = args.machine_root == Path::new("/");
        if is_real && !is_root() {
            return Err(Failure::Usage(
                format!("the scripts of `{}` run as root, and this is another user", job.id),
                Some(
                    "its task asks for the feature `runTaskAsCurrentUser`, which makes it root on a multiuser generic-worker \
                     that runs as root"
                        .to_owned(),
                ),
            ));
        }
        let found = TaskWorker::find(&args.machine_root)
            .map_err(|error| Failure::Files(error.to_string()))?;
        match &found {
            Some(found) if found.tasks_to_run != 1 => {
                return Err(Failure::Usage(
                    "this worker takes other tasks after this one, on a machine that will be changed and stripped"
                        .to_owned(),
                    Some(
                        "set `numberOfTasksToRun: 1` in `genericWorker.config` of its worker pool: a machine for each build"
                            .to_owned(),
                    ),
                ));
            }
            Some(_) => {}
            None if args.give_up_this_machine => {
                printer
                    .note("no worker has started this: what one has on this machine stays there");
            }
            None => return Err(refusal(job, "no generic-worker has started this")),
        }
        let folder = std::env::var_os(FOLDER)
            .filter(|folder| !folder.is_empty())
            .map(PathBuf::from);
        let folder = match folder {
            Some(folder) => Some(folder.canonicalize().map_err(|error| {
                Failure::Files(format!(
                    "`{}`, which `{FOLDER}` names: {error}",
                    folder.display()
                ))
            })?),
            None => None,
        };
        hold_apart(job, folder.as_deref(), &args.machine_root)?;
        Ok(Self {
            machine,
            worker: found,
            folder,
        })
    }

    /// Holds the machine to the parent's candidate, or what was published of it.
    pub(super) fn hold_to_parent(
        &self,
        parent: &ParentImage,
        session: &Session<'_>,
        variables: &Variables,
        mask: &Mask,
    ) -> Result<(), Failure> {
        let found = origin(&self.machine, &parent.manifest, &parent.described.manifest);
        let why = match found {
            Origin::Candidate => return Ok(()),
            Origin::Other(words) => words,
            Origin::Published { image, label } => {
                let other = format!("this machine was started from `{}`", image.name);
                // Of Azure's only what is in a gallery was published.
                let in_gallery = image.name.to_lowercase().contains("/galleries/");
                let known = if self.machine.cloud == Cloud::Azure && !in_gallery {
                    Ok(None)
                } else {
                    provider(self.machine.cloud, session, variables)
                        .and_then(|provider| provider.describe(&image))
                };
                match known {
                    Ok(Some(known)) if known.labels.get(label.0) == Some(&label.1) => return Ok(()),
                    Ok(_) => other,
                    Err(error) if ProviderError::is_transient(&error) => {
                        return Err(Failure::provider(error, mask));
                    }
                    Err(error) => format!("{other}, and that one cannot be looked at: {error}"),
                }
            }
        };
        Err(Failure::Usage(
            mask.apply(&format!(
                "this is no machine of `{}`: {why}, expected its candidate `{}` or what was published of it",
                parent.described.image, parent.described.reference
            )),
            Some(
                "have the worker pool of this build start its machines from the parent's newest image".to_owned(),
            ),
        ))
    }
}

/// The worker that runs this task, as the queue has it.
fn running_on(job: &Job<'_>, worker: &Worker) -> Result<String, Failure> {
    let (Some(own), Some(queue)) = (job.own, worker.queue()) else {
        return Err(refusal(job, "this is no task of a queue"));
    };
    let found = queue.worker_of(own).map_err(Failure::Taskcluster)?;
    found.ok_or_else(|| {
        let words = format!("as the queue has it, no worker runs `{own}`");
        refusal(job, &words)
    })
}

fn refusal(job: &Job<'_>, why: &str) -> Failure {
    Failure::Usage(
        format!(
            "`{}` would be made of the disk of this machine, and nobody said that it may: {why}",
            job.id
        ),
        Some(
            "its build runs its scripts here as root, and then removes keys, logs, accounts' credentials and temporary files; on \
             a machine of the cloud that is for nothing else, run `build` itself with `--give-up-this-machine`"
                .to_owned(),
        ),
    )
}

/// What this machine is, as its cloud tells it.
fn ask(cloud: Cloud, variables: &Variables) -> Result<Machine, Failure> {
    // It is near: elsewhere nobody answers, and nobody should wait long for that.
    let pace = http::Pace {
        retries: 2,
        answer: Duration::from_secs(5),
        ..http::Pace::default()
    };
    let client =
        http::Client::new(pace).map_err(|error| Failure::Infrastructure(error.to_string()))?;
    let client = match Machine::service(cloud, variables) {
        Some(service) => client.near(&service),
        None => client,
    };
    Machine::ask(cloud, &client, variables).map_err(|error| {
        let hint = "run it on a machine of the cloud that the image is for";
        Failure::Usage(error.to_string(), Some(hint.to_owned()))
    })
}

/// The checkout and the results are in the task's folder, which is emptied, or on no disk that becomes an image.
fn hold_apart(job: &Job<'_>, folder: Option<&Path>, root: &Path) -> Result<(), Failure> {
    for (path, what) in [
        (job.root, "the checkout"),
        (job.folder, "the folder of results"),
    ] {
        let path = path.canonicalize()?;
        if folder.is_some_and(|folder| path.starts_with(folder)) || device(&path)? != device(root)?
        {
            continue;
        }
        return Err(Failure::Usage(
            format!(
                "{what}, `{}`, is on the disk that becomes an image, and would be part of it",
                path.display()
            ),
            Some(
                "work in memory, such as below `/dev/shm`: clone there, and name a folder there by `UPLOAD_DIR`"
                    .to_owned(),
            ),
        ));
    }
    Ok(())
}

#[cfg(unix)]
fn device(path: &Path) -> Result<u64, Failure> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(std::fs::metadata(path)?.dev())
}

/// Only Linux gets here.
#[cfg(not(unix))]
fn device(_: &Path) -> Result<u64, Failure> {
    Ok(0)
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|data| data.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
