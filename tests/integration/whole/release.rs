//! One release of a tool, from its pin to a project that runs on an image with it. People merge, and make a pool for the
//! image; all else is done by tasks that events created.

use super::worker::done;
use super::world::{APP, POOLS};
use super::{IMAGES, World};

#[test]
fn a_release_goes_from_its_pin_to_a_project() {
    let world = World::new();
    world.execute_all(&world.pushed());
    world.release("1.2.0");
    the_pin(&world);
    let reference = the_images(&world);
    the_pools(&world, &reference);
    world.newer_pool(&reference);
    the_project(&world);
}

fn the_pin(world: &World) {
    done(&world.execute_job("upgrade").1);
    insta::assert_snapshot!(world.merge(&world.images, IMAGES), @"chore: upgrade tool to 1.2.0");
    let pins = std::fs::read_to_string(world.images.path.join("image-defs/pins.yml")).unwrap();
    assert!(
        pins.contains("value: 1.2.0   # what everybody has"),
        "{pins}"
    );
}

/// Where the image of the clouds is published.
fn the_images(world: &World) -> String {
    let decision = world.pushed();
    let created = world.created(&decision);
    let labels: Vec<&str> = created.keys().map(String::as_str).collect();
    insta::assert_snapshot!(labels.join(" "), @"build-disk-qemu build-headless-google publish-disk-qemu publish-headless-google verify-disk-qemu verify-headless-google");
    world.execute_all(&decision);
    let publish = &created["publish-headless-google"];
    let manifest = world.artifact(publish, "public/manifest/manifest.json");
    assert_eq!(manifest["pins"]["tool"]["value"], "1.2.0");
    assert_eq!(
        manifest["tasks"]["build"],
        created["build-headless-google"].as_str()
    );
    let reference = world.published("headless-google");
    assert!(
        world.cloud.shown().contains(&reference),
        "{}",
        world.cloud.shown()
    );
    assert!(!world.everything(publish).contains("not-a-token"));
    let disk = std::fs::read_to_string(world.published("disk-qemu")).unwrap();
    assert!(disk.starts_with("a disk with tool 1.2.0 of "), "{disk}");
    // The same commit again: what is published takes the place of every task.
    assert!(world.created(&world.pushed()).is_empty());
    reference
}

fn the_pools(world: &World, reference: &str) {
    done(&world.execute_job("pools").1);
    let text = world.pull_requests(POOLS);
    assert!(text.contains("`example-3/b-linux`"), "{text}");
    world.merge(&world.pools, POOLS);
    let images = std::fs::read_to_string(world.pools.path.join("worker-images.yml")).unwrap();
    assert!(
        images.contains(&format!("{reference}   # of most pools")),
        "{images}"
    );
    let (_, ran) = world.execute_job("pools");
    done(&ran);
    assert!(world.open(POOLS).is_empty(), "{}", ran.block());
}

fn the_project(world: &World) {
    world.runs(
        APP,
        &[
            "example-t/headless-20260901",
            "example-t/headless-20260901",
            "example-3/b-linux",
        ],
    );
    let (id, ran) = world.execute_job("projects");
    done(&ran);
    insta::assert_snapshot!(world.artifacts(&id).join("\n"), @"
    public/logs/live.log
    public/maintenance/projects-proposals.txt
    public/maintenance/projects.json
    public/maintenance/projects.md
    ");
    insta::assert_snapshot!(world.left(&id, "public/maintenance/projects-proposals.txt"), @"
    worker-pools	opened https://example.org/example/app/pull/1	chore: use the worker pools headless-new
    worker-pools	opened https://example.org/example/site/pull/1	chore: use the worker pools headless-new
    ");
    assert!(world.says(&id, "2 projects: 2 pending"));
    insta::assert_snapshot!(world.plain(&world.pull_requests(APP)), @r#"
    #1 open "chore: use the worker pools headless-new" taskgraph-images/projects/worker-pools → main []
    Newer machine images are there for these workers.

    | alias | from | to | image | tasks |
    | --- | --- | --- | --- | --- |
    | `t-linux` | `headless-20260901` | `headless-new` | the image `headless-new` of [DAY] | 2 |

    To go back, revert this change: the older pools stay as long as their images do.
    "#);
    assert_eq!(world.differs(APP), ["taskcluster/config.yml"]);
    world.github.forget();
    done(&world.execute_job("projects").1);
    assert_eq!(world.github.writes(), [""; 0]);
    world.merge(&world.app, APP);
    world.runs(APP, &["example-t/headless-new", "example-3/b-linux"]);
    let config = std::fs::read_to_string(world.app.path.join("taskcluster/config.yml")).unwrap();
    assert!(
        config.contains("worker-type: headless-new   # moved by the robot"),
        "{config}"
    );
    let (after, _) = world.execute_job("projects");
    insta::assert_snapshot!(world.left(&after, "public/maintenance/projects.md"), @"
    1 pending, 1 up-to-date

    | project | state | moves | notes |
    | --- | --- | --- | --- |
    | site | pending | headless-20260901 → headless-new | [proposal](https://example.org/example/site/pull/1)<br>no task graph of it was found, so what its tree names counts |
    | app | up-to-date |  |  |
    ");
}
