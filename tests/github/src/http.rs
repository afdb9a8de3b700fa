//! [`listen`]: what answers calls on loopback, one connection a thread.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use crate::Reply;

/// Answers calls at a free port until the process ends; its address, without a slash at the end.
pub fn listen(answer: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // Whoever is ended in the middle of a call keeps no other from its own.
            std::thread::spawn(move || {
                let mut reader = BufReader::new(&stream);
                while let Some(call) = Call::read(&mut reader) {
                    if send(&stream, &answer(&call)).is_err() {
                        return;
                    }
                }
            });
        }
    });
    format!("http://{address}")
}

/// A call as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its method.
    pub method: String,
    /// Its path, with the query.
    pub path: String,
    /// What it is signed with.
    pub token: Option<String>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Call {
    /// Reads the next one; nothing when the caller has gone.
    fn read(reader: &mut BufReader<&TcpStream>) -> Option<Self> {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let mut words = line.split_whitespace().map(str::to_owned);
        let (method, path) = (words.next()?, words.next()?);
        let (mut token, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let Some((name, value)) = line.trim().split_once(':') else {
                break;
            };
            match name.to_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok()?,
                "authorization" => {
                    token = Some(value.trim().trim_start_matches("Bearer ").to_owned());
                }
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some(Self {
            method,
            path,
            token,
            body,
        })
    }
}

fn send(mut stream: &TcpStream, reply: &Reply) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} -\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    if reply.status != 204 {
        head += &format!(
            "content-type: application/json\r\ncontent-length: {}\r\n",
            reply.body.len()
        );
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    stream.write_all(&reply.body)
}
