//! [`Replicate`]: which tasks of other projects are run again on a candidate, to see that it serves them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{AliasName, Duration, IndexPath, Level, ProjectConfig};

/// Which tasks of other projects are run again on a candidate, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Replicate {
    /// The worker alias of the pool that runs the candidate.
    pub pool: AliasName,
    /// Whose tasks.
    pub from: Vec<ReplicateSource>,
    /// How many tasks of all sources together are run at most: the first ones by source and label.
    pub at_most: usize,
    /// When the worker stops one of them.
    pub max_run_time: Duration,
    /// Scopes that tasks hold and do without when they are run again; patterns with `*`.
    pub drop_scopes: Vec<String>,
}

/// Some tasks of a project. What is empty selects everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReplicateSource {
    /// Where the index names the project's newest decision task.
    pub index: IndexPath,
    /// Who must have scheduled that decision, such as `gecko-level-3`.
    pub scheduler: String,
    /// The kinds of the tasks; patterns with `*`.
    pub kinds: Vec<String>,
    /// The values that attributes of the tasks have, one of each list; patterns with `*`.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// The pools that the tasks ran on, `provisioner/worker-type`; patterns with `*`.
    pub ran_on: Vec<String>,
    /// The labels of tasks that are left out; patterns with `*`.
    pub except: Vec<String>,
}

impl Replicate {
    /// How many tasks are run where a definition does not say.
    pub const USUAL: usize = 50;
    /// How many tasks a definition can ask for.
    pub const MOST: usize = 500;

    /// The project, as the queue has it, of what verify tasks of a level create: whoever may cancel what is of it may
    /// cancel nothing else.
    pub fn project(config: &ProjectConfig, level: Level) -> String {
        format!("{}-level-{level}-replicas", config.trust_domain)
    }
}
