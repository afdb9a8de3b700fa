//! What is not believed, and who may not.

use super::*;

#[test]
fn what_is_no_decision_is_not_believed() {
    let fixture = Fixture::new(Options::default());
    fixture.insert(DECISION, "other-level-1", DECISION, TaskState::Completed);
    fixture.fails(
        3,
        "was scheduled by `other-level-1`, expected `gecko-level-3`",
    );
    fixture.insert(DECISION, "gecko-level-3", NEEDED, TaskState::Completed);
    fixture.fails(3, "is no decision: its group is another task's");
    fixture.insert(DECISION, "gecko-level-3", DECISION, TaskState::Failed);
    fixture.fails(3, "is not completed");
    fixture.insert(DECISION, "gecko-level-3", DECISION, TaskState::Completed);
    fixture.left(&json!({"x": 1}));
    fixture.fails(3, "it is no task graph: there is not what a task has");
    fixture.left(&json!({}));
    fixture.fails(
        2,
        "no task of `gecko.v2.central.latest.taskgraph.decision` is selected",
    );
    fixture.names("CAAAAAAAQACAAAAAAAAAAA");
    fixture.fails(3, "is not there any more");
    let entry = IndexEntry {
        task_id: DECISION.to_owned(),
        rank: 0,
        data: json!({}),
        expires: fixture.server.time_before(Duration::from_secs(1)),
    };
    fixture.server.insert_index(INDEX, entry);
    fixture.fails(
        3,
        "the index has nothing at `gecko.v2.central.latest.taskgraph.decision`",
    );
    assert!(fixture.replicas().is_empty());
    // A task of another level, or none.
    fixture.names(DECISION);
    fixture.left(&graph());
    fixture.insert(VERIFY, "example-level-3", OWN_DECISION, TaskState::Running);
    fixture.fails(
        2,
        "was scheduled by `example-level-3`, expected `example-level-1`",
    );
    fixture.server.remove_task(VERIFY);
    fixture.fails(2, "the queue knows no task");
    let here = fixture
        .case
        .run(&["verify", "base"], &[("TASKGRAPH_IMAGES_STORE", "")]);
    assert_ne!(here.code, Some(0), "{}", here.block());
    assert!(fixture.replicas().is_empty());
}

#[test]
fn a_stranger_creates_nothing() {
    let fixture = Fixture::new(Options::default());
    let held = SCOPES
        .into_iter()
        .filter(|scope| !scope.starts_with("queue:create-task"));
    fixture.server.set_held_scopes(held);
    let ran = fixture.verify();
    assert_eq!(ran.code, Some(5), "{}", ran.block());
    assert!(fixture.replicas().is_empty());
    // And no graph of a stranger's has such a task.
    let repo = &fixture.case.repo;
    let labels = |event: &str| {
        let artifacts = repo.beside(event).to_string_lossy().into_owned();
        let ran = repo.run(&[
            "decision",
            "--dry-run",
            "--artifacts",
            &artifacts,
            "--tasks-for",
            event,
            "--level",
            "1",
            "--pull-request-number",
            "7",
            "--head-repository",
            "https://github.com/example/images",
            "--target-tasks-method",
            "all",
        ]);
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        let graph = std::fs::read(repo.beside(event).join("full-task-graph.json")).unwrap();
        let graph: BTreeMap<String, Value> = serde_json::from_slice(&graph).unwrap();
        graph.into_keys().collect::<Vec<_>>().join(" ")
    };
    insta::assert_snapshot!(labels("github-pull-request"), @"build-base-qemu build-child-qemu verify-base-qemu verify-child-qemu");
    insta::assert_snapshot!(labels("github-pull-request-untrusted"), @"build-base-qemu build-child-qemu verify-child-qemu");
}
