//! Whole graphs of a small fleet, so that a change of a template or a transform shows its effect in review.

use crate::definition::{Label, Level, MaintenanceKind};
use crate::graph::TaskGraph;
use crate::parameters::Parameters;
use crate::testing;

#[test]
fn push_at_level_1() {
    insta::assert_snapshot!(testing::graph(&testing::push(Level::One)).to_json());
}

#[test]
fn push_at_level_3() {
    insta::assert_snapshot!(testing::graph(&testing::push(Level::Three)).to_json());
}

#[test]
fn pull_request() {
    insta::assert_snapshot!(testing::graph(&testing::pull_request()).to_json());
}

#[test]
fn cron_at_level_3() {
    let graph = testing::graph(&testing::cron());
    let kinds = MaintenanceKind::ALL.iter();
    let labels = kinds.filter(|kind| kind.is_scheduled());
    let labels: Vec<Label> = labels.map(|kind| kind.label()).collect();
    let part = graph.part(&labels).unwrap();
    assert_eq!(part.len(), labels.len(), "they need nothing");
    insta::assert_snapshot!("maintenance_tasks", part.to_json());
}

#[test]
fn the_action_that_carries_out_a_plan() {
    let graph = testing::graph(&testing::apply_cleanup());
    let part = graph
        .part(&[MaintenanceKind::CleanupApply.label()])
        .unwrap();
    assert_eq!(part.len(), 1, "it needs nothing");
    insta::assert_snapshot!("cleanup_apply", part.to_json());
}

#[test]
fn no_other_run_maintains() {
    let mut cron_at_level_1 = testing::cron();
    cron_at_level_1.level = Level::One;
    let planned = |parameters: Parameters| Parameters {
        plan: testing::apply_cleanup().plan,
        ..parameters
    };
    let mut action = testing::cron();
    action.tasks_for = "action".to_owned();
    let mut of_pull_request = testing::pull_request();
    of_pull_request.tasks_for = "pr-action".to_owned();
    for (parameters, expect) in [
        (testing::cron(), 4),
        (action, 4),
        (testing::apply_cleanup(), 5),
        (planned(testing::cron()), 4),
        (planned(testing::push(Level::Three)), 0),
        (planned(testing::push(Level::One)), 0),
        (planned(testing::pull_request()), 0),
        (cron_at_level_1, 0),
        (testing::push(Level::Three), 0),
        (testing::push(Level::One), 0),
        (testing::pull_request(), 0),
        (of_pull_request, 0),
        (testing::stranger(), 0),
    ] {
        let graph = testing::graph(&parameters);
        let found = graph.tasks().filter(|task| task.image().is_none()).count();
        assert_eq!(
            found, expect,
            "{} at {}",
            parameters.tasks_for, parameters.level
        );
    }
}

#[test]
fn a_strangers_pull_request() {
    let graph = testing::graph(&testing::stranger());
    insta::assert_snapshot!(needs(&graph), @r"
    build-disk-qemu ←
    build-tool-container ←
    validate-cloud-google ←
    validate-upon-google ←
    verify-disk-qemu ← build=build-disk-qemu
    verify-tool-container ← build=build-tool-container
    ");
    let validate = Label::new("validate-cloud-google").unwrap();
    let part = graph.part([&validate]).unwrap();
    insta::assert_snapshot!("validate_task", part.to_json());
}

#[test]
fn what_needs_what() {
    insta::assert_snapshot!(needs(&testing::graph(&testing::push(Level::Three))), @r"
    build-base-google ←
    build-child-google ← parent=build-base-google
    build-decision-google ←
    build-win11-azure ←
    publish-base-google ← build=build-base-google verify=verify-base-google
    publish-child-google ← build=build-child-google
    publish-decision-google ← build=build-decision-google verify=verify-decision-google
    publish-win11-azure ← build=build-win11-azure verify=verify-win11-azure
    verify-base-google ← build=build-base-google
    verify-decision-google ← build=build-decision-google
    verify-win11-azure ← build=build-win11-azure
    ");
}

fn needs(graph: &TaskGraph) -> String {
    let lines: Vec<String> = graph
        .tasks()
        .map(|task| {
            let needed: Vec<String> = task
                .dependencies
                .iter()
                .map(|(edge, label)| format!("{edge}={label}"))
                .collect();
            format!("{} ← {}", task.label, needed.join(" "))
                .trim_end()
                .to_owned()
        })
        .collect();
    lines.join("\n")
}
