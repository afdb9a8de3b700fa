//! `cleanup plan` and `apply`.

use super::{ci_config, example, run};
use crate::support::Repo;

#[test]
fn branches_that_may_be_live_keep_images() {
    let repo = Repo::new();
    let config = ci_config();
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
