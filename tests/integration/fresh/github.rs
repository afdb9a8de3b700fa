//! GitHub on loopback, as far as one proposal goes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The calls that change something, with their bodies.
pub(super) type Seen = Arc<Mutex<Vec<(String, Value)>>>;

/// GitHub on loopback, as far as one proposal goes: it keeps what was written, and answers what it is asked for.
pub(super) fn github(base_file: &'static str) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let seen = Seen::default();
    let heard = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or_default() == 0 {
                    break;
                }
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
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            let first = head
                .lines()
                .next()
                .unwrap_or_default()
                .replace(" HTTP/1.1", "");
            let is_signed = head
                .to_lowercase()
                .contains("authorization: bearer not-a-token");
            let (status, answer) = if is_signed {
                respond(&first, base_file)
            } else {
                (401, json!({}))
            };
            if !first.starts_with("GET ") {
                heard.lock().unwrap().push((first, body));
            }
            let answer = answer.to_string();
            write!(
                stream,
                "HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{answer}",
                answer.len()
            )
            .unwrap();
        }
    });
    (address, seen)
}

fn respond(first: &str, base_file: &str) -> (u16, Value) {
    let (base, tree) = ("a".repeat(40), "b".repeat(40));
    let path = first.split_once(' ').unwrap().1;
    let rest = path.strip_prefix("/repos/example/images").unwrap_or(path);
    match (first.split(' ').next().unwrap(), rest) {
        ("GET", rest) if rest.contains("/git/ref/heads/main") => (
            200,
            json!({"ref": "refs/heads/main", "object": {"sha": base, "type": "commit"}}),
        ),
        ("GET", rest) if rest.contains("/git/commits/") => (
            200,
            json!({"sha": base, "tree": {"sha": tree}, "parents": [], "message": "x", "author": {"name": "x"}}),
        ),
        ("GET", rest)
            if rest.contains("/contents/")
                || rest.contains("/git/trees/")
                || rest.contains("/git/blobs/") =>
        {
            let content = STANDARD.encode(base_file);
            (
                200,
                json!({
                    "type": "file", "encoding": "base64", "content": content, "sha": "c".repeat(40), "mode": "100644",
                    "size": base_file.len(), "path": "image-defs/pins.yml", "truncated": false,
                    "tree": [
                        {"path": "image-defs", "mode": "040000", "type": "tree", "sha": tree},
                        {"path": "pins.yml", "mode": "100644", "type": "blob", "sha": "c".repeat(40)},
                    ],
                }),
            )
        }
        ("GET", rest) if rest.contains("/git/ref/") => (404, json!({"message": "Not Found"})),
        // Another one, which has nothing of ours.
        ("GET", "/repos/example-owner/example-site") => (
            200,
            json!({"archived": false, "default_branch": "trunk", "full_name": "example-owner/example-site"}),
        ),
        ("GET", "" | "/") => (
            200,
            json!({"archived": false, "default_branch": "main", "full_name": "example/images"}),
        ),
        ("GET", _) => (200, json!([])),
        ("POST", "/git/blobs") => (201, json!({"sha": "d".repeat(40)})),
        ("POST", "/git/trees") => (201, json!({"sha": "e".repeat(40)})),
        ("POST", "/git/commits") => (201, json!({"sha": "f".repeat(40)})),
        ("POST", "/git/refs") => (
            201,
            json!({"ref": "refs/heads/x", "object": {"sha": "f".repeat(40)}}),
        ),
        ("POST", "/issues") => (
            201,
            json!({"number": 2, "html_url": "https://github.example.org/example/images/issues/2"}),
        ),
        ("POST", "/pulls") => (
            201,
            json!({
                "number": 1, "html_url": "https://github.example.org/example/images/pull/1", "title": "x", "body": "x",
                "state": "open", "head": {"ref": "taskgraph-images/upgrade/worker", "sha": "f".repeat(40)}, "base": {"ref": "main"},
            }),
        ),
        _ => (200, json!([])),
    }
}
