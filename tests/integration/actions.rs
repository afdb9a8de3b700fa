//! Actions, all the way: a decision offers them, a page renders the payload of a hook, the hook renders
//! `.taskcluster.yml`, and its task runs the program.

use fake_taskcluster::{Artifact, Fault, Faults, IndexEntry, Options, Server, TaskState};
use serde_json::{Value, json};

use crate::case::{Case, LEVEL_1, TASK_ID};
use crate::events::{Project, root_file};
use crate::services;
use crate::support::Ran;

mod cleanup;

/// An action task.
const OWN: &str = "Xz8-Ab3kQmeWq1pL5rT9vg";
/// What is needed in order to look.
const READING: [&str; 7] = [
    "auth:current-scopes",
    "queue:get-artifact:*",
    "queue:status:*",
    "queue:get-task:*",
    "queue:list-task-group:*",
    "queue:list-artifacts:*",
    "index:find-task:*",
];
const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);
const OTHER: &str = "Yz8-Ab3kQmeWq1pL5rT9vg";

/// A decision that was made and whose artifacts are published.
struct Decided {
    case: Case,
    project: Project,
}

/// What a hook gets from whoever fires it, as Firefox CI's hooks take it.
const TRIGGER_SCHEMA: &str = r#"{
  "type": "object", "additionalProperties": false, "required": ["decision", "user"],
  "properties": {
    "decision": {
      "type": "object", "additionalProperties": false, "required": ["action", "push", "repository"],
      "properties": {
        "action": {
          "type": "object", "additionalProperties": false,
          "required": ["name", "title", "description", "taskGroupId", "cb_name", "symbol"],
          "properties": {
            "name": {"type": "string"}, "title": {"type": "string"}, "description": {"type": "string"},
            "taskGroupId": {"type": "string"}, "cb_name": {"type": "string"}, "symbol": {"type": "string"}
          }
        },
        "push": {
          "type": "object", "additionalProperties": false, "required": ["owner", "revision", "pushlog_id"],
          "properties": {
            "owner": {"type": "string"}, "revision": {"type": "string"}, "base_revision": {"type": "string"},
            "pushlog_id": {"type": "string"}, "branch": {"type": "string"}, "base_branch": {"type": "string"}
          }
        },
        "repository": {
          "type": "object", "additionalProperties": false, "required": ["url", "project", "level"],
          "properties": {
            "url": {"type": "string", "pattern": "[^/]$"}, "project": {"type": "string"},
            "level": {"type": "string"}, "base_url": {"type": "string"}
          }
        }
      }
    },
    "user": {
      "type": "object", "additionalProperties": false, "required": ["input", "taskId", "taskGroupId"],
      "properties": {"input": {}, "taskId": {"type": ["string", "null"]}, "taskGroupId": {"type": "string"}}
    }
  }
}"#;

impl Decided {
    fn push() -> Self {
        Self::of(Case::push(Options::default()))
    }

    fn of(mut case: Case) -> Self {
        let text = root_file(".taskcluster.yml")
            .replace("trustDomain: taskgraph-images", "trustDomain: example")
            .replace(
                "https://github.com/taskcluster/taskgraph-images",
                "https://github.com/example/images",
            );
        case.repo.write(".taskcluster.yml", &text).commit();
        let head = case.repo.git(&["rev-parse", "HEAD"]);
        case.tell("HEAD_REV", head.trim());
        case.tell("BASE_REPOSITORY", "https://github.com/example/images");
        let decided = Self {
            case,
            project: Project::read("images", "example", "EXAMPLE", &text),
        };
        let ran = decided.case.run();
        assert_eq!(ran.code, Some(0), "{}", ran.block());
        for name in ["parameters.yml", "label-to-taskid.json", "actions.json"] {
            let content = std::fs::read(decided.case.artifacts.join(name)).unwrap();
            let artifact = Artifact::new(content);
            let name = format!("public/{name}");
            decided.server().insert_artifact(TASK_ID, &name, artifact);
        }
        decided.server().bring(TASK_ID, TaskState::Completed);
        decided
    }

    fn server(&self) -> &Server {
        &self.case.server
    }

    /// The id of the decision's task of a label.
    fn id(&self, label: &str) -> String {
        let content =
            std::fs::read_to_string(self.case.repo.beside("artifacts/label-to-taskid.json"));
        let ids: Value = serde_json::from_str(&content.unwrap()).unwrap();
        ids[label].as_str().unwrap().to_owned()
    }

    /// The first action of a name that is for a task, or for the group, as pages choose.
    fn action(&self, name: &str, task: Option<&str>) -> Value {
        let document = self.case.artifact("actions.json");
        assert_eq!(
            services::faults("common/action-schema-v1.json", &document),
            Vec::<String>::new()
        );
        let tags = task.map(|id| self.server().tasks()[id]["tags"].clone());
        let fits = |action: &Value| {
            let sets = action["context"].as_array().unwrap();
            match &tags {
                None => sets.is_empty(),
                Some(tags) => sets.iter().any(|set| {
                    let set = set.as_object().unwrap();
                    set.iter().all(|(name, value)| tags[name] == *value)
                }),
            }
        };
        let actions = document["actions"].as_array().unwrap().iter();
        actions
            .into_iter()
            .find(|action| action["name"] == name && fits(action))
            .unwrap_or_else(|| panic!("no `{name}`: {document:#}"))
            .clone()
    }

    /// What the hook of an action is fired with.
    fn payload(&self, action: &Value, task: Option<&str>, input: &Value) -> Value {
        let context = json!({"input": input, "taskId": task, "taskGroupId": TASK_ID});
        let payload = json_e::render(&action["hookPayload"], &context).unwrap();
        let schema = serde_json::from_str(TRIGGER_SCHEMA).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert_eq!(services::found(&validator, &payload), Vec::<String>::new());
        payload
    }

    /// The task that the hook makes: the permission and the event are the hook's, all else is said by the payload.
    fn task(&self, hook_id: &str, payload: &Value, own: &str) -> Value {
        let (name, _) = hook_id.split_once('/').unwrap();
        let permission = name.rsplit('-').next().unwrap();
        let tasks_for = if name.contains("-pr-") {
            "pr-action"
        } else {
            "action"
        };
        let mut action = payload["decision"]["action"].clone();
        action["action_perm"] = permission.into();
        self.project.task(&json!({
            "tasks_for": tasks_for,
            "action": action,
            "push": payload["decision"]["push"],
            "repository": payload["decision"]["repository"],
            "input": payload["user"]["input"],
            "parameters": null,
            "taskId": payload["user"]["taskId"],
            "taskGroupId": payload["user"]["taskGroupId"],
            "ownTaskId": own,
        }))
    }

    /// Runs the program as the task would, with the scopes of its role and whatever the role gives.
    fn run(&self, task: &Value, own: &str) -> Ran {
        let assumed = task["scopes"][0].as_str().unwrap();
        let scheduler = task["schedulerId"].as_str().unwrap();
        let scopes = [
            format!("queue:scheduler-id:{scheduler}"),
            format!("queue:rerun-task:{scheduler}/{TASK_ID}/*"),
            format!("queue:cancel-task:{scheduler}/{TASK_ID}/*"),
        ];
        let mut held = vec![assumed];
        held.extend(READING);
        if scheduler.ends_with("-3") {
            held.extend(["queue:create-task:*", "queue:route:*", "secrets:*"]);
            held.push("generic-worker:run-task-as-current-user:example-3/*");
        } else {
            held.extend(LEVEL_1);
        }
        held.extend(scopes.iter().map(String::as_str));
        self.run_holding(task, own, &held)
    }

    fn run_holding(&self, task: &Value, own: &str, scopes: &[&str]) -> Ran {
        self.server().set_held_scopes(scopes.iter().copied());
        if !self.server().tasks().contains_key(own) {
            self.server()
                .insert_task(own, task.clone(), TaskState::Running);
        }
        let artifacts = self
            .case
            .repo
            .beside("action")
            .to_string_lossy()
            .into_owned();
        let command: Vec<&str> = task["payload"]["command"]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap())
            .collect();
        let ["taskgraph-images", command, "--artifacts", _] = command[..] else {
            panic!("{command:?}")
        };
        let root = self.server().root_url();
        let mut env = vec![
            ("TASK_ID", own),
            ("TASKCLUSTER_ROOT_URL", &root),
            ("TASKCLUSTER_PROXY_URL", &root),
        ];
        let variables = task["payload"]["env"].as_object().unwrap();
        env.extend(
            variables
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap())),
        );
        let arguments = [command, "--artifacts", &artifacts];
        self.case
            .repo
            .run_at(&self.case.repo.path, &arguments, &env)
    }

    /// Asks for an action as a page would, and lets its task run.
    fn ask(&self, name: &str, label: Option<&str>, input: Value) -> Ran {
        let id = label.map(|label| self.id(label));
        self.ask_as(OWN, name, id.as_deref(), input)
    }

    fn ask_as(&self, own: &str, name: &str, id: Option<&str>, input: Value) -> Ran {
        let action = self.action(name, id);
        let payload = self.payload(&action, id, &input);
        self.run(
            &self.task(action["hookId"].as_str().unwrap(), &payload, own),
            own,
        )
    }

    /// The tasks that an action task created: label, and the labels or ids of what they depend on.
    fn created_by(&self, own: &str) -> String {
        let tasks = self.server().tasks();
        let label = |id: &str| match id {
            _ if id == own => "the action".to_owned(),
            TASK_ID => "the decision".to_owned(),
            id => {
                let by = if tasks[id]["extra"]["parent"] == own {
                    "new "
                } else {
                    ""
                };
                format!("{by}{}", tasks[id]["metadata"]["name"].as_str().unwrap())
            }
        };
        let mut lines: Vec<String> = tasks
            .iter()
            .filter(|(_, task)| task["extra"]["parent"] == own)
            .map(|(id, task)| {
                assert!(
                    task["schedulerId"]
                        .as_str()
                        .unwrap()
                        .starts_with("example-level-")
                );
                let needs = task["dependencies"].as_array().unwrap().iter();
                let mut needs: Vec<String> = needs.map(|id| label(id.as_str().unwrap())).collect();
                needs.sort();
                let group = match task["taskGroupId"].as_str().unwrap() {
                    TASK_ID => "",
                    _ => " of an earlier push",
                };
                format!("{}{group} on {}", label(id), needs.join(", "))
            })
            .collect();
        lines.sort();
        lines.join("\n")
    }

    /// How many tasks there are besides action tasks.
    fn count(&self) -> usize {
        let tasks = self.server().tasks();
        let others = tasks.keys().filter(|id| *id != OWN && *id != OTHER);
        others.count()
    }

    fn artifact(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.case.repo.beside("action").join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

fn done(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{}", ran.block());
}

#[test]
fn retrigger_creates_copies_in_the_group() {
    let decided = Decided::push();
    let ran = decided.ask(
        "retrigger",
        Some("build-base-google"),
        json!({"downstream": true, "times": 2}),
    );
    done(&ran);
    insta::assert_snapshot!(decided.created_by(OWN), @"
    new build-base-google on the action
    new build-base-google on the action
    new build-child-google on new build-base-google
    new build-child-google on new build-base-google
    new verify-base-google on new build-base-google
    new verify-base-google on new build-base-google
    ");
    // The artifacts are Taskgraph's: one set a copy, and all of them in one for the chain of trust.
    let all = decided.artifact("task-graph.json");
    let count = |name: &str| decided.artifact(name).as_object().unwrap().len();
    assert_eq!(
        count("task-graph-0.json") + count("task-graph-1.json"),
        all.as_object().unwrap().len()
    );
    insta::assert_snapshot!(decided.artifact("to-run-1.json"), @r#"["build-base-google","build-child-google","verify-base-google"]"#);
    for (id, task) in all.as_object().unwrap() {
        assert_eq!(
            decided.server().tasks()[id]["metadata"]["name"],
            task["label"]
        );
    }

    // Again, as after a lost worker: the same tasks, and none twice.
    let before = decided.server().tasks();
    decided
        .server()
        .advance(std::time::Duration::from_secs(3600));
    done(&decided.ask(
        "retrigger",
        Some("build-base-google"),
        json!({"downstream": true, "times": 2}),
    ));
    assert_eq!(decided.server().tasks(), before);
    assert_eq!(decided.artifact("task-graph.json"), all);
}

#[test]
fn whatever_request_fails_a_rerun_completes_the_action() {
    let input = || json!({"images": ["base"], "children": true});
    let decided = Decided::push();
    decided.server().forget_requests();
    done(&decided.ask("rebuild", None, input()));
    let count = decided.server().requests().len() as u64;
    let whole = (decided.created_by(OWN), decided.artifact("task-graph.json"));
    for number in 1..=count {
        let decided = Decided::push();
        let before = decided.server().requests().len() as u64;
        let faults = Faults::none().at(before + number, Fault::Status(403));
        decided.server().set_faults(faults);
        let ran = decided.ask("rebuild", None, input());
        assert_ne!(ran.code, Some(0), "request {number}: {}", ran.block());
        decided.server().set_faults(Faults::none());
        decided.case.age();
        done(&decided.ask("rebuild", None, input()));
        let again = (decided.created_by(OWN), decided.artifact("task-graph.json"));
        assert_eq!(again.0, whole.0, "request {number}");
        assert_eq!(
            again.1.as_object().unwrap().keys().collect::<Vec<_>>(),
            whole.1.as_object().unwrap().keys().collect::<Vec<_>>(),
            "request {number}"
        );
    }
}

#[test]
fn a_failed_build_is_replaced_where_it_is_needed() {
    let decided = Decided::push();
    decided
        .server()
        .bring(&decided.id("build-base-google"), TaskState::Failed);
    let ran = decided.ask(
        "add-new-jobs",
        None,
        json!({"tasks": ["verify-base-google"], "times": 2}),
    );
    done(&ran);
    // Both copies wait for one new build.
    insta::assert_snapshot!(decided.created_by(OWN), @"
    new build-base-google on the action
    new verify-base-google on new build-base-google
    new verify-base-google on new build-base-google, the action
    ");
}

#[test]
fn publish_takes_what_was_verified() {
    let decided = Decided::push();
    let (build, verify) = (
        decided.id("build-base-google"),
        decided.id("verify-base-google"),
    );
    decided.server().bring(&build, TaskState::Completed);
    decided.server().bring(&verify, TaskState::Failed);
    let ran = decided.ask("publish", Some("verify-base-google"), Value::Null);
    assert_eq!(ran.code, Some(2));
    insta::assert_snapshot!(ran.stderr.replace(&verify, "[verify]"), @"
    publish on the decision `fN1SbArXTPSVFNUvaOlinQ` of images at level 3
    error: the task `[verify]` is failed: only what was verified is published
    ");

    done(&decided.ask("verify-again", Some("verify-base-google"), Value::Null));
    let tasks = decided.server().tasks();
    let (again, _) = tasks
        .iter()
        .find(|(_, task)| task["extra"]["parent"] == OWN)
        .unwrap();
    decided.server().bring(again, TaskState::Completed);
    let ran = decided.ask_as(OTHER, "publish", Some(again), Value::Null);
    done(&ran);
    let tasks = decided.server().tasks();
    let (_, publish) = tasks
        .iter()
        .find(|(_, task)| task["extra"]["parent"] == OTHER)
        .unwrap();
    assert_eq!(publish["metadata"]["name"], "publish-base-google");
    let mut expected = vec![build.clone(), again.clone()];
    expected.sort();
    // Both are there already, so it waits for the action task, too: for the whole of what was asked for.
    let mut found: Vec<&str> = publish["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    found.retain(|id| *id != OTHER);
    assert_eq!(found, expected);
    assert_eq!(
        publish["payload"]["env"]["TASKGRAPH_IMAGES_BUILD_TASK_ID"],
        build
    );
}

#[test]
fn a_hook_of_one_permission_runs_nothing_of_another() {
    let decided = Decided::push();
    let verify = decided.id("verify-base-google");
    decided.server().bring(&verify, TaskState::Completed);
    let publish = decided.action("publish", Some(&verify));
    let payload = decided.payload(&publish, Some(&verify), &Value::Null);
    // Whoever fires a hook says which callback runs, but not which hook it is.
    let generic = publish["hookId"]
        .as_str()
        .unwrap()
        .replace("publish", "generic");
    let before = decided.count();
    let ran = decided.run(&decided.task(&generic, &payload, OWN), OWN);
    assert_eq!(ran.code, Some(5));
    insta::assert_snapshot!(ran.stderr, @"
    error: this task was not started for `publish`: it does not hold `assume:repo:github.com/example/images:action:publish`
    hint: start it from `public/actions.json`, whose hook for `publish` is one of the permission `publish`
    ");
    assert_eq!(decided.count(), before);
}

#[test]
fn an_action_task_and_its_decision_are_about_the_same() {
    let decided = Decided::push();
    let rebuild = decided.action("rebuild", None);
    let hook = rebuild["hookId"].as_str().unwrap();
    let mut payload = decided.payload(&rebuild, None, &json!({"images": ["base"]}));
    payload["decision"]["push"]["revision"] =
        decided.case.repo.git(&["rev-parse", "start"]).trim().into();
    payload["decision"]["repository"]["url"] = "https://github.com/a-stranger/images".into();
    let before = decided.count();
    let ran = decided.run(&decided.task(hook, &payload, OWN), OWN);
    assert_eq!(ran.code, Some(2));
    let head = decided.case.repo.git(&["rev-parse", "HEAD"]);
    let start = decided.case.repo.git(&["rev-parse", "start"]);
    let text = ran
        .stderr
        .replace(head.trim(), "[head]")
        .replace(start.trim(), "[start]");
    insta::assert_snapshot!(text, @r#"
    error: this task and the decision `fN1SbArXTPSVFNUvaOlinQ` are not about the same: the level is "1" here and "3" there; the repository is "https://github.com/a-stranger/images" here and "https://github.com/example/images" there; the revision is "[start]" here and "[head]" there
    hint: start the action from the `actions.json` of that decision
    "#);
    assert_eq!(decided.count(), before);
}

#[test]
fn a_group_of_another_scheduler_is_no_decision() {
    let decided = Decided::push();
    let mut definition = decided.server().tasks()[TASK_ID].clone();
    definition["schedulerId"] = "example-level-1".into();
    decided
        .server()
        .insert_task(TASK_ID, definition, TaskState::Completed);
    let ran = decided.ask("rebuild", None, json!({"images": ["base"]}));
    assert_eq!(ran.code, Some(2));
    insta::assert_snapshot!(ran.stderr, @"error: the task group `fN1SbArXTPSVFNUvaOlinQ` is not one of a decision of level 3: its scheduler is `example-level-1`, and not `example-level-3`");
}

#[test]
fn nothing_is_created_before_all_is_checked() {
    let decided = Decided::push();
    let before = decided.count();
    for (name, input, words) in [
        (
            "rebuild",
            json!({"images": ["base"], "level": 3}),
            "'level' was unexpected",
        ),
        ("rebuild", json!({"images": []}), "less than 1 item"),
        (
            "rebuild",
            json!({"images": ["base", "bsae"]}),
            "no image `bsae`; did you mean `base`?",
        ),
        (
            "add-new-tasks",
            json!({"tasks": ["build-base-google", "publish-base-google"]}),
            "publishes",
        ),
    ] {
        let ran = decided.ask(name, None, input);
        assert_eq!(ran.code, Some(2), "{}", ran.block());
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    // What the role lacks is said at once.
    let rebuild = decided.action("rebuild", None);
    let payload = decided.payload(&rebuild, None, &json!({"images": ["base"]}));
    let task = decided.task(rebuild["hookId"].as_str().unwrap(), &payload, OWN);
    let mut held = vec![
        task["scopes"][0].as_str().unwrap(),
        "queue:scheduler-id:example-level-3",
    ];
    held.extend(READING);
    let ran = decided.run_holding(&task, OWN, &held);
    assert_eq!(ran.code, Some(5));
    insta::assert_snapshot!(ran.stderr, @"
    rebuild on the decision `fN1SbArXTPSVFNUvaOlinQ` of images at level 3
      `generic-worker:run-task-as-current-user:example-3/builder`, needed by `build-base-google`
      `queue:create-task:low:example-3/builder`, needed by `build-base-google`
      `queue:create-task:low:example-3/tester`, needed by `verify-base-google`
      `queue:create-task:project:none`, needed by `build-base-google`, `verify-base-google`
      `queue:route:checks`, needed by `build-base-google`, `verify-base-google`
      `queue:route:index.example.cache.level-3.image-verifications.v1.base-google.hash.0071e228ff82317d83e5f956ae1a59144c67faee063741ef7ea029778ea3aba8`, needed by `verify-base-google`
      `queue:route:index.example.cache.level-3.image-verifications.v1.base-google.latest`, needed by `verify-base-google`
      `queue:route:index.example.cache.level-3.image-verifications.v1.base-google.pushdate.2025.12.31.20251231235959`, needed by `verify-base-google`
      `queue:route:index.example.cache.level-3.images.v1.base-google.hash.b8fa685d3bb098505d059d25921de9e4ac5bdcad2a5989c65420ec7a512e5945`, needed by `build-base-google`
      `queue:route:index.example.cache.level-3.images.v1.base-google.latest`, needed by `build-base-google`
      `queue:route:index.example.cache.level-3.images.v1.base-google.pushdate.2025.12.31.20251231235959`, needed by `build-base-google`
    error: this task lacks 11 scopes
    hint: grant them to the role that `.taskcluster.yml` assumes for this event; nothing was created
    ");
    assert_eq!(decided.count(), before);
}

#[test]
fn rebuild_asks_no_index() {
    let decided = Decided::push();
    for label in [
        "build-base-google",
        "verify-base-google",
        "build-child-google",
    ] {
        decided
            .server()
            .bring(&decided.id(label), TaskState::Completed);
    }
    done(&decided.ask("rebuild", None, json!({"images": ["base"]})));
    insta::assert_snapshot!(decided.created_by(OWN), @"
    new build-base-google on the action
    new verify-base-google on new build-base-google
    ");
    done(&decided.ask_as(
        OTHER,
        "rebuild",
        None,
        json!({"images": ["base@google"], "children": true}),
    ));
    insta::assert_snapshot!(decided.created_by(OTHER), @"
    new build-base-google on the action
    new build-child-google on new build-base-google
    new verify-base-google on new build-base-google
    ");
}

#[test]
fn verify_again_reaches_back() {
    const EARLIER: &str = "Vz8-Ab3kQmeWq1pL5rT9vg";
    let decided = Decided::push();
    // The decision of the push before, which built the same under ids of its own.
    let mut definition = decided.server().tasks()[TASK_ID].clone();
    definition["taskGroupId"] = EARLIER.into();
    decided
        .server()
        .insert_task(EARLIER, definition, TaskState::Running);
    let rev = decided.case.repo.git(&["rev-parse", "HEAD~1"]);
    let artifacts = decided.case.repo.beside("earlier");
    let root = decided.server().root_url();
    decided.server().set_held_scopes(["*"]);
    let folder = artifacts.to_string_lossy().into_owned();
    let mut env: Vec<(&str, &str)> = vec![
        ("TASK_ID", EARLIER),
        ("TASKCLUSTER_ROOT_URL", &root),
        ("TASKCLUSTER_PROXY_URL", &root),
    ];
    let event = decided.case.event.iter();
    env.extend(event.map(|(name, value)| (name.as_str(), value.as_str())));
    env.push(("TASKGRAPH_IMAGES_HEAD_REV", rev.trim()));
    let arguments = ["decision", "--artifacts", &folder];
    done(
        &decided
            .case
            .repo
            .run_at(&decided.case.repo.path, &arguments, &env),
    );
    for name in ["parameters.yml", "label-to-taskid.json"] {
        let artifact = Artifact::new(std::fs::read(artifacts.join(name)).unwrap());
        decided
            .server()
            .insert_artifact(EARLIER, &format!("public/{name}"), artifact);
    }
    let entry = IndexEntry {
        task_id: EARLIER.to_owned(),
        rank: 0,
        data: json!({}),
        expires: decided.server().time_after(DAY),
    };
    let path = format!(
        "example.v2.images.revision.{}.taskgraph.decision",
        rev.trim()
    );
    decided.server().insert_index(&path, entry);

    let ran = decided.ask(
        "verify-again",
        Some("verify-base-google"),
        json!({"depth": 2}),
    );
    done(&ran);
    insta::assert_snapshot!(decided.created_by(OWN), @"
    new verify-base-google of an earlier push on build-base-google, the action
    new verify-base-google on build-base-google, the action
    ");
    assert!(
        ran.stderr
            .contains("1 of 2 earlier pushes have a build of it"),
        "{}",
        ran.stderr
    );
    // Labels mean the tasks of this group; the chain of trust looks for all that was created.
    let created = decided.artifact("task-graph.json");
    assert_eq!(created.as_object().unwrap().len(), 2);
    let ids = decided.artifact("label-to-taskid.json");
    let own = ids["verify-base-google"].as_str().unwrap();
    assert_eq!(decided.server().tasks()[own]["taskGroupId"], TASK_ID);
}

#[test]
fn rerun_and_cancel() {
    let decided = Decided::push();
    let build = decided.id("build-base-google");
    decided.server().bring(&build, TaskState::Failed);
    done(&decided.ask("rerun", Some("build-base-google"), Value::Null));
    assert_eq!(
        decided.server().task_state(&build),
        Some(TaskState::Pending)
    );
    assert_eq!(decided.server().run_count(&build), 2);
    // A run is added only once.
    let ran = decided.ask("rerun", Some("build-base-google"), Value::Null);
    assert_eq!(ran.code, Some(2), "{}", ran.block());

    done(&decided.ask("cancel", Some("build-base-google"), Value::Null));
    assert_eq!(
        decided.server().task_state(&build),
        Some(TaskState::Exception)
    );
    done(&decided.ask("cancel-all", None, Value::Null));
    for (id, task) in decided.server().tasks() {
        // Nor does the action task cancel itself.
        if id != TASK_ID && id != OWN {
            assert_eq!(
                decided.server().task_state(&id),
                Some(TaskState::Exception),
                "{task:#}"
            );
        }
    }
    assert_eq!(
        decided.server().task_state(TASK_ID),
        Some(TaskState::Completed)
    );
}

#[test]
fn what_the_settings_disable_is_neither_offered_nor_done() {
    let case = Case::push(Options::default());
    case.repo
        .append("image-defs/config.yml", "actions: {disabled: [rebuild]}\n");
    let decided = Decided::of(case);
    let document = decided.case.artifact("actions.json");
    let mut retrigger = decided.action("add-new-tasks", None);
    assert!(
        document["actions"]
            .as_array()
            .unwrap()
            .iter()
            .all(|action| action["name"] != "rebuild")
    );
    retrigger["hookPayload"]["decision"]["action"]["cb_name"] = "rebuild".into();
    let payload = decided.payload(&retrigger, None, &json!({"images": ["base"]}));
    let hook = retrigger["hookId"]
        .as_str()
        .unwrap()
        .replace("generic", "rebuild");
    let ran = decided.run(&decided.task(&hook, &payload, OWN), OWN);
    assert_eq!(ran.code, Some(2));
    insta::assert_snapshot!(ran.stderr, @"
    error: the decision `fN1SbArXTPSVFNUvaOlinQ` does not offer `rebuild`
    hint: `public/actions.json` lists what it offers; the settings may disable actions
    ");
}

#[test]
fn a_pull_request_has_actions_of_its_own() {
    let mut case = Case::pull_request(Options::default().holding(LEVEL_1));
    case.tell("HEAD_REPOSITORY", "https://github.com/a-stranger/images");
    case.tell("HEAD_REF", "topic");
    let decided = Decided::of(case);
    let document = decided.case.artifact("actions.json");
    assert!(
        document["actions"]
            .as_array()
            .unwrap()
            .iter()
            .all(|action| action["name"] != "publish")
    );
    let ran = decided.ask("rebuild", None, json!({"images": ["child"]}));
    done(&ran);
    insta::assert_snapshot!(decided.created_by(OWN), @"new build-child-google on build-base-google, the action");
    // Its role is the base repository's, and must be one of level 1.
    let rebuild = decided.action("rebuild", None);
    let payload = decided.payload(&rebuild, None, &json!({"images": ["child"]}));
    let task = decided.task(rebuild["hookId"].as_str().unwrap(), &payload, OWN);
    insta::assert_snapshot!(task["scopes"], @r#"["assume:repo:github.com/example/images:pr-action:rebuild"]"#);
    let mut held = vec![task["scopes"][0].as_str().unwrap(), "queue:scheduler-id:*"];
    held.extend(READING);
    let ran = decided.run_holding(&task, OWN, &held);
    assert_eq!(ran.code, Some(5));
    assert!(
        ran.stderr.contains("queue:scheduler-id:*"),
        "{}",
        ran.stderr
    );
}

/// A hook as `hook` prints it, and what it says beside it.
fn printed(decided: &Decided, arguments: &[&str]) -> (Value, String) {
    let url = "https://github.com/example/images";
    let mut all = vec!["hook", "--repository", url];
    all.extend(arguments);
    let ran = decided.case.repo.run(&all);
    done(&ran);
    let mut hook = ran.json();
    let document = hook.clone();
    hook.as_object_mut().unwrap().remove("hookGroupId");
    hook.as_object_mut().unwrap().remove("hookId");
    assert_eq!(
        services::faults("hooks/v1/create-hook-request.json", &hook),
        Vec::<String>::new()
    );
    (document, ran.stderr)
}

#[test]
fn the_hook_of_actions_makes_the_task_that_ci_admins_would() {
    let decided = Decided::push();
    for name in ["rebuild", "cancel-all"] {
        let action = decided.action(name, None);
        let permission = action["extra"]["actionPerm"].as_str().unwrap();
        let (hook, _) = printed(&decided, &["--action", permission]);
        assert_eq!(hook["hookId"], action["hookId"]);
        assert_eq!(hook["hookGroupId"], action["hookGroupId"]);
        let payload = decided.payload(&action, None, &json!({"images": ["base"]}));
        let validator = jsonschema::validator_for(&hook["triggerSchema"]).unwrap();
        assert_eq!(services::found(&validator, &payload), Vec::<String>::new());
        let mut more = payload.clone();
        more["decision"]["action"]["action_perm"] = "publish".into();
        assert!(!validator.is_valid(&more));
        let context = json!({"payload": payload, "taskId": OWN, "now": "2026-11-25T17:00:00.000Z"});
        let task = json_e::render(&hook["task"], &context).unwrap();
        let hook_id = action["hookId"].as_str().unwrap();
        let mut expected = decided.task(hook_id, &payload, OWN);
        // Times are those of the rendering.
        for (key, value) in task.as_object().unwrap() {
            if ["created", "deadline", "expires"].contains(&key.as_str()) {
                expected[key] = value.clone();
            }
        }
        expected["payload"]["artifacts"] = task["payload"]["artifacts"].clone();
        assert_eq!(task, expected);
    }
    // The hash is that of this repository's own `.taskcluster.yml`.
    let hash = decided.action("rebuild", None)["hookId"].clone();
    let hash = hash
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let (_, words) = printed(&decided, &["--action", "publish"]);
    insta::assert_snapshot!(words.replace(&hash, "[hash]"), @"
    the role `hook-id:project-example/in-tree-action-3-publish/[hash]` needs:
      assume:repo:github.com/example/images:action:publish
      queue:create-task:low:example-3/decision
      queue:create-task:project:none
      queue:route:checks
      queue:route:index.example.v2.images.revision.*
      queue:route:tc-treeherder.v2.images.*
      queue:scheduler-id:example-level-3
    ");
    let (_, words) = printed(&decided, &["--action", "generic", "--pull-requests"]);
    insta::assert_snapshot!(words.replace(&hash, "[hash]"), @"
    the role `hook-id:project-example/in-tree-pr-action-1-generic/[hash]` needs:
      assume:repo:github.com/example/images:pr-action:generic
      queue:create-task:low:example-1/decision
      queue:create-task:project:none
      queue:route:checks
      queue:route:tc-treeherder.v2.images-pr.*
      queue:scheduler-id:example-level-1
    ");
}

#[test]
fn a_test_does_nothing() {
    let decided = Decided::push();
    let folder = decided.case.artifacts.to_string_lossy().into_owned();
    let left = decided
        .case
        .repo
        .beside("left")
        .to_string_lossy()
        .into_owned();
    let before = decided.server().tasks();
    let ran = decided.case.repo.run_at(
        &decided.case.repo.path,
        &[
            "test-action-callback",
            "rebuild",
            "--parameters",
            &folder,
            "--input",
            r#"{"images": ["base"]}"#,
            "--artifacts",
            &left,
        ],
        &[],
    );
    done(&ran);
    let text = without_ids(&ran.block());
    insta::assert_snapshot!(text.replace(&left, "[left]"), @"
    exit 0
    --- stdout
    create	build-base-google	[id]	the image is rebuilt; it is to be made anew, whatever the index has
    create	verify-base-google	[id]	the image is rebuilt; it is to be made anew, whatever the index has
    --- stderr
    no Taskcluster is named, so the decision's tasks are taken for completed
    rebuild on the decision `[id]` of images at level 3
    nothing was done; what it would have left is in `[TMP]/left`
    ");
    assert_eq!(decided.server().tasks(), before);
}

/// Text without task ids.
fn without_ids(text: &str) -> String {
    let words = text
        .split_inclusive(|letter: char| !(letter.is_ascii_alphanumeric() || "-_".contains(letter)));
    words
        .map(|word| {
            let bare = word.trim_end_matches(|letter: char| {
                !(letter.is_ascii_alphanumeric() || "-_".contains(letter))
            });
            let is_id = bare.len() == 22 && bare.bytes().any(|byte| byte.is_ascii_uppercase());
            if is_id {
                word.replace(bare, "[id]")
            } else {
                word.to_owned()
            }
        })
        .collect()
}
