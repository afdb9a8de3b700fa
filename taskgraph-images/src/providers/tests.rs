//! What the tests of all providers share.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use taskgraph_images_transforms::Duration as RunTime;
use taskgraph_images_transforms::{Cloud, PublishTask};

use super::{NewImage, Pace, Promotion, Session};
use crate::manifest::changes_tests::manifest;
use crate::worker::machine::Machine;
use crate::worker::mask::Mask;

thread_local! {
    static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What was said in this test so far.
pub(super) fn said() -> Vec<String> {
    SAID.with_borrow(Clone::clone)
}

/// A session that is quick, and notes what it says.
pub(super) fn recorder<T>(dry_run: bool, test: impl FnOnce(&Session<'_>) -> T) -> T {
    SAID.take();
    let pace = Pace {
        retries: 2,
        pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(5),
        answer: Duration::from_secs(10),
        operation: Duration::from_secs(2),
        appearance: Duration::from_millis(100),
    };
    let mask = Mask::new(["not-a-real-token", "not-a-real-secret"]);
    let say = |words: &str| SAID.with_borrow_mut(|said| said.push(words.to_owned()));
    let session = Session::new(pace, dry_run, &mask, &say).unwrap();
    test(&session)
}

/// A promotion of a candidate in AWS's us-west-2.
pub(super) fn promotion() -> Promotion {
    let publish = PublishTask {
        worker: "publisher".parse().unwrap(),
        family: Some("debian".to_owned()),
        destination: None,
        regions: vec!["us-west-2".to_owned(), "us-east-1".to_owned()],
        share_with: vec!["123456789012".to_owned()],
        labels: [("managed-by".to_owned(), "taskgraph-images".to_owned())].into(),
        max_run_time: RunTime::hours(1),
        secrets: Vec::new(),
    };
    let digest = "9".repeat(64).parse().unwrap();
    Promotion::new(&publish, &manifest(), &digest, PathBuf::from("/nowhere")).unwrap()
}

/// A machine of a cloud, which was started from an image.
pub(super) fn machine(cloud: Cloud, path: &str, region: Option<&str>, image: &str) -> Machine {
    Machine {
        cloud,
        id: "4711".to_owned(),
        path: path.to_owned(),
        region: region.map(str::to_owned),
        image: Some(image.to_owned()),
        disk: None,
    }
}

/// The candidate that the first run of a task makes.
pub(super) fn new_image() -> NewImage {
    let id = "debian@google".parse().unwrap();
    let task = "fN1SbArXTPSVFNUvaOlinQ".parse().unwrap();
    let time = "2026-11-25T17:30:00.000Z".parse().unwrap();
    NewImage::new(&id, Some(&task), 0, time)
}

/// A request to a fake.
pub(super) struct Asked {
    pub(super) method: String,
    /// The path, with its query.
    pub(super) path: String,
    pub(super) body: serde_json::Value,
    pub(super) text: String,
    pub(super) authorization: String,
}

/// A service on loopback that answers by a function; its address. It ends with the process.
pub(super) fn serve(
    mut answer: impl FnMut(&Asked) -> (u16, serde_json::Value) + Send + 'static,
) -> String {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut first = String::new();
            reader.read_line(&mut first).unwrap();
            let (mut length, mut authorization) = (0, String::new());
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let Some((name, value)) = line.trim().split_once(": ") else {
                    break;
                };
                match name.to_lowercase().as_str() {
                    "content-length" => length = value.parse().unwrap(),
                    "authorization" => authorization = value.to_owned(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let mut words = first.split(' ').map(str::to_owned);
            let asked = Asked {
                method: words.next().unwrap(),
                path: words.next().unwrap(),
                body: serde_json::from_slice(&body).unwrap_or_default(),
                text: String::from_utf8(body).unwrap(),
                authorization,
            };
            let (status, body) = answer(&asked);
            let body = match body {
                serde_json::Value::Null => String::new(),
                // Of services that do not answer in JSON.
                serde_json::Value::String(text) => text,
                body => body.to_string(),
            };
            write!(
                stream,
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        }
    });
    format!("http://{address}")
}

/// Variables of a test.
pub(super) fn variables(given: &[(&str, &str)]) -> super::Variables {
    let given = given.iter();
    let all = given
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    super::Variables::new(|_| None, &all)
}

/// The key of no service account, made for the tests of one run.
pub(super) fn rsa_key() -> String {
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use base64::Engine as _;
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let text = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|at| &text[at..(at + 64).min(text.len())])
        .collect();
    // In parts, so that no scanner takes this for a key.
    let mark = "PRIVATE KEY";
    format!(
        "-----BEGIN {mark}-----\n{}\n-----END {mark}-----\n",
        lines.join("\n")
    )
}
