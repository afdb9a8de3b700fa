//! What proposes, ended without warning at each call of GitHub, and run again: one branch, one pull request, the same content
//! as of a run that nothing happened to.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use fake_github::Server as GitHub;
use serde_json::Value;

use super::worker::words;
use super::world::{POOLS, TOOL};
use super::{IMAGES, World};

/// How many are tried at the same time: most of the time each waits for its turn to write.
const AT_ONCE: usize = 12;

#[test]
fn an_upgrade_survives() {
    let world = World::new();
    world.images.replace(
        "image-defs/config.yml",
        "worker: maintenance\n",
        "worker: in-container\n",
    );
    world.push(&world.images, IMAGES);
    world.release("1.2.0");
    survives(&world, "upgrade", IMAGES);
}

#[test]
fn a_move_of_pools_survives() {
    let world = World::new();
    world.execute_all(&world.pushed());
    survives(&world, "pools", POOLS);
}

/// Ends the task of a job at each of its calls, and runs it again.
fn survives(world: &World, job: &str, name: &str) {
    let id = world.created(&world.cron(job))[job].clone();
    let task = world.taskcluster.tasks()[&id].clone();
    world.hold(&task);
    let run = |github: &GitHub, at: Option<usize>, folder: &str| {
        let folder = world.images.beside(&format!("{job}-{folder}"));
        run(world, &task, &id, github, at, &folder)
    };
    let shown = |github: &GitHub| github.with(name, |repository| repository.shown());

    let whole = github(world);
    ends_well(&run(&whole, None, "whole"));
    let (calls, end) = (whole.requests().len(), shown(&whole));
    assert!(calls > 8, "{:?}", whole.requests());
    assert_eq!(whole.with(name, |repository| repository.pulls.len()), 1);

    let left = Mutex::new((0..calls).rev().collect::<Vec<_>>());
    std::thread::scope(|threads| {
        for _ in 0..AT_ONCE {
            threads.spawn(|| {
                loop {
                    let Some(at) = left.lock().unwrap().pop() else {
                        return;
                    };
                    let github = github(world);
                    let ended = run(&github, Some(at), &format!("{at}-ended"));
                    assert!(!ended.status.success(), "at {at}: {ended:?}");
                    github.forget();
                    ends_well(&run(&github, None, &format!("{at}-again")));
                    assert_eq!(shown(&github), end, "ended at call {at}");
                }
            });
        }
    });
}

/// A GitHub of its own, that holds what the world's does.
fn github(world: &World) -> GitHub {
    let github = GitHub::start();
    for name in [IMAGES, POOLS, TOOL] {
        github.add(world.github.with(name, |repository| repository.clone()));
    }
    github
}

/// Runs what a task runs, in an empty folder, and ends it at a call.
fn run(
    world: &World,
    task: &Value,
    id: &str,
    github: &GitHub,
    at: Option<usize>,
    folder: &Path,
) -> Output {
    std::fs::create_dir(folder).unwrap();
    let process = Arc::new(AtomicU32::new(0));
    let own = Arc::clone(&process);
    github.on_call(move |number, _| {
        if at == Some(number) {
            while own.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            let process = own.load(Ordering::SeqCst).to_string();
            let ended = Command::new("kill").args(["-KILL", &process]).status();
            assert!(ended.unwrap().success());
        }
    });
    let words = words(&task["payload"]["command"]);
    let env = task["payload"]["env"].as_object().unwrap();
    let env = env
        .iter()
        .map(|(name, value)| (name, value.as_str().unwrap()));
    let child = Command::new(world.bin().join(words[0]))
        .args(&words[1..])
        .current_dir(folder)
        .env_clear()
        .envs(world.services())
        .envs(env)
        .env("HOME", folder)
        .env("TASK_ID", id)
        .env("UPLOAD_DIR", folder.join("artifacts"))
        .env("TASKGRAPH_IMAGES_GITHUB_API", github.address())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.store(child.id(), Ordering::SeqCst);
    child.wait_with_output().unwrap()
}

#[track_caller]
fn ends_well(output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}
