//! Checks a graph against what Taskcluster takes and what a level may do. Every fault is reported, not the first.
//!
//! One rule a file, listed in [`RULES`]. That labels are unique and dependencies exist is checked when a
//! [`TaskGraph`] is made. The rules look at rendered tasks, so they hold whatever definitions, templates and
//! settings say.

use crate::definition::{Label, ProjectConfig};
use crate::graph::TaskGraph;
use crate::parameters::Parameters;
use crate::task::Task;

mod body;
mod dependencies;
mod dependency_expiry;
mod environment;
mod index_paths;
mod index_rank;
mod level_caches;
mod level_queues;
mod level_routes;
mod level_scopes;
mod level_search;
mod maintenance;
mod metadata;
mod publish_level;
mod replicas;
mod retries;
mod root;
mod routes;
mod scopes;
mod tags;
mod times;
mod unique_index_paths;
mod untrusted_credentials;
mod validate;

/// A rule that every graph obeys.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name, in kebab case.
    pub name: &'static str,
    check: fn(&Graph<'_>, &mut Faults),
}

/// All rules: first what the queue takes, then what a level may do.
pub const RULES: &[Rule] = &[
    Rule {
        name: "metadata",
        check: metadata::check,
    },
    Rule {
        name: "tags",
        check: tags::check,
    },
    Rule {
        name: "routes",
        check: routes::check,
    },
    Rule {
        name: "index-paths",
        check: index_paths::check,
    },
    Rule {
        name: "unique-index-paths",
        check: unique_index_paths::check,
    },
    Rule {
        name: "index-rank",
        check: index_rank::check,
    },
    Rule {
        name: "dependencies",
        check: dependencies::check,
    },
    Rule {
        name: "dependency-expiry",
        check: dependency_expiry::check,
    },
    Rule {
        name: "times",
        check: times::check,
    },
    Rule {
        name: "retries",
        check: retries::check,
    },
    Rule {
        name: "environment",
        check: environment::check,
    },
    Rule {
        name: "scopes",
        check: scopes::check,
    },
    Rule {
        name: "body",
        check: body::check,
    },
    Rule {
        name: "publish-level",
        check: publish_level::check,
    },
    Rule {
        name: "level-queues",
        check: level_queues::check,
    },
    Rule {
        name: "level-scopes",
        check: level_scopes::check,
    },
    Rule {
        name: "level-routes",
        check: level_routes::check,
    },
    Rule {
        name: "level-search",
        check: level_search::check,
    },
    Rule {
        name: "level-caches",
        check: level_caches::check,
    },
    Rule {
        name: "untrusted-credentials",
        check: untrusted_credentials::check,
    },
    Rule {
        name: "root",
        check: root::check,
    },
    Rule {
        name: "validate",
        check: validate::check,
    },
    Rule {
        name: "replicas",
        check: replicas::check,
    },
    Rule {
        name: "maintenance",
        check: maintenance::check,
    },
];

/// A task that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("`{label}`: {message} (rule `{rule}`)")]
pub struct Violation {
    /// The task.
    pub label: Label,
    /// The rule's name.
    pub rule: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: &'static str,
}

/// Checks a graph. The violations are in the order of the rules, then of the labels.
pub fn verify(
    graph: &TaskGraph,
    config: &ProjectConfig,
    parameters: &Parameters,
) -> Vec<Violation> {
    let checked = Graph {
        graph,
        config,
        parameters,
    };
    let mut violations = Vec::new();
    for rule in RULES {
        let mut faults = Faults {
            rule: rule.name,
            found: violations,
        };
        (rule.check)(&checked, &mut faults);
        violations = faults.found;
    }
    violations
}

/// What a rule sees.
struct Graph<'a> {
    graph: &'a TaskGraph,
    config: &'a ProjectConfig,
    parameters: &'a Parameters,
}

impl Graph<'_> {
    fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.graph.tasks()
    }

    fn get(&self, label: &Label) -> Option<&Task> {
        self.graph.get(label)
    }
}

/// Where a rule reports to.
struct Faults {
    rule: &'static str,
    found: Vec<Violation>,
}

impl Faults {
    fn task(&mut self, task: &Task, message: String, hint: &'static str) {
        self.found.push(Violation {
            label: task.label.clone(),
            rule: self.rule,
            message,
            hint,
        });
    }
}

#[cfg(test)]
mod testing {
    use super::verify;
    use crate::definition::Level;
    use crate::graph::TaskGraph;
    use crate::parameters::Parameters;
    use crate::task::Task;
    use crate::testing;

    /// Spoils a good graph of level 1, whose first task is `build-base-google`, and expects one rule to say so.
    pub(super) fn check(rule: &str, spoil: impl FnOnce(&mut [Task]), expect: &str) {
        check_at(Level::One, rule, spoil, expect);
    }

    pub(super) fn check_at(
        level: Level,
        rule: &str,
        spoil: impl FnOnce(&mut [Task]),
        expect: &str,
    ) {
        check_in(&testing::push(level), rule, spoil, expect);
    }

    pub(super) fn check_in(
        parameters: &Parameters,
        rule: &str,
        spoil: impl FnOnce(&mut [Task]),
        expect: &str,
    ) {
        let config = testing::config();
        let mut tasks: Vec<Task> = testing::graph(parameters).tasks().cloned().collect();
        spoil(&mut tasks);
        let graph = TaskGraph::new(tasks).unwrap();
        let found = verify(&graph, &config, parameters);
        assert!(
            found
                .iter()
                .any(|fault| fault.rule == rule && fault.to_string().contains(expect)),
            "expected {rule}: {expect}, found {found:#?}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_listed_once() {
        let names: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/verify")).unwrap();
        for file in files {
            let stem = file
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .replace('_', "-");
            assert!(names.contains(stem.as_str()), "{stem}.rs is not listed");
        }
    }
}
