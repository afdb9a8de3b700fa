//! The scopes that creating a plan's tasks needs, compared with those that the creator holds, before anything is
//! created: whatever is missing is reported at once, not one task at a time.

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images_transforms::{Label, Priority, ProjectConfig};

use super::optimize::scheduler_id;
use super::plan::Plan;

/// A scope that is needed and not held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{scope}`{}", tasks(.labels))]
pub struct MissingScope {
    /// The scope; where any of several would do, the narrowest.
    pub scope: String,
    /// The tasks that need it; none if it is no task that does.
    pub labels: BTreeSet<Label>,
}

/// How many labels are named with a scope.
const NAMED: usize = 3;

fn tasks(labels: &BTreeSet<Label>) -> String {
    let named: Vec<String> = labels
        .iter()
        .take(NAMED)
        .map(|label| format!("`{label}`"))
        .collect();
    let named = named.join(", ");
    match labels.len().saturating_sub(NAMED) {
        0 if labels.is_empty() => named,
        0 => format!(", needed by {named}"),
        more => format!(", needed by {named} and {more} more"),
    }
}

/// Every scope that is needed and not held, sorted.
pub fn missing(plan: &Plan<'_>, held: &BTreeSet<String>) -> Vec<MissingScope> {
    let mut missing: BTreeMap<String, BTreeSet<Label>> = BTreeMap::new();
    // Tasks share most of their scopes.
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    for task in plan.tasks() {
        let mut need = |scope: String, alternatives: &[String]| {
            let satisfied = *known.entry(scope.clone()).or_insert_with(|| {
                satisfies(held, &scope) || alternatives.iter().any(|other| satisfies(held, other))
            });
            if !satisfied {
                missing.entry(scope).or_default().insert(task.label.clone());
            }
        };
        let definition = &task.task;
        need("queue:create-task:project:none".to_owned(), &[]);
        need(
            format!("queue:scheduler-id:{}", plan.creator().scheduler_id),
            &[],
        );
        let queue = &definition.task_queue_id;
        // A scope for a priority is also one for all lower ones.
        let higher: Vec<String> = Priority::ALL
            .iter()
            .take_while(|priority| **priority != definition.priority)
            .map(|priority| format!("queue:create-task:{priority}:{queue}"))
            .collect();
        need(
            format!("queue:create-task:{}:{queue}", definition.priority),
            &higher,
        );
        for route in &definition.routes {
            need(format!("queue:route:{route}"), &[]);
        }
        for scope in &definition.scopes {
            need(scope.clone(), &[]);
        }
    }
    missing
        .into_iter()
        .map(|(scope, labels)| MissingScope { scope, labels })
        .collect()
}

/// Whether a set of scopes satisfies one: it is there, or a pattern that ends in `*` covers it.
pub fn satisfies(held: &BTreeSet<String>, scope: &str) -> bool {
    held.contains(scope)
        || held.iter().any(|held| {
            held.strip_suffix('*')
                .is_some_and(|start| scope.starts_with(start))
        })
}

/// Whether the holder could create tasks of level 3, although its event lets anybody choose the code.
///
/// Nothing here would use that; but some other program in the task could, so the deployment is at fault.
pub fn too_much(config: &ProjectConfig, held: &BTreeSet<String>) -> Option<String> {
    let scope = format!(
        "queue:scheduler-id:{}",
        scheduler_id(config, taskgraph_images_transforms::Level::Three)
    );
    satisfies(held, &scope).then_some(scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_end_in_a_star() {
        let held = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect();
        assert!(satisfies(&held(&["a:b*"]), "a:bc"));
        assert!(satisfies(&held(&["a:b*"]), "a:b"));
        assert!(satisfies(&held(&["*"]), "anything"));
        assert!(!satisfies(&held(&["a:b"]), "a:bc"));
        assert!(!satisfies(&held(&["a:*b"]), "a:xb"));
    }
}
