//! `revoke`: entries leave an image, and it does not come back.

use super::{ci_config, example, run};
use crate::support::Repo;

#[test]
fn entries_leave_an_image_which_does_not_come_back() {
    let repo = Repo::new();
    let config = ci_config();
    let (folder, manifests) = (
        config.path.to_str().unwrap().to_owned(),
        example("manifests"),
    );
    let mapping = std::fs::read_to_string(example("pools.yml")).unwrap();
    repo.write("image-defs/pools.yml", &mapping);
    repo.commit();
    let common = ["--config", &folder, "--manifests", &manifests];
    let revoke = |image: &str, more: &[&str]| {
        let arguments = [
            &["revoke", image, "--reason", "bug 7: a 'bad' #driver"][..],
            &common,
            more,
        ]
        .concat();
        run(&repo, &arguments, &[])
    };
    let shown = revoke("headless-l1-2026-09-01", &[]);
    insta::assert_snapshot!(shown.block(), @"
    exit 0
    --- stdout
    revoke	headless-l1@google	2026-09-01T03:00:00.000Z	[64]
    entry	headless	example-level1-gcp
    pool	example-1/b-linux
    move	headless	example-level1-gcp	projects/example-imaging/global/images/headless-l1-2026-09-01 -> projects/example-imaging/global/images/headless-l1-2026-11-12
    --- stderr
    10 images published of 3 definitions
    1 location to move, 0 left
    it would be held in `image-defs/pools.yml`
    ");

    // A newer one, and what holds the old one: each a patch for its own repository.
    let ran = revoke(
        "headless-l1-2026-09-01",
        &["--out", "../patches", "--bug", "7"],
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let patches = repo.beside("patches");
    let patch = |name: &str| patches.join(name).to_str().unwrap().to_owned();
    config.git(&["am", "--quiet", &patch("rollback-headless-google.patch")]);
    insta::assert_snapshot!(config.git(&["log", "-1", "--format=%s"]), @"Bug 7 - fix(google): take headless to the image of 2026-11-12");
    let holding = std::fs::read_dir(patches.join("definitions")).unwrap();
    let holding: Vec<_> = holding.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(holding.len(), 1, "{holding:?}");
    repo.git(&["am", "--quiet", holding[0].to_str().unwrap()]);
    insta::assert_snapshot!(repo.git(&["show", "-U0", "--format=%s"]), @r#"
    Bug 7 - chore: hold headless-l1@google back: bug 7: a 'bad' #driver

    diff --git a/image-defs/pools.yml b/image-defs/pools.yml
    index 64f182e..370d76c 100644
    --- a/image-defs/pools.yml
    +++ b/image-defs/pools.yml
    @@ -17,0 +18,4 @@ images:
    +hold:
    +  - image: "headless-l1@google"
    +    manifest: "6932ffc56837b7d358d035e718616148dd81ba2cb2c1ede64dd50a2e5600a32e"
    +    reason: "bug 7: a 'bad' #driver"
    "#);
    let changed = config.git(&["diff", "-U0", "HEAD~1"]);
    assert!(
        changed.contains(
            "+  example-level1-gcp: projects/example-imaging/global/images/headless-l1-2026-11-12"
        ),
        "{changed}"
    );
    assert!(!changed.contains("level3"), "{changed}");

    // Nothing is on it any more, and it is held.
    let settled = revoke("headless-l1-2026-09-01", &["--out", "../patches"]);
    insta::assert_snapshot!(settled.block(), @"
    exit 0
    --- stdout
    revoke	headless-l1@google	2026-09-01T03:00:00.000Z	[64]
    --- stderr
    10 images published of 3 definitions
    0 locations to move, 0 left
    it is held already, so it is not proposed again
    ");

    // The newest is bad, too: the one before it is held, so it is the one before that.
    std::fs::remove_dir_all(&patches).unwrap();
    let ran = revoke("headless-l1-2026-11-12", &["--out", "../patches"]);
    insta::assert_snapshot!(ran.stdout, @"
    revoke	headless-l1@google	2026-11-12T03:00:00.000Z	a26d2c8f74fe4b3f1bf0f1b662a86b698a268d1f0a5ca876598097845dec4127
    entry	headless	example-level1-gcp
    pool	example-1/b-linux
    entry	headless-20261112	example-level1-gcp
    pool	example-t/headless-20261112
    move	headless	example-level1-gcp	projects/example-imaging/global/images/headless-l1-2026-11-12 -> projects/example-imaging/global/images/headless-l1-2026-05-04
    left	headless-20261112	example-level1-gcp	it is mapped to no image
    rollback-headless-google	wrote ../patches/rollback-headless-google.patch	revert(google): take headless back to the image of 2026-05-04
    hold-a26d2c8f74fe	wrote ../patches/definitions/hold-a26d2c8f74fe.patch	chore: hold headless-l1@google back: bug 7: a 'bad' #driver
    ");
    config.git(&["am", "--quiet", &patch("rollback-headless-google.patch")]);
    for entry in std::fs::read_dir(patches.join("definitions")).unwrap() {
        repo.git(&["am", "--quiet", entry.unwrap().path().to_str().unwrap()]);
    }
    // And no update brings either back.
    let update = run(&repo, &[&["pools", "update"][..], &common].concat(), &[]);
    insta::assert_snapshot!(update.stdout, @"
    left	fuzz-linux	aws	fuzz@aws of 2026-11-12T03:00:00.000Z: it is not in us-west-2, which pools need
    left	headless	example-level1-gcp	headless-l1@google of 2026-11-12T03:00:00.000Z: it is held: bug 7: a 'bad' #driver; headless-l1@google of 2026-09-01T03:00:00.000Z: it is held: bug 7: a 'bad' #driver
    left	headless	example-level3-gcp	the providers of an entry move together, and `example-level1-gcp` cannot
    ");
}

/// A dry run writes nothing anywhere.
#[test]
fn a_dry_run_only_says_it() {
    let repo = Repo::new();
    let config = ci_config();
    let (folder, manifests) = (
        config.path.to_str().unwrap().to_owned(),
        example("manifests"),
    );
    let mapping = std::fs::read_to_string(example("pools.yml")).unwrap();
    repo.write("image-defs/pools.yml", &mapping);
    repo.commit();
    let arguments = [
        "revoke",
        "headless-l1-2026-09-01",
        "--config",
        &folder,
        "--manifests",
        &manifests,
        "--out",
        "../patches",
        "--dry-run",
    ];
    let ran = run(&repo, &arguments, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    insta::assert_snapshot!(ran.stdout.lines().filter(|line| line.contains("patch")).collect::<Vec<_>>().join("\n"), @"
    rollback-headless-google	would call: write ../patches/rollback-headless-google.patch	fix(google): take headless to the image of 2026-11-12
    hold-6932ffc56837	would call: write ../patches/definitions/hold-6932ffc56837.patch	chore: hold headless-l1@google back: revoked
    ");
    assert!(!repo.beside("patches").exists());
    // What is mapped elsewhere is held by hand.
    let mapping = example("pools.yml");
    let ran = run(
        &repo,
        &[&arguments[..], &["--mapping", &mapping]].concat(),
        &[],
    );
    let said = ran.stderr.replace(&mapping, "[MAPPING]");
    insta::assert_snapshot!(said, @"
    10 images published of 3 definitions
    1 location to move, 0 left
    to keep it from coming back, in `[MAPPING]`: hold: [{image: headless-l1@google, manifest: 6932ffc56837b7d358d035e718616148dd81ba2cb2c1ede64dd50a2e5600a32e, reason: …}]
    ");
}

/// What has nowhere to go is said, and what a person can do.
#[test]
fn without_a_destination_it_is_held_by_hand() {
    let repo = Repo::new();
    let config = ci_config();
    let (folder, manifests) = (
        config.path.to_str().unwrap().to_owned(),
        example("manifests"),
    );
    let mapping = std::fs::read_to_string(example("pools.yml")).unwrap();
    repo.write("image-defs/pools.yml", &mapping);
    repo.commit();
    let arguments = [
        "revoke",
        "headless-l1-2026-09-01",
        "--config",
        &folder,
        "--manifests",
        &manifests,
        "--propose",
        "--dry-run",
    ];
    let ran = run(&repo, &arguments, &[]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    for expect in [
        "`proposals.yml` names no repository under `upgrade`",
        "to keep it from coming back, in `image-defs/pools.yml`: hold: [{image: headless-l1@google, manifest: ",
        "error: `proposals.yml` says nowhere where proposals of the sort `pools` go",
    ] {
        assert!(ran.stderr.contains(expect), "{expect}: {}", ran.stderr);
    }
}
