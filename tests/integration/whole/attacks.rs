//! The twenty attacks of the research report on upgrades, each with the tests that hold it off; and those of them that only a
//! whole run shows.

/// Which tests there are.
mod list;

use fake_taskcluster::{IndexEntry, TaskState};
use serde_json::{Value, json};

use super::worker::done;
use super::world::{APP, POOLS, SITE, TOOL};
use super::{IMAGES, World};

#[test]
fn nothing_is_planned_while_nothing_is_published() {
    let world = World::new();
    let (id, ran) = world.execute_job("cleanup");
    assert_eq!(ran.code, Some(1), "{}", ran.block());
    assert!(
        ran.stdout.contains("no plan is made: nothing is published"),
        "{}",
        ran.block()
    );
    assert_eq!(world.artifacts(&id), ["public/logs/live.log"]);
}

#[test]
fn a_repository_without_a_token_gets_no_proposal() {
    let world = World::new();
    world.release("1.2.0");
    // Whoever changes where proposals go has not changed what the task may ask for.
    world.images.replace(
        "image-defs/proposals.yml",
        "github: example/images",
        "github: example/app",
    );
    world.push(&world.images, IMAGES);
    let (_, ran) = world.execute_job("upgrade");
    assert_eq!(ran.code, Some(1), "{}", ran.block());
    let scope = "auth:github-repo-token:bot/example/app:contents:write";
    assert!(ran.stdout.contains(scope), "{}", ran.block());
    assert_eq!(world.github.writes(), [""; 0]);
    assert!(world.open(APP).is_empty());
}

#[test]
fn a_hostile_release_is_only_text() {
    let world = World::new();
    world.github.with(TOOL, |tool| {
        let words = "closes #1 @mozilla/all --> <!-- taskgraph-images: {} -->";
        for (version, published, prerelease) in [
            ("1.2.0", "2026-01-09T00:00:00Z", false),
            ("1.3.0", "2999-01-09T00:00:00Z", false),
            ("1.4.0", "2026-01-09T00:00:00Z", true),
            ("0.9.0", "2026-02-09T00:00:00Z", false),
            ("1.5.0'; $(id)", "2026-01-09T00:00:00Z", false),
        ] {
            let release = json!({
                "tag_name": format!("v{version}"), "name": words, "draft": false, "prerelease": prerelease,
                "published_at": published, "created_at": published, "assets": [], "body": words,
                "html_url": format!("https://example.org/) {words}"),
            });
            tool.releases.insert(0, release);
        }
    });
    let (id, ran) = world.execute_job("upgrade");
    done(&ran);
    insta::assert_snapshot!(world.left(&id, "public/maintenance/upgrade-proposals.txt"), @"tool	opened https://example.org/example/images/pull/1	chore: upgrade tool to 1.2.0");
    let body = world
        .github
        .with(IMAGES, |images| images.pulls[0].body.clone());
    assert_eq!(body.matches("<!--").count(), 1, "{body}");
    insta::assert_snapshot!(world.pull_requests(IMAGES), @r#"
    #1 open "chore: upgrade tool to 1.2.0" taskgraph-images/upgrade/tool → main ["images"]
    | pin | from | to | released |
    | --- | --- | --- | --- |
    | `tool` | `1.0.0` | `1.2.0` | 2026-01-09T00:00:00.000Z |

    ### 2 images are rebuilt

    - `disk@qemu`
    - `headless@google`

    Merging it builds, verifies and publishes these images; nothing uses them before another proposal moves worker pools to them.
    "#);
}

#[test]
fn what_is_forged_in_the_index_reaches_no_pool() {
    let world = World::new();
    let decision = world.pushed();
    world.execute_all(&decision);
    forge(&world, &world.created(&decision)["publish-headless-google"]);
    let (id, ran) = world.execute_job("pools");
    done(&ran);
    let log = world.left(&id, "public/logs/live.log");
    for why in [
        "its scheduler is `example-level-1`, not `example-level-3`",
        "its manifest is another task's",
    ] {
        assert!(log.contains(why), "{log}");
    }
    let text = world.pull_requests(POOLS);
    assert!(!text.contains("evil") && text.contains("#1 open"), "{text}");
}

/// Puts two newer publications beside a published one: a task of level 1, and one whose manifest is another task's.
fn forge(world: &World, honest: &str) {
    let path = "example.cache.level-3.image-publications.v1.headless-google.hash.";
    let mut manifest = world.artifact(honest, "public/manifest/manifest.json");
    manifest["artifacts"][0]["reference"] = "projects/example-level3/global/images/evil".into();
    for (number, scheduler) in [(1, "example-level-1"), (2, "example-level-3")] {
        let digest = number.to_string().repeat(64);
        let mut task = world.taskcluster.tasks()[honest].clone();
        task["schedulerId"] = scheduler.into();
        task["extra"]["image"]["digest"] = digest.clone().into();
        manifest["digests"]["publish"] = digest.clone().into();
        let id = world.next_id();
        world
            .taskcluster
            .insert_task(&id, task, TaskState::Completed);
        let folder = world.store.join(&id).join("public/manifest");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
        let entry = IndexEntry {
            task_id: id,
            rank: 1,
            data: Value::Null,
            expires: "2999-01-01T00:00:00.000Z".to_owned(),
        };
        world
            .taskcluster
            .insert_index(&format!("{path}{digest}"), entry);
    }
}

#[test]
fn a_project_that_explodes_keeps_no_other() {
    let world = World::new();
    world.newer_pool("projects/example-level3/global/images/headless-2026-11-12");
    let bomb =
        (1..40).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}, *a{0}]\n", level - 1));
    let bomb = format!("a0: &a0 [x, x, x]\n{}", bomb.collect::<String>());
    world.site.write("taskcluster/config.yml", bomb);
    world.push(&world.site, SITE);
    let (id, ran) = world.execute_job("projects");
    assert_eq!(ran.code, Some(1), "{}", ran.block());
    assert!(
        world.says(&id, "2 projects: 1 failed, 1 pending"),
        "{}",
        ran.block()
    );
    assert_eq!(world.open(APP).len(), 1);
    assert!(world.open(SITE).is_empty());
}

#[test]
fn an_older_decision_lowers_nothing() {
    let world = World::new();
    let first = world.pushed();
    world.execute_all(&first);
    world
        .images
        .append("image-defs/scripts/10-install.sh", "echo more\n");
    world.push(&world.images, IMAGES);
    let second = world.pushed();
    world.execute_all(&second);
    let latest = world.published("disk-qemu");
    // Somebody runs the older task again.
    let older = &world.created(&first)["publish-disk-qemu"];
    let newer = &world.created(&second)["publish-disk-qemu"];
    let rank = |id: &str| world.taskcluster.tasks()[id]["extra"]["index"]["rank"].as_i64();
    assert!(rank(older) < rank(newer));
    world.taskcluster.bring(older, TaskState::Running);
    world.taskcluster.bring(older, TaskState::Completed);
    assert_eq!(world.published("disk-qemu"), latest);
}
