//! The hooks that `hook` prints, rendered again as Taskcluster's hooks service does.

use serde_json::{Value, json};

use crate::fleet::schemas::Schemas;
use crate::services;
use crate::support::{Ran, Repo};

const URL: &str = "https://github.com/taskcluster/taskgraph-images";
const TASK_ID: &str = "fN1SbArXTPSVFNUvaOlinQ";

/// A repository with this repository's `.taskcluster.yml`, and jobs.
fn repo(cron: &str) -> Repo {
    let repo = Repo::new();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../.taskcluster.yml");
    repo.write(".taskcluster.yml", std::fs::read(path).unwrap());
    repo.write(".cron.yml", cron);
    repo
}

/// Jobs with times.
fn at(when: &str) -> String {
    format!(
        "jobs:
  - name: nightly
    job: {{type: decision-task, treeherder-symbol: n, target-tasks-method: rebuild}}
    when: {when}
"
    )
}

const INPUT: &str = "\
jobs:
  - name: by-hand
    job:
      type: decision-task
      treeherder-symbol: h
      target-tasks-method: it's
      optimize-target-tasks: false
      include-push-tasks: true
      rebuild-kinds: [verify, publish]
      include-cron-input: true
    when: []
";

fn run(repo: &Repo, arguments: &[&str]) -> Ran {
    repo.run(&[&["hook", "--repository", URL], arguments].concat())
}

/// The hook that is printed, which the service takes.
#[track_caller]
fn hook(repo: &Repo, arguments: &[&str]) -> Value {
    let ran = run(repo, arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    let hook = ran.json();
    let schema = "hooks/v1/create-hook-request.json";
    assert_eq!(services::faults(schema, &hook), Vec::<String>::new());
    hook
}

/// The task that the service makes when the hook fires.
fn fire(hook: &Value, payload: Option<Value>) -> Value {
    let mut context =
        json!({"taskId": TASK_ID, "now": "2026-11-25T17:00:00.000Z", "firedBy": "schedule"});
    if let Some(payload) = payload {
        let schema = jsonschema::validator_for(&hook["triggerSchema"]).unwrap();
        assert!(schema.is_valid(&payload), "{payload}");
        context["firedBy"] = "triggerHook".into();
        context["clientId"] = "somebody".into();
        context["payload"] = payload;
    }
    let task = json_e::render(&hook["task"], &context).unwrap();
    assert!(task.get("taskId").is_none());
    if let Some(schemas) = Schemas::from_environment() {
        assert_eq!(schemas.faults(&task), Vec::<String>::new(), "{task:#}");
    }
    task
}

/// What build-decision would create, at a revision that it does not know.
fn by_build_decision(repo: &Repo, cron: Value) -> Value {
    let text = std::fs::read_to_string(repo.path.join(".taskcluster.yml")).unwrap();
    let file: Value = serde_yaml::from_str(&text).unwrap();
    let context = json!({
        "tasks_for": "cron", "ownTaskId": TASK_ID, "cron": cron,
        "repository": {"url": URL, "project": "taskgraph-images", "level": "3", "type": "git"},
        "push": {"branch": "main", "revision": "", "owner": "cron"},
    });
    let mut task = json_e::render(&file["tasks"], &context).unwrap()[0].clone();
    task.as_object_mut().unwrap().remove("taskId");
    task
}

fn untimed(mut task: Value) -> Value {
    for time in [
        "/created",
        "/deadline",
        "/expires",
        "/payload/artifacts/public/expires",
    ] {
        let time = task.pointer_mut(time).unwrap();
        assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
        *time = Value::Null;
    }
    task
}

#[test]
fn a_fired_hook_creates_what_build_decision_would() {
    let nightly = repo(&at("[{hour: 4, minute: 0}]"));
    let cron = |arguments: &str, name: &str, symbol: &str, input: Value| json!({"task_id": TASK_ID, "job_name": name, "job_symbol": symbol, "quoted_args": arguments, "input": input});
    let expected = cron("--target-tasks-method=rebuild", "nightly", "n", json!({}));
    let found = fire(&hook(&nightly, &["nightly"]), None);
    assert_eq!(
        untimed(found.clone()),
        untimed(by_build_decision(&nightly, expected))
    );
    assert_eq!(found["schedulerId"], "taskgraph-images-level-3");
    assert_eq!(found["taskGroupId"], TASK_ID);
    // Nothing depends on a revision that is not known.
    assert_eq!(found["payload"]["env"]["TASKGRAPH_IMAGES_HEAD_REV"], "");
    assert_eq!(
        found["routes"],
        json!([
            "checks",
            "index.taskgraph-images.v2.taskgraph-images.latest.taskgraph.decision-nightly"
        ])
    );

    let by_hand = repo(INPUT);
    let hook = hook(&by_hand, &["by-hand"]);
    assert_eq!(hook["schedule"], json!([]));
    let arguments = "'--target-tasks-method=it'\"'\"'s' --optimize-target-tasks=false --include-push-tasks \
                     --rebuild-kind=verify --rebuild-kind=publish";
    for input in [
        json!({}),
        json!({"images": ["${taskId}", "{$eval: 1}", "\"'"], "$eval": {"b": 1, "a": [null]}}),
    ] {
        let expected = cron(arguments, "by-hand", "h", input.clone());
        let found = fire(&hook, Some(input));
        assert_eq!(
            untimed(found),
            untimed(by_build_decision(&by_hand, expected))
        );
    }
    let expected = cron(arguments, "by-hand", "h", json!({}));
    assert_eq!(
        untimed(fire(&hook, None)),
        untimed(by_build_decision(&by_hand, expected))
    );
}

#[test]
fn only_a_job_that_says_so_takes_input() {
    let nightly = hook(&repo(&at("[]")), &["nightly"]);
    let schema = jsonschema::validator_for(&nightly["triggerSchema"]).unwrap();
    assert!(schema.is_valid(&json!({})) && !schema.is_valid(&json!({"force": true})));
    assert_eq!(
        hook(&repo(INPUT), &["by-hand"])["triggerSchema"]["additionalProperties"],
        true
    );
}

#[test]
fn times_are_patterns_of_six_fields_in_utc() {
    for (when, expected) in [
        ("[]", json!([])),
        ("[{}]", json!(["0 0,15,30,45 * * * *"])),
        ("[{hour: 4, minute: 0}]", json!(["0 0 4 * * *"])),
        ("[{hour: 0}]", json!(["0 0,15,30,45 0 * * *"])),
        ("[{minute: 45}]", json!(["0 45 * * * *"])),
        (
            "[{day: 31, hour: 23, minute: 15}]",
            json!(["0 15 23 31 * *"]),
        ),
        (
            "[{weekday: Sunday, hour: 1, minute: 30}]",
            json!(["0 30 1 * * 0"]),
        ),
        (
            "[{weekday: Saturday, hour: 1, minute: 0}, {weekday: Monday, hour: 1, minute: 0}, {weekday: Saturday, hour: 1, minute: 0}]",
            json!(["0 0 1 * * 6", "0 0 1 * * 1"]),
        ),
        (
            "{by-project: {taskgraph-images: [{hour: 1, minute: 0}], default: [{hour: 2, minute: 0}]}}",
            json!(["0 0 1 * * *"]),
        ),
        (
            "{by-project: {'taskgraph-.*': [{hour: 1, minute: 0}], default: []}}",
            json!(["0 0 1 * * *"]),
        ),
        (
            "{by-project: {'taskgraph': [{hour: 1, minute: 0}], default: []}}",
            json!([]),
        ),
    ] {
        assert_eq!(
            hook(&repo(&at(when)), &["nightly"])["schedule"],
            expected,
            "{when}"
        );
    }
    // A job without times is started by hand.
    let never = at("[]").replace("    when: []\n", "");
    assert_eq!(hook(&repo(&never), &["nightly"])["schedule"], json!([]));
}

#[test]
fn names_and_levels() {
    let nightly = repo(&at("[]"));
    let found = hook(&nightly, &["nightly"]);
    assert_eq!(found["hookGroupId"], "project-example");
    assert_eq!(found["hookId"], "cron-task-taskgraph-images/nightly");
    assert_eq!(found["metadata"]["owner"], "team@example.org");
    assert_eq!(found["metadata"]["emailOnError"], true);
    let words = run(&nightly, &["nightly"]).stderr;
    insta::assert_snapshot!(words, @r#"
    the role `hook-id:project-example/cron-task-taskgraph-images/nightly` needs:
      assume:repo:github.com/taskcluster/taskgraph-images:cron:nightly
      queue:create-task:low:taskgraph-images-3/decision
      queue:create-task:project:none
      queue:route:checks
      queue:route:index.taskgraph-images.v2.taskgraph-images.latest.taskgraph.decision-nightly
      queue:scheduler-id:taskgraph-images-level-3
    "#);

    let arguments = [
        "nightly",
        "--level",
        "1",
        "--branch",
        "next",
        "--project",
        "other",
        "--hook-group",
        "g",
        "--hook-id",
        "a/b",
        "--owner",
        "me@example.org",
        "--no-email-on-error",
    ];
    let found = hook(&nightly, &arguments);
    assert_eq!(found["hookGroupId"], "g");
    assert_eq!(found["hookId"], "a/b");
    assert_eq!(found["metadata"]["owner"], "me@example.org");
    assert_eq!(found["metadata"]["emailOnError"], false);
    let task = fire(&found, None);
    assert_eq!(task["provisionerId"], "taskgraph-images-1");
    assert_eq!(task["payload"]["env"]["TASKGRAPH_IMAGES_HEAD_REF"], "next");
    assert_eq!(task["payload"]["env"]["TASKGRAPH_IMAGES_PROJECT"], "other");

    // The address of the clone, if none is given; and only the trusted one has level 3.
    nightly.git(&[
        "remote",
        "add",
        "origin",
        "git@github.com:a-stranger/taskgraph-images.git",
    ]);
    let ran = nightly.run(&["hook", "nightly"]);
    let task = fire(&ran.json(), None);
    assert_eq!(
        task["scopes"],
        json!(["assume:repo:github.com/a-stranger/taskgraph-images:cron:nightly"])
    );
    assert_eq!(task["schedulerId"], "taskgraph-images-level-1");
}

#[test]
fn what_the_file_escapes_stays_escaped() {
    let repo = repo(&at("[]"));
    let file = r#"
version: 1
tasks:
  - provisionerId: p
    workerType: w
    created: {$fromNow: ''}
    deadline: {$fromNow: '${1} day', from: '2026-11-25T00:00:00.000Z'}
    metadata: {name: n, description: 'costs $${1} and $5', owner: o@example.org, source: 'https://example.org'}
    tags: {worker-implementation: docker-worker, os: linux}
    extra: {$$eval: '$${taskId}', '$$fromNow': '1 day', more: ["$${a}$$${b}", $1], root: '${taskcluster_root_url}'}
    payload: {image: i, maxRunTime: 1, env: {ID: '${ownTaskId}', NAME: '${cron.job_name}'}}
"#;
    repo.write(".taskcluster.yml", file);
    let ran = run(&repo, &["nightly"]);
    assert_eq!(ran.code, Some(1), "{}", ran.block());
    assert!(ran.stderr.contains("--root-url"), "{}", ran.block());
    let found = hook(&repo, &["nightly", "--root-url", "https://tc.example.org"]);
    let task = fire(&found, None);
    assert_eq!(task["metadata"]["description"], "costs ${1} and $5");
    assert_eq!(
        task["extra"],
        json!({"$eval": "${taskId}", "$fromNow": "1 day", "more": ["${a}$${b}", "$1"], "root": "https://tc.example.org"})
    );
    assert_eq!(task["deadline"], "2026-11-26T00:00:00.000Z");
    assert_eq!(
        task["payload"]["env"],
        json!({"ID": TASK_ID, "NAME": "nightly"})
    );
}

#[test]
fn all_faults_are_told_with_their_places() {
    let broken = "\
jobs:
  - name: one
    job: {type: decision-task, treeherder-symbol: o, target-task-method: x}
    when:
      - {weekday: tuesday, minute: 10}
      - {day: 0, hour: 24}
  - name: two
    job: {type: cron}
    when: {by-level: {}}
  - job: {type: trigger-action}
    run-on-projects: x
";
    let ran = run(&repo(broken), &["one"]);
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(ran.stderr, @r#"
    error[missing-key]: the key `target-tasks-method` is missing
     --> .cron.yml:3:10
      |
    3 |     job: {type: decision-task, treeherder-symbol: o, target-task-method: x}
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[unknown-key]: the key `target-task-method` is not known here
     --> .cron.yml:3:54
      |
    3 |     job: {type: decision-task, treeherder-symbol: o, target-task-method: x}
      |                                                      ^^^^^^^^^^^^^^^^^^
      |
      = hint: did you mean `target-tasks-method`?

    error[bad-value]: `tuesday` is no day of the week
     --> .cron.yml:5:19
      |
    5 |       - {weekday: tuesday, minute: 10}
      |                   ^^^^^^^
      |
      = hint: did you mean `Tuesday`?

    error[bad-value]: expected a number from 0 to 45 that is a multiple of 15, found 10
     --> .cron.yml:5:36
      |
    5 |       - {weekday: tuesday, minute: 10}
      |                                    ^^

    error[bad-value]: expected a number from 1 to 31, found 0
     --> .cron.yml:6:15
      |
    6 |       - {day: 0, hour: 24}
      |               ^

    error[bad-value]: expected a number from 0 to 23, found 24
     --> .cron.yml:6:24
      |
    6 |       - {day: 0, hour: 24}
      |                        ^^

    error[bad-value]: `cron` is no type of job
     --> .cron.yml:8:17
      |
    8 |     job: {type: cron}
      |                 ^^^^
      |
      = hint: expected `decision-task` or `trigger-action`

    error[wrong-type]: expected a list of times, or `by-project`, found a map
     --> .cron.yml:9:11
      |
    9 |     when: {by-level: {}}
      |           ^^^^^^^^^^^^^^

    error[missing-key]: the key `name` is missing
      --> .cron.yml:10:5
       |
    10 |   - job: {type: trigger-action}
       |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[missing-key]: the key `action-name` is missing
      --> .cron.yml:10:10
       |
    10 |   - job: {type: trigger-action}
       |          ^^^^^^^^^^^^^^^^^^^^^^

    error[wrong-type]: expected a list, found a string
      --> .cron.yml:11:22
       |
    11 |     run-on-projects: x
       |                      ^

    error: the definitions have 11 errors
    "#);
}

#[test]
fn what_no_hook_can_do() {
    let told = |cron: &str, file: Option<&str>| {
        let repo = repo(cron);
        if let Some(file) = file {
            repo.write(".taskcluster.yml", file);
        }
        let ran = run(&repo, &["nightly"]);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(1), ""),
            "{}",
            ran.block()
        );
        let first = ran.stderr.lines().find(|line| line.starts_with("error["));
        first.unwrap().to_owned()
    };
    let day = at("[{day: 1, weekday: Monday}]");
    let action = "jobs: [{name: nightly, job: {type: trigger-action, action-name: x}}]";
    let elsewhere = at("[]\n    run-on-projects: [other]");
    let double = at("[]") + "  - {name: nightly, job: {type: trigger-action, action-name: x}}\n";
    let nobody = at("{by-project: {other: []}}");
    let two = at("{by-project: {'task.*': [], '.*images': []}}");
    let pattern = at("{by-project: {'(': []}}");
    let jobs = at("[]");
    let lines = [
        told(&day, None),
        told(action, None),
        told(&elsewhere, None),
        told(&double, None),
        told(&nobody, None),
        told(&two, None),
        told(&pattern, None),
        told(&jobs, Some("version: 1")),
        told(&jobs, Some("tasks: []")),
        told(&jobs, Some("tasks: {}")),
        told(&jobs, Some("tasks: [{a: '${nothing}'}]")),
        told(&jobs, Some("tasks: [{a: {$eval: 'fromNow(\"1 day\")'}}]")),
        told(&jobs, Some("tasks: [{a: 'x ${now}'}]")),
        told(&jobs, Some("tasks: [{a: '${ownTaskId[:3]}'}]")),
        told(&jobs, Some("tasks: [{a: \"\u{E000}\"}]")),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    error[day-and-weekday]: a hook fires on such a day or on such a weekday, never on days that are both
    error[no-decision]: only a job of the type `decision-task` has a hook
    error[other-project]: the job `nightly` does not run on the project `taskgraph-images`
    error[duplicate-job]: there is another job `nightly`
    error[by-project]: no branch is for the project `taskgraph-images`, and there is no `default`
    error[by-project]: more than one branch is for the project `taskgraph-images`
    error[by-project]: `(` is no pattern
    error[missing-key]: the key `tasks` is missing
    error[tasks]: it gives 0 tasks for a cron job, and a hook creates one
    error[tasks]: `tasks` gives no list
    error[json-e]: it cannot be rendered for a cron job: Interpreter Error: unknown context value nothing
    error[clock]: an expression that reads the clock would be fixed when the hook is made
    error[clock]: an expression that reads the clock would be fixed when the hook is made
    error[marks]: it gives what no hook can render again (a key of `${`, or the task's id or input taken apart) at `/a`
    error[private-use]: characters of Unicode's private use cannot be part of a hook
    "#);
}

#[test]
fn wrong_use() {
    let repo = repo(&at("[]"));
    let told = |ran: Ran| {
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{}",
            ran.block()
        );
        ran.stderr.lines().take(2).collect::<Vec<_>>().join(" | ")
    };
    let lines = [
        told(run(&repo, &["nightli"])),
        told(run(&repo, &["x"])),
        told(repo.run(&["hook", "nightly"])),
        told(repo.run(&["hook", "nightly", "--repository", "git@github.com:o/r"])),
        told(run(&repo, &["nightly", "--project", "a.b"])),
        told(run(&repo, &["nightly", "--hook-group", "a/b"])),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    error: `.cron.yml` has no job `nightli` | hint: did you mean `nightly`?
    error: `.cron.yml` has no job `x` | hint: there is: nightly
    error: the repository's address is not known | hint: name it with `--repository`
    error: invalid value 'git@github.com:o/r' for '--repository <URL>': expected `https://HOST/OWNER/NAME`, without `.git` or `/` at its end | 
    error: `cron-task-a.b/nightly` is no half of a hook's id | hint: name one of letters, digits, `-`, `_`, `/` with `--hook-id`
    error: `a/b` is no half of a hook's id | hint: name one of letters, digits, `-`, `_` with `--hook-group`
    "#);
    let none = Repo::new();
    let ran = run(&none, &["nightly"]);
    insta::assert_snapshot!(ran.block(), @r#"
    exit 1
    --- stderr
    error[unreadable]: there is no `.cron.yml`, a file with jobs
    --> .cron.yml
     = hint: `taskgraph-images init` writes one into a new repository

    error[unreadable]: there is no `.taskcluster.yml`, the template of the decision task
    --> .taskcluster.yml
     = hint: `taskgraph-images init` writes one into a new repository

    error: the definitions have 2 errors
    "#);
}
