//! Laws: whatever definitions, settings, templates and parameters say.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use super::attack::{attack, hostile};
use super::oracle::{faults, repository_faults};

use crate::definition::*;
use crate::full::{ImageTasks, full_task_graph};
use crate::graph::TaskGraph;
use crate::json;
use crate::parameters::Parameters;
use crate::templates::KindTemplates;
use crate::testing;

/// Text without a NUL, which no task may hold.
fn legal() -> impl Strategy<Value = String> {
    hostile().prop_map(|text| text.replace('\0', ""))
}

/// Text short enough to stand in a route after encoding.
fn short() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{1,4}",
        Just("a.b".to_owned()),
        Just("3".to_owned()),
        Just("../3".to_owned())
    ]
}

prop_compose! {
    fn parameters()(
        texts in proptest::collection::vec(legal(), 8),
        words in proptest::collection::vec(short(), 3),
        number in proptest::option::of(0u64..9),
        event in proptest::sample::select(vec![
            "github-push", "github-pull-request", "github-pull-request-untrusted", "github-issue-comment", "cron", "3",
        ]),
    ) -> Parameters {
        Parameters {
            base_ref: texts[0].clone(),
            base_repository: texts[1].clone(),
            base_rev: texts[2].clone(),
            head_ref: texts[3].clone(),
            head_repository: format!("https://github.com/{}", texts[4]),
            head_rev: words[0].clone(),
            moz_build_date: texts[5].clone(),
            owner: texts[6].clone(),
            project: words[1].clone(),
            pull_request_number: number,
            pushlog_id: words[2].clone(),
            repository_type: texts[7].clone(),
            tasks_for: event.to_owned(),
            ..testing::push(Level::One)
        }
    }
}

/// The fleet with somebody's texts wherever a definition takes text.
fn spoilt(texts: &[String]) -> Vec<ImageDefinition> {
    let mut images = testing::mixed();
    for (index, image) in images.iter_mut().enumerate() {
        let text = |offset: usize| texts[(index + offset) % texts.len()].clone();
        image.description = text(0);
        image.owner = text(1);
        image.definition = text(2);
        image.attributes = BTreeMap::from([("gui".to_owned(), AttributeValue::String(text(3)))]);
        image.scripts = vec![text(4)];
        if let Some(publish) = &mut image.publish {
            publish.family = Some(text(5));
            publish.labels = BTreeMap::from([(text(6), text(7))]);
        }
    }
    images
}

fn graph(
    images: &[ImageDefinition],
    texts: &[String],
    config: &ProjectConfig,
    parameters: &Parameters,
    templates: &KindTemplates,
) -> Result<TaskGraph, Vec<crate::TransformError>> {
    let tasks: Vec<ImageTasks<'_>> = images
        .iter()
        .map(|image| {
            let mut tasks = ImageTasks::new(image, &texts[0], testing::digests());
            tasks.reasons = BTreeMap::from([(Kind::Build, texts.to_vec())]);
            tasks
        })
        .collect();
    full_task_graph(&tasks, config, parameters, templates)
}

/// The form of a tree: keys, lengths and types, and no text.
fn form(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), form(value)))
            .collect(),
        Value::Array(list) => list.iter().map(form).collect(),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        other => other.clone(),
    }
}

fn forms(graph: &TaskGraph) -> Vec<Value> {
    graph.tasks().map(|task| form(&json::tree(task))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn texts_never_change_the_structure(
        texts in proptest::collection::vec(legal(), 9),
        mut parameters in parameters(),
    ) {
        let (config, templates) = (testing::config(), KindTemplates::embedded());
        let (event, number) = (parameters.tasks_for.clone(), parameters.pull_request_number);
        let tame = Parameters { tasks_for: event, pull_request_number: number, ..testing::push(Level::One) };
        let mut names = testing::mixed();
        for image in &mut names {
            image.attributes = BTreeMap::from([("gui".to_owned(), AttributeValue::String(String::new()))]);
        }
        parameters.build_date = tame.build_date;
        let expect = graph(&names, &["tame".to_owned()], &config, &tame, &templates).unwrap();
        let found = graph(&spoilt(&texts), &texts, &config, &parameters, &templates);
        let found = found.map_err(|errors| TestCaseError::fail(format!("{errors:#?}")))?;
        prop_assert_eq!(forms(&found), forms(&expect));
        prop_assert_eq!(faults(&found, &config, &parameters), [""; 0]);
        // What is written reads back as the same tree.
        let text = found.to_json();
        let read: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
        for task in found.tasks() {
            prop_assert_eq!(&read[task.label.as_str()], &json::tree(task));
        }
    }
}

/// Whatever is refused is as good as a harmless task; but attacks must not all be refused, or nothing would be tried.
#[test]
fn no_attack_on_level_1_reaches_level_3() {
    let config = ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let (accepted, seen) = (Cell::new(0), RefCell::new(BTreeSet::new()));
    TestRunner::new(config)
        .run(&attack(Level::One), |attack| {
            if let Some(graph) = attack.graph() {
                accepted.set(accepted.get() + 1);
                seen.borrow_mut().extend(
                    graph
                        .tasks()
                        .map(|task| (task.kind, attack.parameters.tasks_for.clone())),
                );
                let (config, parameters) = (&attack.config, &attack.parameters);
                prop_assert_eq!(faults(&graph, config, parameters), [""; 0]);
                prop_assert_eq!(repository_faults(&graph, config, parameters), [""; 0]);
            }
            Ok(())
        })
        .unwrap();
    assert!(accepted.get() > 60, "{} of 1000", accepted.get());
    let seen = seen.into_inner();
    for (kind, tasks_for) in [
        (Kind::Build, "github-push"),
        (Kind::Verify, "cron"),
        (Kind::Build, "github-pull-request"),
        (Kind::Build, "github-pull-request-untrusted"),
        (Kind::Validate, "github-issue-comment"),
    ] {
        assert!(
            seen.contains(&(kind.into(), tasks_for.to_owned())),
            "{kind} {tasks_for}: {seen:?}"
        );
    }
}

/// Tasks about the fleet, and the tokens of repositories, stay where they belong: at level 3, in the graphs of cron jobs
/// and actions, apart from images.
#[test]
fn no_attack_on_level_3_gives_a_repository_away() {
    let config = ProptestConfig {
        // As many as show each sort of task that there can be.
        cases: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let (accepted, seen) = (Cell::new(0), RefCell::new(BTreeSet::new()));
    TestRunner::new(config)
        .run(&attack(Level::Three), |attack| {
            if let Some(graph) = attack.graph() {
                accepted.set(accepted.get() + 1);
                let parameters = &attack.parameters;
                for task in graph.tasks() {
                    let token = task
                        .task
                        .scopes
                        .iter()
                        .any(|scope| scope.starts_with("auth:"));
                    let event = parameters.tasks_for.clone();
                    seen.borrow_mut().insert((task.kind, token, event));
                }
                let faults = repository_faults(&graph, &attack.config, parameters);
                prop_assert_eq!(faults, [""; 0]);
            }
            Ok(())
        })
        .unwrap();
    assert!(accepted.get() > 240, "{} of 4000", accepted.get());
    let seen = seen.into_inner();
    for (kind, token, tasks_for) in [
        (Kind::Build.into(), false, "github-push"),
        (Kind::Publish.into(), false, "cron"),
        (MaintenanceKind::Upgrade.into(), true, "cron"),
        (MaintenanceKind::Pools.into(), true, "action"),
        (MaintenanceKind::Cleanup.into(), false, "cron"),
        (MaintenanceKind::CleanupApply.into(), false, "action"),
    ] {
        assert!(
            seen.contains(&(kind, token, tasks_for.to_owned())),
            "{kind} {tasks_for}: {seen:?}"
        );
    }
}

#[test]
fn a_pull_request_is_never_of_level_3() {
    let images = testing::fleet();
    for tasks_for in [
        "github-pull-request",
        "github-pull-request-untrusted",
        "github-issue-comment",
    ] {
        let parameters = Parameters {
            tasks_for: tasks_for.to_owned(),
            ..testing::push(Level::Three)
        };
        let errors = graph(
            &images,
            &["x".to_owned()],
            &testing::config(),
            &parameters,
            &KindTemplates::embedded(),
        )
        .unwrap_err();
        assert_eq!(
            errors[0].to_string(),
            format!(
                "`{tasks_for}` can never run at level 3; the level comes from the decision task's scopes, not from its \
                 parameters"
            )
        );
    }
}

#[test]
fn every_fault_is_reported() {
    let mut images = testing::fleet();
    images[0].build.worker = AliasName::new("unknown").unwrap();
    images[1].parent = Some("missing@google".parse().unwrap());
    images[2]
        .attributes
        .insert("kind".to_owned(), AttributeValue::Bool(true));
    let errors = graph(
        &images,
        &["x".to_owned()],
        &testing::config(),
        &testing::push(Level::One),
        &KindTemplates::embedded(),
    )
    .unwrap_err();
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    `base@google`: build: unknown worker alias `unknown`; known are `candidates`, `containers`, `housekeeping`, `linux-builder`, `maintenance`, `sweeper`, `windows-builder`
    `child@google`: build: unknown parent image `missing@google`
    `win11@azure`: build: the attribute `kind` has a reserved name; rename it
    `win11@azure`: verify: the attribute `kind` has a reserved name; rename it
    ");
}

#[test]
fn a_fleet_of_a_thousand() {
    let images: Vec<_> = (0..1000)
        .map(|number| {
            let worker = ["linux-builder", "windows-builder", "containers"][number % 3];
            testing::image(&format!("image-{number}"), worker)
        })
        .collect();
    let (config, parameters, templates) = (
        testing::config(),
        testing::push(Level::Three),
        KindTemplates::embedded(),
    );
    let tasks = testing::tasks(&images);
    let start = std::time::Instant::now();
    let graph = full_task_graph(&tasks, &config, &parameters, &templates).unwrap();
    let rendered = start.elapsed();
    let bytes = graph.to_json().len();
    assert_eq!(graph.len(), 3000);
    #[expect(
        clippy::print_stderr,
        reason = "the measure is for whoever runs the test alone"
    )]
    {
        eprintln!(
            "3000 tasks: {rendered:?}; {bytes} bytes: {:?}",
            start.elapsed() - rendered
        );
    }
}
