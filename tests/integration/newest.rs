//! A service on loopback that says what is newest.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::json;

/// Its address; what it says is newest is shared, and there is no answer while that is nothing. It ends with the process.
pub(crate) fn service(newest: Arc<Mutex<Option<&'static str>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let newest = *newest.lock().unwrap();
            let (status, body) = match newest {
                Some(version) => (200, json!({"versions": ["1.0", version]}).to_string()),
                None => (404, String::new()),
            };
            write!(
                stream,
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        }
    });
    format!("http://{address}/versions.json")
}
