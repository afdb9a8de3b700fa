//! [`Uses`]: the worker pools on which the tasks of a decision really run.

use std::collections::BTreeMap;

use serde_json::Value;

/// How many tasks of a decision run on each worker pool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    pools: BTreeMap<String, usize>,
}

/// Some document is no task graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no task graph: {0}")]
pub struct UsesError(String);

impl Uses {
    /// Reads a `task-graph.json`, or `full-task-graph.json`: tasks by id or label, each with its definition.
    ///
    /// # Errors
    /// When it is something else. A task that names no queue is a fault, too: it would be a use that nobody sees.
    pub fn of_task_graph(content: &[u8]) -> Result<Self, UsesError> {
        let graph: BTreeMap<String, Value> =
            serde_json::from_slice(content).map_err(|error| UsesError(error.to_string()))?;
        let mut uses = Self::default();
        for (name, task) in &graph {
            let definition = task.get("task").unwrap_or(task);
            let text = |key: &str| definition.get(key).and_then(Value::as_str);
            let pool = match (
                text("taskQueueId"),
                text("provisionerId"),
                text("workerType"),
            ) {
                (Some(pool), ..) => pool.to_owned(),
                (None, Some(provisioner), Some(worker_type)) => {
                    format!("{provisioner}/{worker_type}")
                }
                _ => return Err(UsesError(format!("the task `{name}` names no task queue"))),
            };
            *uses.pools.entry(pool).or_default() += 1;
        }
        Ok(uses)
    }

    /// Whether nothing is used.
    pub fn is_empty(&self) -> bool {
        self.pools.is_empty()
    }

    /// The pools, each with the number of tasks that run on it.
    pub fn pools(&self) -> impl Iterator<Item = (&str, usize)> {
        self.pools
            .iter()
            .map(|(pool, count)| (pool.as_str(), *count))
    }

    /// How many tasks run on pools of which `is` holds.
    pub fn count(&self, is: impl Fn(&str) -> bool) -> usize {
        self.pools()
            .filter(|(pool, _)| is(pool))
            .map(|(_, count)| count)
            .sum()
    }
}
