//! Waits for replicas, has lost ones run once more, and says what became of each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use taskgraph_images::taskcluster::{Queue as _, Run, Runs as _, TaskId, TaskState, TaskStatus};
use taskgraph_images::worker::signals;
use taskgraph_images::worker::verify::replicate::outcome::{self, Outcome, RERUNS};
use taskgraph_images::worker::verify::replicate::replica::Replica;
use taskgraph_images::worker::verify::results::Check;

use super::Round;
use crate::exit::Failure;
use crate::printer::Printer;

/// How often it is looked whether somebody wants this program to end.
const LOOK: Duration = Duration::from_millis(100);

type Known = BTreeMap<TaskId, (TaskStatus, Vec<Run>)>;

/// What became of each replica.
pub(super) fn wait(
    round: &Round<'_>,
    replicas: &[Replica],
    pause: Duration,
    printer: &mut Printer,
) -> Result<Vec<Check>, Failure> {
    let ids: BTreeSet<TaskId> = replicas.iter().map(|replica| replica.id.clone()).collect();
    let mut reruns = Reruns::default();
    let mut told = String::new();
    let known = loop {
        let known = ask(round, &ids)?;
        let again = reruns.of(round, &known)?;
        let open: Vec<TaskId> = known
            .iter()
            .filter(|(id, (status, runs))| {
                again.contains(*id) || Outcome::of(status.state, runs) == Outcome::Open
            })
            .map(|(id, _)| id.clone())
            .collect();
        let words = format!(
            "{} of {} replicas are done",
            ids.len() - open.len(),
            ids.len()
        );
        if words != told {
            printer.note(&words);
            told = words;
        }
        if open.is_empty() {
            break known;
        }
        if is_time(round) {
            printer.note("the time is over; what has come to no end is cancelled");
            round.cancel(&open, printer);
            break known;
        }
        sleep(round, pause);
        if signals::asked_to_end() {
            return Err(round.ended(replicas, printer));
        }
    };
    checks(round, replicas, &known)
}

fn ask(round: &Round<'_>, ids: &BTreeSet<TaskId>) -> Result<Known, Failure> {
    let known = round.client.runs(ids).map_err(Failure::Taskcluster)?;
    match ids.iter().find(|id| !known.contains_key(*id)) {
        Some(id) => Err(Failure::Files(format!(
            "the queue knows nothing of the replica `{id}`, which was created"
        ))),
        None => Ok(known),
    }
}

fn is_time(round: &Round<'_>) -> bool {
    // It never says less than a second.
    round.job.left() <= Duration::from_secs(1)
}

fn sleep(round: &Round<'_>, pause: Duration) {
    let started = Instant::now();
    let pause = pause.max(LOOK);
    while started.elapsed() < pause && !signals::asked_to_end() && !is_time(round) {
        std::thread::sleep(LOOK);
    }
}

/// Which replicas were run again, and how often.
#[derive(Default)]
struct Reruns {
    /// Whether anything was looked at before.
    begun: bool,
    counts: BTreeMap<TaskId, usize>,
}

impl Reruns {
    /// Has those run again that were lost, and those that an earlier attempt cancelled when it was asked to end.
    fn of(&mut self, round: &Round<'_>, known: &Known) -> Result<BTreeSet<TaskId>, Failure> {
        let mut again = BTreeSet::new();
        for (id, (status, runs)) in known {
            let outcome = Outcome::of(status.state, runs);
            let by_us = !self.begun && round.existing.contains_key(id);
            let is_lost = outcome == Outcome::Lost || (outcome == Outcome::Cancelled && by_us);
            let count = self.counts.entry(id.clone()).or_default();
            if !is_lost || *count >= RERUNS || is_time(round) {
                continue;
            }
            *count += 1;
            match round.client.rerun_task(id) {
                Ok(_) => {
                    again.insert(id.clone());
                }
                // It is past its deadline, or had all the runs that a task can have.
                Err(error) if error.status() == Some(409) => *count = RERUNS,
                Err(error) => return Err(Failure::Taskcluster(error)),
            }
        }
        self.begun = true;
        Ok(again)
    }
}

fn checks(round: &Round<'_>, replicas: &[Replica], known: &Known) -> Result<Vec<Check>, Failure> {
    let is_done = |replica: &&Replica| known[&replica.id].0.state == TaskState::Completed;
    let originals: BTreeSet<TaskId> = replicas
        .iter()
        .filter(|replica| !is_done(replica))
        .map(|replica| replica.descent.of.clone())
        .collect();
    let originals = round
        .client
        .statuses(&originals)
        .map_err(Failure::Taskcluster)?;
    let scheduler = |replica: &Replica| {
        let mut sources = round.origin.settings.from.iter();
        sources
            .find(|source| source.index.as_str() == replica.descent.index)
            .map(|source| source.scheduler.as_str())
    };
    let checks = replicas.iter().map(|replica| {
        let (status, runs) = &known[&replica.id];
        // The graph may name any task: it must be one that the decision made.
        let original = originals.get(&replica.descent.of).filter(|original| {
            original.task_group_id == replica.descent.decision
                && Some(original.scheduler_id.as_str()) == scheduler(replica)
        });
        outcome::check(
            replica,
            status,
            runs,
            original.map(|original| original.state),
            round.origin.root_url,
        )
    });
    Ok(checks.collect())
}
