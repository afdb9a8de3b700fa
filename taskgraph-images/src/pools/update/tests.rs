//! What moves, what is left, and why; on small configuration repositories of both shapes.

use taskgraph_images_transforms::Duration;

use super::{History, Mapping, Question, Updates};
use crate::ci_config::CiConfig;
use crate::ci_config::fixtures::{community, edit, fxci, load};
use crate::inventory::Inventory;
use crate::manifest::{Artifact, Manifest, Pin, Stage, changes_tests};
use crate::taskcluster::Timestamp;
use crate::tree::MemoryTree;

const MAPPING: &str = "
images:
  headless:
    family: linux
    providers:
      example-level1-gcp: headless@google
      example-level3-gcp: headless-trusted@google
  win2022:
    deployment-id: puppet
    providers: {azure-example: win2022@azure}
  fuzz-linux:
    providers: {aws: fuzz@aws}
";

fn time(day: &str) -> Timestamp {
    format!("2026-{day}T00:00:00.000Z").parse().unwrap()
}

/// What was published of an image on a day, at places of regions, from a revision that begins with a letter.
pub(super) fn published(
    image: &str,
    day: &str,
    revision: &str,
    places: &[(&str, &str)],
) -> Manifest {
    let mut manifest = changes_tests::manifest();
    manifest.image = image.parse().unwrap();
    manifest.cloud = manifest.image.cloud;
    manifest.stage = Stage::Published;
    manifest.finished = time(day);
    manifest.source.revision = revision.repeat(40);
    let pin = Pin {
        value: "c".repeat(40),
        resolved: None,
    };
    manifest.pins.insert("puppet".to_owned(), pin);
    manifest.artifacts = places
        .iter()
        .map(|(region, reference)| Artifact {
            region: (!region.is_empty()).then(|| (*region).to_owned()),
            reference: (*reference).to_owned(),
            file: None,
        })
        .collect();
    manifest
}

pub(super) fn inventory(manifests: &[Manifest]) -> Inventory {
    let folder = tempfile::tempdir().unwrap();
    for (at, manifest) in manifests.iter().enumerate() {
        let path = folder.path().join(format!("{at}.json"));
        std::fs::write(path, manifest.to_json()).unwrap();
    }
    Inventory::of_folder(folder.path(), time("12-31")).unwrap()
}

fn google(project: &str, name: &str) -> String {
    format!("https://www.googleapis.com/compute/v1/projects/{project}/global/images/{name}")
}

fn headless(day: &str, revision: &str) -> [Manifest; 2] {
    let one = google("example-imaging", &format!("gw-l1-headless-2026-{day}"));
    let three = google(
        "example-level3-workers",
        &format!("gw-l3-headless-2026-{day}"),
    );
    [
        published("headless@google", day, revision, &[("", &one)]),
        published("headless-trusted@google", day, revision, &[("", &three)]),
    ]
}

fn win(day: &str, version: &str, regions: &[&str]) -> Manifest {
    let reference = format!(
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example-images/providers/Microsoft.Compute/galleries/win2022_64/images/win2022_64/versions/{version}"
    );
    let places: Vec<(&str, &str)> = regions
        .iter()
        .map(|region| (*region, reference.as_str()))
        .collect();
    published("win2022@azure", day, "a", &places)
}

fn shown(config: &CiConfig, mapping: &str, history: &History, manifests: &[Manifest]) -> String {
    let mapping = Mapping::read(mapping).unwrap();
    let inventory = inventory(manifests);
    assert_eq!(inventory.refused, []);
    let updates = Updates::new(Question {
        config,
        mapping: &mapping,
        inventory: &inventory,
        history,
        cool_down: Duration::days(2),
        now: time("10-01"),
    });
    let mut text = String::new();
    for step in updates.moves.values().flatten() {
        let before = if step.before.is_some() {
            ""
        } else {
            ", from nothing known"
        };
        text += &format!(
            "{} {} for {}{before}\n",
            step.key,
            step.provider,
            step.pools.join(" ")
        );
        for edit in &step.edits {
            text += &format!(
                "  {} {}: {} -> {}\n",
                edit.file,
                edit.path.join("."),
                edit.from,
                edit.to
            );
        }
    }
    for left in &updates.left {
        text += &format!(
            "left {} {}: {}\n",
            left.key,
            left.provider,
            left.why.join("; ")
        );
    }
    for (key, provider) in &updates.current {
        text += &format!("current {key} {provider}\n");
    }
    text
}

#[test]
fn entries_move_to_the_newest() {
    let config = load(&fxci());
    let mut all = Vec::from(headless("08-01", "a"));
    all.extend(headless("09-01", "b"));
    // Too young.
    all.extend(headless("09-30", "c"));
    all.push(win("09-01", "1.10.0", &["eastus", "westus2"]));
    all.push(published(
        "fuzz@aws",
        "09-01",
        "b",
        &[
            ("us-east-1", "ami-11111111111111111"),
            ("us-west-2", "ami-22222222222222222"),
        ],
    ));
    insta::assert_snapshot!(shown(&config, MAPPING, &History::default(), &all), @"
    fuzz-linux aws for proj-fuzzing/aws, from nothing known
      worker-images.yml fuzz-linux.aws.us-east-1: ami-00000000000000001 -> ami-11111111111111111
      worker-images.yml fuzz-linux.aws.us-west-2: ami-00000000000000002 -> ami-22222222222222222
    headless example-level1-gcp for example-1/b-linux
      worker-images.yml headless.example-level1-gcp: projects/example-imaging/global/images/gw-l1-headless-2026-08-01 -> projects/example-imaging/global/images/gw-l1-headless-2026-09-01
    headless example-level3-gcp for example-3/b-linux
      worker-images.yml headless.example-level3-gcp: projects/example-level3-workers/global/images/gw-l3-headless-2026-08-01 -> projects/example-level3-workers/global/images/gw-l3-headless-2026-09-01
    win2022 azure-example for example-1/win2022, from nothing known
      worker-images.yml win2022.azure-example.version: 1.2.3 -> 1.10.0
      worker-images.yml win2022.azure-example.deployment_id: 0123abc -> ccccccc
    ");
}

#[test]
fn what_would_be_wrong_is_left() {
    let config = load(&fxci());
    let [one, three] = headless("09-01", "b");
    let [old_one, old_three] = headless("08-01", "a");
    let [_, other_three] = headless("09-01", "d");
    // A level-1 image for the provider of level 3: the same project for both.
    let mut cross = three.clone();
    cross.artifacts[0].reference = google("example-imaging", "gw-l1-headless-2026-09-01");
    let cases = [
        ("two revisions", vec![one.clone(), other_three]),
        ("another level's project", vec![one.clone(), cross]),
        (
            "only one of two",
            vec![one, old_one.clone(), old_three.clone()],
        ),
        ("nothing newer", vec![old_one, old_three]),
        (
            "a version that goes back",
            vec![win("09-01", "1.2.2", &["eastus", "westus2"])],
        ),
        ("a region less", vec![win("09-01", "1.3.0", &["eastus"])]),
        (
            "an AMI less",
            vec![published(
                "fuzz@aws",
                "09-01",
                "b",
                &[("us-east-1", "ami-11111111111111111")],
            )],
        ),
    ];
    let mut text = String::new();
    for (name, manifests) in cases {
        let shown = shown(&config, MAPPING, &History::default(), &manifests);
        text += &format!("{name}\n");
        // What nothing is published of is the same in every case.
        for line in shown
            .lines()
            .filter(|line| !line.contains("nothing is published"))
        {
            text += &format!("  {line}\n");
        }
    }
    insta::assert_snapshot!(text, @"
    two revisions
      left headless example-level1-gcp: the providers of an entry move together, and these images were made of different revisions: bbbbbbbbbb, dddddddddd
      left headless example-level3-gcp: the providers of an entry move together, and these images were made of different revisions: bbbbbbbbbb, dddddddddd
    another level's project
      left headless example-level1-gcp: the providers of an entry move together, and `example-level3-gcp` cannot
      left headless example-level3-gcp: headless-trusted@google of 2026-09-01T00:00:00.000Z: it is in the project `example-imaging`, and the entry's is in `example-level3-workers`
    only one of two
      left headless example-level1-gcp: the providers of an entry move together, and these images were made of different revisions: aaaaaaaaaa, bbbbbbbbbb
      current headless example-level3-gcp
    nothing newer
      current headless example-level1-gcp
      current headless example-level3-gcp
    a version that goes back
      left win2022 azure-example: win2022@azure of 2026-09-01T00:00:00.000Z: its version 1.2.2 is not higher than the entry's 1.2.3
    a region less
      left win2022 azure-example: win2022@azure of 2026-09-01T00:00:00.000Z: it is not in westus2, which pools need
    an AMI less
      left fuzz-linux aws: fuzz@aws of 2026-09-01T00:00:00.000Z: it is not in us-west-2, which pools need
    ");
}

#[test]
fn community_has_provenance() {
    let config = load(&community());
    let mapping = "
images:
  linux:
    providers:
      community-tc-workers-google: linux@google
      community-tc-workers-aws: linux@aws
  windows:
    providers: {community-tc-workers-azure: windows@azure}
";
    let image = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Compute/images/windows-2";
    let all = [
        published(
            "linux@google",
            "09-01",
            "b",
            &[("", &google("example-workers", "linux-2"))],
        ),
        published(
            "linux@aws",
            "09-01",
            "b",
            &[
                ("us-east-1", "ami-11111111111111111"),
                ("us-west-2", "ami-22222222222222222"),
            ],
        ),
        published("windows@azure", "09-01", "b", &[("centralus", image)]),
    ];
    insta::assert_snapshot!(shown(&config, mapping, &History::default(), &all), @"
    linux community-tc-workers-aws for proj-example/ci-aws, from nothing known
      config/imagesets.yml linux.aws.amis.us-east-1: ami-00000000000000001 -> ami-11111111111111111
      config/imagesets.yml linux.aws.amis.us-west-2: ami-00000000000000002 -> ami-22222222222222222
      config/imagesets.yml linux.workerConfig.genericWorker.config.workerTypeMetadata.machine-setup.script: https://example.org/tc-config/0000000/imagesets/linux/bootstrap.sh -> https://example.org/images/tree/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    linux community-tc-workers-google for proj-example/ci, from nothing known
      config/imagesets.yml linux.gcp.image: projects/example-workers/global/images/linux-aaaabbbbccccdddd -> projects/example-workers/global/images/linux-2
      config/imagesets.yml linux.workerConfig.genericWorker.config.workerTypeMetadata.machine-setup.script: https://example.org/tc-config/0000000/imagesets/linux/bootstrap.sh -> https://example.org/images/tree/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    windows community-tc-workers-azure for proj-example/windows, from nothing known
      config/imagesets.yml windows.azure.images.centralus: /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Compute/images/imageset-example-centralus -> /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Compute/images/windows-2
    ");
}

/// The file after each of some commits, the oldest first, by the days of the images that it names.
fn history(days: &[&str]) -> (CiConfig, History) {
    let at = |day: &str| -> MemoryTree {
        let tree = edit(
            fxci(),
            "worker-images.yml",
            "gw-l1-headless-2026-08-01",
            &format!("gw-l1-headless-2026-{day}"),
        );
        edit(
            tree,
            "worker-images.yml",
            "gw-l3-headless-2026-08-01",
            &format!("gw-l3-headless-2026-{day}"),
        )
    };
    let mut history = History::default();
    for (number, day) in days.iter().enumerate() {
        history.note(&load(&at(day)), &format!("commit {number}"));
    }
    (load(&at(days.last().unwrap())), history)
}

#[test]
fn what_was_rolled_back_is_not_proposed_again() {
    let of = |day: &str| headless(day, "b");
    let all: Vec<Manifest> = ["06-01", "07-01", "08-01"]
        .into_iter()
        .flat_map(of)
        .collect();
    let newer: Vec<Manifest> = all.iter().cloned().chain(of("09-01")).collect();
    let mut text = String::new();
    for (days, manifests) in [
        // Deployed and reverted.
        (&["06-01", "07-01", "06-01"][..], &all[..4]),
        // A newer one is proposed.
        (&["06-01", "07-01", "06-01"], &all),
        // Deployed again after the revert, so it is not held, and neither is what follows.
        (&["06-01", "07-01", "06-01", "07-01"], &newer),
        // Reverted twice.
        (&["06-01", "07-01", "06-01", "07-01", "06-01"], &all[..4]),
        // Back by two steps at once.
        (&["06-01", "07-01", "08-01", "06-01"], &all),
    ] {
        let (config, history) = history(days);
        let shown = shown(&config, MAPPING, &history, manifests);
        text += &format!("{}\n", days.join(" "));
        for line in shown
            .lines()
            .filter(|line| line.contains("headless") && !line.starts_with("  "))
        {
            text += &format!("  {line}\n");
        }
        for line in shown
            .lines()
            .filter(|line| line.contains("headless.example-level1-gcp:"))
        {
            text += &format!("  {line}\n");
        }
    }
    insta::assert_snapshot!(text, @"
    06-01 07-01 06-01
      left headless example-level1-gcp: headless@google of 2026-07-01T00:00:00.000Z: it was rolled back (commit 2)
      left headless example-level3-gcp: headless-trusted@google of 2026-07-01T00:00:00.000Z: it was rolled back (commit 2)
    06-01 07-01 06-01
      headless example-level1-gcp for example-1/b-linux
      headless example-level3-gcp for example-3/b-linux
        worker-images.yml headless.example-level1-gcp: projects/example-imaging/global/images/gw-l1-headless-2026-06-01 -> projects/example-imaging/global/images/gw-l1-headless-2026-08-01
    06-01 07-01 06-01 07-01
      headless example-level1-gcp for example-1/b-linux
      headless example-level3-gcp for example-3/b-linux
        worker-images.yml headless.example-level1-gcp: projects/example-imaging/global/images/gw-l1-headless-2026-07-01 -> projects/example-imaging/global/images/gw-l1-headless-2026-09-01
    06-01 07-01 06-01 07-01 06-01
      left headless example-level1-gcp: headless@google of 2026-07-01T00:00:00.000Z: it was rolled back (commit 4)
      left headless example-level3-gcp: headless-trusted@google of 2026-07-01T00:00:00.000Z: it was rolled back (commit 4)
    06-01 07-01 08-01 06-01
      left headless example-level1-gcp: headless@google of 2026-08-01T00:00:00.000Z: it was rolled back (commit 3); headless@google of 2026-07-01T00:00:00.000Z: it was rolled back (commit 3)
      left headless example-level3-gcp: headless-trusted@google of 2026-08-01T00:00:00.000Z: it was rolled back (commit 3); headless-trusted@google of 2026-07-01T00:00:00.000Z: it was rolled back (commit 3)
    ");
    let (_, history) = history(&["06-01", "07-01", "08-01"]);
    let before = history.before("headless", "example-level1-gcp").unwrap();
    assert_eq!(
        before.first().unwrap().to_string(),
        "google:example-imaging/gw-l1-headless-2026-07-01"
    );
}

#[test]
fn a_mapping_says_what_is_wrong_with_it() {
    for (text, expect) in [
        (
            "images: {a: {}}",
            "images.a: missing field `providers` at line 1 column 13",
        ),
        (
            "images: {a: {providers: {p: x}}}",
            "images.a.providers: \"x\" names no cloud: expected `name@cloud` at line 1 column 25",
        ),
    ] {
        assert_eq!(Mapping::read(text).unwrap_err(), expect);
    }
}
