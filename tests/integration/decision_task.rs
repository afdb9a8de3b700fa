//! `.taskcluster.yml` of this repository and the one that `init` writes, rendered as each of its readers does:
//! Taskcluster's GitHub service, build-decision, the hooks of actions, and scriptworker.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::events::{BASE, GROUP, HEAD, HOSTILE, NOTHING, OWN_ID, Project, root_file};
use crate::fleet::schemas::Schemas;
use crate::services;
use crate::support::Repo;

fn both() -> [Project; 2] {
    [Project::own(), Project::new()]
}

/// A context with one value changed.
fn with(mut context: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    context.pointer_mut(parent).unwrap()[key] = value;
    context
}

/// All strings of a value, by where they are.
fn strings(value: &Value, at: String, all: &mut BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            all.insert(at, text.clone());
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                strings(item, format!("{at}/{index}"), all);
            }
        }
        Value::Object(entries) => {
            for (key, item) in entries {
                strings(item, format!("{at}/{key}"), all);
            }
        }
        _ => {}
    }
}

#[test]
fn the_file_is_what_its_readers_take() {
    for project in both() {
        let schema = "github/v1/taskcluster-github-config.v1.json";
        assert_eq!(
            services::faults(schema, &project.file),
            Vec::<String>::new()
        );
        // Hooks of actions embed the first element, so there must be a list before anything is rendered.
        assert_eq!(project.file["tasks"].as_array().unwrap().len(), 1);
        assert_eq!(project.file["policy"]["pullRequests"], "public_restricted");
    }
}

#[test]
fn tasks_of_events() {
    let project = Project::own();
    for (name, context) in project.events() {
        insta::assert_json_snapshot!(name.replace(' ', "-"), project.task(&context), {
            ".created" => "[time]",
            ".deadline" => "[time]",
            ".expires" => "[time]",
            ".payload.artifacts.public.expires" => "[time]",
        });
    }
}

#[test]
fn only_names_differ_in_what_init_writes() {
    let (own, new) = (Project::own(), Project::new());
    for ((name, context), (_, other)) in own.events().into_iter().zip(new.events()) {
        let mut expected = own.task(&context);
        let mut found = new.task(&other);
        for task in [&mut expected, &mut found] {
            for time in [
                "/created",
                "/deadline",
                "/expires",
                "/payload/artifacts/public/expires",
            ] {
                *task.pointer_mut(time).unwrap() = "time".into();
            }
        }
        // scriptworker's variables have names of their own here.
        let env = found["payload"]["env"].as_object_mut().unwrap();
        let more: Vec<String> = env
            .keys()
            .filter(|key| key.starts_with("MOBILE_OS_"))
            .cloned()
            .collect();
        assert!(more.contains(&"MOBILE_OS_HEAD_REV".to_owned()), "{more:?}");
        for key in more {
            let twin = key.replace("MOBILE_OS_", "TASKGRAPH_IMAGES_");
            assert_eq!(env.remove(&key), env.get(&twin).cloned(), "{key}");
        }
        let image = "taskgraph-images.v2.taskgraph-images.latest.images.decision-container";
        assert_eq!(found["payload"]["image"]["namespace"], image);
        found["payload"]["image"] = Value::Null;
        expected["payload"]["image"] = Value::Null;
        let renamed = found
            .to_string()
            .replace("example/worker-images", "taskcluster/taskgraph-images")
            .replace("worker-images", "taskgraph-images")
            .replace("mobile-os", "taskgraph-images");
        assert_eq!(
            serde_json::from_str::<Value>(&renamed).unwrap(),
            expected,
            "{name}"
        );
    }
}

#[test]
fn levels_and_roles() {
    for project in both() {
        let repo = format!("{}/{}", project.owner, project.name);
        let expected = [
            ("3", format!("{repo}:branch:main")),
            ("1", format!("a-stranger/{}:branch:main", project.name)),
            ("1", format!("{repo}:tag:v1.0")),
            ("1", format!("{repo}:pull-request")),
            ("1", format!("{repo}:pull-request-untrusted")),
            ("1", format!("{repo}:pull-request")),
            ("3", format!("{repo}:cron:rebuild")),
            ("3", format!("{repo}:action:generic")),
            ("1", format!("{repo}:pr-action:generic")),
        ];
        for ((name, context), (level, role)) in project.events().into_iter().zip(expected) {
            let task = project.task(&context);
            let domain = project.trust_domain();
            assert_eq!(
                task["scopes"],
                json!([format!("assume:repo:github.com/{role}")]),
                "{name}"
            );
            assert_eq!(task["provisionerId"], format!("{domain}-{level}"), "{name}");
            assert_eq!(
                task["schedulerId"],
                format!("{domain}-level-{level}"),
                "{name}"
            );
            assert_eq!(
                task["payload"]["env"]["TASKGRAPH_IMAGES_LEVEL"], level,
                "{name}"
            );
            let signed = task["payload"]["features"]["chainOfTrust"].as_bool();
            assert_eq!(signed, Some(level == "3"), "{name}");
        }
    }
}

#[test]
fn level_3_is_for_one_repository_and_branch() {
    let project = Project::own();
    let level = |context: &Value| {
        project.task(context)["schedulerId"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for other in [
        "https://github.com/taskcluster/taskgraph-images/",
        "https://github.com/taskcluster/taskgraph-images.git",
        "https://github.com/Taskcluster/taskgraph-images",
        "https://github.com/a-stranger/taskgraph-images",
        "https://me@github.com/taskcluster/taskgraph-images",
        "http://github.com/taskcluster/taskgraph-images",
    ] {
        for event in [project.cron(), project.action("action")] {
            let event = with(event, "/repository/url", other.into());
            assert_eq!(level(&event), "taskgraph-images-level-1", "{other}");
        }
    }
    for event in [project.cron(), project.action("action")] {
        assert_eq!(level(&event), "taskgraph-images-level-3");
        for branch in ["other", "refs/heads/main", "main ", ""] {
            let event = with(event.clone(), "/push/branch", branch.into());
            assert_eq!(level(&event), "taskgraph-images-level-1", "{branch:?}");
        }
        // Whoever runs it can only ask for less.
        let event = with(event, "/repository/level", "1".into());
        assert_eq!(level(&event), "taskgraph-images-level-1");
    }
    // A tag can be put anywhere, so not even one that is named like the branch is trusted.
    assert_eq!(
        level(&project.push("refs/tags/main")),
        "taskgraph-images-level-1"
    );
    assert_eq!(
        level(&project.action("pr-action")),
        "taskgraph-images-level-1"
    );
    let lie = with(
        project.action("pr-action"),
        "/repository/url",
        project.url().into(),
    );
    let lie = with(lie, "/push/branch", "main".into());
    assert_eq!(level(&lie), "taskgraph-images-level-1");
}

#[test]
fn events_without_a_task() {
    for project in both() {
        let pull_request = |action: &str| project.pull_request("github-pull-request", action);
        let draft = |action: &str| {
            with(
                pull_request(action),
                "/event/pull_request/draft",
                true.into(),
            )
        };
        let mut none = vec![
            ("another branch", project.push("refs/heads/other")),
            (
                "a hostile branch",
                project.push(&format!("refs/heads/{HOSTILE}")),
            ),
            ("a branch that ends so", project.push("refs/heads/x/main")),
            (
                "notes",
                with(
                    project.push("refs/heads/main"),
                    "/event/ref",
                    "refs/notes/main".into(),
                ),
            ),
            (
                "deleted",
                with(
                    project.push("refs/heads/main"),
                    "/event/after",
                    NOTHING.into(),
                ),
            ),
            (
                "deleted tag",
                with(project.push("refs/tags/v1"), "/event/after", NOTHING.into()),
            ),
            ("no command", project.comment("created", None)),
            ("empty command", project.comment("created", Some(""))),
            ("edited comment", project.comment("edited", Some("build"))),
            ("deleted comment", project.comment("deleted", Some("build"))),
            (
                "closed issue",
                with(
                    project.comment("created", Some("build")),
                    "/event/issue/state",
                    "closed".into(),
                ),
            ),
            // The fork is gone.
            (
                "no head",
                with(
                    project.comment("created", Some("build")),
                    "/event/pull_request/head/repo",
                    Value::Null,
                ),
            ),
            (
                "release",
                json!({"tasks_for": "github-release", "event": {"action": "published"}}),
            ),
        ];
        for action in ["opened", "synchronize", "reopened"] {
            none.push((action, draft(action)));
        }
        for action in [
            "closed",
            "labeled",
            "edited",
            "converted_to_draft",
            "assigned",
            "enqueued",
        ] {
            none.push((action, pull_request(action)));
        }
        for (name, context) in none {
            assert_eq!(project.render(&context), Vec::<Value>::new(), "{name}");
        }
        for action in ["opened", "synchronize", "reopened", "ready_for_review"] {
            project.task(&pull_request(action));
        }
        // Older payloads do not say whether it is a draft; and a comment asks for a draft's tasks.
        let mut unsaid = pull_request("opened");
        unsaid["event"]["pull_request"]
            .as_object_mut()
            .unwrap()
            .remove("draft");
        project.task(&unsaid);
        let asked = project.comment("created", Some("build"));
        project.task(&with(asked, "/event/pull_request/draft", true.into()));
    }
}

#[test]
fn what_outsiders_choose_reaches_the_environment_only() {
    // A name of its own for each, so that none can hide behind another.
    let mark = |what: &str| format!("{HOSTILE}<{what}>");
    let commands = [json!("decision"), json!("action-callback")];
    for project in both() {
        for (event, context) in project.events() {
            let task = project.task(&context);
            let command = &task["payload"]["command"];
            assert!(commands.contains(&command[1]), "{event}");
            assert_eq!(
                *command,
                json!([
                    "taskgraph-images",
                    command[1],
                    "--artifacts",
                    "/home/worker/artifacts"
                ]),
                "{event}"
            );
        }
        let mut event = project.comment("created", Some(&mark("comment")));
        for (pointer, value) in [
            ("/event/pull_request/head/ref", mark("head")),
            ("/event/pull_request/base/ref", mark("base")),
            ("/event/pull_request/title", mark("title")),
            ("/event/issue/title", mark("title")),
        ] {
            event = with(event, pointer, value.into());
        }
        event = with(
            event,
            "/event/pull_request/labels",
            json!([{"name": mark("label")}]),
        );
        let task = project.task(&event);
        let env = &task["payload"]["env"];
        assert_eq!(env["TASKGRAPH_IMAGES_HEAD_REF"], mark("head"));
        assert_eq!(env["TASKGRAPH_IMAGES_BASE_REF"], mark("base"));
        assert_eq!(env["TASKGRAPH_IMAGES_COMMENT"], mark("comment"));
        let labels = env["TASKGRAPH_IMAGES_PULL_REQUEST_LABELS"]
            .as_str()
            .unwrap();
        assert_eq!(
            serde_json::from_str::<Vec<String>>(labels).unwrap(),
            [mark("label")]
        );

        // Two things name a person or a tag by their purpose: who owns a task, and the role of a tag.
        let tag = project.push(&format!("refs/tags/{}", mark("tag")));
        let tag_task = project.task(&tag);
        assert_eq!(
            tag_task["payload"]["env"]["TASKGRAPH_IMAGES_HEAD_TAG"],
            mark("tag")
        );
        for task in [task, tag_task, project.task(&project.action("pr-action"))] {
            let mut all = BTreeMap::new();
            strings(&task, String::new(), &mut all);
            let leaks: Vec<_> = all
                .iter()
                .filter(|(at, text)| !at.starts_with("/payload/env/") && text.contains("curl"))
                .filter(|(at, _)| {
                    !at.starts_with("/extra/action/context/input/") && *at != "/scopes/0"
                })
                .collect();
            assert_eq!(leaks, Vec::<(&String, &String)>::new());
        }
    }
}

#[test]
fn people_without_an_address_get_one() {
    let project = Project::own();
    let mut push = project.push("refs/heads/main");
    push["event"]["pusher"] = json!({"name": "a-deploy-key"});
    let owner = "a-deploy-key@users.noreply.github.com";
    assert_eq!(project.task(&push)["metadata"]["owner"], owner);
    push["event"]["pusher"]["email"] = Value::Null;
    assert_eq!(
        project.task(&push)["payload"]["env"]["TASKGRAPH_IMAGES_OWNER"],
        owner
    );
}

/// scriptworker makes an event out of a task's environment and renders the file with it.
#[test]
fn scriptworker_arrives_at_the_same_task() {
    for project in both() {
        let var = |task: &Value, name: &str| {
            task["payload"]["env"][format!("{}_{name}", project.prefix)].clone()
        };
        let untimed = |mut task: Value| {
            for time in [
                "/created",
                "/deadline",
                "/expires",
                "/payload/artifacts/public/expires",
            ] {
                *task.pointer_mut(time).unwrap() = Value::Null;
            }
            task
        };

        for reference in ["refs/heads/main", "refs/tags/v1"] {
            let task = project.task(&project.push(reference));
            let again = json!({"tasks_for": "github-push", "ownTaskId": OWN_ID, "taskId": null, "event": {
                "before": var(&task, "BASE_REV"), "after": var(&task, "HEAD_REV"),
                "base_ref": var(&task, "BASE_REF"), "ref": var(&task, "HEAD_REF"),
                "pusher": {"email": task["metadata"]["owner"]},
                "repository": {"full_name": format!("{}/{}", project.owner, project.name),
                    "html_url": var(&task, "HEAD_REPOSITORY"), "name": project.name, "pushed_at": null},
                "sender": {"login": "somebody"},
            }});
            assert_eq!(untimed(project.task(&again)), untimed(task), "{reference}");
        }

        let cron = project.task(&project.cron());
        let again = json!({"tasks_for": "cron", "ownTaskId": OWN_ID, "taskId": null,
            "cron": serde_json::from_str::<Value>(cron["extra"]["cron"].as_str().unwrap()).unwrap(),
            "repository": {"url": var(&cron, "HEAD_REPOSITORY"), "project": project.name, "level": "3", "type": "git"},
            "push": {"revision": var(&cron, "HEAD_REV"), "branch": var(&cron, "HEAD_REF")},
        });
        assert_eq!(untimed(project.task(&again)), untimed(cron));

        let task = project.task(&project.pull_request("github-pull-request", "opened"));
        let mut data = project.pull_request_data();
        data["base"]["sha"] = var(&task, "BASE_REV");
        data["head"]["sha"] = var(&task, "HEAD_REV");
        assert_eq!(var(&task, "PULL_REQUEST_NUMBER"), "7");
        let again = json!({"tasks_for": "github-pull-request", "ownTaskId": OWN_ID, "taskId": null, "event": {
            "action": "synchronize", "pull_request": data, "repository": project.repository(project.owner),
            "sender": {"login": "a-stranger[bot]"},
        }});
        assert_eq!(untimed(project.task(&again)), untimed(task));
    }
}

/// The hook of an action is the file's one element in a `$let`, rendered with what the hook was triggered with.
#[test]
fn hooks_of_actions() {
    let project = Project::own();
    let flat = project.action("action");
    let hook = json!({
        "$let": {
            "tasks_for": "action",
            "action": {
                "name": "${payload.decision.action.name}",
                "title": "${payload.decision.action.title}",
                "description": "${payload.decision.action.description}",
                "taskGroupId": "${payload.decision.action.taskGroupId}",
                "symbol": "${payload.decision.action.symbol}",
                "cb_name": "${payload.decision.action.cb_name}",
                "repo_scope": "assume:repo:${payload.decision.repository.url[8:]}:action:generic",
                "action_perm": "generic",
            },
            "push": {"$eval": "payload.decision.push"},
            "repository": {"$eval": "payload.decision.repository"},
            "input": {"$eval": "payload.user.input"},
            "parameters": {"$eval": "payload.decision['parameters']"},
            "taskId": {"$eval": "payload.user.taskId"},
            "taskGroupId": {"$eval": "payload.user.taskGroupId"},
            "ownTaskId": {"$eval": "taskId"},
        },
        "in": project.file["tasks"][0],
    });
    let context = json!({
        "taskId": OWN_ID, "now": "2026-11-25T17:00:00.000Z", "firedBy": "triggerHook", "clientId": flat["clientId"],
        "payload": {
            "decision": {"action": flat["action"], "push": flat["push"], "repository": flat["repository"], "parameters": {}},
            "user": {"input": flat["input"], "taskId": null, "taskGroupId": GROUP},
        },
    });
    let task = json_e::render(&hook, &context).unwrap();
    assert!(task.get("taskId").is_none());
    assert_eq!(task["taskGroupId"], GROUP);
    let env = &task["payload"]["env"];
    assert_eq!(env["ACTION_TASK_ID"], "null");
    assert_eq!(env["ACTION_TASK_GROUP_ID"], GROUP);
    assert_eq!(env["ACTION_CALLBACK"], "rebuild");
    let input: Value = serde_json::from_str(env["ACTION_INPUT"].as_str().unwrap()).unwrap();
    assert_eq!(input, flat["input"]);
    if let Some(schemas) = Schemas::from_environment() {
        assert_eq!(schemas.faults(&task), Vec::<String>::new());
    }
}

/// What build-decision holds a `.cron.yml` to.
fn cron_schema() -> Value {
    let when = json!({"type": "array", "items": {"type": "object", "additionalProperties": false, "properties": {
        "weekday": {"enum": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]},
        "day": {"type": "integer", "minimum": 1, "maximum": 31},
        "hour": {"type": "integer", "minimum": 0, "exclusiveMaximum": 24},
        "minute": {"type": "integer", "minimum": 0, "multipleOf": 15, "exclusiveMaximum": 60},
    }}});
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object", "required": ["jobs"], "additionalProperties": false,
        "properties": {"jobs": {"type": "array", "items": {
            "type": "object", "required": ["name", "job"], "additionalProperties": false,
            "properties": {
                "name": {"type": "string"},
                "run-on-projects": {"type": "array", "items": {"type": "string"}},
                "when": {"anyOf": [when.clone(), {
                    "type": "object", "required": ["by-project"], "additionalProperties": false,
                    "properties": {"by-project": {"type": "object", "additionalProperties": when}},
                }]},
                "job": {"anyOf": [
                    {"type": "object", "required": ["type", "treeherder-symbol", "target-tasks-method"],
                        "additionalProperties": false, "properties": {
                        "type": {"const": "decision-task"},
                        "treeherder-symbol": {"type": "string"},
                        "target-tasks-method": {"type": "string"},
                        "optimize-target-tasks": {"type": "boolean"},
                        "include-push-tasks": {"type": "boolean"},
                        "rebuild-kinds": {"type": "array", "items": {"type": "string"}},
                        "include-cron-input": {"type": "boolean"},
                    }},
                    {"type": "object", "required": ["type", "action-name"], "additionalProperties": false, "properties": {
                        "type": {"const": "trigger-action"},
                        "action-name": {"type": "string"},
                        "include-cron-input": {"type": "boolean"},
                        "extra-input": {"type": "object"},
                    }},
                ]},
            },
        }}},
    })
}

#[test]
fn cron_jobs_are_what_build_decision_takes() {
    let validator = jsonschema::validator_for(&cron_schema()).unwrap();
    for broken in [
        json!({}),
        json!({"jobs": [{"name": "x"}]}),
        json!({"jobs": [{"name": "x", "job": {"type": "decision-task", "target-tasks-method": "x"}}]}),
    ] {
        assert!(!validator.is_valid(&broken), "{broken}");
    }
    let repo = Repo::empty(&[]);
    repo.run(&["init"]);
    let new = std::fs::read_to_string(repo.path.join(".cron.yml")).unwrap();
    for text in [root_file(".cron.yml"), new] {
        let file: Value = serde_yaml::from_str(&text).unwrap();
        assert_eq!(services::found(&validator, &file), Vec::<String>::new());
        assert_eq!(file["jobs"][0]["name"], "rebuild");
        assert_eq!(file["jobs"][0]["job"]["target-tasks-method"], "rebuild");
    }
    // Each job about the fleet asks for the task of its own name, which its role is for.
    let file: Value = serde_yaml::from_str(&root_file(".cron.yml")).unwrap();
    let jobs = file["jobs"].as_array().unwrap();
    let fleets: Vec<&Value> = jobs
        .iter()
        .filter(|job| job["name"] == job["job"]["target-tasks-method"])
        .map(|job| &job["name"])
        .collect();
    assert_eq!(
        fleets,
        ["rebuild", "upgrade", "pools", "projects", "cleanup"]
    );
}

/// The scopes that the guide tells to grant to a role, with the names of a project.
fn granted(role: &str, level: &str, project: &str, pull_request: bool) -> Vec<String> {
    let page = root_file("docs/src/setup.md");
    let section = page.split("## Scopes of the roles").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let code = |text: &str| -> Vec<String> {
        text.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    let mut scopes = Vec::new();
    for row in section.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.split('|').collect();
        let (first, second) = (code(cells[1]), code(cells[2]));
        let is_scope = |text: &String| {
            ["auth:", "generic-worker:", "queue:"]
                .iter()
                .any(|start| text.starts_with(start))
        };
        if first.iter().any(is_scope) {
            scopes.extend(first);
        } else if first.iter().any(|name| {
            let all = name.strip_suffix('*');
            name == role
                || all.is_some_and(|start| start.starts_with("action:") && role.starts_with(start))
        }) || (pull_request && cells[1].contains("both roles"))
        {
            scopes.extend(second);
        }
    }
    assert!(scopes.len() > 10, "{role}: {scopes:?}");
    scopes
        .iter()
        .map(|scope| {
            scope
                .replace("TD-N", &format!("TD-{level}"))
                .replace("level-N", &format!("level-{level}"))
                .replace("NAME", project)
                .replace("index.P.", "index.taskgraph-images.")
                .replace("JOB", role.strip_prefix("cron:").unwrap_or("JOB"))
                .replace("TD", "taskgraph-images")
        })
        .collect()
}

/// What the guide tells to grant is enough for the decision of each event, and for every task that one can create.
#[test]
fn the_guides_scopes_are_enough() {
    let held = |scopes: &[String], needed: &str| {
        scopes.iter().any(|scope| match scope.strip_suffix('*') {
            Some(start) => needed.starts_with(start),
            None => scope == needed,
        })
    };
    let needs = |task: &Value| -> Vec<String> {
        let queue = task["taskQueueId"].as_str().map_or_else(
            || {
                format!(
                    "{}/{}",
                    task["provisionerId"].as_str().unwrap(),
                    task["workerType"].as_str().unwrap()
                )
            },
            str::to_owned,
        );
        let mut needs = vec![format!(
            "queue:create-task:{}:{queue}",
            task["priority"].as_str().unwrap()
        )];
        needs.extend(
            task["routes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|route| format!("queue:route:{}", route.as_str().unwrap())),
        );
        needs
    };
    let project = Project::own();
    let roles = [
        "branch:main",
        "",
        "tag:*",
        "pull-request",
        "pull-request-untrusted",
        "pull-request",
        "cron:rebuild",
        "action:generic",
        "pr-action:*",
    ];
    for ((name, context), role) in project.events().into_iter().zip(roles) {
        // A fork has roles of its own.
        if role.is_empty() {
            continue;
        }
        let task = project.task(&context);
        let level = task["payload"]["env"]["TASKGRAPH_IMAGES_LEVEL"]
            .as_str()
            .unwrap();
        let pull_request = name.contains("pull request") || name == "comment";
        let scopes = granted(role, level, project.name, pull_request);
        let scheduler = format!(
            "queue:scheduler-id:{}",
            task["schedulerId"].as_str().unwrap()
        );
        for needed in needs(&task)
            .iter()
            .chain([&scheduler, &"queue:create-task:project:none".to_owned()])
        {
            assert!(
                held(&scopes, needed),
                "{name}: {needed} is not in {scopes:#?}"
            );
        }
        for foreign in scopes.iter().filter(|_| level == "1") {
            assert!(
                !foreign.contains("level-3")
                    && !foreign.contains("-3/")
                    && !foreign.contains("index.taskgraph-images.v2."),
                "{name}: {foreign}"
            );
        }
    }

    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let repo = Repo::empty(&[]);
    for (event, level, role) in [
        ("push", "3", "branch:main"),
        ("push", "1", "tag:*"),
        ("pull-request", "1", "pull-request"),
    ] {
        let ran = repo.run(&[
            "-C", root, "graph", "full", "--all", "--event", event, "--level", level, "--format",
            "json",
        ]);
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        let graph = ran.json();
        assert!(graph.as_object().unwrap().len() > 20);
        for (label, task) in graph.as_object().unwrap() {
            let task = &task["task"];
            let own = task["tags"]["project"].as_str().unwrap();
            let scopes = granted(role, level, own, event == "pull-request");
            let mut needed = needs(task);
            needed.extend(
                task["scopes"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|scope| scope.as_str().unwrap().to_owned()),
            );
            for needed in needed {
                assert!(
                    held(&scopes, &needed),
                    "{label}: {needed} is not in {scopes:#?}"
                );
            }
        }
    }

    // The action that carries out a plan, by its own role, which reaches nothing of what publishes.
    let scopes = granted("action:cleanup", "3", project.name, false);
    for needed in [
        "queue:create-task:low:taskgraph-images-3/decision",
        "queue:create-task:low:taskgraph-images-3/cleanup",
        "queue:route:index.taskgraph-images.v2.taskgraph-images.latest.maintenance.cleanup-apply",
        "secrets:get:project/taskgraph-images/level-3/SECRET",
        "queue:list-task-group:fN1SbArXTPSVFNUvaOlinQ",
    ] {
        assert!(held(&scopes, needed), "{needed} is not in {scopes:#?}");
    }
    for other in [
        "queue:create-task:low:taskgraph-images-3/publisher",
        "queue:create-task:low:taskgraph-images-3/maintenance",
        "queue:route:index.taskgraph-images.cache.level-3.x",
        "secrets:get:project/taskgraph-images/level-3/x",
    ] {
        assert!(!held(&scopes, other), "{other} is in {scopes:#?}");
    }

    // Each job about the fleet: its decision, and its one task, by the scopes of its own role.
    for job in ["upgrade", "pools", "projects", "cleanup"] {
        let role = format!("cron:{job}");
        let scopes = granted(&role, "3", project.name, false);
        let mut context = project.cron();
        context["cron"]["job_name"] = job.into();
        context["cron"]["quoted_args"] = format!("--target-tasks-method={job}").into();
        for needed in needs(&project.task(&context)) {
            assert!(
                held(&scopes, &needed),
                "{job}: {needed} is not in {scopes:#?}"
            );
        }
        let artifacts = repo.beside(job).to_string_lossy().into_owned();
        let ran = repo.run(&[
            "-C",
            root,
            "decision",
            "--dry-run",
            "--artifacts",
            &artifacts,
            "--tasks-for",
            "cron",
            "--level",
            "3",
            "--head-repository",
            "https://github.com/taskcluster/taskgraph-images",
            "--target-tasks-method",
            job,
        ]);
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        let graph = std::fs::read_to_string(repo.beside(job).join("task-graph.json")).unwrap();
        let graph: BTreeMap<String, Value> = serde_json::from_str(&graph).unwrap();
        assert_eq!(graph.len(), 1);
        let task = &graph.values().next().unwrap()["task"];
        // The guide has words for what the settings name.
        let named = |scope: &str| match scope.split_once("github-repo-token:") {
            Some((_, token)) => {
                let permission = token.split_once(':').unwrap().1;
                format!("auth:github-repo-token:APP/OWNER/REPOSITORY:{permission}")
            }
            None => scope.replace("projects/phabricator", "SECRET"),
        };
        let own = task["scopes"].as_array().unwrap().iter();
        let mut needed = needs(task);
        needed.extend(own.map(|scope| named(scope.as_str().unwrap())));
        for needed in needed {
            assert!(
                held(&scopes, &needed),
                "{job}: {needed} is not in {scopes:#?}"
            );
        }
        // And nothing by which an image could be made, published or found.
        for scope in &scopes {
            let foreign = [
                "index.taskgraph-images.cache.",
                "queue:create-task:low:taskgraph-images-3/*",
            ];
            assert!(
                !foreign.iter().any(|word| scope.contains(word)),
                "{job}: {scope}"
            );
        }
    }

    // Strangers: every task that their pull requests may have, of this repository's own fleet.
    let artifacts = repo.beside("artifacts").to_string_lossy().into_owned();
    let ran = repo.run(&[
        "-C",
        root,
        "decision",
        "--dry-run",
        "--artifacts",
        &artifacts,
        "--tasks-for",
        "github-pull-request-untrusted",
        "--level",
        "1",
        "--pull-request-number",
        "7",
        "--head-repository",
        "https://github.com/taskcluster/taskgraph-images",
        "--target-tasks-method",
        "all",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.block());
    let graph = std::fs::read_to_string(repo.beside("artifacts/full-task-graph.json")).unwrap();
    let graph: BTreeMap<String, Value> = serde_json::from_str(&graph).unwrap();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let scopes = granted("pull-request-untrusted", "1", project.name, true);
    assert!(
        !scopes.iter().any(|scope| scope.starts_with("secrets:")),
        "{scopes:#?}"
    );
    for (label, task) in &graph {
        *kinds.entry(task["kind"].as_str().unwrap()).or_default() += 1;
        let task = &task["task"];
        assert!(!task["scopes"].to_string().contains("secrets:"), "{label}");
        for needed in needs(task) {
            assert!(
                held(&scopes, &needed),
                "{label}: {needed} is not in {scopes:#?}"
            );
        }
    }
    let expected = [("build", 7), ("validate", 22), ("verify", 7)];
    assert_eq!(kinds, BTreeMap::from(expected));
}

/// The program takes the environment as it is, for each event that runs `decision`.
#[test]
fn the_program_understands_its_environment() {
    let project = Project::own();
    let repo = Repo::new();
    let base = repo.git(&["rev-parse", "HEAD"]);
    let head = repo
        .append("image-defs/scripts/child.sh", "echo more\n")
        .commit();
    for (name, mut context) in project.events() {
        if name.contains("action") {
            continue;
        }
        if name == "comment" {
            context = project.comment("created", Some("build child --force"));
        }
        let task = project.task(&context);
        let text = task["payload"]["env"].to_string();
        let text = text.replace(HEAD, &head).replace(BASE, &base);
        let env: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
        let env: Vec<(&str, &str)> = env
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let folder = repo.beside("artifacts").join(name.replace(' ', "-"));
        let folder = folder.to_str().unwrap();
        let mut command: Vec<&str> = task["payload"]["command"].as_array().unwrap()[1..]
            .iter()
            .map(|word| word.as_str().unwrap())
            .collect();
        *command.last_mut().unwrap() = folder;
        command.push("--dry-run");
        let ran = repo.run_at(&repo.path, &command, &env);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.block());
        let parameters = std::fs::read_to_string(format!("{folder}/parameters.yml")).unwrap();
        let parameters: Value = serde_yaml::from_str(&parameters).unwrap();
        assert_eq!(parameters["tasks_for"], context["tasks_for"], "{name}");
        assert_eq!(parameters["head_rev"], head, "{name}");
        assert_eq!(parameters["project"], "taskgraph-images", "{name}");
        let method = match name {
            "pull request" | "pull request of a stranger" => "all",
            "comment" => "image",
            "cron" => "rebuild",
            _ => "default",
        };
        assert_eq!(parameters["target_tasks_method"], method, "{name}");
        if name.contains("pull request") || name == "comment" {
            assert_eq!(parameters["pull_request_number"], 7, "{name}");
            assert_eq!(parameters["head_ref"], HOSTILE, "{name}");
        }
        let tag = if name == "tag" { "v1.0" } else { "" };
        assert_eq!(parameters["head_tag"], tag, "{name}");
    }
}
