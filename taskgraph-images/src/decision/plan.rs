//! [`Plan`]: the tasks that will be created, with their ids: from typed tasks to what the queue gets.
//!
//! Definitions are made one at a time, when they are needed: thousands of them as trees would take much memory.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use taskgraph_images_transforms::{Duration, Label, Task, TaskGraph};

use super::optimize::Optimized;
use crate::taskcluster::{TaskId, Timestamp};

/// Who creates tasks, and where.
#[derive(Debug, Clone)]
pub struct Creator {
    /// The task that creates them: a decision task, or an action task. Ids are derived from its id, and what has
    /// nothing else to wait for waits for it.
    pub task_id: TaskId,
    /// The decision task, whose id is also the group's.
    pub decision: TaskId,
    /// The scheduler's id, which says the trust domain and the level.
    pub scheduler_id: String,
    /// Taskcluster's root URL, for addresses of artifacts; without a final slash.
    pub root_url: String,
    /// What tells these tasks from others that the same task creates under the same labels; empty for the first.
    pub variant: String,
}

impl Creator {
    /// The id of the task that this creates for a label.
    pub fn id(&self, label: &Label) -> TaskId {
        match self.variant.as_str() {
            "" => TaskId::derive(&self.task_id, label.as_str()),
            // No label holds a space.
            variant => TaskId::derive(&self.task_id, &format!("{label} {variant}")),
        }
    }
}

/// The tasks that will be created.
#[derive(Debug)]
pub struct Plan<'a> {
    graph: &'a TaskGraph,
    creator: &'a Creator,
    /// Labels of the tasks that are created, each after all that it needs.
    order: Vec<&'a Label>,
    kept: BTreeSet<&'a Label>,
    /// Ids of created and of replacing tasks.
    ids: BTreeMap<&'a Label, TaskId>,
}

impl<'a> Plan<'a> {
    /// Gives ids to what is created.
    pub fn new(graph: &'a TaskGraph, optimized: &'a Optimized, creator: &'a Creator) -> Self {
        let kept: BTreeSet<&Label> = optimized.kept().collect();
        let mut ids: BTreeMap<&Label, TaskId> = optimized
            .replaced()
            .map(|(label, id)| (label, id.clone()))
            .collect();
        ids.extend(kept.iter().map(|label| (*label, creator.id(label))));
        let order = graph
            .topological()
            .into_iter()
            .filter(|label| kept.contains(label))
            .collect();
        Self {
            graph,
            creator,
            order,
            kept,
            ids,
        }
    }

    /// Who creates the tasks.
    pub fn creator(&self) -> &Creator {
        self.creator
    }

    /// The tasks that are created, each after all that it needs.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = &'a Task> {
        self.order.iter().map(|label| {
            self.graph
                .get(label)
                .expect("the order is one of the graph's labels")
        })
    }

    /// Whether a task is created.
    pub fn creates(&self, label: &Label) -> bool {
        self.kept.contains(label)
    }

    /// The ids of created and of replacing tasks, by label: `label-to-taskid.json`.
    pub fn ids(&self) -> &BTreeMap<&'a Label, TaskId> {
        &self.ids
    }

    /// The id of a task that is created.
    ///
    /// # Panics
    /// When it is none of [`Plan::tasks`].
    pub fn id(&self, task: &Task) -> &TaskId {
        self.ids
            .get(&task.label)
            .expect("every task that is created has an id")
    }

    /// A task as `task-graph.json` shows it: with ids for references, and relative times.
    pub fn task(&self, task: &Task) -> Value {
        let mut value = tree(task);
        let edges = self.edges(task);
        let mut definition = value["task"].take();
        self.resolve(&mut definition, &edges);
        definition["extra"]["parent"] = json!(self.creator.task_id);
        definition["dependencies"] = json!(sorted(&edges));
        value["dependencies"] = json!(edges);
        value["task"] = definition;
        value["task_id"] = json!(self.id(task));
        value
    }

    /// A task's definition as the queue gets it when it is created at some moment.
    pub fn definition(&self, task: &Task, now: Timestamp) -> Value {
        let edges = self.edges(task);
        let mut definition = tree(&task.task);
        self.resolve(&mut definition, &edges);
        dates(&mut definition, now);
        definition["extra"]["parent"] = json!(self.creator.task_id);
        let mut dependencies = sorted(&edges);
        if !task.dependencies.values().any(|label| self.creates(label)) {
            // So that nothing starts before the graph is whole.
            dependencies.insert(&self.creator.task_id);
        }
        definition["dependencies"] = json!(dependencies);
        definition["taskGroupId"] = json!(self.creator.decision);
        definition["schedulerId"] = json!(self.creator.scheduler_id);
        definition
    }

    /// The ids at the ends of a task's edges. What was removed is needed by nothing that is created.
    fn edges(&self, task: &'a Task) -> BTreeMap<&'a str, &TaskId> {
        task.dependencies
            .iter()
            .filter_map(|(edge, label)| Some((edge.as_str(), self.ids.get(label)?)))
            .collect()
    }

    fn resolve(&self, value: &mut Value, edges: &BTreeMap<&str, &TaskId>) {
        match value {
            Value::Object(map) => {
                if let Some(text) = only(map, "task-reference") {
                    *value = Value::String(self.references(text, edges));
                } else if let Some(text) = only(map, "artifact-reference") {
                    *value = Value::String(self.addresses(text, edges));
                } else {
                    for value in map.values_mut() {
                        self.resolve(value, edges);
                    }
                }
            }
            Value::Array(list) => {
                for value in list {
                    self.resolve(value, edges);
                }
            }
            _ => {}
        }
    }

    /// Text with ids in the place of `<edge>`.
    fn references(&self, text: &str, edges: &BTreeMap<&str, &TaskId>) -> String {
        replace(text, |name| self.end(name, edges).map(ToString::to_string))
    }

    /// Text with addresses in the place of `<edge/artifact>`.
    fn addresses(&self, text: &str, edges: &BTreeMap<&str, &TaskId>) -> String {
        replace(text, |name| {
            let (edge, artifact) = name.split_once('/')?;
            let id = self.end(edge, edges)?;
            Some(format!(
                "{}/api/queue/v1/task/{id}/artifacts/{artifact}",
                self.creator.root_url
            ))
        })
    }

    fn end<'b>(&'b self, edge: &str, edges: &BTreeMap<&str, &'b TaskId>) -> Option<&'b TaskId> {
        match edge {
            // Whoever made the definition has what goes with it, such as its own program for this task's worker.
            "decision" => Some(&self.creator.task_id),
            _ => edges.get(edge).copied(),
        }
    }
}

fn tree(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("tasks are maps with text keys, lists and scalars")
}

fn sorted<'a>(edges: &BTreeMap<&str, &'a TaskId>) -> BTreeSet<&'a TaskId> {
    edges.values().copied().collect()
}

/// The text of a map that holds one name and nothing else.
fn only<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    match (map.len(), map.get(name)) {
        (1, Some(Value::String(text))) => Some(text),
        _ => None,
    }
}

/// Text in which each `<name>` is what `name` gives, if it gives something.
fn replace(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        match from[1..].split_once('>') {
            Some((name, after)) => {
                match value(name) {
                    Some(value) => out.push_str(&value),
                    None => {
                        out.push('<');
                        out.push_str(name);
                        out.push('>');
                    }
                }
                rest = after;
            }
            None => {
                out.push_str(from);
                rest = "";
            }
        }
    }
    out.push_str(rest);
    out
}

/// Puts dates in the place of relative times.
pub fn dates(value: &mut Value, now: Timestamp) {
    match value {
        Value::Object(map) => {
            if let Some(after) =
                only(map, "relative-datestamp").and_then(|text| text.parse::<Duration>().ok())
            {
                *value = json!(now.after(after));
            } else {
                for value in map.values_mut() {
                    dates(value, now);
                }
            }
        }
        Value::Array(list) => {
            for value in list {
                dates(value, now);
            }
        }
        _ => {}
    }
}
