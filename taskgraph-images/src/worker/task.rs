//! [`Task`]: what a task's environment says to its command, besides the revision ([`super::head`]).
//!
//! The same variables make a command repeatable by hand: none of them is needed for a build of the work tree.

use std::collections::BTreeMap;
use std::path::PathBuf;

use taskgraph_images_transforms::{Digest, Level, ReviewedPlan};

use crate::taskcluster::TaskId;

/// What a task's environment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The task itself; none by hand.
    pub own: Option<TaskId>,
    /// Which run of the task this is; the first by hand.
    pub run: u32,
    /// The decision task, which is the group's.
    pub decision: Option<TaskId>,
    /// The level of the run; 1 by hand.
    pub level: Level,
    /// Where artifacts are left.
    pub upload: PathBuf,
    /// The digest that the decision recorded for what the task does; none by hand.
    pub digest: Option<Digest>,
    /// The tasks whose results it takes, by edge: `build`, `verify`, `parent`.
    pub needs: BTreeMap<String, TaskId>,
    /// The names of the secrets that it reads.
    pub secrets: Vec<String>,
    /// The task that left the plan of a clean-up that it carries out.
    pub plan: Option<TaskId>,
    /// The SHA-256 of that plan.
    pub plan_sha256: Option<Digest>,
}

/// A variable has a value that it cannot have; whoever made the task can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the variable `{name}` is {value:?}: {why}")]
pub struct VariableError {
    /// The variable.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What is wrong with it.
    pub why: String,
}

/// The edges of a task to those that it takes something from.
const EDGES: [&str; 3] = ["build", "verify", "parent"];

impl Task {
    /// Reads it from variables.
    ///
    /// # Errors
    /// Every variable that has a value which it cannot have.
    pub fn from_variables(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<VariableError>> {
        let mut errors = Vec::new();
        let mut parsed = Parsed {
            lookup: &lookup,
            errors: &mut errors,
        };
        let task = Self {
            own: parsed.value("TASK_ID"),
            run: parsed.value("RUN_ID").unwrap_or_default(),
            decision: parsed.value("TASK_GROUP_ID"),
            level: parsed.value("MOZ_SCM_LEVEL").unwrap_or(Level::One),
            upload: given(&lookup, "UPLOAD_DIR")
                .map_or_else(|| PathBuf::from("artifacts"), PathBuf::from),
            digest: parsed.value("TASKGRAPH_IMAGES_DIGEST"),
            needs: EDGES
                .iter()
                .filter_map(|edge| {
                    let variable = format!("TASKGRAPH_IMAGES_{}_TASK_ID", edge.to_uppercase());
                    Some(((*edge).to_owned(), parsed.value(&variable)?))
                })
                .collect(),
            secrets: given(&lookup, "TASKGRAPH_IMAGES_SECRETS")
                .map(|names| names.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
            plan: parsed.value(ReviewedPlan::TASK),
            plan_sha256: parsed.value(ReviewedPlan::SHA256),
        };
        if errors.is_empty() {
            Ok(task)
        } else {
            Err(errors)
        }
    }
}

/// A variable that is set to something.
fn given(lookup: &impl Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    lookup(name).filter(|value| !value.is_empty())
}

struct Parsed<'a, L> {
    lookup: &'a L,
    errors: &'a mut Vec<VariableError>,
}

impl<L: Fn(&str) -> Option<String>> Parsed<'_, L> {
    fn value<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Option<T> {
        let value = given(self.lookup, name)?;
        match value.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.errors.push(VariableError {
                    name: name.to_owned(),
                    why: error.to_string(),
                    value,
                });
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Task, Vec<VariableError>> {
        Task::from_variables(|name| {
            let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
            Some((*value).to_owned())
        })
    }

    #[test]
    fn by_hand_nothing_is_set() {
        let task = of(&[("TASK_ID", "")]).unwrap();
        assert_eq!((task.own, task.level), (None, Level::One));
        assert_eq!(task.upload, PathBuf::from("artifacts"));
    }

    #[test]
    fn a_task_says_what_it_needs() {
        let task = of(&[
            ("MOZ_SCM_LEVEL", "3"),
            ("UPLOAD_DIR", "/builds/artifacts"),
            ("TASKGRAPH_IMAGES_BUILD_TASK_ID", "fN1SbArXTPSVFNUvaOlinQ"),
            (
                "TASKGRAPH_IMAGES_SECRETS",
                "project/td/level-3/a project/td/level-3/b",
            ),
        ])
        .unwrap();
        assert_eq!(task.level, Level::Three);
        assert_eq!(task.needs["build"].as_str(), "fN1SbArXTPSVFNUvaOlinQ");
        assert_eq!(task.secrets.len(), 2);
    }

    #[test]
    fn all_faults_are_told() {
        let errors = of(&[
            ("TASK_ID", "x"),
            ("MOZ_SCM_LEVEL", "2"),
            ("TASKGRAPH_IMAGES_DIGEST", "abc"),
            ("TASKGRAPH_IMAGES_PLAN_TASK_ID", "../x"),
            ("TASKGRAPH_IMAGES_PLAN_SHA256", "ABC"),
        ])
        .unwrap_err();
        let names: Vec<&str> = errors.iter().map(|error| error.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "TASK_ID",
                "MOZ_SCM_LEVEL",
                "TASKGRAPH_IMAGES_DIGEST",
                "TASKGRAPH_IMAGES_PLAN_TASK_ID",
                "TASKGRAPH_IMAGES_PLAN_SHA256",
            ]
        );
    }
}
