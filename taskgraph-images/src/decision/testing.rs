//! A small fleet and what Taskcluster has of it, for tests.

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images_transforms::{
    Label, Level, Optimization, Parameters, ProjectConfig, TaskGraph,
};

use super::lookup::{Entry, Found, Lookups};
use super::optimize::{Optimized, Outcome, Question, max_ages, queues, scheduler_id};
use super::target::Targets;
use crate::comparison::Snapshot;
use crate::definitions::Layout;
use crate::graph::Contents;
use crate::output::preview::task_graph;
use crate::taskcluster::{TaskId, TaskState, Timestamp};
use crate::tree::MemoryTree;

const CONFIG: &str = "\
trust-domain: td
owner: team@example.org
workers:
  aliases:
    builder: {provisioner: 'td-{{level}}', worker-type: images, implementation: generic-worker, os: linux}
    maintenance: {provisioner: 'td-{{level}}', worker-type: maintenance, implementation: generic-worker, os: linux}
    sweeper: {provisioner: 'td-{{level}}', worker-type: sweeper, implementation: generic-worker, os: linux}
maintenance:
  upgrade: {worker: maintenance, github: {app: example-bot, repositories: [example/images]}}
  cleanup: {worker: maintenance}
  cleanup-apply: {worker: sweeper, secrets: [cleanup/clouds]}
";

const LINUX: &str = "\
os: linux
cloud: google
builder: {task: {}}
build: {worker: builder, max-run-time: 1 hour}
";

/// `base` is built, verified and published; `child` is built on it, `grandchild` on that.
pub(crate) fn fleet() -> Snapshot {
    let tree = MemoryTree::new([
        ("image-defs/config.yml", CONFIG),
        ("image-defs/fragments/linux.yml", LINUX),
        (
            "image-defs/images/base.yml",
            "extends: [linux]\nmax-age: 30 days\nverify: {method: boot, worker: builder}\npublish: {worker: builder}\n",
        ),
        (
            "image-defs/images/child.yml",
            "extends: [linux]\nparent: base\n",
        ),
        (
            "image-defs/images/grandchild.yml",
            "extends: [linux]\nparent: child\n",
        ),
    ])
    .tree();
    let snapshot = Snapshot::load(&tree, &Layout::default(), &Contents::default()).unwrap();
    assert!(snapshot.fleet.is_sound(), "{:?}", snapshot.fleet.findings);
    snapshot
}

pub(crate) fn parameters(level: Level) -> Parameters {
    Parameters {
        build_date: 1_767_225_599,
        owner: "somebody@example.org".to_owned(),
        ..Parameters::new(
            level,
            "images",
            "https://github.com/example/images",
            &"2".repeat(40),
        )
    }
}

pub(crate) fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

pub(crate) fn now() -> Timestamp {
    "2026-11-25T17:00:00.000Z".parse().unwrap()
}

/// A decision about the fleet, to be changed by a test.
pub(crate) struct Case {
    pub(crate) snapshot: Snapshot,
    pub(crate) level: Level,
    pub(crate) graph: TaskGraph,
    pub(crate) targets: Targets,
    pub(crate) lookups: Lookups,
    pub(crate) optimize_targets: bool,
    pub(crate) do_not_optimize: BTreeSet<Label>,
    pub(crate) existing: BTreeMap<Label, TaskId>,
    pub(crate) floating: BTreeMap<Label, BTreeSet<String>>,
}

impl Case {
    /// Some targets, with nothing in the index.
    pub(crate) fn new(level: Level, targets: &[&str]) -> Self {
        let snapshot = fleet();
        let full = task_graph(&snapshot, None, &parameters(level)).unwrap();
        let targets = Targets {
            labels: targets
                .iter()
                .map(|target| (label(target), "asked for".to_owned()))
                .collect(),
            ages: false,
        };
        Self {
            graph: full.part(targets.labels.keys()).unwrap(),
            snapshot,
            level,
            targets,
            lookups: Lookups::default(),
            optimize_targets: true,
            do_not_optimize: BTreeSet::new(),
            existing: BTreeMap::new(),
            floating: BTreeMap::new(),
        }
    }

    pub(crate) fn config(&self) -> &ProjectConfig {
        &self.snapshot.fleet.config.as_ref().unwrap().project
    }

    /// Puts a good task for a label into the index, as `level` would, and lets the test spoil it.
    pub(crate) fn index(
        &mut self,
        text: &str,
        level: Level,
        spoil: impl FnOnce(&mut Entry, &mut Found, &mut BTreeMap<String, Timestamp>),
    ) -> &mut Self {
        let task = self.graph.get(&label(text)).unwrap();
        let Some(Optimization::IndexSearch(paths)) = &task.optimization else {
            panic!("`{text}` has no path")
        };
        let path = paths
            .iter()
            .find(|path| path.as_str().contains(&format!(".level-{level}.")))
            .unwrap();
        let id = TaskId::derive(&TaskId::placeholder(), &format!("found {text} {level}"));
        let year: Timestamp = "2027-11-25T17:00:00.000Z".parse().unwrap();
        let mut entry = Entry {
            task_id: id.clone(),
            expires: year,
        };
        let mut found = Found {
            state: TaskState::Completed,
            scheduler_id: scheduler_id(self.config(), level),
            task_queue_id: format!("td-{level}/images"),
            created: "2026-11-20T17:00:00.000Z".parse().unwrap(),
            expires: year,
            kind: Some(task.kind.to_string()),
            image: task.image().map(ToString::to_string),
            digest: task
                .task
                .extra
                .image
                .as_ref()
                .map(|image| image.digest.to_string()),
        };
        let mut artifacts = task
            .task
            .payload
            .artifact_names()
            .map(|name| (format!("{name}/file"), year))
            .collect();
        spoil(&mut entry, &mut found, &mut artifacts);
        self.lookups.index.insert(path.clone(), entry);
        self.lookups.tasks.insert(id.clone(), found);
        self.lookups.artifacts.insert(id, artifacts);
        self
    }

    /// Puts good tasks for some labels into the index at the run's own level.
    pub(crate) fn indexed(&mut self, labels: &[&str]) -> &mut Self {
        for label in labels {
            self.index(label, self.level, |_, _, _| {});
        }
        self
    }

    pub(crate) fn optimized(&self) -> Optimized {
        let question = Question {
            graph: &self.graph,
            targets: &self.targets,
            config: self.config(),
            level: self.level,
            now: now(),
            optimize_targets: self.optimize_targets,
            do_not_optimize: &self.do_not_optimize,
            existing: &self.existing,
            max_age: &max_ages(&self.snapshot.fleet),
            floating: &self.floating,
            queues: &queues(&self.snapshot.fleet, self.config()),
        };
        self.lookups.clone().settle(&question, None).unwrap()
    }

    /// What happens to each task, a line each, without the ids of found tasks.
    pub(crate) fn lines(&self) -> String {
        self.optimized()
            .outcomes
            .iter()
            .map(|(label, outcome)| {
                let what = match outcome {
                    Outcome::Kept { .. } => "create",
                    Outcome::Replaced { .. } => "found",
                    Outcome::Removed { .. } => "drop",
                };
                let reason = hash(outcome.reason());
                format!("{what} {label}: {reason}\n")
            })
            .collect()
    }
}

/// Digests and ids cut short, so that text can be compared.
fn hash(text: &str) -> String {
    let digests = regex::Regex::new("[0-9a-f]{64}").unwrap();
    let ids = regex::Regex::new("`[A-Za-z0-9_-]{22}`").unwrap();
    let text = digests.replace_all(text, "<digest>");
    ids.replace_all(&text, "<id>").into_owned()
}
