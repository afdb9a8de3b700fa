//! The client against a Taskcluster on loopback.

use std::collections::BTreeSet;
use std::time::Duration;

use fake_taskcluster::{
    Artifact, Fault, Faults, IndexEntry, Options, Record, Server, Signature, TaskState as State,
};
use serde_json::{Value, json};
use taskgraph_images_transforms::IndexPath;

use super::{
    ApiError, ApiErrorKind, Auth as _, Client, Connection, Credentials, Index as _, IndexList as _,
    Patience, Queue as _, TaskId, TaskState, WorkerManager as _,
};

const TOKEN: &str = "very-secret";
const LATER: &str = "2999-01-01T00:00:00.000Z";

fn id(name: &str) -> TaskId {
    TaskId::derive(&"fN1SbArXTPSVFNUvaOlinQ".parse().unwrap(), name)
}

fn ids(count: usize) -> BTreeSet<TaskId> {
    (0..count).map(|number| id(&number.to_string())).collect()
}

fn paths<'a>(paths: impl IntoIterator<Item = &'a str>) -> BTreeSet<IndexPath> {
    let paths = paths.into_iter();
    paths.map(|path| IndexPath::new(path).unwrap()).collect()
}

fn quick() -> Patience {
    Patience {
        retries: 2,
        pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(4),
        timeout: Duration::from_secs(20),
    }
}

fn connected(server: &Server, credentials: Option<Credentials>) -> Client {
    let connection = Connection {
        root_url: server.root_url(),
        proxy_url: None,
        credentials,
    };
    Client::with_patience(connection, quick()).unwrap()
}

fn me() -> Credentials {
    Credentials {
        client_id: "me".to_owned(),
        access_token: TOKEN.to_owned(),
        certificate: None,
    }
}

/// Credentials of an hour, signed by the permanent ones.
fn temporary() -> Credentials {
    let permanent = taskcluster::Credentials::new("me", TOKEN);
    let hour = Duration::from_secs(3600);
    let made = permanent.create_named_temp_creds("me/temporary", hour, ["*"]);
    let made = made.unwrap();
    Credentials {
        client_id: made.client_id,
        access_token: made.access_token,
        certificate: made.certificate,
    }
}

/// Does the same without credentials, with permanent and with temporary ones.
fn each_way(options: impl Fn() -> Options, test: impl Fn(&Server, &Client)) {
    let server = Server::start(options());
    test(&server, &connected(&server, None));
    for credentials in [me(), temporary()] {
        let server = Server::start(options().signed_by("me", TOKEN));
        test(&server, &connected(&server, Some(credentials)));
        assert!(server.requests().iter().all(Record::is_signed));
    }
}

fn with_page_size(page_size: usize) -> Options {
    Options {
        page_size,
        ..Options::default()
    }
}

fn definition(server: &Server) -> Value {
    json!({
        "taskQueueId": "images-1/linux",
        "created": server.time(),
        "deadline": server.time_after(Duration::from_secs(3600)),
        "payload": {"secret": "payload"},
        "metadata": {
            "name": "a",
            "description": "b",
            "owner": "c@example.com",
            "source": "https://example.com",
        },
    })
}

fn refusal<T: std::fmt::Debug>(result: Result<T, ApiError>) -> (u16, String) {
    match result.unwrap_err().kind {
        ApiErrorKind::Refused { status, message } => (status, message),
        other => panic!("{other:?}"),
    }
}

fn is_no_answer<T>(result: Result<T, ApiError>) -> bool {
    matches!(
        result.err().map(|error| error.kind),
        Some(ApiErrorKind::NoAnswer(_))
    )
}

fn is_unreadable<T>(result: Result<T, ApiError>) -> bool {
    matches!(
        result.err().map(|error| error.kind),
        Some(ApiErrorKind::Unreadable(_))
    )
}

#[test]
fn a_task_is_created_changed_and_refused() {
    each_way(Options::default, |server, client| {
        let task = definition(server);
        let status = client.create_task(&id("a"), &task).unwrap();
        assert_eq!(
            (status.task_id, status.state),
            (id("a"), TaskState::Pending)
        );
        assert_eq!(status.scheduler_id, "-");
        assert!(client.create_task(&id("a"), &task).is_ok());
        let mut other = task.clone();
        other["priority"] = "low".into();
        let (status, message) = refusal(client.create_task(&id("a"), &other));
        assert_eq!(status, 409);
        assert!(message.ends_with("This could be the result of faulty idempotency!"));
        other["dependencies"] = json!([id("none").as_str()]);
        let (status, message) = refusal(client.create_task(&id("b"), &other));
        assert_eq!(status, 400);
        assert!(
            message.ends_with("before the task is created."),
            "{message:?}"
        );
        let state = |result: Result<super::TaskStatus, _>| result.unwrap().state;
        assert_eq!(state(client.cancel_task(&id("a"))), TaskState::Exception);
        assert_eq!(state(client.rerun_task(&id("a"))), TaskState::Pending);
        assert_eq!(refusal(client.rerun_task(&id("b"))).0, 404);
    });
}

#[test]
fn batches_come_in_portions() {
    let server = Server::start(Options::default());
    for id in ids(1100) {
        server.insert_task(id.as_str(), json!({}), State::Completed);
    }
    let client = connected(&server, None);
    let statuses = client.statuses(&ids(1201)).unwrap();
    assert_eq!(statuses.keys().cloned().collect::<BTreeSet<_>>(), ids(1100));
    assert_eq!(server.requests().len(), 3);
    let definitions = client.definitions(&ids(1201)).unwrap();
    assert_eq!(definitions.len(), 1100);
    assert_eq!(definitions[&id("7")]["taskQueueId"], "fake/fake");
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn nothing_is_asked_for_nothing() {
    let server = Server::start(Options::default());
    let client = connected(&server, None);
    assert!(client.statuses(&BTreeSet::new()).unwrap().is_empty());
    assert!(client.definitions(&BTreeSet::new()).unwrap().is_empty());
    assert!(client.find_tasks(&BTreeSet::new()).unwrap().is_empty());
    assert!(server.requests().is_empty());
}

#[test]
fn small_pages_of_batches_are_put_together() {
    each_way(
        || with_page_size(3),
        |server, client| {
            for id in ids(20) {
                server.insert_task(id.as_str(), json!({}), State::Completed);
            }
            assert_eq!(client.statuses(&ids(25)).unwrap().len(), 20);
            assert_eq!(client.definitions(&ids(25)).unwrap().len(), 20);
            let requests = server.requests();
            let signed = requests.iter().filter(|request| request.is_signed());
            assert!(
                signed
                    .into_iter()
                    .all(|request| !request.path.contains('?'))
            );
        },
    );
}

#[test]
fn all_pages_of_a_group_are_read() {
    each_way(
        || with_page_size(2),
        |server, client| {
            let group = id("group");
            assert!(client.task_group(&group).unwrap().is_empty());
            for id in ids(5) {
                let definition = json!({"taskGroupId": group.as_str()});
                server.insert_task(id.as_str(), definition, State::Failed);
            }
            let tasks = client.task_group(&group).unwrap();
            assert_eq!(tasks.keys().cloned().collect::<BTreeSet<_>>(), ids(5));
            let (status, definition) = &tasks[&id("3")];
            assert_eq!(status.state, TaskState::Failed);
            assert_eq!(definition["taskGroupId"], group.as_str());
            assert_eq!(server.requests().len(), 4);
        },
    );
}

#[test]
fn the_index_is_searched_around_its_traps() {
    each_way(Options::default, |server, client| {
        let entry = |expires: &str| IndexEntry {
            task_id: id("a").to_string(),
            rank: 7,
            data: json!({}),
            expires: expires.to_owned(),
        };
        server.insert_index("a.b", entry(LATER));
        server.insert_index("a.old", entry("2001-01-01T00:00:00.000Z"));
        server.insert_index("single", entry(LATER));
        let asked = paths(["a.b", "a.old", "a.none", "single", "none", "a.%2F"]);
        let found = client.find_tasks(&asked).unwrap();
        let names: Vec<&str> = found.keys().map(IndexPath::as_str).collect();
        // What has expired is for the caller to see.
        assert_eq!(names, ["a.b", "a.old", "single"]);
        assert_eq!(found["a.b"].rank, 7);
        assert_eq!(found["a.b"].task_id, id("a"));
    });
}

#[test]
fn places_of_the_index_are_listed() {
    each_way(
        || with_page_size(2),
        |server, client| {
            let entry = |expires: &str| IndexEntry {
                task_id: id("a").to_string(),
                rank: 7,
                data: json!({}),
                expires: expires.to_owned(),
            };
            for path in [
                "n.x.hash.1",
                "n.x.hash.2",
                "n.x.hash.3",
                "n.y.hash.1",
                "n.z.hash.1",
                "nn.w",
            ] {
                server.insert_index(path, entry(LATER));
            }
            server.insert_index("n.x.hash.old", entry("2001-01-01T00:00:00.000Z"));
            let path = |text| IndexPath::new(text).unwrap();
            let namespaces = client.list_namespaces(&path("n")).unwrap();
            assert_eq!(namespaces, paths(["n.x", "n.y", "n.z"]));
            let tasks = client.list_tasks(&path("n.x.hash")).unwrap();
            let names: Vec<&str> = tasks.keys().map(IndexPath::as_str).collect();
            assert_eq!(names, ["n.x.hash.1", "n.x.hash.2", "n.x.hash.3"]);
            assert!(client.list_tasks(&path("none")).unwrap().is_empty());
        },
    );
}

#[test]
fn worker_pools_are_listed() {
    each_way(
        || with_page_size(2),
        |server, client| {
            for name in ["p/a", "p/b", "p/c"] {
                server.insert_worker_pool(name, "example", json!({"name": name}));
            }
            let pools = client.worker_pools().unwrap();
            let names: Vec<&str> = pools.keys().map(String::as_str).collect();
            assert_eq!(names, ["p/a", "p/b", "p/c"]);
            assert_eq!(pools["p/b"]["name"], "p/b");
        },
    );
}

#[test]
fn artifacts_are_listed() {
    each_way(
        || with_page_size(2),
        |server, client| {
            let task = id("a");
            assert_eq!(
                refusal(client.artifacts(&task)),
                (404, "Task not found".to_owned())
            );
            server.insert_task(task.as_str(), json!({}), State::Unscheduled);
            assert!(client.artifacts(&task).unwrap().is_empty());
            server.bring(task.as_str(), State::Completed);
            assert!(client.artifacts(&task).unwrap().is_empty());
            for name in ["public/a", "public/b", "c", "d", "e"] {
                server.insert_artifact(task.as_str(), name, Artifact::new("x").until(LATER));
            }
            let artifacts = client.artifacts(&task).unwrap();
            let names: Vec<&str> = artifacts.keys().map(String::as_str).collect();
            assert_eq!(names, ["c", "d", "e", "public/a", "public/b"]);
            assert_eq!(artifacts["c"].to_string(), LATER);
        },
    );
}

#[test]
fn content_is_followed_to_where_it_is() {
    // `{}`, as a worker stores it.
    let compressed: &[u8] = &[
        31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 171, 174, 5, 0, 67, 191, 166, 163, 2, 0, 0, 0,
    ];
    let options = Options::default()
        .signed_by("me", TOKEN)
        .role("anonymous", ["queue:get-artifact:public/*"]);
    let server = Server::start(options);
    let client = connected(&server, Some(me()));
    let task = id("a");
    let put = |name: &str, artifact| server.insert_artifact(task.as_str(), name, artifact);
    put("public/logs/a b.log", Artifact::new("log"));
    put("private/a", Artifact::new("secret"));
    put("public/gzip", Artifact::new(compressed).encoded("gzip"));
    put(
        "public/bad",
        Artifact::error("file-missing", "no such file"),
    );
    put(
        "public/old",
        Artifact::new("").until("2001-01-01T00:00:00.000Z"),
    );
    put("public/large", Artifact::new(vec![0; 64 * 1024 * 1024 + 1]));
    let get = |name: &str| client.artifact(&task, name);
    assert_eq!(get("public/logs/a b.log").unwrap().unwrap(), b"log");
    assert_eq!(get("private/a").unwrap().unwrap(), b"secret");
    assert_eq!(get("public/gzip").unwrap().unwrap(), b"{}");
    assert_eq!(get("public/none"), Ok(None));
    assert_eq!(refusal(get("public/bad")), (424, "no such file".to_owned()));
    assert_eq!(
        refusal(get("public/old")),
        (410, "Artifact expired".to_owned())
    );
    assert!(is_unreadable(get("public/large")));
    let requests = server.requests();
    let signed = |name: &str| {
        let mut requests = requests.iter();
        let request = requests.find(|request| request.path.contains(name));
        request.unwrap().signature
    };
    assert_eq!(signed("public%2Flogs"), Signature::None);
    assert_eq!(signed("private%2Fa"), Signature::Bewit);
}

#[test]
fn scopes_are_expanded() {
    let options = Options::default()
        .holding(["assume:images", "auth:current-scopes"])
        .role("images", ["queue:x"]);
    let server = Server::start(options);
    let client = connected(&server, None);
    let scopes = client.current_scopes().unwrap();
    assert!(scopes.contains("assume:images") && scopes.contains("queue:x"));
    let (status, message) = refusal(client.create_task(&id("a"), &definition(&server)));
    assert_eq!(status, 403);
    assert!(message.contains("queue:create-task:project:none"));
    assert!(!message.contains("errorCode"));
}

#[test]
fn what_passes_is_tried_again() {
    let faults = [
        Fault::Status(500),
        Fault::Html(503),
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::CutWithin,
    ];
    for fault in faults {
        let server = Server::start(Options::default());
        server.insert_artifact(id("b").as_str(), "c", Artifact::new("content"));
        // Of each call the first request goes wrong; of the last, both of the redirect.
        server.set_faults(Faults::none().when(|seen| seen.nth == 1, fault.clone()));
        let client = connected(&server, None);
        assert!(client.create_task(&id("a"), &definition(&server)).is_ok());
        assert_eq!(client.statuses(&ids(1)).unwrap().len(), 0);
        assert_eq!(client.artifacts(&id("b")).unwrap().len(), 1, "{fault:?}");
        let content = client.artifact(&id("b"), "c").unwrap();
        assert_eq!(content.unwrap(), b"content", "{fault:?}");
        assert!(client.current_scopes().is_ok());
        assert_eq!(server.tasks().len(), 1);
        assert_eq!(server.run_count(id("a").as_str()), 1);
    }
}

#[test]
fn trying_again_ends() {
    for fault in [
        Fault::Status(500),
        Fault::Html(502),
        Fault::CutBefore,
        Fault::CutWithin,
    ] {
        let server = Server::start(Options::default());
        server.set_faults(Faults::none().when(|_| true, fault.clone()));
        let client = connected(&server, None);
        assert!(is_no_answer(client.statuses(&ids(1))), "{fault:?}");
        assert_eq!(server.requests().len(), 3, "{fault:?}");
        assert!(is_no_answer(client.artifact(&id("b"), "c")), "{fault:?}");
        assert_eq!(server.requests().len(), 6, "{fault:?}");
    }
}

#[test]
fn refusals_and_nonsense_are_not_tried_again() {
    let nonsense = ["<html>", "{}", "[]", r#"{"statuses": [{"taskId": "x"}]}"#];
    for body in nonsense {
        let server = Server::start(Options::default());
        server.set_faults(Faults::none().when(|_| true, Fault::Body(body.to_owned())));
        let client = connected(&server, None);
        assert!(is_unreadable(client.statuses(&ids(1))), "{body}");
        assert!(is_unreadable(client.current_scopes()), "{body}");
        assert_eq!(server.requests().len(), 2);
    }
    let server = Server::start(Options::default());
    server.set_faults(Faults::none().when(|_| true, Fault::Html(403)));
    let client = connected(&server, None);
    assert_eq!(
        refusal(client.current_scopes()),
        (403, "forbidden".to_owned())
    );
    assert_eq!(
        refusal(client.artifact(&id("a"), "b")),
        (403, "forbidden".to_owned())
    );
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn an_answer_takes_no_longer_than_may_be() {
    let server = Server::start(Options::default());
    let slow = Fault::Delay(Duration::from_secs(20));
    server.set_faults(Faults::none().when(|_| true, slow));
    let connection = Connection {
        root_url: server.root_url(),
        proxy_url: None,
        credentials: None,
    };
    let patience = Patience {
        retries: 1,
        timeout: Duration::from_millis(50),
        ..quick()
    };
    let client = Client::with_patience(connection, patience).unwrap();
    let error = client.current_scopes().unwrap_err();
    assert_eq!(
        error.kind,
        ApiErrorKind::NoAnswer("it took too long".to_owned())
    );
    assert!(is_no_answer(client.artifact(&id("a"), "b")));
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn nobody_is_there() {
    let server = Server::start(Options::default());
    let client = connected(&server, None);
    assert!(client.current_scopes().is_ok());
    drop(server);
    let error = client.current_scopes().unwrap_err();
    assert!(error.is_transient());
    assert!(
        error
            .to_string()
            .to_lowercase()
            .contains("connection refused"),
        "{error}"
    );
    assert!(is_no_answer(client.artifact(&id("a"), "b")));
}

#[test]
fn credentials_that_are_wrong_or_over_are_refused() {
    let server = Server::start(Options::default().signed_by("me", TOKEN));
    let guessed = Credentials {
        access_token: "guessed".to_owned(),
        ..me()
    };
    let client = connected(&server, Some(guessed));
    assert_eq!(
        refusal(client.current_scopes()),
        (401, "Unauthorized: Bad mac".to_owned())
    );
    let client = connected(&server, Some(temporary()));
    assert!(client.current_scopes().is_ok());
    server.advance(Duration::from_secs(2 * 3600));
    let (status, message) = refusal(client.current_scopes());
    assert_eq!(
        (status, message.as_str()),
        (401, "ext.certificate.expiry < now")
    );
}

#[test]
fn a_proxy_signs_itself() {
    let proxy = Server::start(Options::default());
    let connection = Connection {
        root_url: "https://tc.invalid".to_owned(),
        proxy_url: Some(proxy.root_url()),
        credentials: Some(me()),
    };
    let client = Client::with_patience(connection, quick()).unwrap();
    assert!(client.current_scopes().is_ok());
    assert!(client.artifact(&id("a"), "private").unwrap().is_none());
    assert!(!proxy.requests().iter().any(Record::is_signed));
}

#[test]
fn many_threads_share_few_connections() {
    let server = Server::start(Options::default());
    let client = connected(&server, None);
    let task = definition(&server);
    let all: Vec<TaskId> = ids(320).into_iter().collect();
    std::thread::scope(|scope| {
        for part in all.chunks(20) {
            let (client, task) = (&client, &task);
            scope.spawn(move || {
                for id in part {
                    client.create_task(id, task).unwrap();
                }
            });
        }
    });
    assert_eq!(server.tasks().len(), 320);
    let requests = server.requests();
    let connections: BTreeSet<u64> = requests.iter().map(|request| request.connection).collect();
    // Two threads that find none idle at the same moment open one each, so there may be a few more than threads.
    assert!(connections.len() <= 32, "{}", connections.len());
}

#[test]
fn nothing_secret_is_said() {
    let faults = [
        Fault::Status(400),
        Fault::Status(500),
        Fault::Html(502),
        Fault::Html(418),
        Fault::Body("[".to_owned()),
        Fault::CutBefore,
        Fault::CutWithin,
    ];
    for fault in faults {
        // A server for each: requests are counted, and the first of each list has to go well.
        let server = Server::start(with_page_size(1).signed_by("me", TOKEN));
        let client = connected(&server, Some(me()));
        for id in ids(2) {
            let definition = json!({"taskGroupId": id.as_str()});
            server.insert_task(id.as_str(), definition, State::Failed);
            server.insert_artifact(id.as_str(), "a", Artifact::new("x"));
            server.insert_artifact(id.as_str(), "b", Artifact::new("x"));
        }
        // The first request of a list goes well, so that the second is one by a signed URL.
        let chosen =
            |seen: &fake_taskcluster::Seen| !seen.path.ends_with("/artifacts") || seen.nth > 1;
        server.set_faults(Faults::none().when(chosen, fault.clone()));
        let mut errors = vec![
            client
                .create_task(&id("x"), &definition(&server))
                .unwrap_err(),
            client.artifacts(&id("1")).unwrap_err(),
        ];
        // An artifact may hold anything, so no body is a fault of one.
        if !matches!(fault, Fault::Body(_)) {
            errors.push(client.artifact(&id("1"), "a").unwrap_err());
        }
        let by_url = |request: &Record| request.signature == fake_taskcluster::Signature::Bewit;
        assert!(server.requests().iter().any(by_url), "{fault:?}");
        for error in errors {
            for text in [error.to_string(), format!("{error:?}")] {
                for secret in [TOKEN, "payload", "bewit", "http", "Hawk", "mac="] {
                    assert!(!text.contains(secret), "{fault:?}: {text}");
                }
            }
        }
    }
}
