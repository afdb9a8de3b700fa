//! [`Lookups`]: what Taskcluster has of the tasks of a graph. Asked for here, judged in [`super::optimize`].
//!
//! They are a value, and written beside the other artifacts, so that a decision can be made again without a network.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use taskgraph_images_transforms::{IndexPath, Label, Optimization, TaskGraph};

use super::optimize::{Answer, Optimized, Question, optimize};
use crate::manifest::{self, Manifest};
use crate::taskcluster::{ApiError, Index, Queue, TaskId, TaskState, Timestamp};

/// What Taskcluster has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookups {
    /// What the index holds, by path.
    pub index: BTreeMap<IndexPath, Entry>,
    /// The tasks that it names, as far as the queue knows them.
    pub tasks: BTreeMap<TaskId, Found>,
    /// The artifacts of those whose artifacts matter: names, and until when each is kept.
    pub artifacts: BTreeMap<TaskId, BTreeMap<String, Timestamp>>,
    /// Tasks of this graph that an earlier run of the same decision created.
    pub created: BTreeSet<Label>,
    /// What pins that float stand for now, by the pin.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub floating: BTreeMap<String, Now>,
    /// What such pins stood for when tasks that the index names built their images, by the pin.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub built_on: BTreeMap<TaskId, BTreeMap<String, String>>,
}

/// What a pin that floats stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Now {
    /// This version.
    Version(String),
    /// That is not known, with why.
    Unknown(String),
}

/// An entry of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The task.
    pub task_id: TaskId,
    /// When the entry is forgotten.
    pub expires: Timestamp,
}

/// What the queue says of an indexed task, as far as it decides whether the task may take another's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its state.
    pub state: TaskState,
    /// Who scheduled it. Only a holder of that scheduler's scope can have.
    pub scheduler_id: String,
    /// Where it ran: `provisioner/worker-type`.
    pub task_queue_id: String,
    /// When it was created.
    pub created: Timestamp,
    /// When the queue forgets it.
    pub expires: Timestamp,
    /// Its kind, as its tags say.
    pub kind: Option<String>,
    /// The image that it is about, as it says.
    pub image: Option<String>,
    /// The digest of what it did, as it says.
    pub digest: Option<String>,
}

impl Found {
    /// What a status and a definition say.
    pub fn new(status: &crate::taskcluster::TaskStatus, definition: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            state: status.state,
            scheduler_id: status.scheduler_id.clone(),
            task_queue_id: match &definition["taskQueueId"] {
                Value::String(id) => id.clone(),
                _ => format!(
                    "{}/{}",
                    definition["provisionerId"].as_str().unwrap_or_default(),
                    definition["workerType"].as_str().unwrap_or_default()
                ),
            },
            created: definition["created"]
                .as_str()
                .and_then(|time| time.parse().ok())
                // Unknown is as old as can be.
                .unwrap_or_else(|| Timestamp::from_millis(0)),
            expires: status.expires,
            kind: text(&definition["tags"]["kind"]),
            image: text(&definition["extra"]["image"]["id"]),
            digest: text(&definition["extra"]["image"]["digest"]),
        }
    }
}

/// What a build's manifest says that pins stood for; nothing if it is none of the image's.
fn built_on(content: &[u8], image: Option<&str>) -> BTreeMap<String, String> {
    let manifest = Manifest::read(content).ok();
    let manifest = manifest.filter(|manifest| Some(manifest.image.to_string().as_str()) == image);
    manifest
        .into_iter()
        .flat_map(|manifest| manifest.pins)
        .filter_map(|(name, pin)| Some((name, pin.resolved?)))
        .collect()
}

impl Lookups {
    /// Asks the index for every path at which a task of the graph may be found, and the queue for what is there.
    ///
    /// # Errors
    /// Any failure: what is not known is not taken for absent.
    pub fn gather(
        graph: &TaskGraph,
        index: &dyn Index,
        queue: &dyn Queue,
    ) -> Result<Self, ApiError> {
        let paths: BTreeSet<IndexPath> = graph
            .tasks()
            .flat_map(|task| match &task.optimization {
                Some(Optimization::IndexSearch(paths)) => paths.as_slice(),
                None => &[],
            })
            .cloned()
            .collect();
        let index: BTreeMap<IndexPath, Entry> = index
            .find_tasks(&paths)?
            .into_iter()
            .map(|(path, found)| {
                let entry = Entry {
                    task_id: found.task_id,
                    expires: found.expires,
                };
                (path, entry)
            })
            .collect();
        let ids: BTreeSet<TaskId> = index.values().map(|entry| entry.task_id.clone()).collect();
        let statuses = queue.statuses(&ids)?;
        let known: BTreeSet<TaskId> = statuses.keys().cloned().collect();
        let definitions = queue.definitions(&known)?;
        let tasks = statuses
            .iter()
            .filter_map(|(id, status)| Some((id.clone(), Found::new(status, definitions.get(id)?))))
            .collect();
        Ok(Self {
            index,
            tasks,
            ..Self::default()
        })
    }

    /// Notes which tasks of the graph an earlier run of this decision created.
    ///
    /// # Errors
    /// Any failure.
    pub fn gather_created(
        &mut self,
        ids: &BTreeMap<Label, TaskId>,
        queue: &dyn Queue,
    ) -> Result<(), ApiError> {
        let all: BTreeSet<TaskId> = ids.values().cloned().collect();
        let known = queue.statuses(&all)?;
        self.created = ids
            .iter()
            .filter(|(_, id)| known.contains_key(*id))
            .map(|(label, _)| label.clone())
            .collect();
        Ok(())
    }

    /// Notes what pins that float stand for now, by a function that asks, and what they stood for when the builds that the
    /// index names were made, by their manifests. `pins` are those of each image, by the label of its build task.
    ///
    /// What is not known of a pin is noted, too: it does not keep the others.
    ///
    /// # Errors
    /// Any failure of Taskcluster.
    pub fn gather_floating(
        &mut self,
        graph: &TaskGraph,
        pins: &BTreeMap<Label, BTreeSet<String>>,
        ask: &dyn Fn(&str) -> Now,
        queue: &dyn Queue,
    ) -> Result<(), ApiError> {
        let floating: Vec<_> = pins
            .iter()
            .filter_map(|(label, pins)| Some((graph.get(label)?, pins)))
            .collect();
        let mut builds = BTreeSet::new();
        for (task, pins) in floating {
            for pin in pins {
                if !self.floating.contains_key(pin) {
                    self.floating.insert(pin.clone(), ask(pin));
                }
            }
            let paths = match &task.optimization {
                Some(Optimization::IndexSearch(paths)) => paths.as_slice(),
                None => &[],
            };
            let found = paths.iter().filter_map(|path| self.index.get(path));
            builds.extend(
                found
                    .map(|entry| entry.task_id.clone())
                    .filter(|id| self.tasks.contains_key(id)),
            );
        }
        let builds: Vec<TaskId> = builds.into_iter().collect();
        let name = format!("public/image/{}", manifest::NAME);
        let answers = super::parallel::map(&builds, |id| queue.artifact(id, &name));
        for (id, answer) in builds.into_iter().zip(answers) {
            let pins = answer?.map(|content| built_on(&content, self.tasks[&id].image.as_deref()));
            self.built_on.insert(id, pins.unwrap_or_default());
        }
        Ok(())
    }

    /// Asks for the artifacts of some tasks.
    ///
    /// # Errors
    /// Any failure.
    pub fn gather_artifacts(
        &mut self,
        ids: &BTreeSet<TaskId>,
        queue: &dyn Queue,
    ) -> Result<(), ApiError> {
        let ids: Vec<&TaskId> = ids.iter().collect();
        let answers = super::parallel::map(&ids, |id| queue.artifacts(id));
        for (id, answer) in ids.into_iter().zip(answers) {
            self.artifacts.insert(id.clone(), answer?);
        }
        Ok(())
    }

    /// Answers a question, and asks for artifacts on the way, as far as they matter.
    ///
    /// Without a queue, what was not looked up before counts as absent.
    ///
    /// # Errors
    /// Any failure.
    pub fn settle(
        &mut self,
        question: &Question<'_>,
        queue: Option<&dyn Queue>,
    ) -> Result<Optimized, ApiError> {
        loop {
            match (optimize(question, self), queue) {
                (Answer::Optimized(optimized), _) => return Ok(optimized),
                (Answer::Artifacts(ids), Some(queue)) => self.gather_artifacts(&ids, queue)?,
                (Answer::Artifacts(ids), None) => {
                    self.artifacts
                        .extend(ids.into_iter().map(|id| (id, BTreeMap::new())));
                }
            }
        }
    }
}
