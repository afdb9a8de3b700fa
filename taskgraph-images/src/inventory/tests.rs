//! Manifests in a folder, and against a Taskcluster on loopback.

use fake_taskcluster::{Artifact, IndexEntry, Options, Server, TaskState as State};
use serde_json::{Value, json};
use taskgraph_images_transforms::IndexPath;

use super::{Inventory, Realm};
use crate::manifest::{Manifest, Stage, changes_tests};
use crate::taskcluster::{Client, Connection, TaskId, Timestamp};

const DIGEST: &str = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";
const SPACE: &str = "td.cache.level-3.image-publications.v1";

fn now() -> Timestamp {
    "2026-12-24T00:00:00.000Z".parse().unwrap()
}

fn id(name: &str) -> TaskId {
    TaskId::derive(&TaskId::placeholder(), name)
}

/// What is published at a level, by the task of a name.
fn published(task: &str, finished: &str) -> Manifest {
    let mut manifest = changes_tests::manifest();
    manifest.stage = Stage::Published;
    manifest.finished = finished.parse().unwrap();
    manifest
        .digests
        .insert("publish".to_owned(), DIGEST.parse().unwrap());
    manifest.tasks.insert("publish".to_owned(), id(task));
    manifest
}

fn shown(inventory: &Inventory) -> String {
    let mut lines: Vec<String> = inventory
        .published()
        .iter()
        .map(|one| format!("{} {}", one.manifest.image, one.manifest.finished))
        .collect();
    lines.extend(inventory.refused.iter().map(|refused| {
        let origin = refused.origin.to_string();
        let name = origin.rsplit(['/', '.']).nth(1).unwrap_or_default();
        format!("refused ..{name}: {}", refused.why)
    }));
    lines.join("\n")
}

#[test]
fn a_folder_is_read_for_manifests() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let mut other = published("b", "2026-11-01T00:00:00.000Z");
    other.image = "base@aws".parse().unwrap();
    write(
        "a/public/manifest/manifest.json",
        &published("a", "2026-11-25T17:30:00.000Z").to_json(),
    );
    write(
        "newer.json",
        &published("c", "2026-12-01T00:00:00.000Z").to_json(),
    );
    write(
        "copy.json",
        &published("c", "2026-12-01T00:00:00.000Z").to_json(),
    );
    write("b/manifest.json", &other.to_json());
    write(
        "a/public/image/manifest.json",
        &changes_tests::manifest().to_json(),
    );
    write("other.json", "{\"version\": 1}");
    write("cut/manifest.json", "{\"version\": 1, \"sta");
    let mut lower = published("d", "2026-12-02T00:00:00.000Z");
    lower.level = taskgraph_images_transforms::Level::One;
    write("lower/manifest.json", &lower.to_json());
    write(
        "future/manifest.json",
        &published("e", "2999-01-01T00:00:00.000Z").to_json(),
    );

    let inventory = Inventory::of_folder(folder.path(), now()).unwrap();
    insta::assert_snapshot!(shown(&inventory), @"
    base@aws 2026-11-01T00:00:00.000Z
    debian@aws 2026-12-01T00:00:00.000Z
    debian@aws 2026-11-25T17:30:00.000Z
    refused ..manifest: it is no manifest: EOF while parsing a string at line 1 column 19
    refused ..manifest: it says that it was made at 2999-01-01T00:00:00.000Z
    refused ..manifest: it is of level 1, and only level 3 publishes what pools start from
    ");
    let image = "debian@aws".parse().unwrap();
    assert_eq!(inventory.of(&image).count(), 2);
    let newest = inventory.newest(&image).unwrap();
    assert_eq!(newest.manifest.tasks["publish"], id("c"));

    let (path, _) = Inventory::of_folder(&folder.path().join("none"), now()).unwrap_err();
    assert!(path.ends_with("none"));
}

/// A publish task of a name, its place in the index and its manifest, all as they should be.
struct Task {
    name: &'static str,
    path: String,
    definition: Value,
    state: State,
    manifest: Option<Vec<u8>>,
}

impl Task {
    fn new(name: &'static str) -> Self {
        let digest = DIGEST;
        Self {
            name,
            path: format!("{SPACE}.debian-aws.hash.{digest}"),
            definition: json!({
                "schedulerId": "td-level-3", "taskQueueId": "td-3/publisher",
                "created": "2026-11-25T17:00:00.000Z", "tags": {"kind": "publish"},
                "extra": {"image": {"id": "debian@aws", "digest": digest}},
            }),
            state: State::Completed,
            manifest: Some(
                published(name, "2026-11-25T17:30:00.000Z")
                    .to_json()
                    .into_bytes(),
            ),
        }
    }

    /// With what it says of itself changed, at a path of its own.
    fn but(name: &'static str, change: impl FnOnce(&mut Self)) -> Self {
        let mut task = Self::new(name);
        task.path = format!("{SPACE}.{name}.hash.{DIGEST}");
        change(&mut task);
        task
    }
}

#[test]
fn the_index_is_only_a_name() {
    let server = Server::start(Options::default());
    let of = |name: &str| published(name, "2026-11-25T17:30:00.000Z");
    for task in [
        Task::new("good"),
        Task::but("scheduler", |task| {
            task.definition["schedulerId"] = json!("td-level-1")
        }),
        Task::but("queue", |task| {
            task.definition["taskQueueId"] = json!("td-1/publisher")
        }),
        Task::but("kind", |task| {
            task.definition["tags"]["kind"] = json!("build")
        }),
        Task::but("digest", |task| {
            task.definition["extra"]["image"]["digest"] = json!("f".repeat(64))
        }),
        Task::but("failed", |task| task.state = State::Failed),
        Task::but("empty", |task| task.manifest = None),
        Task::but("other", |_| {}),
        Task::but("replayed", |task| {
            task.path = format!("{SPACE}.debian-aws.hash.{}", "a".repeat(64));
            task.definition["extra"]["image"]["digest"] = json!("a".repeat(64));
        }),
        Task::but("candidate", |task| {
            task.manifest = Some(changes_tests::manifest().to_json().into_bytes());
        }),
        Task::but("lower", |task| {
            let mut manifest = of("lower");
            manifest.level = taskgraph_images_transforms::Level::One;
            task.manifest = Some(manifest.to_json().into_bytes());
        }),
        Task::but("stolen", |task| {
            task.path = format!("{SPACE}.debian-aws.hash.{}", "b".repeat(64));
            task.definition["extra"]["image"]["digest"] = json!("b".repeat(64));
            let mut manifest = of("good");
            manifest
                .digests
                .insert("publish".to_owned(), "b".repeat(64).parse().unwrap());
            task.manifest = Some(manifest.to_json().into_bytes());
        }),
    ] {
        server.insert_task(id(task.name).as_str(), task.definition, task.state);
        if let Some(manifest) = task.manifest {
            let artifact = Artifact::new(String::from_utf8(manifest).unwrap());
            server.insert_artifact(
                id(task.name).as_str(),
                "public/manifest/manifest.json",
                artifact,
            );
        }
        let entry = IndexEntry {
            task_id: id(task.name).to_string(),
            rank: 1,
            data: json!({}),
            expires: "2999-01-01T00:00:00.000Z".to_owned(),
        };
        server.insert_index(&task.path, entry);
    }
    let unknown = IndexEntry {
        task_id: id("unknown").to_string(),
        rank: 1,
        data: json!({}),
        expires: "2999-01-01T00:00:00.000Z".to_owned(),
    };
    server.insert_index(&format!("{SPACE}.unknown.hash.{DIGEST}"), unknown);

    let client = Client::new(Connection {
        root_url: server.root_url(),
        proxy_url: None,
        credentials: None,
    })
    .unwrap();
    let realm = Realm {
        namespace: IndexPath::new(SPACE).unwrap(),
        scheduler_id: "td-level-3".to_owned(),
        provisioners: ["td-3".to_owned()].into(),
    };
    let inventory = Inventory::of_index(&client, &client, &realm, now()).unwrap();
    let mut lines: Vec<String> = inventory
        .refused
        .iter()
        .map(|refused| {
            let origin = refused.origin.to_string();
            let (_, path) = origin.split_once(SPACE).unwrap();
            format!("{}: {}", &path[..path.len().min(28)], refused.why)
        })
        .collect();
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"), @"
    .candidate.hash.eeeeeeeeeeee: it is a candidate's
    .debian-aws.hash.aaaaaaaaaaa: its manifest is of another digest
    .debian-aws.hash.bbbbbbbbbbb: its manifest is another task's
    .digest.hash.eeeeeeeeeeeeeee: it is of another digest than its path
    .empty.hash.eeeeeeeeeeeeeeee: it has no artifact `public/manifest/manifest.json`
    .failed.hash.eeeeeeeeeeeeeee: it is not completed
    .kind.hash.eeeeeeeeeeeeeeeee: it is no publish task
    .lower.hash.eeeeeeeeeeeeeeee: it is of level 1, and only level 3 publishes what pools start from
    .other.hash.eeeeeeeeeeeeeeee: its manifest is of `debian@aws`
    .queue.hash.eeeeeeeeeeeeeeee: it ran on `td-1/publisher`, which is no pool of level 3
    .scheduler.hash.eeeeeeeeeeee: its scheduler is `td-level-1`, not `td-level-3`
    .unknown.hash.eeeeeeeeeeeeee: the queue does not know it any more
    ");
    assert_eq!(inventory.published().len(), 1);
    assert_eq!(
        inventory.published()[0].manifest.tasks["publish"],
        id("good")
    );
}
