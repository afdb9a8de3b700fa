//! Against a service on loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Answer, Client, Http as _, HttpErrorKind, Pace, Request};

/// A service that gives each answer in turn, and what it was asked.
fn service(answers: &'static [&'static str]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
                head += &line;
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let first = head.lines().next().unwrap_or_default().to_owned();
            heard.lock().unwrap().push(first);
            if !answer.is_empty() {
                let (head, body) = answer.split_once("\n\n").unwrap_or((answer, ""));
                let head = head.replace('\n', "\r\n");
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                )
                .unwrap();
            }
        }
    });
    (base, asked)
}

fn client() -> Client {
    Client::new(Pace {
        retries: 2,
        pause: Duration::from_millis(1),
        longest_pause: Duration::from_secs(2),
        between_writes: Duration::from_millis(1),
        answer: Duration::from_secs(5),
    })
    .unwrap()
}

fn send(request: Request) -> Result<Answer, String> {
    client().send(&request).map_err(|error| {
        let words = error.to_string();
        words
            .split_once(": ")
            .map_or(words.clone(), |(_, why)| why.to_owned())
    })
}

#[test]
fn what_changes_something_elsewhere_takes_turns() {
    let pace = Pace {
        between_writes: Duration::from_millis(300),
        ..Pace::default()
    };
    let client = Client::new(pace).unwrap();
    let waits = |method, url: &str| {
        let (request, begun) = (Request::new(method, url.to_owned()), Instant::now());
        client.take_turn(&request, &url.parse().unwrap());
        begun.elapsed() >= Duration::from_millis(250)
    };
    assert!(!waits("POST", "https://api.example.org/x"));
    assert!(!waits("GET", "https://api.example.org/x"));
    assert!(!waits("POST", "http://127.0.0.1/x"));
    assert!(waits("POST", "https://api.example.org/x"));
}

#[test]
fn what_merely_asks_is_asked_again() {
    let (base, asked) = service(&["", "502 Bad Gateway", "200 OK\n\n{\"a\": 1}"]);
    let answer = send(Request::get(format!("{base}/x"))).unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, &b"{\"a\": 1}"[..])
    );
    assert_eq!(asked.lock().unwrap().len(), 3);
}

#[test]
fn what_changes_something_is_sent_again_only_when_it_was_not_taken() {
    let post = |base: &str| Request::new("POST", format!("{base}/x")).json(&serde_json::json!({}));
    // Nobody knows whether it was obeyed.
    let (base, asked) = service(&["", "200 OK"]);
    assert!(send(post(&base)).unwrap_err().starts_with("no answer"));
    assert_eq!(asked.lock().unwrap().len(), 1);
    let (base, asked) = service(&["502 Bad Gateway", "200 OK"]);
    assert_eq!(send(post(&base)).unwrap().status, 502);
    assert_eq!(asked.lock().unwrap().len(), 1);
    // It says that it did not.
    let (base, asked) = service(&[
        "403 Forbidden\nretry-after: 0",
        "429 Too Many Requests\nretry-after: 0",
        "201 Created",
    ]);
    assert_eq!(send(post(&base)).unwrap().status, 201);
    assert_eq!(asked.lock().unwrap().len(), 3);
}

#[test]
fn a_refusal_is_an_answer() {
    let (base, asked) = service(&["403 Forbidden\n\n{\"message\": \"no\\nway\"}", "200 OK"]);
    let request = Request::get(format!("{base}/x"));
    let answer = client().send(&request).unwrap();
    assert_eq!(answer.refusal(&request).kind.to_string(), "status 403: no");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[test]
fn nobody_waits_for_an_hour() {
    let (base, _) = service(&["429 Too Many Requests\nretry-after: 3600"]);
    let error = client()
        .send(&Request::get(format!("{base}/x")))
        .unwrap_err();
    assert_eq!(error.kind, HttpErrorKind::Later(3600));
    assert!(error.is_transient());
}

#[test]
fn only_https_is_called_elsewhere() {
    let error = send(Request::get("http://example.org/x")).unwrap_err();
    assert_eq!(error, "only `https` addresses are called");
    // Not by way of a redirect, either.
    let (base, _) = service(&["302 Found\nlocation: http://example.org/x"]);
    assert_eq!(send(Request::get(format!("{base}/x"))).unwrap().status, 302);
}

#[test]
fn a_tasks_proxy_is_near() {
    let near = client().near("http://taskcluster.invalid");
    let error = near
        .send(&Request::get("http://taskcluster.invalid/x"))
        .unwrap_err();
    assert!(matches!(error.kind, HttpErrorKind::NoAnswer(_)), "{error}");
    let error = near
        .send(&Request::get("http://example.org/x"))
        .unwrap_err();
    assert!(matches!(error.kind, HttpErrorKind::Address(_)), "{error}");
}

#[test]
fn what_signs_a_request_is_not_shown() {
    let mut request = Request::get("https://example.org/x");
    request.authorization = Some("Bearer not-a-token".to_owned());
    request.body = Some(b"not-a-token".to_vec());
    assert_eq!(
        format!("{request:?} {request}"),
        "GET https://example.org/x GET https://example.org/x"
    );
}
