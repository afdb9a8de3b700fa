//! Runs tasks of other projects again on the pool that the candidate is on, and waits for them.
//!
//! This task asks which tasks there are, not the decision that created it: a decision is made of its revision and of what
//! it records, and what another project does in the meantime is neither. The first round of a verify task settles which
//! decisions are meant; when it is interrupted, the next one goes on with those, by what it finds in its group.

mod decisions;
mod wait;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use taskgraph_images::decision::optimize::scheduler_id;
use taskgraph_images::decision::parallel;
use taskgraph_images::taskcluster::{ApiError, Client, Queue as _, Runs as _, TaskId, Timestamp};
use taskgraph_images::transforms::{self, Replicate};
use taskgraph_images::worker::signals;
use taskgraph_images::worker::verify::replicate::graph::select;
use taskgraph_images::worker::verify::replicate::needs::settle;
use taskgraph_images::worker::verify::replicate::replica::{
    Descent, LeftOut, Origin, Own, Replica,
};
use taskgraph_images::worker::verify::results::Check;

use super::super::project::settings;
use super::Job;
use crate::exit::Failure;
use crate::printer::Printer;

/// How many tasks that are left out are named in the log; a file has them all.
const NAMED: usize = 10;
/// How many tasks are looked at beyond those that can be run again.
const CONSIDERED: usize = 4 * Replicate::MOST;
/// The file that says which tasks were run again, and which not.
const NAME: &str = "replicas.json";

/// What [`NAME`] says.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document<'a> {
    decisions: BTreeMap<&'a str, &'a TaskId>,
    replicas: BTreeMap<&'a TaskId, &'a Descent>,
    left_out: &'a [LeftOut],
}

/// What one round works with.
struct Round<'a> {
    job: &'a Job<'a>,
    client: &'a Client,
    origin: Origin<'a>,
    /// What an earlier attempt of this round created.
    existing: BTreeMap<TaskId, Descent>,
}

pub(super) fn verify(
    job: &Job<'_>,
    pause: Duration,
    printer: &mut Printer,
) -> Result<Vec<Check>, Failure> {
    // From here on whoever wants this program to end waits until its replicas are cancelled.
    signals::asked_to_end();
    let replicate = job.verify.replicate.as_ref().ok_or_else(|| {
        Failure::Usage(
            format!("`{}` does not say what it replicates", job.id),
            None,
        )
    })?;
    let by_hand = |what: &str| {
        Failure::Usage(
            format!("the method `replicate` creates tasks in Taskcluster, and {what}"),
            Some("only a verify task of a decision can do that".to_owned()),
        )
    };
    let client = job
        .worker
        .queue()
        .ok_or_else(|| by_hand("there is none here"))?;
    let verify = job
        .worker
        .task
        .own
        .as_ref()
        .ok_or_else(|| by_hand("`TASK_ID` is not set"))?;
    let own = own(job, client, verify)?;
    let config = &settings(job.snapshot)?.project;
    let level = job.worker.task.level;
    let pool = config.workers.get(&replicate.pool).ok_or_else(|| {
        Failure::Usage(
            format!("there is no worker alias `{}`", replicate.pool),
            None,
        )
    })?;
    let (queue, project) = (
        pool.task_queue(level).to_string(),
        Replicate::project(config, level),
    );
    let created = super::super::now();
    let origin = Origin {
        settings: replicate,
        image: job.id,
        pool,
        queue: &queue,
        project: &project,
        verify,
        generation: generation(client, verify)?,
        own: &own,
        root_url: client.root_url(),
        created,
        deadline: created.after(left(job)).min(own.deadline),
    };
    let group = client
        .task_group(&own.task_group_id)
        .map_err(Failure::Taskcluster)?;
    let existing = group
        .into_iter()
        .filter_map(|(id, (_, definition))| Some((id, origin.descent(&definition)?)))
        .collect();
    let round = Round {
        job,
        client,
        origin,
        existing,
    };
    round.run(pause, printer)
}

/// How long replicas have: what is left of this task's time, and a little more, so that where it can it is this program
/// that ends them and says why.
fn left(job: &Job<'_>) -> transforms::Duration {
    const MORE: Duration = Duration::from_secs(60);
    let seconds = (job.left() + MORE).as_secs();
    transforms::Duration::seconds(u32::try_from(seconds).unwrap_or(u32::MAX))
}

/// The verify task's own definition, which must be what its environment says.
fn own(job: &Job<'_>, client: &Client, verify: &TaskId) -> Result<Own, Failure> {
    let found = client
        .definitions(&BTreeSet::from([verify.clone()]))
        .map_err(Failure::Taskcluster)?
        .remove(verify);
    let found = found.ok_or_else(|| {
        Failure::Usage(
            format!("the queue knows no task `{verify}`, which `TASK_ID` names"),
            None,
        )
    })?;
    let own: Own = serde_json::from_value(found)
        .map_err(|error| Failure::Files(format!("the definition of `{verify}`: {error}")))?;
    let config = &settings(job.snapshot)?.project;
    let expected = scheduler_id(config, job.worker.task.level);
    if own.scheduler_id == expected {
        return Ok(own);
    }
    Err(Failure::Usage(
        format!(
            "`{verify}` was scheduled by `{}`, expected `{expected}`",
            own.scheduler_id
        ),
        Some("`MOZ_SCM_LEVEL` and `trust-domain` must be those of the decision".to_owned()),
    ))
}

/// How often somebody has had the task run again: each time its replicas are new ones. What the queue does by itself, as
/// after the loss of a machine, goes on with those that there are.
fn generation(client: &Client, verify: &TaskId) -> Result<usize, Failure> {
    let runs = client
        .runs(&BTreeSet::from([verify.clone()]))
        .map_err(Failure::Taskcluster)?;
    let runs = runs.get(verify).map_or(&[][..], |(_, runs)| runs);
    Ok(runs
        .iter()
        .filter(|run| run.reason_created == "rerun")
        .count())
}

impl Round<'_> {
    fn run(&self, pause: Duration, printer: &mut Printer) -> Result<Vec<Check>, Failure> {
        let decisions = decisions::find(self)?;
        let (replicas, left_out) = self.choose(&decisions)?;
        self.tell(&decisions, &replicas, &left_out, printer)?;
        let wanted: BTreeSet<&TaskId> = replicas.iter().map(|replica| &replica.id).collect();
        // An earlier attempt chose them before something that they need had failed.
        let stray: Vec<TaskId> = self
            .existing
            .keys()
            .filter(|id| !wanted.contains(id))
            .cloned()
            .collect();
        self.cancel(&stray, printer);
        if replicas.is_empty() {
            return Err(nothing(&decisions, &left_out));
        }
        let done = self
            .create(&replicas, printer)
            .and_then(|()| wait::wait(self, &replicas, pause, printer));
        if let Err(failure) = &done
            && !goes_on(failure)
        {
            let all: Vec<TaskId> = replicas.iter().map(|replica| replica.id.clone()).collect();
            self.cancel(&all, printer);
        }
        done
    }

    /// The replicas of what all sources select, and what is left out.
    fn choose(
        &self,
        decisions: &[decisions::Decision<'_>],
    ) -> Result<(Vec<Replica>, Vec<LeftOut>), Failure> {
        let (mut replicas, mut left_out) = (Vec::new(), Vec::new());
        for decision in decisions {
            let chosen = select(&decision.graph, decision.source)
                .map_err(|error| Failure::Files(format!("{}: {error}", decision.artifact())))?;
            let (made, out) = self.origin.replicas(decision.source, &decision.id, chosen);
            replicas.extend(made);
            left_out.extend(out);
        }
        // Whoever makes a graph of a million tasks does not have the queue asked about all that they need.
        cut(&mut replicas, CONSIDERED, &mut left_out);
        let needs: BTreeSet<TaskId> = replicas
            .iter()
            .flat_map(|replica| replica.needs.iter().cloned())
            .collect();
        let known = self.client.statuses(&needs).map_err(Failure::Taskcluster)?;
        let (mut replicas, out) = settle(replicas, &known, self.origin.deadline);
        left_out.extend(out);
        cut(&mut replicas, self.origin.settings.at_most, &mut left_out);
        Ok((replicas, left_out))
    }

    fn tell(
        &self,
        decisions: &[decisions::Decision<'_>],
        replicas: &[Replica],
        left_out: &[LeftOut],
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        let document = Document {
            decisions: decisions
                .iter()
                .map(|decision| (decision.source.index.as_str(), &decision.id))
                .collect(),
            replicas: replicas
                .iter()
                .map(|replica| (&replica.id, &replica.descent))
                .collect(),
            left_out,
        };
        let mut text = serde_json::to_string_pretty(&document)
            .expect("it has text keys and no other sort of map");
        text.push('\n');
        std::fs::write(self.job.folder.join(NAME), text)?;
        for decision in decisions {
            printer.note(&format!("`{}` is `{}`", decision.source.index, decision.id));
        }
        for out in left_out.iter().take(NAMED) {
            printer.note(&format!("leaves {} out: {}", out.shown(), out.why));
        }
        if let Some(more @ 1..) = left_out.len().checked_sub(NAMED) {
            printer.note(&format!("and {more} more, which `{NAME}` names"));
        }
        printer.note(&format!(
            "runs {} tasks again on `{}`, {} of which are there already",
            replicas.len(),
            self.origin.queue,
            replicas
                .iter()
                .filter(|replica| self.existing.contains_key(&replica.id))
                .count()
        ));
        Ok(())
    }

    /// Creates what is not there.
    fn create(&self, replicas: &[Replica], printer: &mut Printer) -> Result<(), Failure> {
        let absent: Vec<&Replica> = replicas
            .iter()
            .filter(|replica| !self.existing.contains_key(&replica.id))
            .collect();
        let results = parallel::map(&absent, |replica| {
            if signals::asked_to_end() {
                return Ok(());
            }
            self.one(replica)
        });
        if signals::asked_to_end() {
            return Err(self.ended(replicas, printer));
        }
        let errors: Vec<ApiError> = results.into_iter().filter_map(Result::err).collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Failure::Calls(errors))
        }
    }

    fn one(&self, replica: &Replica) -> Result<(), ApiError> {
        let Err(error) = self.client.create_task(&replica.id, &replica.definition) else {
            return Ok(());
        };
        if error.status() != Some(409) {
            return Err(error);
        }
        // A request whose answer was lost: the task is there, with other times.
        let found = self
            .client
            .definitions(&BTreeSet::from([replica.id.clone()]))?
            .remove(&replica.id);
        let same = |key: &str, found: &Value| {
            without_dates(found.get(key)) == without_dates(replica.definition.get(key))
        };
        match found {
            Some(found)
                if ["taskQueueId", "scopes", "payload", "extra"]
                    .iter()
                    .all(|key| same(key, &found)) =>
            {
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// Cancels tasks that may still run. What cannot be cancelled ends by its deadline.
    fn cancel(&self, ids: &[TaskId], printer: &mut Printer) {
        let results = parallel::map(ids, |id| self.client.cancel_task(id));
        let failed = results
            .into_iter()
            .filter_map(Result::err)
            .filter(|error| error.status() != Some(404));
        for error in failed {
            printer.note(&format!(
                "a replica runs on until {}: {error}",
                self.origin.deadline
            ));
        }
    }

    /// Somebody wants this program to end.
    fn ended(&self, replicas: &[Replica], printer: &mut Printer) -> Failure {
        let all: Vec<TaskId> = replicas.iter().map(|replica| replica.id.clone()).collect();
        self.cancel(&all, printer);
        Failure::Infrastructure("it was asked to end, and has cancelled its replicas".to_owned())
    }
}

/// Leaves out what is too much.
fn cut(replicas: &mut Vec<Replica>, most: usize, left_out: &mut Vec<LeftOut>) {
    for replica in replicas.drain(most.min(replicas.len())..) {
        left_out.push(LeftOut {
            index: replica.descent.index,
            label: replica.descent.label,
            why: format!("{most} others come before it"),
        });
    }
}

/// Whether a later run goes on with what there is.
fn goes_on(failure: &Failure) -> bool {
    match failure {
        Failure::Calls(errors) => errors.iter().any(ApiError::is_transient),
        failure => failure.is_transient(),
    }
}

/// A value without the times at which artifacts expire: an earlier attempt had the same.
fn without_dates(value: Option<&Value>) -> Value {
    match value {
        Some(Value::Object(map)) => map
            .iter()
            .filter(|(name, _)| *name != "expires")
            .map(|(name, value)| (name.clone(), without_dates(Some(value))))
            .collect(),
        Some(Value::Array(list)) => list
            .iter()
            .map(|value| without_dates(Some(value)))
            .collect(),
        Some(other) => other.clone(),
        None => Value::Null,
    }
}

fn nothing(decisions: &[decisions::Decision<'_>], left_out: &[LeftOut]) -> Failure {
    let named: Vec<String> = decisions
        .iter()
        .map(|decision| format!("`{}`", decision.source.index))
        .collect();
    let named = named.join(", ");
    let (words, hint) = match left_out.first() {
        None => (
            format!("no task of {named} is selected"),
            "compare `kinds`, `attributes`, `ran-on` and `except` with the decision's `public/task-graph.json`",
        ),
        Some(first) => (
            format!(
                "none of the {} tasks that are selected of {named} can be run again: {}: {}",
                left_out.len(),
                first.shown(),
                first.why
            ),
            "`replicas.json` says it of each one; select others, or see to what they need",
        ),
    };
    Failure::Usage(words, Some(hint.to_owned()))
}

/// Whether a moment is over.
fn is_over(time: Timestamp) -> bool {
    time <= super::super::now()
}
