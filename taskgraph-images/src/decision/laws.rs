//! Laws of events: whatever people write into messages, labels, comments and inputs, it chooses among images and asks that
//! they be made anew, and changes nothing else.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::json;
use taskgraph_images_transforms::{ImageId, ImageName, Level};

use super::event::Event;
use super::graphs::{Graphs, GraphsError};
use super::parameters::{DecisionParameters, Strictness};
use super::testing::{fleet, now};
use crate::affected::{Affected, ReasonKind};
use crate::comparison::Snapshot;

static FLEET: LazyLock<Snapshot> = LazyLock::new(fleet);

/// What somebody may write who wants more than to choose images.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::sample::select(vec![
            "taskgraph-images: all --force",
            "taskgraph-images: base child@google",
            "Fix\n\ntaskgraph-images: base --force\nTaskgraph-Images: none",
            "taskgraph-images: --level=3",
            "taskgraph-images: base level: 3",
            "taskgraph-images: base --target-tasks-method=all --include-push-tasks",
            "taskgraph-images: $(id) `id` ; id",
            "taskgraph-images: base\u{0}",
            "taskgraph-images: \u{202e}base",
            "taskgraph-images: ../../level-3@google",
            "DONTBUILD",
            "try_mode: x\nlevel: '3'",
            "build base --force",
            "build",
            "build all",
            "build base level-3",
            "rebuild everything",
            "{\"level\": 3}",
            "project/td/level-3/x",
            "refs/heads/main",
            "refs/heads/x';id;'",
            "refs/tags/v1\nlevel: 3",
            "https://github.com/example/images.git",
            "ext::sh -c id",
            "",
        ]).prop_map(str::to_owned),
        1 => "(?s).{0,20}",
    ]
}

/// Any event, with who and what caused it as hostile as can be, but without a request.
fn event() -> impl Strategy<Value = Event> {
    let words = proptest::collection::vec(proptest::option::of(hostile()), 12);
    let tasks_for = proptest::sample::select(vec![
        "github-push",
        "github-pull-request",
        "github-pull-request-untrusted",
        "github-issue-comment",
        "cron",
        "action",
        "pr-action",
    ]);
    let number = proptest::option::of(any::<u64>());
    let dates = proptest::option::of(0i64..4_000_000_000);
    (words, tasks_for, number, dates, any::<bool>()).prop_map(
        |(mut words, tasks_for, pull_request_number, pushdate, trusted)| {
            let mut word = || words.pop().flatten();
            Event {
                base_ref: word(),
                base_repository: word(),
                base_rev: word(),
                head_ref: word(),
                head_repository: Some(word().unwrap_or_default()),
                head_rev: Some(word().unwrap_or_default()),
                head_tag: word(),
                owner: word(),
                project: word(),
                pushlog_id: word(),
                version: word(),
                tasks_for: Some(tasks_for.to_owned()),
                level: Some(if trusted && pull_request_number.is_none() {
                    Level::Three
                } else {
                    Level::One
                }),
                pull_request_number,
                pushdate,
                ..Event::default()
            }
        },
    )
}

/// What somebody asks for: mostly words that ask for something.
fn request() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(vec![
        "base",
        "child@google",
        "grandchild, base",
        "all",
        "none",
        "--force",
        "force base",
        "level-3",
    ]);
    prop_oneof![
        3 => proptest::collection::vec(known, 0..3).prop_map(|words| words.join(" ")),
        1 => hostile(),
    ]
}

/// The event with a request in one of the places where people may write one, and noise in the others.
fn asked(event: &Event, request: &str, noise: &str, place: u8) -> Event {
    let mut event = event.clone();
    event.message = format!("Fix\n\n{noise}");
    match place % 5 {
        0 => event.message = format!("{noise}\n\nTaskgraph-Images: {request}\n"),
        1 => {
            event.pull_request_labels =
                vec![noise.to_owned(), format!("taskgraph-images:{request}")]
        }
        2 => event.comment = Some(format!(" build {request}")),
        3 => event.cron_input = Some(json!({"images": [request], "force": noise.is_empty()})),
        _ => event.cron_input = Some(json!({"images": [request], "level": 3})),
    }
    event
}

/// The parameters without what a request may choose.
fn rest(parameters: &DecisionParameters) -> DecisionParameters {
    DecisionParameters {
        target_tasks_method: String::new(),
        images: Vec::new(),
        optimize_target_tasks: true,
        try_mode: None,
        ..parameters.clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_changes_nothing_but_the_selection(
        event in event(),
        (request, noise) in (request(), hostile()),
        place in any::<u8>(),
    ) {
        let Ok(before) = event.parameters(now()) else {
            // What nobody asked for fails for its level alone.
            let pull_request = event.tasks_for.as_ref().is_some_and(|name| !["github-push", "cron", "action"].contains(&name.as_str()));
            prop_assert!(pull_request && event.level == Some(Level::Three));
            return Ok(());
        };
        let Ok(after) = asked(&event, &request, &noise, place).parameters(now()) else { return Ok(()) };
        prop_assert_ne!(place % 5, 4, "there is no level to ask for");
        prop_assert_eq!(rest(&after), rest(&before));
        let method = after.target_tasks_method.as_str();
        prop_assert!(["default", "all", "image", "none"].contains(&method), "{}", method);
        prop_assert_eq!(method == "image", !after.images.is_empty());
        for image in &after.images {
            prop_assert!(
                image.parse::<ImageId>().is_ok() || ImageName::new(image).is_ok(),
                "{:?}", image
            );
        }
        let places = [None, Some("commit-message"), Some("label"), Some("comment"), Some("cron-input")];
        prop_assert!(places.contains(&after.try_mode.as_deref()), "{:?}", after.try_mode);
    }

    #[test]
    fn the_level_is_what_the_event_says(
        event in event(),
        (request, noise) in (request(), hostile()),
        place in any::<u8>(),
    ) {
        let event = asked(&event, &request, &noise, place);
        if let Ok(parameters) = event.parameters(now()) {
            let for_tasks = parameters.for_tasks().unwrap();
            prop_assert_eq!(Some(for_tasks.level), event.level);
            prop_assert!(for_tasks.level == Level::One || !for_tasks.is_pull_request());
            // What is written reads back: no text of others becomes another parameter.
            let read = DecisionParameters::read(&parameters.to_yaml(), Strictness::Strict);
            prop_assert_eq!(read, Ok(parameters));
        }
    }

    #[test]
    fn parameters_that_somebody_made_up_give_a_harmless_graph_or_none(
        event in event(),
        request in request(),
        method in proptest::sample::select(vec![
            "default", "rebuild", "all", "image", "none", "x", "upgrade", "pools", "cleanup-apply",
        ]),
        level in proptest::sample::select(vec!["1", "1", "3", "3", "03", " 3", ""]),
    ) {
        let event = Event { level: Some(Level::One), ..event };
        let mut parameters = event.parameters(now()).unwrap();
        // These are parts of routes, which are short.
        parameters.project.truncate(parameters.project.floor_char_boundary(8));
        parameters.head_rev = "a".repeat(40);
        parameters.pushlog_id = "0".to_owned();
        parameters.target_tasks_method = method.to_owned();
        parameters.images = vec![request];
        parameters.level = level.to_owned();
        let Ok(for_tasks) = parameters.for_tasks() else {
            prop_assert!(!["1", "3"].contains(&level));
            return Ok(());
        };
        let affected = Affected::all(&FLEET.fleet, ReasonKind::Forced);
        let graphs = Graphs::new(&FLEET, &affected, &parameters, &for_tasks);
        let graphs = match graphs {
            Ok(graphs) => graphs,
            // Said to whoever asked; no graph.
            Err(GraphsError::Parameter(_) | GraphsError::Images(_) | GraphsError::Tasks(_)) => return Ok(()),
            Err(GraphsError::Maintenance(_)) => {
                prop_assert!(method == "pools" || method == "upgrade" && !for_tasks.maintains());
                return Ok(());
            }
        };
        // What is about the fleet is chosen by its own method alone, and alone.
        let chosen: Vec<&str> = graphs.target.tasks().map(|task| task.label.as_str()).collect();
        if method == "upgrade" {
            prop_assert_eq!(chosen, ["upgrade"]);
        } else {
            prop_assert!(!chosen.contains(&"upgrade") && !chosen.contains(&"cleanup"), "{:?}", chosen);
            prop_assert_ne!(method, "cleanup-apply");
        }
        // What deletes images is in no decision.
        prop_assert!(graphs.full.tasks().all(|task| task.label.as_str() != "cleanup-apply"));
        for task in graphs.full.tasks().chain(graphs.target.tasks()) {
            let queue = task.task.task_queue_id.to_string();
            if task.image().is_none() {
                prop_assert!(for_tasks.maintains());
                prop_assert_eq!(queue, "td-3/maintenance");
                continue;
            }
            prop_assert_eq!(queue, format!("td-{level}/images"));
            prop_assert!(!task.task.scopes.iter().any(|scope| scope.starts_with("auth:")));
            prop_assert!(level == "3" || !task.label.as_str().starts_with("publish-"));
            prop_assert!(!for_tasks.is_untrusted(), "{} is made in a cloud", task.label);
        }
    }
}
