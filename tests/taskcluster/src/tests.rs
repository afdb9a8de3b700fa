//! The server as its callers see it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Artifact, Fault, Faults, IndexEntry, Options, Server, Signature, TaskState};

const DECISION: &str = "fN1SbArXTPSVFNUvaOlinQ";
const A: &str = "aN1SbArXTPSVFNUvaOlinQ";
const B: &str = "bN1SbArXTPSVFNUvaOlinQ";

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

fn call_with(
    server: &Server,
    method: &str,
    path: &str,
    body: Option<Value>,
    authorization: Option<String>,
) -> Option<(u16, Value)> {
    RUNTIME.block_on(async {
        static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap()
        });
        let url = format!("{}{path}", server.root_url());
        let mut request = CLIENT.request(method.parse().unwrap(), url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        Some((
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        ))
    })
}

fn call(server: &Server, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    call_with(server, method, path, body, None).unwrap()
}

fn get(server: &Server, path: &str) -> (u16, Value) {
    call(server, "GET", path, None)
}

fn definition(server: &Server) -> Value {
    json!({
        "taskQueueId": "images-1/linux",
        "schedulerId": "images-level-1",
        "taskGroupId": DECISION,
        "created": server.time(),
        "deadline": server.time_after(Duration::from_secs(3600)),
        "expires": server.time_after(Duration::from_secs(7200)),
        "payload": {},
        "metadata": {
            "name": "a", "description": "b", "owner": "c@example.com",
            "source": "https://example.com",
        },
    })
}

fn with(mut definition: Value, key: &str, value: Value) -> Value {
    definition[key] = value;
    definition
}

fn create(server: &Server, id: &str, definition: &Value) -> (u16, Value) {
    let path = format!("/api/queue/v1/task/{id}");
    call(server, "PUT", &path, Some(definition.clone()))
}

/// The words of an error without its details.
fn words(answer: &(u16, Value)) -> (u16, String) {
    let message = answer.1["message"].as_str().unwrap();
    let (words, details) = message.split_once("\n\n---\n\n* method:").unwrap();
    assert!(details.contains(answer.1["code"].as_str().unwrap()));
    assert!(answer.1["requestInfo"]["time"].is_string());
    (answer.0, words.to_owned())
}

#[test]
fn a_task_is_created_once() {
    let server = Server::start(Options::default());
    let task = definition(&server);
    let (status, answer) = create(&server, A, &task);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["status"]["state"], "pending");
    assert_eq!(answer["status"]["workerType"], "linux");
    // The same again, with finer times; then another.
    let created = server.tasks()[A]["created"].as_str().unwrap().to_owned();
    let finer = created.replace('Z', "999Z");
    let again = with(task.clone(), "created", finer.into());
    assert_eq!(create(&server, A, &again).0, 200);
    let other = with(task.clone(), "priority", "low".into());
    let (status, message) = words(&create(&server, A, &other));
    assert_eq!(status, 409);
    assert!(message.starts_with("taskId `aN1SbArXTPSVFNUvaOlinQ` already used by another task."));
    // After 15 minutes even the same is refused.
    server.advance(Duration::from_secs(16 * 60));
    assert_eq!(
        words(&create(&server, A, &task)),
        (
            400,
            "`created` cannot be in the past (max 15min drift)".to_owned()
        )
    );
    assert_eq!(server.tasks().len(), 1);
}

#[test]
fn bodies_are_checked() {
    let server = Server::start(Options::default());
    let task = definition(&server);
    for (key, value) in [
        ("unknown", json!(1)),
        ("priority", json!("normal")),
        ("retries", json!(50)),
        ("taskQueueId", json!("images-1/Linux")),
        ("routes", json!(["a", "a"])),
        ("routes", json!(vec!["x"; 65])),
        ("dependencies", json!(["short"])),
        ("tags", json!({"a": 1})),
        ("payload", json!(1)),
        ("created", json!("yesterday")),
        ("schedulerId", json!("a.b")),
        ("metadata", json!({"name": "a"})),
    ] {
        let (status, answer) = create(&server, A, &with(task.clone(), key, value));
        assert_eq!(
            (status, &answer["code"]),
            (400, &json!("InputValidationError")),
            "{key}"
        );
    }
    for (key, value, expected) in [
        ("scopes", json!(["a**"]), "scopes must not end with `**`"),
        (
            "deadline",
            json!(server.time_after(Duration::from_secs(6 * 86400))),
            "`deadline` cannot be more than 5 days into the future",
        ),
        (
            "expires",
            json!(server.time()),
            "`expires` cannot be before `deadline`",
        ),
        (
            "provisionerId",
            json!("images-1"),
            "taskQueueId must match \"provisionerId/workerType\"",
        ),
    ] {
        let mut task = with(task.clone(), key, value);
        if key == "provisionerId" {
            task["workerType"] = "other".into();
        }
        assert_eq!(
            words(&create(&server, A, &task)),
            (400, expected.to_owned())
        );
    }
    let (status, answer) = create(&server, "fN1SbArXAPSVFNUvaOlinQ", &task);
    assert_eq!(
        (status, &answer["code"]),
        (400, &json!("InvalidRequestArguments"))
    );
    // A NUL, and too much.
    assert_eq!(
        create(
            &server,
            B,
            &with(task.clone(), "payload", json!({"a": "\0"}))
        )
        .0,
        500
    );
    let large = with(task, "payload", json!({"a": "x".repeat(10 * 1024 * 1024)}));
    let (status, answer) = create(&server, B, &large);
    assert_eq!(
        (status, &answer["code"]),
        (500, &json!("PayloadTooLargeError"))
    );
}

#[test]
fn missing_scopes_are_listed() {
    let options = Options::default()
        .holding(["assume:repo:x:branch:main"])
        .role(
            "repo:x:*",
            [
                "queue:scheduler-id:images-level-1",
                "queue:create-task:low:images-1/*",
            ],
        )
        .role("anonymous", ["auth:current-scopes"]);
    let server = Server::start(options);
    let task = with(definition(&server), "routes", json!(["index.a.b"]));
    let (status, message) = words(&create(&server, A, &task));
    assert_eq!(status, 403);
    let (_, missing) = message.split_once("```\n").unwrap();
    let (missing, _) = missing.split_once("\n```").unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(missing).unwrap(),
        json!({"AllOf": [{"AllOf": ["queue:route:index.a.b"]}, "queue:create-task:project:none"]})
    );
    assert_eq!(
        get(&server, "/api/auth/v1/scopes/current").1["scopes"],
        json!([
            "assume:anonymous",
            "assume:repo:x:branch:main",
            "auth:current-scopes",
            "queue:create-task:low:images-1/*",
            "queue:scheduler-id:images-level-1",
        ])
    );
}

#[test]
fn dependencies_must_exist_and_last() {
    let server = Server::start(Options::default());
    let task = definition(&server);
    let dependent = with(task.clone(), "dependencies", json!([A]));
    let (status, message) = words(&create(&server, B, &dependent));
    assert_eq!(status, 400);
    assert!(
        message.contains("references non-existing tasks"),
        "{message}"
    );
    // It is gone again.
    assert!(server.tasks().is_empty());
    let short = with(task.clone(), "expires", task["deadline"].clone());
    assert_eq!(create(&server, A, &short).0, 200);
    let long = with(
        dependent,
        "deadline",
        server.time_after(Duration::from_secs(5400)).into(),
    );
    let (_, message) = words(&create(&server, B, &long));
    assert!(
        message.contains("references tasks that expires"),
        "{message}"
    );
}

#[test]
fn tasks_run_after_what_they_wait_for() {
    let server = Server::start(Options::default());
    let routes = json!(["index.a.b", "index.c", "index.no//path"]);
    let task = with(definition(&server), "routes", routes);
    let task = with(task, "extra", json!({"index": {"rank": 5}}));
    create(&server, A, &task);
    create(&server, B, &with(task, "dependencies", json!([A])));
    assert_eq!(server.task_state(B), Some(TaskState::Unscheduled));
    server.bring(A, TaskState::Failed);
    assert_eq!(server.task_state(B), Some(TaskState::Unscheduled));
    assert!(server.index().is_empty());
    let (status, answer) = call(
        &server,
        "POST",
        &format!("/api/queue/v1/task/{A}/rerun"),
        None,
    );
    assert_eq!(
        (status, &answer["status"]["state"]),
        (200, &json!("pending"))
    );
    server.bring(A, TaskState::Completed);
    assert_eq!(server.task_state(B), Some(TaskState::Pending));
    let index = server.index();
    assert_eq!(index.keys().collect::<Vec<_>>(), ["a.b", "c"]);
    assert_eq!((index["c"].rank, index["c"].task_id.as_str()), (5, A));
    // A cancelled task stays so; a deadline resolves what is left.
    let cancel = format!("/api/queue/v1/task/{B}/cancel");
    assert_eq!(
        call(&server, "POST", &cancel, None).1["status"]["state"],
        "exception"
    );
    server.advance(Duration::from_secs(3601));
    assert_eq!(call(&server, "POST", &cancel, None).0, 409);
}

#[test]
fn a_group_has_one_scheduler_and_may_be_sealed() {
    let server = Server::start(Options {
        page_size: 1,
        ..Options::default()
    });
    let task = definition(&server);
    create(&server, A, &task);
    let other = with(task.clone(), "schedulerId", "other".into());
    assert_eq!(create(&server, B, &other).0, 409);
    create(&server, B, &task);
    let path = format!("/api/queue/v1/task-group/{DECISION}/list");
    let (_, first) = get(&server, &path);
    assert_eq!(first["tasks"][0]["status"]["taskId"], A);
    let token = first["continuationToken"].as_str().unwrap();
    let (_, second) = get(
        &server,
        &format!("{path}?limit=5&continuationToken={token}"),
    );
    assert_eq!(second["tasks"][0]["status"]["taskId"], B);
    assert!(second.get("continuationToken").is_none());
    assert_eq!(
        get(&server, &format!("/api/queue/v1/task-group/{A}/list")).0,
        404
    );
    server.seal(DECISION);
    let (status, message) = words(&create(&server, "cN1SbArXTPSVFNUvaOlinQ", &task));
    assert_eq!(status, 409);
    assert!(message.contains("is sealed"));
}

#[test]
fn batches_leave_out_what_is_unknown() {
    let server = Server::start(Options {
        page_size: 1,
        ..Options::default()
    });
    server.insert_task(A, json!({}), TaskState::Completed);
    server.insert_task(B, json!({}), TaskState::Running);
    let body = Some(json!({"taskIds": [A, B, DECISION]}));
    let mut found = BTreeMap::new();
    let mut query = String::new();
    loop {
        let path = format!("/api/queue/v1/tasks/status{query}");
        let (_, answer) = call(&server, "POST", &path, body.clone());
        for status in answer["statuses"].as_array().unwrap() {
            found.insert(
                status["taskId"].clone().to_string(),
                status["status"]["state"].clone(),
            );
        }
        let Some(token) = answer["continuationToken"].as_str() else {
            break;
        };
        query = format!("?continuationToken={token}");
    }
    assert_eq!(
        found.values().collect::<Vec<_>>(),
        [&json!("completed"), &json!("running")]
    );
    assert_eq!(
        get(&server, &format!("/api/queue/v1/task/{A}")).1["taskQueueId"],
        "fake/fake"
    );
}

#[test]
fn the_index_has_its_traps() {
    let server = Server::start(Options::default());
    let insert = |path: &str, id: &str, rank: Value| {
        let body =
            json!({"taskId": id, "rank": rank, "data": {}, "expires": "2999-01-01T00:00:00Z"});
        call(
            &server,
            "PUT",
            &format!("/api/index/v1/task/{path}"),
            Some(body),
        )
    };
    assert_eq!(insert("a.b", A, json!(2)).1["taskId"], A);
    assert_eq!(insert("a.b", B, json!(1)).1["taskId"], A);
    assert_eq!(insert("a.b", B, json!(2)).1["taskId"], B);
    assert_eq!(insert("a.b", B, json!(1.5)).0, 500);
    assert_eq!(insert("a.b", B, json!(1_700_000_000_000_i64)).0, 500);
    assert_eq!(insert("a+b", B, json!(1)).0, 400);
    let entry = |expires: &str| IndexEntry {
        task_id: A.to_owned(),
        rank: 0,
        data: json!({}),
        expires: expires.to_owned(),
    };
    server.insert_index("old.entry", entry("2001-01-01T00:00:00.000Z"));
    server.insert_index("single", entry("2999-01-01T00:00:00.000Z"));
    assert_eq!(get(&server, "/api/index/v1/task/old.entry").0, 404);
    assert_eq!(get(&server, "/api/index/v1/task/single").0, 200);
    let find = |paths: Value| {
        call(
            &server,
            "POST",
            "/api/index/v1/tasks/indexes",
            Some(json!({"indexes": paths})),
        )
    };
    let (_, answer) = find(json!(["a.b", "old.entry", "single", "absent.entry"]));
    let mut found: Vec<&str> = answer["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["namespace"].as_str().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, ["a.b", "old.entry"]);
    assert_eq!(find(json!(["a.b", "a.b"])).0, 500);
}

#[test]
fn artifacts_are_elsewhere() {
    let folder = std::env::temp_dir().join(format!("fake-taskcluster-{}", std::process::id()));
    std::fs::create_dir_all(folder.join(B).join("public")).unwrap();
    std::fs::write(folder.join(B).join("public/log.txt"), "log").unwrap();
    let server = Server::start(Options {
        artifacts: Some(folder.clone()),
        ..Options::default()
    });
    let path = |id: &str, name: &str| format!("/api/queue/v1/task/{id}/artifacts{name}");
    server.insert_task(A, json!({}), TaskState::Unscheduled);
    assert_eq!(
        words(&get(&server, &path(A, ""))),
        (404, "Task doesn't have any runs".to_owned())
    );
    assert_eq!(
        words(&get(&server, &path(DECISION, ""))),
        (404, "Task not found".to_owned())
    );
    server.bring(A, TaskState::Completed);
    server.insert_artifact(A, "public/a.json", Artifact::new("{}"));
    server.insert_artifact(
        A,
        "bad",
        Artifact::error("file-missing-on-worker", "no such file"),
    );
    server.insert_artifact(
        A,
        "old",
        Artifact::new("").until("2001-01-01T00:00:00.000Z"),
    );
    let (status, answer) = get(&server, &path(A, "/public%2Fa.json"));
    assert_eq!(status, 303);
    let url = answer["url"].as_str().unwrap();
    let storage = url.strip_prefix(&server.root_url()).unwrap();
    assert_eq!(get(&server, storage), (200, json!({})));
    assert_eq!(get(&server, &path(A, "/bad")).0, 424);
    assert_eq!(get(&server, &path(A, "/old")).0, 410);
    assert_eq!(get(&server, &path(A, "/none")).0, 404);
    assert_eq!(
        get(&server, &path(B, "")).1["artifacts"][0]["name"],
        "public/log.txt"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn faults_come_as_planned() {
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let faults = Faults::none()
        .at(1, Fault::Status(503))
        .at(2, Fault::Html(502))
        .at(3, Fault::CutBefore)
        .when(
            |seen| seen.method == "PUT" && seen.nth == 1,
            Fault::CutAfter,
        )
        .when(
            |seen| seen.path.ends_with("current") && seen.nth == 4,
            Fault::CutWithin,
        )
        .at(6, Fault::Body("[".to_owned()));
    let options = Options::default().faults(faults).on_request(move |seen| {
        counted.store(seen.number, Ordering::SeqCst);
    });
    let server = Server::start(options);
    let current = || call_with(&server, "GET", "/api/auth/v1/scopes/current", None, None);
    assert_eq!(current().unwrap().0, 503);
    let (status, body) = current().unwrap();
    assert_eq!(status, 502);
    assert!(body.as_str().unwrap().starts_with("<html>"));
    assert_eq!(current(), None);
    let task = definition(&server);
    let path = format!("/api/queue/v1/task/{A}");
    assert_eq!(
        call_with(&server, "PUT", &path, Some(task.clone()), None),
        None
    );
    // It was created all the same.
    assert_eq!(server.tasks().len(), 1);
    assert_eq!(current(), None);
    assert_eq!(current(), Some((200, "[".into())));
    assert_eq!(create(&server, A, &task).0, 200);
    assert_eq!(count.load(Ordering::SeqCst), 7);
    let requests = server.requests();
    let statuses: Vec<Option<u16>> = requests.iter().map(|request| request.status).collect();
    assert_eq!(
        statuses,
        [Some(503), Some(502), None, None, None, Some(200), Some(200)]
    );
    assert_eq!(requests[3].json(), task);
    assert_ne!(requests[2].connection, requests[3].connection);
}

fn signed(server: &Server, token: &str, path: &str, signed_path: &str) -> (u16, Value) {
    let port = server
        .root_url()
        .rsplit_once(':')
        .unwrap()
        .1
        .parse()
        .unwrap();
    let credentials = hawk::Credentials {
        id: "me".to_owned(),
        key: hawk::Key::new(token, hawk::SHA256).unwrap(),
    };
    let request = hawk::RequestBuilder::new("GET", "127.0.0.1", port, signed_path).request();
    let header = request.make_header(&credentials).unwrap();
    call_with(server, "GET", path, None, Some(format!("Hawk {header}"))).unwrap()
}

#[test]
fn signatures_cover_the_query() {
    let options = Options::default()
        .signed_by("me", "secret")
        .role("anonymous", ["queue:status:*"]);
    let server = Server::start(options);
    server.insert_task(A, json!({}), TaskState::Pending);
    let path = format!("/api/queue/v1/task-group/{A}/list");
    assert_eq!(get(&server, &path).0, 403);
    assert_eq!(
        get(&server, &format!("/api/queue/v1/task/{A}/status")).0,
        200
    );
    assert_eq!(signed(&server, "secret", &path, &path).0, 200);
    let page = format!("{path}?limit=1");
    assert_eq!(signed(&server, "secret", &page, &page).0, 200);
    let bad = (401, "Unauthorized: Bad mac".to_owned());
    assert_eq!(words(&signed(&server, "secret", &page, &path)), bad);
    assert_eq!(words(&signed(&server, "guessed", &path, &path)), bad);
    let requests = server.requests();
    assert_eq!(requests[0].signature, Signature::None);
    assert_eq!(requests[2].signature, Signature::Header);
}

#[test]
fn documents_seed_and_show() {
    let server = Server::start(Options::default());
    let saved = json!({
        "tasks": {A: {"state": "completed"}},
        "index": {"a.b": {"taskId": A, "expires": "2999-01-01T00:00:00.000Z"}},
    });
    let (status, answer) = call(&server, "POST", "/fake/state", Some(saved));
    assert_eq!(
        (status, &answer["tasks"][A]["state"]),
        (200, &json!("completed"))
    );
    assert_eq!(get(&server, "/api/index/v1/task/a.b").1["taskId"], A);
    assert_eq!(
        call(&server, "POST", &format!("/fake/task/{A}/failed"), None).0,
        200
    );
    assert_eq!(server.task_state(A), Some(TaskState::Failed));
    let again = Server::start(Options::default());
    again.load(server.save());
    assert_eq!(again.save(), server.save());
    // Scripts are not recorded.
    assert_eq!(
        get(&server, "/fake/requests").1["requests"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn tokens_and_secrets_need_each_their_scope() {
    let options = Options::default().holding([
        "secrets:get:project/x/a",
        "auth:github-repo-token:bot/example/images:contents:write",
    ]);
    let server = Server::start(options);
    server.insert_secret("project/x/a", json!({"a": "b"}));
    let secret = |name: &str| get(&server, &format!("/api/secrets/v1/secret/{name}"));
    assert_eq!(secret("project%2Fx%2Fa").1["secret"], json!({"a": "b"}));
    assert_eq!(secret("project%2Fx%2Fb").0, 403);
    let ask = |repository: &str, permissions: Value| {
        let body = json!({"repositories": [repository], "permissions": permissions});
        let path = "/api/auth/v1/github/bot/Example/repo-token";
        call(&server, "POST", path, Some(body))
    };
    let given = ask("Images", json!({"contents": "write"}));
    assert_eq!(given.1["token"], "not-a-token-of/example/images");
    assert_eq!(ask("images", json!({"workflows": "write"})).0, 403);
    assert_eq!(ask("other", json!({"contents": "write"})).0, 403);
    assert_eq!(ask("images", json!({})).0, 400);
}
