//! This repository's own fleet: every task is legal, and a change of a definition shows its effect in review.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use taskgraph_images::comparison::Snapshot;
use taskgraph_images::definitions::Layout;
use taskgraph_images::difference::differences;
use taskgraph_images::graph::Contents;
use taskgraph_images::output::preview::task_graph;
use taskgraph_images::transforms::{
    ImageId, Level, MaintenanceKind, Parameters, ReviewedPlan, Task, TaskGraph,
};
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

/// The action that carries out a plan.
fn applying() -> Parameters {
    let mut parameters = parameters(Level::Three, "action");
    parameters.plan = Some(ReviewedPlan {
        task: "fN1SbArXTPSVFNUvaOlinQ".parse().unwrap(),
        sha256: "c".repeat(64).parse().unwrap(),
    });
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
        (Level::Three, "action"),
    ] {
        let parameters = match event {
            "action" => applying(),
            event => parameters(level, event),
        };
        let graph = task_graph(&snapshot, None, &parameters).unwrap();
        for task in graph.tasks() {
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

/// Every task for a push at level 3: those of the first image of each definition whole, those of its other images by
/// what differs. Digests change with every script, and are not shown.
#[test]
fn tasks_of_each_definition() {
    let snapshot = fleet();
    let graph = graph(&snapshot, Level::Three, "github-push");
    let mut first: BTreeMap<String, &ImageId> = BTreeMap::new();
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("[0-9a-f]{64}", "[digest]");
    let mut others = String::new();
    for (id, image) in &snapshot.fleet.images {
        let definition = &image.resolved().definition.definition;
        let first = *first.entry(definition.clone()).or_insert(id);
        if first == id {
            let tasks: Vec<_> = graph
                .tasks()
                .filter(|task| task.image() == Some(id))
                .collect();
            settings.bind(|| insta::assert_json_snapshot!(definition.as_str(), tasks));
            continue;
        }
        for kind in image.kinds() {
            let (one, other) = (graph.get(&first.label(kind)), graph.get(&id.label(kind)));
            others += &format!("{}, unlike {}\n", id.label(kind), first.label(kind));
            others += &differing(&plain(one.unwrap()), &plain(other.unwrap()));
        }
    }
    settings.bind(|| insta::assert_snapshot!("more-images", others));
}

/// Every task for the other events and levels, by what differs from a push at level 3. Tasks that differ alike stand
/// together; their own names are not shown.
#[test]
fn tasks_of_each_event() {
    let snapshot = fleet();
    let push = graph(&snapshot, Level::Three, "github-push");
    for (name, level, event) in [
        ("push-at-level-1", Level::One, "github-push"),
        ("cron-at-level-1", Level::One, "cron"),
        ("cron-at-level-3", Level::Three, "cron"),
        ("pull-request", Level::One, "github-pull-request"),
        (
            "pull-request-untrusted",
            Level::One,
            "github-pull-request-untrusted",
        ),
    ] {
        let mut parameters = parameters(level, event);
        if parameters.is_pull_request() {
            parameters.pull_request_number = Some(7);
        }
        let graph = task_graph(&snapshot, None, &parameters).unwrap();
        let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for task in push.tasks() {
            let other = graph.get(&task.label);
            let text = match other {
                Some(other) => differing(&plain(task), &plain(other)),
                None => "  is not there\n".to_owned(),
            };
            alike.entry(text).or_default().push(task.label.to_string());
        }
        for task in graph.tasks().filter(|task| push.get(&task.label).is_none()) {
            let text = "  is there besides\n".to_owned();
            alike.entry(text).or_default().push(task.label.to_string());
        }
        let text: String = alike
            .into_iter()
            .map(|(text, labels)| format!("{}\n{text}\n", labels.join(" ")))
            .collect();
        insta::assert_snapshot!(name, text);
    }
}

/// The tasks about the fleet, whole: what a cron job at level 3 has, and no other event.
#[test]
fn tasks_about_the_fleet() {
    let snapshot = fleet();
    let cron = graph(&snapshot, Level::Three, "cron");
    let applying = task_graph(&snapshot, None, &applying()).unwrap();
    for kind in MaintenanceKind::ALL {
        // What deletes images is in the graph of its own action only.
        let graph = if kind.is_scheduled() {
            &cron
        } else {
            &applying
        };
        let task = graph.get(&kind.label()).unwrap();
        insta::assert_json_snapshot!(kind.as_str(), task);
        assert_eq!(cron.get(&kind.label()).is_some(), kind.is_scheduled());
    }
    for (level, event) in [
        (Level::One, "cron"),
        (Level::Three, "github-push"),
        (Level::One, "github-push"),
        (Level::One, "github-pull-request"),
        (Level::One, "github-pull-request-untrusted"),
        (Level::One, "github-issue-comment"),
    ] {
        let graph = graph(&snapshot, level, event);
        let text = graph.to_json();
        assert!(graph.tasks().all(|task| task.image().is_some()));
        assert!(
            !text.contains("auth:github-repo-token:"),
            "{event} at level {level}"
        );
        assert!(!text.contains("maintenance"), "{event} at level {level}");
    }
}

/// A task without its own name, its image's and its digest.
fn plain(task: &Task) -> Value {
    let mut text = json!(task).to_string();
    if let Some(image) = task.image() {
        text = text
            .replace(&image.to_string(), "[image]")
            .replace(&format!("{}-{}", image.name, image.cloud), "[name]");
    }
    if let Some(cached) = task.cached_task() {
        text = text.replace(&cached.digest.to_string(), "[digest]");
    }
    serde_json::from_str(&text).unwrap()
}

/// Where two tasks differ, a line each.
fn differing(one: &Value, other: &Value) -> String {
    differences(one, other)
        .into_iter()
        .map(|(place, one, other)| format!("  {place}: {one} → {other}\n"))
        .collect()
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
