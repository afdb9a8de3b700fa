//! `.taskcluster.yml` of this repository and the one that `init` writes, rendered as each of its readers does:
//! Taskcluster's GitHub service, build-decision, the hooks of actions, and scriptworker.

mod scopes;

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
