//! [`Record`]: what became of a task, as its folder of artifacts keeps it; and [`todo()`]: what is to be run, given these.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use taskgraph_images_transforms::{Label, Level};

use super::execute::State;
use super::place::Place;
use crate::taskcluster::{TaskId, Timestamp};

/// The version of the format. What is of another is not believed.
const VERSION: u32 = 1;
/// The file, beside a task's artifacts: none has this name, because theirs start with `public/`.
const NAME: &str = "run.json";

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    version: u32,
    /// The task's label.
    pub label: String,
    /// The digest of what it did.
    pub digest: String,
    /// The level that it ran at.
    pub level: Level,
    /// The commit that it ran on.
    pub revision: String,
    /// Whether that was a snapshot of a work tree.
    pub modified: bool,
    /// How it ended.
    pub state: State,
    /// Why, unless it completed.
    pub reason: Option<String>,
    /// The exit code of the command that decided it.
    pub exit_code: Option<i32>,
    /// How often it was begun.
    pub tries: u32,
    /// The names of its artifacts.
    pub artifacts: Vec<String>,
    /// When it was begun.
    pub started: Timestamp,
    /// When it was done.
    pub finished: Timestamp,
}

/// What a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The task's label.
    pub label: Label,
    /// The digest of what it does.
    pub digest: String,
    /// The level that it runs at.
    pub level: Level,
    /// The commit that it runs on.
    pub revision: String,
    /// Whether that is a snapshot of a work tree.
    pub modified: bool,
}

/// A record cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: {why}")]
pub struct RecordError {
    /// The file.
    pub path: PathBuf,
    /// What the system says.
    pub why: String,
}

impl Record {
    /// The record of a task that ended.
    pub fn new(
        subject: &Subject,
        outcome: &super::execute::Outcome,
        started: Timestamp,
        finished: Timestamp,
    ) -> Self {
        Self {
            version: VERSION,
            label: subject.label.to_string(),
            digest: subject.digest.clone(),
            level: subject.level,
            revision: subject.revision.clone(),
            modified: subject.modified,
            state: outcome.state,
            reason: outcome.why.clone(),
            exit_code: outcome.exit_code,
            tries: outcome.tries,
            artifacts: outcome.artifacts.clone(),
            started,
            finished,
        }
    }

    /// The record that a task left, if it left one that can be read: else it is as if it had not run.
    pub fn read(place: &Place, id: &TaskId) -> Option<Self> {
        let content = std::fs::read(place.artifacts(id).join(NAME)).ok()?;
        let record: Self = serde_json::from_slice(&content).ok()?;
        (record.version == VERSION).then_some(record)
    }

    /// Writes it, whole or not at all: a task that was killed has none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, place: &Place, id: &TaskId) -> Result<(), RecordError> {
        let path = place.artifacts(id).join(NAME);
        let partial = path.with_extension("part");
        let write = || {
            std::fs::write(&partial, crate::output::json(self))?;
            std::fs::rename(&partial, &path)
        };
        write().map_err(|error: std::io::Error| RecordError {
            path: path.clone(),
            why: error.to_string(),
        })
    }

    /// Whether everything that it says was left is still there.
    fn is_whole(&self, artifacts: &Path) -> bool {
        self.artifacts
            .iter()
            .all(|name| artifacts.join(name).is_file())
    }
}

/// Why each task is to be run, if it is. Tasks are given with those that they need, which stand before them.
pub fn todo(
    tasks: &[(Subject, TaskId, Vec<usize>)],
    place: &Place,
    force: bool,
) -> Vec<Option<String>> {
    let mut todo: Vec<Option<String>> = Vec::with_capacity(tasks.len());
    for (subject, id, needs) in tasks {
        let anew = needs.iter().find(|at| todo[**at].is_some());
        let reason = match (Record::read(place, id), anew) {
            _ if force => Some("all were asked for anew".to_owned()),
            (None, _) => Some("it has not run here".to_owned()),
            (Some(record), _) if record.state != State::Completed => {
                Some("its last run did not complete".to_owned())
            }
            (Some(record), _) if record.digest != subject.digest => {
                Some("its digest is another".to_owned())
            }
            // What is of one level is nothing to another's tasks.
            (Some(record), _) if record.level != subject.level => {
                Some(format!("its last run was at level {}", record.level))
            }
            (Some(record), _) if !record.is_whole(&place.artifacts(id)) => {
                Some("what it left is not all there".to_owned())
            }
            (Some(_), Some(at)) => Some(format!("`{}`, which it needs, runs", tasks[*at].0.label)),
            (Some(_), None) => None,
        };
        todo.push(reason);
    }
    todo
}

#[cfg(test)]
mod tests {
    use super::super::execute::Outcome;
    use super::*;

    /// Three tasks, each needing the one before.
    fn tasks(digests: [&str; 3], level: Level) -> Vec<(Subject, TaskId, Vec<usize>)> {
        let subject = |(at, digest): (usize, &str)| {
            let label = Label::new(["build-a", "build-b", "verify-b"][at]).unwrap();
            let id = TaskId::derive(&TaskId::placeholder(), label.as_str());
            let subject = Subject {
                label,
                digest: digest.to_owned(),
                level,
                revision: "0".repeat(40),
                modified: false,
            };
            (subject, id, at.checked_sub(1).into_iter().collect())
        };
        digests.into_iter().enumerate().map(subject).collect()
    }

    fn record(place: &Place, (subject, id, _): &(Subject, TaskId, Vec<usize>), state: State) {
        let outcome = Outcome {
            state,
            why: None,
            exit_code: None,
            tries: 1,
            artifacts: vec!["public/x".to_owned()],
            stopped: false,
            fault: None,
        };
        std::fs::create_dir_all(place.artifacts(id).join("public")).unwrap();
        std::fs::write(place.artifacts(id).join("public/x"), "").unwrap();
        let time = Timestamp::from_millis(0);
        Record::new(subject, &outcome, time, time)
            .write(place, id)
            .unwrap();
    }

    #[test]
    fn what_is_to_be_run() {
        let keep = tempfile::tempdir().unwrap();
        let place = Place::new(keep.path().to_owned());
        let said = |tasks: &[(Subject, TaskId, Vec<usize>)], force| {
            let todo = todo(tasks, &place, force);
            let words = todo.into_iter().map(|why| why.unwrap_or("-".to_owned()));
            words.collect::<Vec<_>>().join("; ")
        };
        let known = tasks(["1", "2", "3"], Level::One);
        assert_eq!(
            said(&known, false),
            "it has not run here; it has not run here; it has not run here"
        );
        for task in &known {
            record(&place, task, State::Completed);
        }
        assert_eq!(said(&known, false), "-; -; -");
        assert_eq!(
            said(&known, true),
            "all were asked for anew; all were asked for anew; all were asked for anew"
        );
        // A digest may stay although what the task needs is made anew, as with other limits of time.
        assert_eq!(
            said(&tasks(["1", "changed", "3"], Level::One), false),
            "-; its digest is another; `build-b`, which it needs, runs"
        );
        assert_eq!(
            said(&tasks(["1", "2", "3"], Level::Three), false),
            "its last run was at level 1; its last run was at level 1; its last run was at level 1"
        );
        record(&place, &known[1], State::Failed);
        assert_eq!(
            said(&known, false),
            "-; its last run did not complete; `build-b`, which it needs, runs"
        );
        let id = &known[2].1;
        record(&place, &known[1], State::Completed);
        std::fs::remove_file(place.artifacts(id).join("public/x")).unwrap();
        assert_eq!(said(&known, false), "-; -; what it left is not all there");
        // What is torn, or of another version, is as if it were not there.
        for content in ["{\"version\": 1", "{\"version\": 2}", ""] {
            std::fs::write(place.artifacts(id).join(NAME), content).unwrap();
            assert_eq!(
                said(&known, false),
                "-; -; it has not run here",
                "{content}"
            );
        }
    }
}
