//! Cron jobs that propose: the decision, its one task, the pull request; and once more, with nothing to do.

use super::worker::done;
use super::world::POOLS;
use super::{IMAGES, World};

/// Runs a job twice. The first time it opens one pull request, and the second time it finds that up to date.
fn proposes_once(world: &World, job: &str, name: &str, file: &str) -> (String, String) {
    let (id, ran) = world.execute_job(job);
    done(&ran);
    assert!(!world.everything(&id).contains("not-a-token"));
    let text = world.pull_requests(name);
    assert_eq!(world.differs(name), [file]);
    let names = world.artifacts(&id);
    assert!(
        names.contains(&format!("public/maintenance/{job}-proposals.txt")),
        "{names:?}"
    );
    world.github.forget();
    let (again, ran) = world.execute_job(job);
    done(&ran);
    assert!(
        ran.stdout.contains("\tup to date: "),
        "{again}: {}",
        ran.block()
    );
    assert_eq!(world.github.writes(), [""; 0]);
    assert_eq!(world.pull_requests(name), text);
    (id, text)
}

#[test]
fn an_upgrade_is_one_pull_request() {
    let world = World::new();
    world.release("1.2.0");
    let (id, text) = proposes_once(&world, "upgrade", IMAGES, "image-defs/pins.yml");
    insta::assert_snapshot!(world.artifacts(&id).join("\n"), @"
    public/logs/live.log
    public/maintenance/upgrade-proposals.txt
    public/maintenance/upgrade.json
    public/maintenance/upgrade.md
    ");
    insta::assert_snapshot!(world.left(&id, "public/maintenance/upgrade-proposals.txt"), @"tool	opened https://example.org/example/images/pull/1	chore: upgrade tool to 1.2.0");
    insta::assert_snapshot!(world.left(&id, "public/maintenance/upgrade.md"), @"
    | pin | from | to | images |
    | --- | --- | --- | --- |
    | `tool` | `1.0.0` | `1.2.0` | 2 |
    ");
    insta::assert_snapshot!(text, @r#"
    #1 open "chore: upgrade tool to 1.2.0" taskgraph-images/upgrade/tool → main ["images"]
    | pin | from | to | released |
    | --- | --- | --- | --- |
    | `tool` | `1.0.0` | [`1.2.0`](https://example.org/example/tool/releases/tag/v1.2.0) | 2026-01-09T00:00:00.000Z |

    ### 2 images are rebuilt

    - `disk@qemu`
    - `headless@google`

    Merging it builds, verifies and publishes these images; nothing uses them before another proposal moves worker pools to them.
    "#);
}

#[test]
fn a_move_of_pools_is_one_pull_request() {
    let world = World::new();
    world.execute_all(&world.pushed());
    let (id, text) = proposes_once(&world, "pools", POOLS, "worker-images.yml");
    insta::assert_snapshot!(world.artifacts(&id).join("\n"), @"
    public/logs/live.log
    public/maintenance/pools-proposals.txt
    public/maintenance/pools.txt
    ");
    insta::assert_snapshot!(world.plain(&world.left(&id, "public/maintenance/pools-proposals.txt")), @"headless-google	opened https://example.org/example/worker-pools/pull/1	chore(google): bump headless images to [DAY]");
    insta::assert_snapshot!(world.plain(&world.left(&id, "public/maintenance/pools.txt")), @"move	headless	example-level3-gcp	projects/example-level3/global/images/headless-2026-09-01 -> [IMAGE]");
    insta::assert_snapshot!(world.plain(&text), @r#"
    #1 open "chore(google): bump headless images to [DAY]" taskgraph-images/pools/headless-google → main []
    | entry | provider | from | to | published | manifest |
    | --- | --- | --- | --- | --- | --- |
    | `headless` | `example-level3-gcp` | `projects/example-level3/global/images/headless-2026-09-01` | `[NAME]` | [TIME] | `[SHA-256]` of the task `aHxikXOlRaa2n-u5bAQNUw` |

    **`example-level3-gcp` of `headless`**: what it is now is not among the published images, so nothing says what changes.

    ### Pools

    - `example-level3-gcp` of `headless`: `example-3/b-linux`

    ### Before and after

    - [ ] before merging: run the integration tests on these images (comment `/taskcluster integration`)
    - [ ] after merging: watch worker-manager's errors for the pools above

    To roll back, revert this change, or run one of

    ```sh
    taskgraph-images pools rollback headless
    ```

    What is rolled back is not proposed again; the next image is.
    "#);
}
