//! This repository's own fleet: every task is legal, and a change of a definition shows its effect in review.

use std::collections::BTreeSet;
use std::path::Path;

use taskgraph_images::comparison::Snapshot;
use taskgraph_images::definitions::Layout;
use taskgraph_images::graph::Contents;
use taskgraph_images::output::preview::task_graph;
use taskgraph_images::transforms::{Level, Parameters, TaskGraph};
use taskgraph_images::tree::{MemoryTree, Mode};

#[path = "../schemas/mod.rs"]
pub(crate) mod schemas;

/// The fleet as it stands on disk; its digests leave out nothing that git would see.
fn fleet() -> Snapshot {
    fn add(mut tree: MemoryTree, folder: &Path, at: &str) -> MemoryTree {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{at}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                tree = add(tree, &entry.path(), &path);
            } else {
                tree = tree.entry(&path, Mode::File, &std::fs::read(entry.path()).unwrap());
            }
        }
        tree
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../image-defs");
    let tree = add(MemoryTree::default(), &root, "image-defs").tree();
    let snapshot = Snapshot::load(&tree, &Layout::default(), &Contents::default()).unwrap();
    assert_eq!(snapshot.fleet.findings, [], "the fleet is without fault");
    snapshot
}

fn parameters(level: Level, tasks_for: &str) -> Parameters {
    let repository = "https://example.org/images";
    let mut parameters = Parameters::new(level, "images", repository, &"1".repeat(40));
    parameters.tasks_for = tasks_for.to_owned();
    parameters.head_ref = "refs/heads/main".to_owned();
    parameters.owner = "somebody@example.org".to_owned();
    parameters
}

fn graph(snapshot: &Snapshot, level: Level, tasks_for: &str) -> TaskGraph {
    task_graph(snapshot, None, &parameters(level, tasks_for)).unwrap()
}

#[test]
fn the_fleet_is_what_the_project_promises() {
    let snapshot = fleet();
    let ids: Vec<String> = snapshot
        .fleet
        .images
        .keys()
        .map(ToString::to_string)
        .collect();
    insta::assert_snapshot!(ids.join("\n"));
}

#[test]
fn every_task_is_legal() {
    let Some(schemas) = schemas::Schemas::from_environment() else {
        return;
    };
    let snapshot = fleet();
    for (level, event) in [
        (Level::One, "github-pull-request"),
        (Level::One, "github-push"),
        (Level::Three, "github-push"),
        (Level::Three, "cron"),
    ] {
        for task in graph(&snapshot, level, event).tasks() {
            let definition = serde_json::to_value(&task.task).unwrap();
            assert_eq!(
                schemas.faults(&definition),
                [""; 0],
                "{} for {event} at level {level}",
                task.label
            );
        }
    }
}

/// The tasks of the first image of each definition, for a push at level 3; digests change with every script, and are
/// not shown.
#[test]
fn tasks_of_each_definition() {
    let snapshot = fleet();
    let graph = graph(&snapshot, Level::Three, "github-push");
    let mut seen = BTreeSet::new();
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("[0-9a-f]{64}", "[digest]");
    for (id, image) in &snapshot.fleet.images {
        let definition = &image.resolved().definition.definition;
        if !seen.insert(definition.clone()) {
            continue;
        }
        let labels: BTreeSet<_> = image.kinds().map(|kind| id.label(kind)).collect();
        let tasks: Vec<_> = graph
            .tasks()
            .filter(|task| labels.contains(&task.label))
            .collect();
        settings.bind(|| insta::assert_json_snapshot!(definition.as_str(), tasks));
    }
}

#[test]
fn a_pull_request_publishes_nothing() {
    let snapshot = fleet();
    let graph = graph(&snapshot, Level::One, "github-pull-request");
    assert!(graph.tasks().all(|task| task.kind.as_str() != "publish"));
    // A pull request may look up level-3 results (`optimization`); what it runs names nothing of that level.
    for task in graph.tasks() {
        let definition = serde_json::to_string(&task.task).unwrap();
        for word in ["level-3", "taskgraph-images-3/", "-trusted"] {
            assert!(!definition.contains(word), "{} names {word}", task.label);
        }
    }
}
