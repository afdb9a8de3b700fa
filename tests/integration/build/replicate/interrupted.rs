//! What is lost, killed, ended or too late: who goes on, with which replicas.

use std::sync::{Arc, Mutex};

use fake_taskcluster::{Fault, Faults};
use taskgraph_images::taskcluster::{Client, Connection, Queue as _};

use super::*;

#[test]
fn what_a_machine_lost_is_run_again() {
    let fixture = Fixture::new(Options::default());
    let once = |_: &str, runs: usize| {
        Some(if runs == 1 {
            TaskState::Exception
        } else {
            TaskState::Completed
        })
    };
    let ran = fixture.working(once, || fixture.verify());
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    let (id, _) = &fixture.replicas()["test-linux/opt-a"];
    assert_eq!(fixture.server.run_count(id), 2);
    // Not for ever; and then it is not the image's fault: the task is tried again by the queue.
    let fixture = Fixture::new(Options::default());
    let always = |_: &str, _: usize| Some(TaskState::Exception);
    let ran = fixture.working(always, || fixture.verify());
    insta::assert_snapshot!(fixture.said(&ran), @"
    exit 75
    --- stdout
    FAILED	[time]	gecko.v2.central.latest.taskgraph.decision: test-linux/opt-a
    FAILED	[time]	gecko.v2.central.latest.taskgraph.decision: test-linux/opt-b
    --- stderr
    verifies base@qemu of fN1SbArXTPSVFNUvaOlinQ by `replicate`: base.qcow2
    `gecko.v2.central.latest.taskgraph.decision` is `Dec1s1onQ1CAAAAAAAAAAA`
    leaves `test-linux/opt-secret` out: it holds the scope `secrets:get:project/gecko/level-3/signing`, which `drop-scopes` does not cover
    runs 2 tasks again on `example-1/candidates`, 0 of which are there already
    2 of 2 replicas are done
    error: `base@qemu` is not verified, and it may not be the image's fault: gecko.v2.central.latest.taskgraph.decision: test-linux/opt-a, gecko.v2.central.latest.taskgraph.decision: test-linux/opt-b
    hint: run it again; a task does so by itself
    ");
    let (id, _) = &fixture.replicas()["test-linux/opt-a"];
    assert_eq!(fixture.server.run_count(id), 3);
    done(&fixture.working(completes, || fixture.verify()));
}

#[test]
fn a_verify_task_that_is_killed_at_any_request_goes_on() {
    let fixture = Fixture::new(Options::default());
    done(&fixture.working(completes, || fixture.verify()));
    let whole = fixture.replicas().into_values().map(|(id, _)| id);
    let whole: Vec<String> = whole.collect();
    let count = fixture.server.requests().len() as u64;
    assert!(count > 8);
    for number in 1..=count {
        let victim = Arc::new(Mutex::new(None::<u32>));
        let seen = Arc::clone(&victim);
        let fixture = Fixture::new(Options::default().on_request(move |request| {
            if request.number != number {
                return;
            }
            let id = loop {
                if let Some(id) = *seen.lock().unwrap() {
                    break id;
                }
                std::thread::yield_now();
            };
            let killed = std::process::Command::new("kill")
                .args(["-KILL", &id.to_string()])
                .status();
            assert!(killed.is_ok_and(|status| status.success()));
        }));
        let mut child = fixture.start();
        *victim.lock().unwrap() = Some(child.id());
        let ended = fixture.working(
            |_, _| (number % 2 == 0).then_some(TaskState::Completed),
            || child.wait().unwrap(),
        );
        // The last ones may not come, where a poll fewer was needed.
        assert!(!ended.success() || number + 3 > count, "request {number}");
        // The project's next decision is there by now.
        if number % 3 == 0 && fixture.replicas().len() == 2 {
            fixture.names("AAAAAAAAQACAAAAAAAAAAA");
        }
        let again = fixture.working(completes, || fixture.verify());
        assert_eq!(again.code, Some(0), "request {number}: {}", again.block());
        let created: Vec<String> = fixture.replicas().into_values().map(|(id, _)| id).collect();
        assert_eq!(created, whole, "request {number}");
        for id in &created {
            assert_eq!(fixture.server.run_count(id), 1, "request {number}");
        }
    }
}

#[test]
fn whatever_request_fails_the_next_attempt_completes() {
    let fixture = Fixture::new(Options::default());
    done(&fixture.working(completes, || fixture.verify()));
    let count = fixture.server.requests().len() as u64;
    let whole = fixture.replicas().len();
    for number in 1..count {
        for fault in [Fault::Body("<html>".to_owned()), Fault::CutAfter] {
            let fixture = Fixture::new(Options::default());
            fixture.server.set_faults(Faults::none().at(number, fault));
            let ran = fixture.working(completes, || fixture.verify());
            if ran.code == Some(0) {
                continue;
            }
            assert!(
                matches!(ran.code, Some(4 | 3)),
                "request {number}: {}",
                ran.block()
            );
            fixture.server.set_faults(Faults::none());
            let again = fixture.working(completes, || fixture.verify());
            assert_eq!(again.code, Some(0), "request {number}: {}", again.block());
            assert_eq!(fixture.replicas().len(), whole, "request {number}");
        }
    }
}

#[test]
fn who_ends_the_verify_task_ends_its_replicas() {
    let fixture = Fixture::new(Options::default());
    let mut child = fixture.start();
    while fixture.replicas().len() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let killed = std::process::Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(75));
    for (id, _) in fixture.replicas().values() {
        assert_eq!(fixture.server.task_state(id), Some(TaskState::Exception));
    }
    // The queue tries the task again, and that has them run again.
    done(&fixture.working(completes, || fixture.verify()));
    let (id, _) = &fixture.replicas()["test-linux/opt-a"];
    assert_eq!(fixture.server.run_count(id), 2);
}

#[test]
fn somebody_who_has_it_run_again_gets_new_replicas() {
    let fixture = Fixture::new(Options::default());
    let fails = |_: &str, _: usize| Some(TaskState::Failed);
    let ran = fixture.working(fails, || fixture.verify());
    assert_eq!(ran.code, Some(1), "{}", ran.block());
    let first = fixture.replicas();
    fixture.server.set_held_scopes(["*"]);
    fixture.server.bring(VERIFY, TaskState::Failed);
    let root = fixture.server.root_url();
    let connection = Connection::from_variables(|name| {
        name.starts_with("TASKCLUSTER_ROOT").then(|| root.clone())
    });
    let client = Client::new(connection.unwrap()).unwrap();
    client.rerun_task(&VERIFY.parse().unwrap()).unwrap();
    fixture.server.set_held_scopes(SCOPES);
    done(&fixture.working(completes, || fixture.verify()));
    assert_eq!(fixture.all().count(), 2 * first.len());
}

#[test]
fn time_is_bounded() {
    let fixture = Fixture::new(Options::default());
    fixture
        .case
        .repo
        .replace("image-defs/images/base.yml", "10 minutes", "33 seconds");
    let nobody = |_: &str, _: usize| None;
    let ran = fixture.working(nobody, || fixture.verify());
    insta::assert_snapshot!(fixture.said(&ran), @"
    exit 1
    --- stdout
    FAILED	[time]	gecko.v2.central.latest.taskgraph.decision: test-linux/opt-a
    FAILED	[time]	gecko.v2.central.latest.taskgraph.decision: test-linux/opt-b
    --- stderr
    verifies base@qemu of fN1SbArXTPSVFNUvaOlinQ by `replicate`: base.qcow2
    `gecko.v2.central.latest.taskgraph.decision` is `Dec1s1onQ1CAAAAAAAAAAA`
    leaves `test-linux/opt-secret` out: it holds the scope `secrets:get:project/gecko/level-3/signing`, which `drop-scopes` does not cover
    runs 2 tasks again on `example-1/candidates`, 0 of which are there already
    the time is over; what has come to no end is cancelled
    error: `base@qemu` fails `gecko.v2.central.latest.taskgraph.decision: test-linux/opt-a`
    error: `base@qemu` fails `gecko.v2.central.latest.taskgraph.decision: test-linux/opt-b`
    ");
    for (id, _) in fixture.replicas().values() {
        assert_eq!(fixture.server.task_state(id), Some(TaskState::Exception));
    }
    let fixture = Fixture::new(Options::default());
    fixture
        .case
        .repo
        .replace("image-defs/images/base.yml", "10 minutes", "33 seconds");
    let runs = |_: &str, _: usize| Some(TaskState::Running);
    let ran = fixture.working(runs, || fixture.verify());
    assert_eq!(ran.code, Some(1), "{}", ran.block());
    let found = fixture.case.left("verification/verification.json");
    assert_eq!(found["checks"][0]["replica"]["fault"], "image");
}
