mod cleanup;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use taskgraph_images_transforms::{Level, Parameters};

use super::choose::{Work, choose, verify_earlier};
use super::group::Group;
use super::input::Input;
use super::subject::{Subject, carrying_out};
use super::*;
use crate::decision::graphs::candidates;
use crate::decision::optimize::scheduler_id;
use crate::decision::parameters::DecisionParameters;
use crate::decision::testing::{fleet, label, parameters};
use crate::output::preview::task_graph;
use crate::taskcluster::{TaskId, TaskState, TaskStatus};

/// The id of the task of a label in a decision, or of anything else.
fn id(text: &str) -> TaskId {
    TaskId::derive(&TaskId::placeholder(), text)
}

/// A listed task that is based on others, some minutes after the decision.
fn listed(
    name: &str,
    label: &str,
    state: TaskState,
    needs: &[&str],
    minute: u32,
) -> (TaskId, (TaskStatus, Value)) {
    let time = "2026-11-26T17:00:00.000Z".parse().unwrap();
    let status = TaskStatus {
        task_id: id(name),
        task_group_id: id("decision"),
        scheduler_id: "td-level-3".to_owned(),
        state,
        deadline: time,
        expires: time,
    };
    let definition = json!({
        "metadata": {"name": label},
        "created": format!("2026-11-25T17:{minute:02}:00.000Z"),
        "dependencies": needs.iter().map(|name| id(name)).collect::<Vec<_>>(),
        "extra": {"parent": id("decision")},
    });
    (id(name), (status, definition))
}

/// A decision at level 3 that created all of `base` and of `child`, and found `grandchild` in the index.
fn subject(more: impl IntoIterator<Item = (TaskId, (TaskStatus, Value))>) -> Subject {
    use TaskState::{Completed, Failed, Running, Unscheduled};
    let snapshot = fleet();
    let full = task_graph(&snapshot, None, &parameters(Level::Three)).unwrap();
    let mut tasks = BTreeMap::from([
        listed("decision", "Decision task", Completed, &[], 0),
        listed(
            "build-base-google",
            "build-base-google",
            Completed,
            &["decision"],
            1,
        ),
        listed(
            "verify-base-google",
            "verify-base-google",
            Failed,
            &["build-base-google"],
            1,
        ),
        listed(
            "publish-base-google",
            "publish-base-google",
            Unscheduled,
            &["build-base-google", "verify-base-google"],
            1,
        ),
        listed(
            "build-child-google",
            "build-child-google",
            Running,
            &["build-base-google"],
            1,
        ),
    ]);
    tasks.extend(more);
    let ids = [
        "build-base-google",
        "build-child-google",
        "build-grandchild-google",
    ];
    Subject {
        decision: id("decision"),
        group: Group::new(tasks, &full, "td-level-3", &id("action")),
        candidates: candidates(&snapshot, &full, false),
        ids: ids
            .into_iter()
            .map(|name| (label(name), id(name)))
            .collect(),
        full,
    }
}

/// What an action would do, in words that name ids by what they are derived from.
fn ask(action: Action, input: Value, task: Option<&str>, subject: &Subject) -> String {
    let input = match Input::read(action, &input) {
        Ok(input) => input,
        Err(errors) => return lines(errors),
    };
    let task = task.map(id);
    let text = match choose(action, &input, task.as_ref(), subject) {
        Err(errors) => lines(errors),
        Ok(Work::Rerun(ids)) => format!("rerun {}", list(ids)),
        Ok(Work::Cancel(ids)) => format!("cancel {}", list(ids)),
        Ok(Work::Create(creation)) => {
            let fresh = creation.fresh.iter();
            let mut text: String = fresh
                .map(|(label, reason)| format!("create {label}: {reason}\n"))
                .collect();
            for (label, id) in &creation.standing {
                text += &format!("on {label}: {id}\n");
            }
            text + &format!("times {}", creation.times)
        }
    };
    named(text)
}

fn lines<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join("\n")
}

fn list(ids: BTreeSet<TaskId>) -> String {
    let mut names: Vec<String> = ids.into_iter().map(|id| named(id.to_string())).collect();
    names.sort();
    names.join(" ")
}

fn named(mut text: String) -> String {
    for name in [
        "decision",
        "build-base-google",
        "verify-base-google",
        "publish-base-google",
        "build-child-google",
        "build-grandchild-google",
        "again",
        "newer",
        "other",
        "published",
        "upgrade",
    ] {
        text = text.replace(id(name).as_str(), &format!("[{name}]"));
    }
    text
}

#[test]
fn retrigger() {
    let subject = subject([]);
    let ask = |input, task| ask(Action::Retrigger, input, Some(task), &subject);
    insta::assert_snapshot!(ask(Value::Null, "build-base-google"), @"
    create build-base-google: `[build-base-google]` was retriggered
    on build-child-google: [build-child-google]
    on build-grandchild-google: [build-grandchild-google]
    on publish-base-google: [publish-base-google]
    times 1
    ");
    // What publishes is left out, and so is what the group does not hold.
    insta::assert_snapshot!(ask(json!({"downstream": true, "times": 2}), "build-base-google"), @"
    create build-base-google: `[build-base-google]` was retriggered
    create build-child-google: it depends on `build-base-google`
    create verify-base-google: it depends on `build-base-google`
    on build-grandchild-google: [build-grandchild-google]
    on publish-base-google: [publish-base-google]
    times 2
    ");
    insta::assert_snapshot!(ask(Value::Null, "publish-base-google"), @"`retrigger` is about a build task or a verify task or a validate task, and `[publish-base-google]` is none");
    insta::assert_snapshot!(ask(Value::Null, "decision"), @"`retrigger` is about a build task or a verify task or a validate task, and `[decision]` is none");
    insta::assert_snapshot!(ask(Value::Null, "other"), @"the task `[other]` is none of the group `[decision]`");
}

#[test]
fn a_task_is_based_on_what_it_was_based_on() {
    use TaskState::Completed;
    let subject = subject([listed(
        "newer",
        "build-base-google",
        Completed,
        &["decision"],
        9,
    )]);
    // The newest build stands for the label, but this task verified another.
    insta::assert_snapshot!(ask(Action::Retrigger, Value::Null, Some("verify-base-google"), &subject), @"
    create verify-base-google: `[verify-base-google]` was retriggered
    on build-base-google: [build-base-google]
    on build-child-google: [build-child-google]
    on build-grandchild-google: [build-grandchild-google]
    on publish-base-google: [publish-base-google]
    times 1
    ");
    insta::assert_snapshot!(ask(Action::VerifyAgain, json!({"times": 3}), Some("verify-base-google"), &subject), @"
    create verify-base-google: what `[verify-base-google]` verified is verified again
    on build-base-google: [build-base-google]
    on build-child-google: [build-child-google]
    on build-grandchild-google: [build-grandchild-google]
    on publish-base-google: [publish-base-google]
    times 3
    ");
    insta::assert_snapshot!(ask(Action::AddNewTasks, json!({"tasks": ["verify-base-google"]}), None, &subject), @"
    create verify-base-google: it was asked for
    on build-base-google: [newer]
    on build-child-google: [build-child-google]
    on build-grandchild-google: [build-grandchild-google]
    on publish-base-google: [publish-base-google]
    times 1
    ");
}

#[test]
fn publish() {
    use TaskState::{Completed, Failed, Running};
    let ask = |subject: &Subject, task| ask(Action::Publish, Value::Null, Some(task), subject);
    insta::assert_snapshot!(ask(&subject([]), "verify-base-google"), @"the task `[verify-base-google]` is failed: only what was verified is published");
    insta::assert_snapshot!(ask(&subject([]), "build-base-google"), @"`publish` is about a verify task, and `[build-base-google]` is none");
    let again = || {
        listed(
            "again",
            "verify-base-google",
            Completed,
            &["build-base-google"],
            5,
        )
    };
    insta::assert_snapshot!(ask(&subject([again()]), "again"), @"
    create publish-base-google: `[again]` verified it, and somebody asked for it
    on build-base-google: [build-base-google]
    on build-child-google: [build-child-google]
    on build-grandchild-google: [build-grandchild-google]
    on verify-base-google: [again]
    times 1
    ");
    for state in [Completed, Running] {
        let done = listed("published", "publish-base-google", state, &["again"], 6);
        let text = ask(&subject([again(), done]), "again");
        assert!(text.contains("`publish-base-google` is"), "{text}");
    }
    let failed = listed("published", "publish-base-google", Failed, &["again"], 6);
    assert!(ask(&subject([again(), failed]), "again").starts_with("create"));
    // The build is not the one that stands for the label, and it is the one that is published.
    let newer = listed("newer", "build-base-google", Completed, &["decision"], 9);
    let text = ask(&subject([again(), newer]), "again");
    assert!(
        text.contains("on build-base-google: [build-base-google]"),
        "{text}"
    );
    // A build that is not known.
    let lost = listed("again", "verify-base-google", Completed, &["other"], 5);
    insta::assert_snapshot!(ask(&subject([lost]), "again"), @"the build that `[again]` verified is broken, or not known any more");
}

#[test]
fn rerun_and_cancel() {
    let subject = subject([]);
    let all = [
        "decision",
        "build-base-google",
        "verify-base-google",
        "build-child-google",
        "other",
    ];
    let text: Vec<String> = [Action::Rerun, Action::Cancel]
        .into_iter()
        .flat_map(|action| all.map(|task| ask(action, json!({}), Some(task), &subject)))
        .collect();
    insta::assert_snapshot!(text.join("\n"), @"
    the task `[decision]` is completed: what depends on it has its results; retrigger it instead
    the task `[build-base-google]` is completed: what depends on it has its results; retrigger it instead
    rerun [verify-base-google]
    the task `[build-child-google]` is running: only a task that failed or met an exception gets a new run
    the task `[other]` is none of the group `[decision]`
    the task `[decision]` is completed: there is nothing left to cancel
    the task `[build-base-google]` is completed: there is nothing left to cancel
    the task `[verify-base-google]` is failed: there is nothing left to cancel
    cancel [build-child-google]
    the task `[other]` is none of the group `[decision]`
    ");
    insta::assert_snapshot!(ask(Action::CancelAll, Value::Null, None, &subject), @"cancel [build-child-google] [publish-base-google]");
    insta::assert_snapshot!(ask(Action::Cancel, Value::Null, None, &subject), @"`cancel` is about a task, and none is named");
}

#[test]
fn an_action_task_does_not_count_itself_nor_what_it_created() {
    let itself = listed("action", "Action: Cancel all", TaskState::Running, &[], 9);
    let mut made = listed("newer", "build-base-google", TaskState::Pending, &[], 9);
    made.1.1["extra"]["parent"] = json!(id("action"));
    let subject = subject([itself, made]);
    let all = ask(Action::CancelAll, Value::Null, None, &subject);
    assert_eq!(all, "cancel [build-child-google] [publish-base-google]");
}

#[test]
fn add_new_tasks() {
    let subject = subject([]);
    let ask = |input| ask(Action::AddNewTasks, input, None, &subject);
    insta::assert_snapshot!(ask(json!({"tasks": ["build-grandchild-google"]})), @"
    create build-grandchild-google: it was asked for
    on build-base-google: [build-base-google]
    on build-child-google: [build-child-google]
    on publish-base-google: [publish-base-google]
    times 1
    ");
    insta::assert_snapshot!(ask(json!({"tasks": ["build-grandchild-gogle", "`id`", "publish-base-google"]})), @"
    the task graph has no task `build-grandchild-gogle`; did you mean `build-grandchild-google`?
    the task graph has no task ``id``
    `publish-base-google` publishes: ask for it with `publish`, on a verify task that completed
    ");
}

#[test]
fn rebuild() {
    let subject = subject([]);
    let ask = |input| ask(Action::Rebuild, input, None, &subject);
    insta::assert_snapshot!(ask(json!({"images": ["base"]})), @"
    create build-base-google: the image is rebuilt
    create verify-base-google: the image is rebuilt
    on build-child-google: [build-child-google]
    on build-grandchild-google: [build-grandchild-google]
    on publish-base-google: [publish-base-google]
    times 1
    ");
    insta::assert_snapshot!(ask(json!({"images": ["child@google"], "children": true})), @"
    create build-child-google: the image is rebuilt
    create build-grandchild-google: an image that it is built on is rebuilt
    on build-base-google: [build-base-google]
    on publish-base-google: [publish-base-google]
    times 1
    ");
    insta::assert_snapshot!(ask(json!({"images": ["chlid", "$(id)", "base@azure"]})), @"
    `$(id)` names no image: expected `name` or `name@cloud`
    there is no image `chlid`; did you mean `child`?
    there is no image `base@azure`
    ");
}

#[test]
fn inputs_are_held_to_their_schemas() {
    let text: Vec<String> = [
        (Action::Retrigger, json!({"times": 0})),
        (Action::Retrigger, json!({"times": "2", "more": true})),
        (Action::Retrigger, json!([])),
        (Action::Rerun, json!({"force": true})),
        (Action::AddNewTasks, Value::Null),
        (Action::AddNewJobs, json!({"tasks": []})),
        (Action::Rebuild, json!({"images": [7], "children": 1})),
        (Action::VerifyAgain, json!({"depth": 1000, "times": 1.5})),
    ]
    .into_iter()
    .flat_map(|(action, input)| Input::read(action, &input).unwrap_err())
    .map(|error| error.to_string())
    .collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    the input of `retrigger`, at `/times`: 0 is less than the minimum of 1
    the input of `retrigger`, at `/times`: "2" is not of type "integer"
    the input of `retrigger`: Additional properties are not allowed ('more' was unexpected)
    the input of `retrigger`: [] is not of type "object"
    the input of `rerun`: Additional properties are not allowed ('force' was unexpected)
    the input of `add-new-tasks`: "tasks" is a required property
    the input of `add-new-jobs`, at `/tasks`: [] has less than 1 item
    the input of `rebuild`, at `/images/0`: 7 is not of type "string"
    the input of `rebuild`, at `/children`: 1 is not of type "boolean"
    the input of `verify-again`, at `/depth`: 1000 is greater than the maximum of 20
    the input of `verify-again`, at `/times`: 1.5 is not of type "integer"
    "#);
    // What the schemas say of defaults is what is read.
    for &action in Action::ALL {
        let Some(schema) = action.schema() else {
            continue;
        };
        let defaults = serde_json::to_value(Input::default()).unwrap();
        for (name, property) in schema["properties"].as_object().unwrap() {
            if let Some(default) = property.get("default") {
                assert_eq!(defaults[name], *default, "{action} {name}");
            }
        }
    }
}

#[test]
fn what_an_event_must_not_have_no_action_gives_it() {
    let snapshot = fleet();
    let mut parameters = parameters(Level::One);
    parameters.tasks_for = "github-pull-request-untrusted".to_owned();
    let mut subject = subject([]);
    subject.full = task_graph(&snapshot, None, &parameters).unwrap();
    subject.candidates = candidates(&snapshot, &subject.full, true);
    let ask = |action, input| ask(action, input, None, &subject);
    insta::assert_snapshot!(ask(Action::Rebuild, json!({"images": ["base"]})), @"`build-base-google` needs credentials, or what a task that does makes, and the decision's event gets none");
    insta::assert_snapshot!(ask(Action::AddNewTasks, json!({"tasks": ["build-child-google"]})), @"`build-child-google` needs credentials, or what a task that does makes, and the decision's event gets none");
}

#[test]
fn others_tasks_have_no_label() {
    let (id, (mut status, definition)) =
        listed("other", "build-base-google", TaskState::Completed, &[], 9);
    status.scheduler_id = "td-level-1".to_owned();
    let subject = subject([(id.clone(), (status, definition))]);
    assert_eq!(subject.group.tasks[&id].label, None);
    assert_eq!(
        subject.standing()[&label("build-base-google")],
        super::tests::id("build-base-google")
    );
}

#[test]
fn an_earlier_push_is_verified_if_its_build_stands() {
    let wanted = label("verify-base-google");
    let creation = verify_earlier(&wanted, 2, &subject([])).unwrap().unwrap();
    assert_eq!(creation.times, 2);
    assert_eq!(
        creation.under(&wanted, &subject([]).full),
        BTreeSet::from([id("build-base-google")])
    );
    let mut none = subject([]);
    none.group.tasks.remove(&id("build-base-google"));
    none.ids.clear();
    assert_eq!(verify_earlier(&wanted, 1, &none), Ok(None));
    assert_eq!(
        verify_earlier(&label("verify-gone-google"), 1, &none),
        Ok(None)
    );
}

#[test]
fn the_document() {
    let document = |level: Level, tasks_for: &str| {
        let for_tasks = Parameters {
            tasks_for: tasks_for.to_owned(),
            ..parameters(level)
        };
        let parameters = DecisionParameters {
            base_ref: Some("main".to_owned()),
            base_repository: "https://github.com/example/images".to_owned(),
            base_rev: "1".repeat(40),
            head_ref: "topic".to_owned(),
            head_repository: "https://github.com/somebody/images".to_owned(),
            head_rev: "2".repeat(40),
            level: level.to_string(),
            project: "images".to_owned(),
            tasks_for: tasks_for.to_owned(),
            ..DecisionParameters::default()
        };
        let snapshot = fleet();
        let config = &snapshot.fleet.config.as_ref().unwrap().project;
        assert_eq!(scheduler_id(config, level), format!("td-level-{level}"));
        let disabled = BTreeSet::from([Action::VerifyAgain]);
        let decision = TaskId::placeholder();
        let text = document::actions(
            &parameters,
            &for_tasks,
            config,
            &disabled,
            &decision,
            b"version: 1\n",
        );
        serde_json::from_str::<Value>(&text).unwrap()
    };
    insta::assert_json_snapshot!("actions-of-a-push", document(Level::Three, "github-push"));
    let of = |document: &Value, key: &str| -> Vec<String> {
        let actions = document["actions"].as_array().unwrap().iter();
        actions
            .map(|action| action[key].as_str().unwrap().to_owned())
            .collect()
    };
    let document = document(Level::One, "github-pull-request");
    insta::assert_debug_snapshot!(of(&document, "name"), @r#"
    [
        "retrigger",
        "add-new-tasks",
        "add-new-jobs",
        "rerun",
        "cancel",
        "cancel-all",
        "rebuild",
    ]
    "#);
    let ids: BTreeSet<String> = of(&document, "hookId").into_iter().collect();
    insta::assert_debug_snapshot!(ids, @r#"
    {
        "in-tree-pr-action-1-generic/09bfcc6a14",
        "in-tree-pr-action-1-rebuild/09bfcc6a14",
    }
    "#);
}
