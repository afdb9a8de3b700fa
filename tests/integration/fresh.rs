//! Upgrades, pools, projects and clean-up: real repositories, patches that git takes, GitHub and Taskcluster on loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::{Ran, Repo};

const PINS: &str = "# Versions from outside.
pins:
  worker:
    value: 1.0.0   # everybody's
    datasource: {github-releases: {repository: example/tool, tag-prefix: v}}
    scheme: semver
  driver: {value: 570.1}
";

/// The example of the guide, beside the repository under test.
fn example(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/fresh");
    root.join(name)
        .canonicalize()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

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

/// Runs at a fixed time.
fn run(repo: &Repo, arguments: &[&str], more: &[(&str, &str)]) -> Ran {
    let mut variables = vec![("SOURCE_DATE_EPOCH", "1795651200")];
    variables.extend(more);
    repo.run_at(&repo.path, arguments, &variables)
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

/// The calls that change something, with their bodies.
type Seen = Arc<Mutex<Vec<(String, Value)>>>;

/// GitHub on loopback, as far as one proposal goes: it keeps what was written, and answers what it is asked for.
fn github(base_file: &'static str) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let seen = Seen::default();
    let heard = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or_default() == 0 {
                    break;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
                head += &line;
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            let first = head
                .lines()
                .next()
                .unwrap_or_default()
                .replace(" HTTP/1.1", "");
            let is_signed = head
                .to_lowercase()
                .contains("authorization: bearer not-a-token");
            let (status, answer) = if is_signed {
                respond(&first, base_file)
            } else {
                (401, json!({}))
            };
            if !first.starts_with("GET ") {
                heard.lock().unwrap().push((first, body));
            }
            let answer = answer.to_string();
            write!(
                stream,
                "HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{answer}",
                answer.len()
            )
            .unwrap();
        }
    });
    (address, seen)
}

fn respond(first: &str, base_file: &str) -> (u16, Value) {
    let (base, tree) = ("a".repeat(40), "b".repeat(40));
    let path = first.split_once(' ').unwrap().1;
    let rest = path.strip_prefix("/repos/example/images").unwrap_or(path);
    match (first.split(' ').next().unwrap(), rest) {
        ("GET", rest) if rest.contains("/git/ref/heads/main") => (
            200,
            json!({"ref": "refs/heads/main", "object": {"sha": base, "type": "commit"}}),
        ),
        ("GET", rest) if rest.contains("/git/commits/") => (
            200,
            json!({"sha": base, "tree": {"sha": tree}, "parents": [], "message": "x", "author": {"name": "x"}}),
        ),
        ("GET", rest)
            if rest.contains("/contents/")
                || rest.contains("/git/trees/")
                || rest.contains("/git/blobs/") =>
        {
            let content = base64(base_file.as_bytes());
            (
                200,
                json!({
                    "type": "file", "encoding": "base64", "content": content, "sha": "c".repeat(40), "mode": "100644",
                    "size": base_file.len(), "path": "image-defs/pins.yml", "truncated": false,
                    "tree": [
                        {"path": "image-defs", "mode": "040000", "type": "tree", "sha": tree},
                        {"path": "pins.yml", "mode": "100644", "type": "blob", "sha": "c".repeat(40)},
                    ],
                }),
            )
        }
        ("GET", rest) if rest.contains("/git/ref/") => (404, json!({"message": "Not Found"})),
        ("GET", "" | "/") => (
            200,
            json!({"archived": false, "default_branch": "main", "full_name": "example/images"}),
        ),
        ("GET", _) => (200, json!([])),
        ("POST", "/git/blobs") => (201, json!({"sha": "d".repeat(40)})),
        ("POST", "/git/trees") => (201, json!({"sha": "e".repeat(40)})),
        ("POST", "/git/commits") => (201, json!({"sha": "f".repeat(40)})),
        ("POST", "/git/refs") => (
            201,
            json!({"ref": "refs/heads/x", "object": {"sha": "f".repeat(40)}}),
        ),
        ("POST", "/pulls") => (
            201,
            json!({
                "number": 1, "html_url": "https://github.example.org/example/images/pull/1", "title": "x", "body": "x",
                "state": "open", "head": {"ref": "taskgraph-images/upgrade/worker", "sha": "f".repeat(40)}, "base": {"ref": "main"},
            }),
        ),
        _ => (200, json!([])),
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for at in 0..4 {
            if at <= chunk.len() {
                text.push(char::from(LETTERS[(word >> (18 - 6 * at) & 63) as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[test]
fn an_upgrade_is_proposed_on_github() {
    let repo = fleet();
    repo.write(
        "image-defs/proposals.yml",
        "upgrade: {github: example/images, labels: [images]}\n",
    );
    repo.commit();
    let (address, seen) = github(PINS);
    let arguments = ["upgrade", "--releases", "releases.json", "--propose"];
    // Without a token nothing is tried.
    let unsigned = run(
        &repo,
        &arguments,
        &[("TASKGRAPH_IMAGES_GITHUB_API", &address)],
    );
    assert_eq!(unsigned.code, Some(2), "{unsigned:?}");
    let variables = [
        ("TASKGRAPH_IMAGES_GITHUB_API", address.as_str()),
        ("GITHUB_TOKEN", "not-a-token"),
    ];
    let mut dry = arguments.to_vec();
    dry.push("--dry-run");
    let told = run(&repo, &dry, &variables);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stdout.contains("would call: "), "{told:?}");
    assert!(seen.lock().unwrap().is_empty());
    let ran = run(&repo, &arguments, &variables);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout
            .contains("opened https://github.example.org/example/images/pull/1"),
        "{ran:?}"
    );
    assert!(!format!("{ran:?}").contains("not-a-token"));
    let seen = seen.lock().unwrap();
    let calls: Vec<&str> = seen.iter().map(|(call, _)| call.as_str()).collect();
    assert!(
        calls.contains(&"POST /repos/example/images/pulls"),
        "{calls:?}"
    );
    let reference = seen
        .iter()
        .find(|(call, _)| call.ends_with("/git/refs"))
        .unwrap();
    assert_eq!(
        reference.1["ref"],
        "refs/heads/taskgraph-images/upgrade/worker"
    );
    // The commit names nobody, so that GitHub signs it.
    let commit = seen
        .iter()
        .find(|(call, _)| call.ends_with("/git/commits"))
        .unwrap();
    assert!(commit.1.get("author").is_none() && commit.1.get("committer").is_none());
    let tree = seen
        .iter()
        .find(|(call, _)| call.ends_with("/git/trees"))
        .unwrap();
    assert!(tree.1.get("base_tree").is_some());
}

#[test]
fn entries_move_and_go_back() {
    let repo = Repo::new();
    // A configuration repository with a history.
    let config = Repo::empty(&[]);
    for file in [
        "environments.yml",
        "worker-images.yml",
        "worker-pools.yml",
        "projects.yml",
    ] {
        let text = std::fs::read_to_string(example(&format!("ci-config/{file}"))).unwrap();
        config.write(file, &text);
    }
    config.commit();
    let (folder, manifests, mapping) = (
        config.path.to_str().unwrap().to_owned(),
        example("manifests"),
        example("pools.yml"),
    );
    let common = [
        "--config",
        &folder,
        "--manifests",
        &manifests,
        "--mapping",
        &mapping,
        "--out",
        "../patches",
    ];
    let update = [&["pools", "update"][..], &common].concat();
    let ran = run(&repo, &update, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let patch = repo.beside("patches").join("headless-google.patch");
    config.git(&["am", "--quiet", patch.to_str().unwrap()]);
    // Only the two scalars differ.
    let stat = config.git(&["diff", "--stat", "HEAD~1"]);
    assert!(stat.contains("2 insertions(+), 2 deletions(-)"), "{stat}");
    let settled = run(&repo, &update, &[]);
    insta::assert_snapshot!(settled.stdout, @"
    left	fuzz-linux	aws	fuzz@aws of 2026-11-12T03:00:00.000Z: it is not in us-west-2, which pools need
    headless-google	closed, no longer needed	chore(google): bump headless images to 2026-11-12
    ");

    let back = [&["pools", "rollback", "headless"][..], &common].concat();
    let ran = run(&repo, &back, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let patch = repo
        .beside("patches")
        .join("rollback-headless-google.patch");
    config.git(&["am", "--quiet", patch.to_str().unwrap()]);
    assert_eq!(config.git(&["diff", "HEAD~2"]), "");
    // What was rolled back is not proposed again.
    let held = run(&repo, &update, &[]);
    let id = config.git(&["log", "-1", "--format=%h", "--abbrev=10"]);
    insta::assert_snapshot!(held.stdout.replace(&id, "[ID]"), @"
    left	fuzz-linux	aws	fuzz@aws of 2026-11-12T03:00:00.000Z: it is not in us-west-2, which pools need
    left	headless	example-level1-gcp	headless-l1@google of 2026-11-12T03:00:00.000Z: it was rolled back ([ID] revert(google): take headless back to the image of 2026-09-01)
    left	headless	example-level3-gcp	headless-l3@google of 2026-11-12T03:00:00.000Z: it was rolled back ([ID] revert(google): take headless back to the image of 2026-09-01)
    ");
}

#[test]
fn branches_that_may_be_live_keep_images() {
    let repo = Repo::new();
    let config = Repo::empty(&["--initial-branch", "main"]);
    for file in ["environments.yml", "worker-images.yml", "worker-pools.yml"] {
        let text = std::fs::read_to_string(example(&format!("ci-config/{file}"))).unwrap();
        config.write(file, &text);
    }
    config.commit();
    // An open proposal goes back to an image that nobody else uses.
    config.git(&[
        "checkout",
        "--quiet",
        "-b",
        "taskgraph-images/pools/rollback-headless-google",
    ]);
    let path = config.path.join("worker-images.yml");
    let text = std::fs::read_to_string(&path).unwrap();
    config.write(
        "worker-images.yml",
        text.replace("headless-l1-2026-09-01", "headless-l1-2026-03-02"),
    );
    config.commit();
    config.git(&["checkout", "--quiet", "main"]);
    let (folder, manifests, mapping) = (
        config.path.to_str().unwrap().to_owned(),
        example("manifests"),
        example("pools.yml"),
    );
    let arguments = [
        "cleanup",
        "plan",
        "--config",
        &folder,
        "--manifests",
        &manifests,
        "--mapping",
        &mapping,
        "--out",
        "plan.json",
    ];
    let ran = run(&repo, &arguments, &[]);
    let lines: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.contains("2026-03-02"))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    keep	headless-l1@google	2026-03-02T03:00:00.000Z	used by pool `example-1/b-linux` (the branch `taskgraph-images/pools/rollback-headless-google`)
    keep	headless-l3@google	2026-03-02T03:00:00.000Z	nobody uses it; deprecated after 14 days
    ");

    // A plan is carried out by its digest, at level 3, or not at all.
    let apply = [
        "cleanup",
        "apply",
        "plan.json",
        "--config",
        &folder,
        "--manifests",
        &manifests,
        "--mapping",
        &mapping,
    ];
    let lower = run(&repo, &[&apply[..], &["--reviewed", "0"]].concat(), &[]);
    assert_eq!(lower.code, Some(2), "{lower:?}");
    let other = run(
        &repo,
        &[&apply[..], &["--reviewed", "0"]].concat(),
        &[("MOZ_SCM_LEVEL", "3")],
    );
    assert!(other.stderr.contains("it is another one"), "{other:?}");
    // Nothing is published at all: that cannot be.
    std::fs::create_dir(repo.path.join("nothing")).unwrap();
    let empty = [
        "cleanup",
        "plan",
        "--config",
        &folder,
        "--manifests",
        "nothing",
        "--mapping",
        &mapping,
    ];
    let refused = run(&repo, &empty, &[]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("no plan is made: nothing is published"),
        "{refused:?}"
    );
}

#[test]
fn bad_input_says_what_is_wrong() {
    let repo = Repo::new();
    let (folder, manifests) = (example("ci-config"), example("manifests"));
    let mut text = String::new();
    repo.write("image-defs/proposals.yml", "upgrade: {github: images}\n");
    text += &run(&repo, &["upgrade", "--check", "--out", "x"], &[]).block();
    let cases: &[&[&str]] = &[
        &[
            "pools",
            "update",
            "--config",
            &folder,
            "--manifests",
            &manifests,
        ],
        &["pools", "check"],
        &["pools", "check", "--config", "nowhere"],
        &["pools", "check", "--config", &folder, "--today", "tomorrow"],
        &[
            "pools",
            "generate",
            "--config",
            &folder,
            "--template",
            "example-1/none",
            "--group",
            "g",
        ],
        &["projects", "plan", "nobody", "--config", &folder],
        &["cleanup"],
        &[
            "revoke",
            "none",
            "--config",
            &folder,
            "--manifests",
            &manifests,
        ],
    ];
    repo.write("image-defs/proposals.yml", "{}\n");
    for arguments in cases {
        text += &format!("\n$ {}\n", arguments[..2.min(arguments.len())].join(" "));
        text += &run(&repo, arguments, &[]).block();
    }
    let text = text.replace(&folder, "[CONFIG]");
    insta::assert_snapshot!(text, @"
    exit 0
    --- stdout
    PIN     FROM     TO             AGE  IMAGES
    driver  570      no-datasource  -    -
    worker  105.0.0  no-datasource  -    -
    $ pools update
    exit 2
    --- stderr
    error: no entry of the configuration repository is mapped to an image
    hint: say in `pools.yml` which image each entry is
    $ pools check
    exit 2
    --- stderr
    error: there is no configuration repository
    hint: name a clone of it with `--config`, or its address in `proposals.yml`
    $ pools check
    exit 3
    --- stderr
    error: `nowhere`: No such file or directory (os error 2)
    $ pools check
    exit 2
    --- stderr
    error: `tomorrow` is no day such as 2026-11-26
    $ pools generate
    exit 2
    --- stderr
    error: there is no pool `example-1/none` to be the template
    hint: name one by its id
    $ projects plan
    exit 2
    --- stderr
    error: `docs/examples/fresh/ci-config/projects.yml` has no project `nobody`
    $ cleanup
    exit 2
    --- stderr
    error: nothing says what to clean up
    hint: name a task with `--task`, or use `cleanup plan`
    $ revoke none
    exit 2
    --- stderr
    10 images published of 3 definitions
    error: nothing that is published is named by `none`
    ");
}

#[test]
fn pools_are_made_for_images() {
    let repo = Repo::new();
    let config = Repo::empty(&[]);
    for file in ["environments.yml", "worker-images.yml", "worker-pools.yml"] {
        let text = std::fs::read_to_string(example(&format!("ci-config/{file}"))).unwrap();
        config.write(file, &text);
    }
    config.commit();
    let folder = config.path.to_str().unwrap().to_owned();
    let arguments = [
        "pools",
        "generate",
        "--config",
        &folder,
        "--template",
        "example-t/headless-20260504",
        "--group",
        "example-t",
        "--image",
        "headless-20261112",
        "--named",
        "latest=headless-20261112",
        "--out",
        "../patches",
    ];
    let ran = run(&repo, &arguments, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let patch = repo.beside("patches").join("example-t.patch");
    config.git(&["am", "--quiet", patch.to_str().unwrap()]);
    insta::assert_snapshot!(config.git(&["diff", "-U0", "HEAD~1"]), @r#"
    diff --git a/worker-pools.yml b/worker-pools.yml
    index 37bd2a2..382a036 100644
    --- a/worker-pools.yml
    +++ b/worker-pools.yml
    @@ -25,2 +25,2 @@ pools:
    -  - pool_id: example-t/headless-20260504
    -    description: Tests on the image `{image}`.
    +  - pool_id: example-3/by-hand
    +    description: Odd jobs.
    @@ -29,2 +29,2 @@ pools:
    -    provider_id: example-level1-gcp
    -    config: {image: headless-20260504, minCapacity: 0, maxCapacity: 10, regions: [us-central1]}
    +    provider_id: example-level3-gcp
    +    config: {image: handbuilt, minCapacity: 0, maxCapacity: 1, regions: [us-central1]}
    @@ -32,2 +32,2 @@ pools:
    -    description: Tests on the image `{image}`.
    -    owner: team@example.org
    +    description: "Tests on the image `headless-20261112`."
    +    owner: "team@example.org"
    @@ -37,3 +37,3 @@ pools:
    -  - pool_id: example-3/by-hand
    -    description: Odd jobs.
    -    owner: team@example.org
    +  - pool_id: example-t/latest
    +    description: "Tests on the image `headless-20261112`."
    +    owner: "team@example.org"
    @@ -41,2 +41,2 @@ pools:
    -    provider_id: example-level3-gcp
    -    config: {image: handbuilt, minCapacity: 0, maxCapacity: 1, regions: [us-central1]}
    +    provider_id: example-level1-gcp
    +    config: {image: headless-20261112, minCapacity: 0, maxCapacity: 10, regions: [us-central1]}
    "#);
    // The template was of the group itself, and went with its image.
    let mut arguments = arguments;
    arguments[5] = "example-t/headless-20261112";
    let again = run(&repo, &arguments, &[]);
    assert!(
        again.stderr.contains("every pool is as it would be made"),
        "{again:?}"
    );
}
