//! Creating a plan's tasks in the queue: the only stage that writes to the world.
//!
//! That no definition is larger than the queue takes was seen when the graph was rendered: its rule `body` leaves room
//! for what is added here.
//!
//! What a task needs is created before it, up to 16 at a time. Ids are derived, so a task that is there already is one
//! that an earlier run created: it is left as it is. A failure stops what depends on it, and nothing else, unless
//! Taskcluster does not answer at all: then nothing more is tried, because a later run goes on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use taskgraph_images_transforms::{Label, Task};

use super::parallel::IN_FLIGHT;
use super::plan::Plan;
use crate::taskcluster::{ApiError, Queue, Timestamp};

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Created {
    /// How many tasks were created now.
    pub created: usize,
    /// How many there were already.
    pub present: usize,
}

/// Why not all tasks were created. Those that were stay, and a new run of the same decision goes on from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateError {
    /// Tasks that could not be created, each with why.
    pub failed: BTreeMap<Label, CreateFault>,
    /// Tasks that were not tried: they depend on failed ones, or Taskcluster did not answer.
    pub skipped: BTreeSet<Label>,
    /// What was done nevertheless.
    pub done: Created,
}

/// Why a task could not be created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateFault {
    /// The queue refused, or did not answer.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The id is that of a task which differs in more than its times.
    #[error("the task id `{id}` is already that of another task, which differs at {places}")]
    Other {
        /// The id.
        id: String,
        /// Where the two differ.
        places: String,
    },
}

impl CreateError {
    /// Whether a later run may succeed without a change by anybody.
    pub fn is_transient(&self) -> bool {
        self.failed
            .values()
            .any(|fault| matches!(fault, CreateFault::Api(error) if error.is_transient()))
    }
}

/// What the stage tells of its progress: how many tasks are there, of how many.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Creates the tasks of a plan that are not in `present`.
///
/// # Errors
/// Every task that could not be created, and those that were therefore not tried.
pub fn create(
    plan: &Plan<'_>,
    present: &BTreeSet<Label>,
    queue: &dyn Queue,
    clock: &(dyn Fn() -> Timestamp + Sync),
    progress: Progress<'_>,
) -> Result<Created, CreateError> {
    let work = Work::new(plan, present);
    let total = work.tasks.len();
    std::thread::scope(|scope| {
        for _ in 0..IN_FLIGHT.min(total) {
            scope.spawn(|| {
                while let Some(at) = work.next() {
                    let result = one(plan, work.tasks[at], queue, clock());
                    let done = work.finish(at, result);
                    progress(done, total);
                }
            });
        }
    });
    work.result()
}

fn one(plan: &Plan<'_>, task: &Task, queue: &dyn Queue, now: Timestamp) -> Result<(), CreateFault> {
    let id = plan.id(task);
    let definition = plan.definition(task, now);
    match queue.create_task(id, &definition) {
        Ok(_) => Ok(()),
        Err(error) if error.status() == Some(409) => {
            // A request whose answer was lost, of this run or of one that died: the task is there, with other times.
            let ids = BTreeSet::from([id.clone()]);
            let found = queue.definitions(&ids)?;
            match found.get(id) {
                Some(found) => match differences(&definition, found) {
                    places if places.is_empty() => Ok(()),
                    places => Err(CreateFault::Other {
                        id: id.to_string(),
                        places: places.join(", "),
                    }),
                },
                // Something else is in conflict, such as a sealed group.
                None => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// The fields that a definition has and the queue's differs in, but for times. The queue adds defaults of its own.
fn differences(ours: &Value, found: &Value) -> Vec<String> {
    let (Some(ours), Some(found)) = (ours.as_object(), found.as_object()) else {
        return vec!["everything".to_owned()];
    };
    ours.iter()
        .filter(|(name, value)| {
            let found = match name.as_str() {
                "created" | "deadline" | "expires" => return false,
                // The queue may give both halves as one.
                "provisionerId" | "workerType" if !found.contains_key(*name) => return false,
                name => found.get(name).unwrap_or(&Value::Null),
            };
            without_dates(value) != without_dates(found)
        })
        .map(|(name, _)| format!("`{name}`"))
        .collect()
}

/// A value whose dates are all the same: artifacts expire at times that are relative to the task's.
fn without_dates(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| {
                let value = match (name.as_str(), value) {
                    ("expires", Value::String(_)) => Value::Null,
                    _ => without_dates(value),
                };
                (name.clone(), value)
            })
            .collect(),
        Value::Array(list) => list.iter().map(without_dates).collect(),
        other => other.clone(),
    }
}

/// What is left to do, shared by those who do it.
struct Work<'a> {
    tasks: Vec<&'a Task>,
    /// For each task, those that wait for it.
    dependents: Vec<Vec<usize>>,
    state: Mutex<State>,
    changed: Condvar,
    present: usize,
}

struct State {
    /// For each task, how many of those that it needs are not there yet.
    missing: Vec<usize>,
    ready: Vec<usize>,
    in_flight: usize,
    done: usize,
    failed: BTreeMap<usize, CreateFault>,
    stopped: bool,
}

impl<'a> Work<'a> {
    fn new(plan: &Plan<'a>, present: &BTreeSet<Label>) -> Self {
        let tasks: Vec<&Task> = plan
            .tasks()
            .filter(|task| !present.contains(&task.label))
            .collect();
        let places: BTreeMap<&Label, usize> = tasks
            .iter()
            .enumerate()
            .map(|(at, task)| (&task.label, at))
            .collect();
        let mut dependents = vec![Vec::new(); tasks.len()];
        let mut missing = vec![0; tasks.len()];
        for (at, task) in tasks.iter().enumerate() {
            let needed: BTreeSet<usize> = task
                .dependencies
                .values()
                .filter_map(|label| places.get(label).copied())
                .collect();
            missing[at] = needed.len();
            for needed in needed {
                dependents[needed].push(at);
            }
        }
        // The last is taken first, so that tasks are begun in the order of the plan.
        let ready = (0..tasks.len())
            .rev()
            .filter(|at| missing[*at] == 0)
            .collect();
        Self {
            present: plan.tasks().len() - tasks.len(),
            tasks,
            dependents,
            state: Mutex::new(State {
                missing,
                ready,
                in_flight: 0,
                done: 0,
                failed: BTreeMap::new(),
                stopped: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A task that can be created now; waits for one; none when there will be no more.
    fn next(&self) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(at) = state.ready.pop() {
                state.in_flight += 1;
                return Some(at);
            }
            if state.in_flight == 0 {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finish(&self, at: usize, result: Result<(), CreateFault>) -> usize {
        let mut state = self.lock();
        state.in_flight -= 1;
        match result {
            Ok(()) => {
                state.done += 1;
                for &dependent in &self.dependents[at] {
                    state.missing[dependent] -= 1;
                    if state.missing[dependent] == 0 {
                        state.ready.push(dependent);
                    }
                }
            }
            Err(fault) => {
                if matches!(&fault, CreateFault::Api(error) if error.is_transient()) {
                    state.stopped = true;
                }
                state.failed.insert(at, fault);
            }
        }
        self.changed.notify_all();
        state.done
    }

    fn result(self) -> Result<Created, CreateError> {
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let done = Created {
            created: state.done,
            present: self.present,
        };
        if state.done == self.tasks.len() {
            return Ok(done);
        }
        let label = |at: usize| self.tasks[at].label.clone();
        // A task that was not begun still waits, or was never taken.
        let mut begun: Vec<bool> = state.missing.iter().map(|missing| *missing == 0).collect();
        for at in &state.ready {
            begun[*at] = false;
        }
        Err(CreateError {
            skipped: (0..self.tasks.len())
                .filter(|at| !begun[*at])
                .map(label)
                .collect(),
            failed: state
                .failed
                .into_iter()
                .map(|(at, fault)| (label(at), fault))
                .collect(),
            done,
        })
    }
}
