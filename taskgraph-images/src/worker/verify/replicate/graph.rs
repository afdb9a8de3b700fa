//! The `public/task-graph.json` of a decision, as Taskgraph writes it: which of its tasks a source selects.
//!
//! It may have many thousands of tasks, and few are selected. It is read twice: first what tasks are selected by, then the
//! selected ones whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use taskgraph_images_transforms::ReplicateSource;

use crate::taskcluster::TaskId;
use crate::wildcard::matches;

/// The artifact of a decision task that has its tasks.
pub const NAME: &str = "public/task-graph.json";

/// What an artifact says is no graph of tasks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no task graph: {what} at line {line}, column {column}")]
pub struct GraphError {
    /// What is wrong with it. The text itself is not repeated: it is a stranger's.
    what: &'static str,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for GraphError {
    fn from(error: serde_json::Error) -> Self {
        use serde_json::error::Category;
        Self {
            what: match error.classify() {
                Category::Io | Category::Eof => "it ends",
                Category::Syntax => "there is no JSON",
                Category::Data => "there is not what a task has",
            },
            line: error.line(),
            column: error.column(),
        }
    }
}

/// A task that was selected.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Its label.
    pub label: String,
    /// Its id.
    pub id: TaskId,
    /// All that the graph says of it.
    pub task: Value,
}

/// The tasks of a graph that a source selects, by label.
///
/// # Errors
/// When the artifact is no task graph.
pub fn select(content: &[u8], source: &ReplicateSource) -> Result<Vec<Chosen>, GraphError> {
    let heads: BTreeMap<TaskId, Head> = serde_json::from_slice(content)?;
    let ids: BTreeSet<&TaskId> = heads
        .iter()
        .filter(|(_, head)| head.is_wanted(source))
        .map(|(id, _)| id)
        .collect();
    let mut reader = serde_json::Deserializer::from_slice(content);
    let tasks = Whole(&ids).deserialize(&mut reader)?;
    let mut chosen: Vec<Chosen> = tasks
        .into_iter()
        .map(|(id, task)| Chosen {
            label: heads[&id].label.clone(),
            id,
            task,
        })
        .collect();
    chosen.sort_by(|a, b| (&a.label, &a.id).cmp(&(&b.label, &b.id)));
    Ok(chosen)
}

/// What a task is selected by.
#[derive(Deserialize)]
struct Head {
    label: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, Value>,
    task: Queue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Queue {
    #[serde(default)]
    task_queue_id: Option<String>,
    #[serde(default)]
    provisioner_id: Option<String>,
    #[serde(default)]
    worker_type: Option<String>,
}

impl Head {
    fn is_wanted(&self, source: &ReplicateSource) -> bool {
        let any = |patterns: &[String], text: &str| patterns.iter().any(|one| matches(one, text));
        let or_all = |patterns: &[String], text: Option<&str>| {
            patterns.is_empty() || text.is_some_and(|text| any(patterns, text))
        };
        // Older graphs have the kind among the attributes alone.
        let kind = self.kind.clone().or_else(|| self.attribute("kind"));
        or_all(&source.kinds, kind.as_deref())
            && or_all(&source.ran_on, self.task.id().as_deref())
            && source.attributes.iter().all(|(name, wanted)| {
                self.attribute(name)
                    .is_some_and(|value| any(wanted, &value))
            })
            && !any(&source.except, &self.label)
    }

    /// The text of an attribute, unless it has parts.
    fn attribute(&self, name: &str) -> Option<String> {
        match self.attributes.get(name)? {
            Value::String(text) => Some(text.clone()),
            value @ (Value::Bool(_) | Value::Number(_)) => Some(value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

impl Queue {
    fn id(&self) -> Option<String> {
        self.task_queue_id.clone().or_else(|| {
            let (provisioner, worker_type) = (&self.provisioner_id, &self.worker_type);
            Some(format!(
                "{}/{}",
                provisioner.as_ref()?,
                worker_type.as_ref()?
            ))
        })
    }
}

/// Reads the named tasks of a graph, and passes over the others.
struct Whole<'a>(&'a BTreeSet<&'a TaskId>);

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = BTreeMap<TaskId, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = BTreeMap<TaskId, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from ids to tasks")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut tasks = BTreeMap::new();
        while let Some(id) = map.next_key::<TaskId>()? {
            if self.0.contains(&id) {
                tasks.insert(id, map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(tasks)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{graph, source};
    use super::*;

    fn labels(change: impl FnOnce(&mut ReplicateSource)) -> String {
        let mut source = source();
        source.kinds.clear();
        change(&mut source);
        let chosen = select(graph().to_string().as_bytes(), &source).unwrap();
        let labels: Vec<&str> = chosen.iter().map(|one| one.label.as_str()).collect();
        labels.join(" ")
    }

    #[test]
    fn what_a_source_selects() {
        let list = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        let attribute =
            |name: &str, words: &[&str]| BTreeMap::from([(name.to_owned(), list(words))]);
        insta::assert_snapshot!(labels(|_| {}), @"build-linux/opt test-linux/opt-a test-windows/opt-a wpt-linux/opt-1");
        insta::assert_snapshot!(labels(|source| source.kinds = list(&["mochi*", "web-platform-tests"])), @"test-windows/opt-a wpt-linux/opt-1");
        insta::assert_snapshot!(labels(|source| source.ran_on = list(&["gecko-t/win11*"])), @"test-windows/opt-a");
        insta::assert_snapshot!(labels(|source| source.attributes = attribute("unittest_variant", &["os-*"])), @"test-linux/opt-a");
        insta::assert_snapshot!(labels(|source| source.attributes = attribute("shippable", &["true"])), @"build-linux/opt");
        insta::assert_snapshot!(labels(|source| source.attributes = attribute("run_on_projects", &["*"])), @"");
        insta::assert_snapshot!(labels(|source| source.except = list(&["test-*", "build*"])), @"wpt-linux/opt-1");
    }

    #[test]
    fn what_is_no_graph() {
        for (text, expect) in [
            (
                "{\"fN1SbArXTPSVFNUvaOlinQ\": {\"lab",
                "it ends at line 1, column 32",
            ),
            ("<html>", "there is no JSON at line 1, column 1"),
            ("[]", "there is not what a task has at line 1, column 0"),
            (
                "{\"\\u001b[31m\": {}}",
                "there is not what a task has at line 1, column 13",
            ),
            (
                "{\"fN1SbArXTPSVFNUvaOlinQ\": {\"label\": 3, \"task\": {}}}",
                "there is not what a task has",
            ),
        ] {
            let error = select(text.as_bytes(), &source()).unwrap_err().to_string();
            assert!(error.contains(expect), "{text}: {error}");
        }
    }
}
