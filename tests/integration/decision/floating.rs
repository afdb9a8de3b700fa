//! Pins that float: the cron job `rebuild` asks where they are, and makes anew what is on something else.

use std::path::Path;

use serde_json::json;

use super::*;
use crate::newest::service;
use crate::support::{Ran, Repo};

/// A cron job of a fleet in which `packed-b` is on a driver that floats.
fn floating(url: &str) -> Case {
    let mut case = Case::push(Options::default());
    let pin = format!(
        "driver: {{value: latest, floats: true, scheme: dotted, datasource: {{json: {{url: '{url}', versions: /versions/*}}}}}}"
    );
    case.repo
        .replace("image-defs/pins.yml", "driver: {value: '570'}", &pin)
        .commit();
    let head = case.repo.git(&["rev-parse", "HEAD"]);
    case.tell("HEAD_REV", head.trim());
    case.tell("BASE_REV", "");
    case.tell("TASKS_FOR", "cron");
    case.tell("CRON_JOB_NAME", "rebuild");
    case.tell("CRON_ARGUMENTS", "--target-tasks-method=rebuild");
    case
}

/// What a decision of another task makes of the image.
fn again(case: &Case) -> (String, Ran) {
    let ran = case.run_with(&["--dry-run", "--task-id", "AAAAAAAAQACAAAAAAAAAAA"]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    let line = ran
        .stdout
        .lines()
        .find(|line| line.contains("build-packed-b-google"))
        .unwrap();
    let mut words: Vec<&str> = line.split('\t').collect();
    words.remove(2);
    let digest = regex::Regex::new("[0-9a-f]{64}").unwrap();
    let line = digest
        .replace_all(&words.join(" "), "<digest>")
        .into_owned();
    (line, ran)
}

fn built_on(case: &Case, id: &str, version: &str) {
    let manifest = json!({
        "version": 1, "stage": "candidate", "image": "packed-b@google", "cloud": "google", "os": "linux", "arch": "amd64",
        "digests": {}, "inputs": {}, "source": {"repository": "", "revision": "0".repeat(40), "modified": false},
        "parent": null, "pins": {"driver": {"value": "latest", "resolved": version}}, "artifacts": [], "sbom": null,
        "files": [], "tasks": {}, "level": 3, "chain-of-trust": true,
        "started": "2026-11-25T17:00:00.000Z", "finished": "2026-11-25T17:30:00.000Z",
    });
    let artifact = fake_taskcluster::Artifact::new(manifest.to_string().into_bytes());
    case.server
        .insert_artifact(id, "public/image/manifest.json", artifact);
}

#[test]
fn an_image_whose_base_moved_is_made_anew() {
    let newest = Arc::new(Mutex::new(Some("1.2")));
    let case = floating(&service(Arc::clone(&newest)));
    let first = case.run();
    assert_eq!(first.code, Some(0), "{}", first.block());
    let ids = case.artifact("label-to-taskid.json");
    let build = ids["build-packed-b-google"].as_str().unwrap();
    for id in ids.as_object().unwrap().values() {
        let id = id.as_str().unwrap();
        case.server
            .bring(id, fake_taskcluster::TaskState::Completed);
    }
    let mut lines = vec![again(&case).0];
    built_on(&case, build, "1.2");
    lines.push(again(&case).0);
    *newest.lock().unwrap() = Some("1.3");
    let (moved, said) = again(&case);
    lines.push(moved);
    assert!(
        said.stderr.contains("`driver` floats, and is at `1.3`"),
        "{}",
        said.stderr
    );

    // Made again without a network, it is the same, whatever is newest by now.
    *newest.lock().unwrap() = Some("1.4");
    let replayed = case.repo.beside("replayed");
    let ran = replay(&case.repo, &case.artifacts, &replayed);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    for name in ["task-graph.json", "optimization.json"] {
        let (one, other) = (
            std::fs::read_to_string(case.artifacts.join(name)).unwrap(),
            std::fs::read_to_string(replayed.join(name)).unwrap(),
        );
        assert_eq!(one, other, "`{name}` differs");
        assert!(one.contains("packed-b"), "{name}");
    }

    // What is not known is said, and keeps nothing else.
    *newest.lock().unwrap() = None;
    let (unknown, said) = again(&case);
    lines.push(unknown);
    assert!(
        said.stderr
            .contains("where `driver` floats to is not known"),
        "{}",
        said.stderr
    );
    let port = regex::Regex::new(r"127\.0\.0\.1:\d+").unwrap();
    insta::assert_snapshot!(port.replace_all(&lines.join("\n"), "<service>"), @"
    found build-packed-b-google the index has it at `example.cache.level-3.images.v1.packed-b-google.hash.<digest>`; whether `driver` has moved is not known: its build does not say what it is on
    found build-packed-b-google the index has it at `example.cache.level-3.images.v1.packed-b-google.hash.<digest>`
    create build-packed-b-google every image is to be up to date; `driver`, which floats, is at `1.3`, and its newest build is on `1.2`
    found build-packed-b-google the index has it at `example.cache.level-3.images.v1.packed-b-google.hash.<digest>`; whether `driver` has moved is not known: json of `http://<service>/versions.json`: GET http://<service>/versions.json: status 404:
    ");
}

fn replay(repo: &Repo, from: &Path, to: &Path) -> Ran {
    let (from, to) = (from.to_string_lossy(), to.to_string_lossy());
    let arguments = ["decision", "--parameters", &from, "--artifacts", &to];
    repo.run_at(&repo.path, &arguments, &[])
}

#[test]
fn a_push_asks_nobody() {
    // There is no such service.
    let mut case = floating("http://127.0.0.1:9/versions.json");
    case.tell("TASKS_FOR", "github-push");
    case.tell("CRON_JOB_NAME", "");
    case.tell("CRON_ARGUMENTS", "");
    let ran = case.run();
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    assert!(!ran.stderr.contains("float"), "{}", ran.stderr);
}
