//! Tasks about the fleet: one action creates one, from a plan that is named whole.

use super::*;

/// The tasks about the fleet of a cron job's decision: what may change repositories, only its own job creates.
#[test]
fn no_action_creates_a_task_about_the_fleet() {
    let snapshot = fleet();
    let mut parameters = parameters(Level::Three);
    parameters.tasks_for = "cron".to_owned();
    let full = task_graph(&snapshot, None, &parameters).unwrap();
    let upgrade = |state| listed("upgrade", "upgrade", state, &["decision"], 1);
    let of = |state| {
        let tasks = BTreeMap::from([
            listed("decision", "Decision task", TaskState::Completed, &[], 0),
            upgrade(state),
        ]);
        Subject {
            decision: id("decision"),
            group: Group::new(tasks, &full, "td-level-3", &id("action")),
            candidates: candidates(&snapshot, &full, false),
            ids: BTreeMap::from([(label("upgrade"), id("upgrade"))]),
            full: full.clone(),
        }
    };
    let subject = of(TaskState::Failed);
    assert!(!subject.candidates.contains_key(&label("upgrade")));
    let about = |action| ask(action, Value::Null, Some("upgrade"), &subject);
    insta::assert_snapshot!(about(Action::Retrigger), @"`retrigger` is about a build task or a verify task or a validate task, and `[upgrade]` is none");
    insta::assert_snapshot!(about(Action::Publish), @"`publish` is about a verify task, and `[upgrade]` is none");
    insta::assert_snapshot!(about(Action::VerifyAgain), @"`verify-again` is about a verify task, and `[upgrade]` is none");
    let group = |action, input| ask(action, input, None, &subject);
    insta::assert_snapshot!(group(Action::AddNewTasks, json!({"tasks": ["upgrade", "pools"]})), @"
    `upgrade` is about the fleet: only a cron job or an action of its own creates it
    the task graph has no task `pools`
    ");
    insta::assert_snapshot!(group(Action::Rebuild, json!({"images": ["upgrade"]})), @"there is no image `upgrade`");
    insta::assert_snapshot!(group(Action::Rebuild, json!({"images": ["child"]})), @"
    create build-child-google: the image is rebuilt
    times 1
    ");
    // It is the same task that runs again, or is cancelled.
    assert_eq!(about(Action::Rerun), "rerun [upgrade]");
    let subject = of(TaskState::Running);
    let about = |action| ask(action, Value::Null, Some("upgrade"), &subject);
    assert_eq!(about(Action::Cancel), "cancel [upgrade]");
    assert_eq!(
        ask(Action::CancelAll, Value::Null, None, &subject),
        "cancel [upgrade]"
    );
}

/// A plan that was reviewed, as a person names it.
fn plan() -> Value {
    json!({"plan-task-id": "fN1SbArXTPSVFNUvaOlinQ", "sha256": "c".repeat(64)})
}

#[test]
fn apply_cleanup_creates_one_task_and_only_as_itself() {
    let mut subject = subject([]);
    let ask_it = |subject: &Subject| ask(Action::ApplyCleanup, plan(), None, subject);
    // The decision's own graph has no such task.
    insta::assert_snapshot!(ask_it(&subject), @"the settings have no `maintenance.cleanup-apply`, so there is no such task");
    let reviewed = Input::read(Action::ApplyCleanup, &plan()).unwrap().plan();
    for event in ["github-push", "cron"] {
        let decision = Parameters {
            tasks_for: event.to_owned(),
            ..parameters(Level::Three)
        };
        let run = carrying_out(&decision, reviewed.clone().unwrap());
        assert_eq!(run.tasks_for, "action");
        subject.full = task_graph(&fleet(), None, &run).unwrap();
        insta::allow_duplicates! {
            insta::assert_snapshot!(ask_it(&subject), @"
            create cleanup-apply: the plan of `fN1SbArXTPSVFNUvaOlinQ` was reviewed: cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
            times 1
            ");
        }
    }
    let task = subject.full.get(&label("cleanup-apply")).unwrap();
    let env = task.task.payload.env();
    assert_eq!(
        env["TASKGRAPH_IMAGES_PLAN_TASK_ID"].as_str(),
        "fN1SbArXTPSVFNUvaOlinQ"
    );
    assert_eq!(env["TASKGRAPH_IMAGES_PLAN_SHA256"].as_str(), "c".repeat(64));
    assert_eq!(task.task.task_queue_id.to_string(), "td-3/sweeper");
    // Even where the graph has it, no other action creates it, nor any other task about the fleet.
    let input = json!({"tasks": ["cleanup-apply", "cleanup"]});
    insta::assert_snapshot!(ask(Action::AddNewTasks, input, None, &subject), @"
    `cleanup-apply` is about the fleet: only a cron job or an action of its own creates it
    `cleanup` is about the fleet: only a cron job or an action of its own creates it
    ");
}

#[test]
fn a_plan_is_named_whole() {
    let id = "fN1SbArXTPSVFNUvaOlinQ";
    let sha256 = "c".repeat(64);
    for input in [
        Value::Null,
        json!({}),
        json!({"plan-task-id": id}),
        json!({"sha256": sha256}),
        json!({"plan-task-id": id, "sha256": sha256, "images": ["base"]}),
        json!({"plan-task-id": id, "sha256": sha256.to_uppercase()}),
        json!({"plan-task-id": id, "sha256": format!("{sha256}\n")}),
        json!({"plan-task-id": id, "sha256": "c".repeat(65)}),
        json!({"plan-task-id": id, "sha256": null}),
        json!({"plan-task-id": format!("{id}\n"), "sha256": sha256}),
        json!({"plan-task-id": format!("{id}/runs/0"), "sha256": sha256}),
        json!({"plan-task-id": "../../../../secrets/v1", "sha256": sha256}),
        json!({"plan-task-id": "$(id)", "sha256": sha256}),
        json!({"plan-task-id": [id], "sha256": sha256}),
        json!({"plan_task_id": id, "sha256": sha256}),
        json!([id, sha256]),
    ] {
        let errors = Input::read(Action::ApplyCleanup, &input);
        assert!(errors.is_err(), "{input}: {errors:?}");
    }
    assert!(Input::read(Action::ApplyCleanup, &plan()).is_ok());
    // No other action takes a plan.
    for &action in Action::ALL {
        if action != Action::ApplyCleanup {
            assert!(Input::read(action, &plan()).is_err(), "{action}");
        }
    }
}

#[test]
fn the_settings_decide_whether_a_cleanup_is_offered() {
    let snapshot = fleet();
    let mut config = snapshot.fleet.config.as_ref().unwrap().project.clone();
    let offered = |config: &_, level, disabled: &BTreeSet<Action>| {
        document::available(&parameters(level), config, disabled)
            .any(|action| action == Action::ApplyCleanup)
    };
    let none = BTreeSet::new();
    assert!(offered(&config, Level::Three, &none));
    assert!(!offered(&config, Level::One, &none));
    let disabled = BTreeSet::from([Action::ApplyCleanup]);
    assert!(!offered(&config, Level::Three, &disabled));
    config.maintenance.remove(&MaintenanceKind::CleanupApply);
    assert!(!offered(&config, Level::Three, &none));
    assert!(offered(
        &snapshot.fleet.config.as_ref().unwrap().project,
        Level::Three,
        &none
    ));
}
