//! `pools`: entries that move and go back, pools that are made.

use super::{ci_config, example, run};
use crate::support::Repo;

#[test]
fn entries_move_and_go_back() {
    let repo = Repo::new();
    let config = ci_config();
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
fn pools_are_made_for_images() {
    let repo = Repo::new();
    let config = ci_config();
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

#[test]
fn declared_groups_are_made_and_checked() {
    let repo = Repo::new();
    let config = ci_config();
    let folder = config.path.to_str().unwrap().to_owned();
    repo.write(
        "image-defs/pools.yml",
        "generate:\n  images-1: {template: example-t/headless-20260504, images: [headless], named: {latest: headless}}\n",
    );
    let stale = || {
        let arguments = ["pools", "check", "--config", &folder, "--deny", "never"];
        let ran = run(&repo, &arguments, &[]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let lines = ran
            .stdout
            .lines()
            .filter(|line| line.contains("stale-pool"));
        lines.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(stale(), @"
    worker-images.yml:4: warning[stale-pool]: `headless` has no pool `images-1/headless`
    worker-images.yml:4: warning[stale-pool]: `headless` has no pool `images-1/latest`
    ");
    let generate = |more: &[&str]| {
        let arguments = [&["pools", "generate", "--config", &folder][..], more].concat();
        run(&repo, &arguments, &[])
    };
    let ran = generate(&["--out", "../patches"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let patch = repo.beside("patches").join("images-1.patch");
    config.git(&["am", "--quiet", patch.to_str().unwrap()]);
    assert_eq!(stale(), "");
    let again = generate(&["--out", "../patches"]);
    assert!(
        again.stderr.contains("every pool is as it would be made"),
        "{again:?}"
    );
    // A change of the template is one of the pools.
    config.replace(
        "worker-pools.yml",
        "Tests on the image `{image}`",
        "Trials of `{image}`",
    );
    insta::assert_snapshot!(stale(), @"
    worker-pools.yml:43: warning[stale-pool]: the entry of the pool `images-1/headless` differs from what would be generated from its template
    worker-pools.yml:49: warning[stale-pool]: the entry of the pool `images-1/latest` differs from what would be generated from its template
    ");
    let wrong = ["other", "images-1"].map(|group| generate(&["--group", group]).block());
    assert!(wrong[1].starts_with("exit 0"), "{}", wrong[1]);
    insta::assert_snapshot!(wrong[0], @"
    exit 2
    --- stderr
    error: `pools.yml` declares no group `other`
    hint: declare it under `generate`, or name its `--template`
    ");
    // What cannot be made is said by both.
    repo.write(
        "image-defs/pools.yml",
        "generate: {a: {template: none/x}, b: {template: none/y}}\n",
    );
    insta::assert_snapshot!(generate(&[]).block(), @"
    exit 3
    --- stderr
    error: there is no pool `none/x` to be the template of `a`; there is no pool `none/y` to be the template of `b`
    ");
    let arguments = ["pools", "check", "--config", &folder];
    insta::assert_snapshot!(run(&repo, &arguments, &[]).block(), @"
    exit 3
    --- stderr
    error: `pools.yml`: there is no pool `none/x` to be the template of `a`; there is no pool `none/y` to be the template of `b`
    ");
}
