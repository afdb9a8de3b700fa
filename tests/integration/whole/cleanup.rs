//! Plans of a cron job's tasks, each of which goes on from the one before; and the task that carries one out which a person
//! has read.

use std::path::Path;

use fake_taskcluster::{IndexEntry, TaskState};
use serde_json::{Value, json};

use super::worker::done;
use super::{IMAGES, World};

/// Publishes the disk anew; where it is.
fn publish(world: &World, words: &str) -> String {
    let script = "image-defs/scripts/10-install.sh";
    world.images.append(script, &format!("echo {words}\n"));
    world.push(&world.images, IMAGES);
    world.execute_all(&world.pushed());
    // Images are named by the second in which they were built.
    std::thread::sleep(std::time::Duration::from_secs(1));
    world.published("disk-qemu")
}

fn sha256(text: &str) -> String {
    taskgraph_images::graph::Digest::of(text.as_bytes()).to_string()
}

/// Lets a label of the provider's keep an image.
fn keep(disk: &str) {
    let described = format!("{disk}.json");
    let text = std::fs::read_to_string(&described).unwrap();
    let mut labels: Value = serde_json::from_str(&text).unwrap();
    labels["keep"] = "bug-1234".into();
    std::fs::write(&described, labels.to_string()).unwrap();
}

#[test]
fn what_nobody_uses_goes_once_somebody_has_read_the_plan() {
    let world = World::new();
    // Only disks, which a folder publishes.
    world.images.remove("image-defs/images/headless.yml");
    world.images.write("image-defs/pools.yml", "{}\n");
    let disks = ["first", "second", "third"].map(|words| publish(&world, words));
    let (plan, ran) = world.execute_job("cleanup");
    done(&ran);
    insta::assert_snapshot!(world.artifacts(&plan).join("\n"), @"
    public/logs/live.log
    public/maintenance/cleanup-plan.json
    public/maintenance/cleanup-plan.md
    ");
    let json = world.left(&plan, "public/maintenance/cleanup-plan.json");
    let sum = sha256(&json);
    let how = format!(
        "To carry it out, start the action `apply-cleanup` with `plan-task-id: {plan}` and `sha256: {sum}`."
    );
    assert!(world.says(&plan, &how), "{}", ran.block());
    let page = world.left(&plan, "public/maintenance/cleanup-plan.md");
    assert!(page.ends_with(&format!("{how}\n")), "{page}");
    assert!(disks.iter().all(|disk| Path::new(disk).is_file()));

    // A person has read it. Meanwhile somebody else keeps one.
    keep(&disks[1]);
    let pushed = world.pushed();
    let action = world.act(
        &pushed,
        "apply-cleanup",
        &json!({"plan-task-id": plan, "sha256": sum}),
    );
    let created = world.created(&action);
    assert_eq!(created.keys().collect::<Vec<_>>(), ["cleanup-apply"]);
    let ran = world.execute(&created["cleanup-apply"]);
    done(&ran);
    let is_there = disks.each_ref().map(|disk| Path::new(disk).is_file());
    assert_eq!(is_there, [false, true, true], "{}", ran.block());
    insta::assert_snapshot!(world.artifacts(&created["cleanup-apply"]).join("\n"), @"
    public/logs/live.log
    public/maintenance/cleanup-applied.txt
    public/maintenance/reviewed-plan.json
    ");
    assert!(world.says(
        &created["cleanup-apply"],
        "1 done, 1 kept by their label, 0 left, 0 failed"
    ));
    insta::assert_snapshot!(world.left(&created["cleanup-apply"], "public/maintenance/cleanup-applied.txt"), @"
    kept by its label	delete	disk@qemu	nobody uses it
    done	delete	disk@qemu	nobody uses it
    ");
}

/// A plan's images, each with what happens to it and since when nobody uses it.
fn planned(world: &World) -> (String, Vec<(String, bool)>) {
    let (id, ran) = world.execute_job("cleanup");
    done(&ran);
    let plan = world.artifact(&id, "public/maintenance/cleanup-plan.json");
    let items = plan["items"].as_array().unwrap().iter().map(|item| {
        let action = item["action"].as_str().unwrap().to_owned();
        (action, item["unused-since"].is_string())
    });
    (id, items.collect())
}

/// Sets the time by which the plans of tasks are dated, in days from now, and how long images are kept.
fn at(world: &World, days: u64) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = now.unwrap().as_secs() + 60 + days * 86_400;
    let environment = format!(
        "cleanup: {{worker: in-container, environment: {{SOURCE_DATE_EPOCH: '{seconds}'}}}}"
    );
    let config = std::fs::read_to_string(world.images.path.join("image-defs/config.yml")).unwrap();
    let old = config
        .lines()
        .find(|line| line.starts_with("  cleanup: "))
        .unwrap();
    world
        .images
        .replace("image-defs/config.yml", old, &format!("  {environment}"));
    world.push(&world.images, IMAGES);
}

#[test]
fn a_plan_goes_on_from_the_one_before() {
    let world = World::new();
    world.images.remove("image-defs/images/headless.yml");
    world.images.write("image-defs/pools.yml", "{}\n");
    world.images.replace(
        "image-defs/proposals.yml",
        "deprecate-after: 0 days, disable-after: 0 days, delete-after: 0 days",
        "deprecate-after: 14 days, disable-after: 60 days, delete-after: 120 days",
    );
    publish(&world, "first");
    publish(&world, "second");
    let keep = ("keep".to_owned(), false);
    let go = |action: &str| vec![keep.clone(), (action.to_owned(), true)];
    // An open proposal uses images as long as it is there.
    let proposal = "taskgraph-images/pools/headless-google";
    world.branch(proposal, true);
    at(&world, 0);
    let (first, items) = planned(&world);
    assert_eq!(items, go("keep"));
    let json = world.left(&first, "public/maintenance/cleanup-plan.json");
    assert!(json.contains(proposal), "{json}");
    world.branch(proposal, false);
    at(&world, 20);
    assert_eq!(planned(&world).1, go("deprecate"));
    at(&world, 70);
    let (last, items) = planned(&world);
    assert_eq!(items, go("disable"));

    // Whoever may write a path of the index cannot say since when something is unused.
    let forged = world.next_id();
    let mut task = world.taskcluster.tasks()[&last].clone();
    task["schedulerId"] = "example-level-1".into();
    world
        .taskcluster
        .insert_task(&forged, task, TaskState::Completed);
    let folder = world.store.join(&forged).join("public/maintenance");
    std::fs::create_dir_all(&folder).unwrap();
    let plan = world.left(&last, "public/maintenance/cleanup-plan.json");
    std::fs::write(folder.join("cleanup-plan.json"), plan).unwrap();
    let entry = IndexEntry {
        task_id: forged.clone(),
        rank: 0,
        data: json!({}),
        expires: "2999-01-01T00:00:00.000Z".to_owned(),
    };
    world
        .taskcluster
        .insert_index("example.v2.images.latest.maintenance.cleanup", entry);
    at(&world, 130);
    let (id, items) = planned(&world);
    assert_eq!(items, go("keep"));
    let log = world.left(&id, "public/logs/live.log");
    let said =
        format!("the plan of `{forged}` is not believed: its scheduler is `example-level-1`");
    assert!(log.contains(&said), "{log}");
}
