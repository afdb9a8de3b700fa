//! `upgrade`: what is newer, edited in place, as a patch, as a pull request.

use fake_github::{Repository, Server};
use serde_json::{Value, json};

use super::run;
use crate::support::Repo;

const PINS: &str = "# Versions from outside.
pins:
  worker:
    value: 1.0.0   # everybody's
    datasource: {github-releases: {repository: example/tool, tag-prefix: v}}
    scheme: semver
  driver: {value: 570.1}
";

/// The fleet, with a pin that names where newer versions are.
fn fleet() -> Repo {
    let repo = Repo::new();
    repo.write("image-defs/pins.yml", PINS);
    repo.write(
        "releases.json",
        json!({"worker": [release("1.2.0"), release("2.0.0-rc.1")]}).to_string(),
    );
    repo.commit();
    repo
}

fn release(version: &str) -> Value {
    json!({
        "version": version, "released": "2026-01-01T00:00:00.000Z", "digests": {}, "downloads": {}, "references": {},
        "missing": [], "prerelease": version.contains('-'), "withdrawn": false, "notes": null, "url": null,
    })
}

#[test]
fn a_pin_is_upgraded_in_place() {
    let repo = fleet();
    let checked = run(
        &repo,
        &["upgrade", "--check", "--releases", "releases.json"],
        &[],
    );
    insta::assert_snapshot!(checked.block(), @"
    exit 0
    --- stdout
    PIN     FROM   TO             AGE  IMAGES
    driver  570.1  no-datasource  -    -
    worker  1.0.0  1.2.0          -    2

    worker
      `2.0.0-rc.1` is a prerelease
    ");
    assert_eq!(repo.git(&["status", "--short"]), "");
    let ran = run(
        &repo,
        &["upgrade", "--releases", "releases.json", "--quiet"],
        &[],
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let text = std::fs::read_to_string(repo.path.join("image-defs/pins.yml")).unwrap();
    assert_eq!(text, PINS.replace("1.0.0", "1.2.0"));
    // Nothing is newer any more.
    let again = run(&repo, &["upgrade", "--releases", "releases.json"], &[]);
    insta::assert_snapshot!(again.block(), @"
    exit 0
    --- stdout
    PIN     FROM   TO             AGE       IMAGES
    driver  570.1  no-datasource  -         -
    worker  1.2.0  held           329 days  -

    worker
      `2.0.0-rc.1` is a prerelease
    ");
    let unknown = run(&repo, &["upgrade", "workr"], &[]);
    insta::assert_snapshot!(unknown.block(), @"
    exit 2
    --- stderr
    error: there is no pin `workr`
    hint: `image-defs/pins.yml` declares them
    ");
}

#[test]
fn an_upgrade_is_a_patch_that_git_takes() {
    let repo = fleet();
    let arguments = [
        "upgrade",
        "--releases",
        "releases.json",
        "--out",
        "../patches",
    ];
    let ran = run(&repo, &arguments, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let patch = repo.beside("patches").join("worker.patch");
    let first = std::fs::read(&patch).unwrap();
    let again = run(&repo, &arguments, &[]);
    assert!(again.stdout.contains("worker\tup to date: "), "{again:?}");
    assert_eq!(std::fs::read(&patch).unwrap(), first);
    repo.git(&["am", "--quiet", patch.to_str().unwrap()]);
    assert_eq!(
        repo.git(&["log", "-1", "--format=%s"]),
        "chore: upgrade worker to 1.2.0"
    );
    // The patch is not needed any more.
    let after = run(&repo, &arguments, &[]);
    assert!(
        after.stdout.contains("worker\tclosed, no longer needed"),
        "{after:?}"
    );
    assert!(!patch.exists());
}

#[test]
fn an_upgrade_is_proposed_on_github() {
    let repo = fleet();
    repo.write(
        "image-defs/proposals.yml",
        "upgrade: {github: example/images, labels: [images]}\n",
    );
    repo.commit();
    let github = Server::start();
    let mut images = Repository::new("example/images");
    let files = [("README.md", "Images.\n"), ("image-defs/pins.yml", PINS)];
    images.push("main", "Somebody", &files);
    github.add(images);
    let arguments = ["upgrade", "--releases", "releases.json", "--propose"];
    // Without a token nothing is tried.
    let unsigned = run(
        &repo,
        &arguments,
        &[("TASKGRAPH_IMAGES_GITHUB_API", github.address())],
    );
    assert_eq!(unsigned.code, Some(2), "{unsigned:?}");
    let variables = [
        ("TASKGRAPH_IMAGES_GITHUB_API", github.address()),
        ("GITHUB_TOKEN", "not-a-token"),
    ];
    let mut dry = arguments.to_vec();
    dry.push("--dry-run");
    let told = run(&repo, &dry, &variables);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stdout.contains("would call: "), "{told:?}");
    assert_eq!(github.writes(), [""; 0]);
    let ran = run(&repo, &arguments, &variables);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout
            .contains("opened https://example.org/example/images/pull/1"),
        "{ran:?}"
    );
    assert!(!format!("{ran:?}").contains("not-a-token"));
    // The rest of the tree is as it was, and nobody is the commit's author, so that GitHub signs it.
    github.with("example/images", |images| {
        let branch = "taskgraph-images/upgrade/worker";
        let pins = PINS.replace("1.0.0", "1.2.0");
        assert_eq!(
            images.show(branch),
            format!("100644 README.md \"Images.\\n\"\n100644 image-defs/pins.yml {pins:?}")
        );
        let commit = &images.git.commits[&images.git.refs[branch]];
        assert_eq!(commit.author, "example-app[bot]");
    });
}
