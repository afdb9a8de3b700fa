//! Connections: from bytes to a handler and back, recorded, with faults.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{self, Poll};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::answer::{Answer, Failure};
use crate::authentication::{identify, signature};
use crate::clock::Clock;
use crate::fault::{Fault, Faults, Seen};
use crate::options::Options;
use crate::record::{Record, Signature};
use crate::request::Request;
use crate::router::route;
use crate::schemas::Schemas;
use crate::state::State;

/// The largest request that the services take.
const LIMIT: usize = 10 * 1024 * 1024;

/// What a server is, to its connections.
pub(crate) struct Context {
    pub(crate) options: Options,
    pub(crate) schemas: Schemas,
    pub(crate) clock: Clock,
    pub(crate) held_scopes: Mutex<Vec<String>>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) records: Mutex<Vec<Record>>,
    pub(crate) counts: Mutex<HashMap<(String, String), u64>>,
    pub(crate) number: AtomicU64,
    state: Mutex<State>,
}

/// Takes a lock. A test that panicked while it held one has failed already; the others may go on.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Context {
    pub(crate) fn new(mut options: Options, schemas: Schemas) -> Self {
        Self {
            held_scopes: Mutex::new(std::mem::take(&mut options.held_scopes)),
            faults: Mutex::new(std::mem::take(&mut options.faults)),
            options,
            schemas,
            clock: Clock::default(),
            records: Mutex::default(),
            counts: Mutex::default(),
            number: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Notes that a request came.
    fn see(&self, request: &Request, connection: u64) -> Seen {
        let path = request.path().to_owned();
        let nth = {
            let mut counts = lock(&self.counts);
            let count = counts
                .entry((request.method.clone(), path.clone()))
                .or_default();
            *count += 1;
            *count
        };
        let mut records = lock(&self.records);
        // Under the lock, so that the records stand in the order of their numbers.
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        records.push(Record {
            number,
            connection,
            method: request.method.clone(),
            path: without_bewit(&request.target),
            body: request.body.clone(),
            signature: signature(request),
            status: None,
        });
        Seen {
            number,
            method: request.method.clone(),
            path,
            nth,
        }
    }

    fn note_status(&self, number: u64, status: u16) {
        let mut records = lock(&self.records);
        let place = records.binary_search_by_key(&number, |record| record.number);
        if let Some(record) = place.ok().and_then(|place| records.get_mut(place)) {
            record.status = Some(status);
        }
    }

    /// Answers a request.
    fn answer(&self, request: &mut Request) -> Answer {
        let now = self.now();
        let Some((route, params)) = route(&request.method, request.path()) else {
            return Answer::with_status(404, &json!({"error": "Not found"}));
        };
        request.params = params;
        let held = lock(&self.held_scopes).clone();
        request.identity = Some(identify(request, &self.options, &held, now));
        let result = if request.body.len() > LIMIT {
            Err(Failure::new(
                "PayloadTooLargeError",
                "Internal error, unknown error code: PayloadTooLargeError\nrequest entity too large",
            ))
        } else {
            (route.handler)(self, request)
        };
        result.unwrap_or_else(|failure| {
            let payload = serde_json::from_slice(&request.body).unwrap_or_else(|_| json!({}));
            failure.answer(route.name, &request.params(), payload, now)
        })
    }
}

/// The path for people to read: a `bewit` is as good as a password while it lasts.
fn without_bewit(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else {
        return target.to_owned();
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("bewit="))
        .collect();
    if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    }
}

/// Accepts connections for ever.
pub(crate) async fn serve(listener: TcpListener, context: Arc<Context>) -> Infallible {
    let mut connection = 0;
    loop {
        // What fails here is the caller's connection, or a shortage that passes.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        connection += 1;
        // Else small answers wait for the caller's acknowledgement.
        let _ = stream.set_nodelay(true);
        let context = Arc::clone(&context);
        tokio::spawn(async move {
            let service = service_fn(|request| one(&context, connection, request));
            // An error is a connection that was cut, by either side.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// The error that makes hyper close the connection without an answer.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut on purpose")
    }
}

impl std::error::Error for Cut {}

async fn one(
    context: &Context,
    connection: u64,
    incoming: hyper::Request<Incoming>,
) -> Result<hyper::Response<Content>, Cut> {
    let (head, body) = incoming.into_parts();
    let header = |name| {
        let value = head.headers.get(name)?;
        Some(value.to_str().ok()?.to_owned())
    };
    let mut request = Request {
        method: head.method.as_str().to_owned(),
        target: head
            .uri
            .path_and_query()
            .map(|target| target.as_str().to_owned())
            .unwrap_or_default(),
        host: header("host").unwrap_or_default(),
        authorization: header("authorization"),
        content_type: header("content-type").unwrap_or_default(),
        // A caller that goes away in the middle of its request has made none.
        body: body.collect().await.map_err(|_| Cut)?.to_bytes(),
        params: serde_json::Map::new(),
        identity: None,
    };
    if request.path().starts_with("/fake/") {
        // A script that looks at the server is not one of its callers.
        let answer = context.answer(&mut request);
        return response(answer, false);
    }
    let seen = context.see(&request, connection);
    if let Some(call) = &context.options.on_request {
        call(&seen);
    }
    let (delay, fault) = lock(&context.faults).of(&seen);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let answer = match &fault {
        None => context.answer(&mut request),
        Some(Fault::CutBefore) => return Err(Cut),
        Some(Fault::CutAfter) => {
            context.answer(&mut request);
            return Err(Cut);
        }
        Some(Fault::Status(status)) => {
            let mut answer =
                Failure::internal().answer("fault", &json!({}), Value::Null, context.now());
            answer.status = *status;
            answer
        }
        Some(Fault::Html(status)) => Answer::html(*status),
        Some(Fault::Body(body)) => {
            let mut answer = Answer::json(&Value::Null);
            answer.body = Bytes::from(body.clone());
            answer
        }
        // A delay is never the other fault.
        Some(Fault::CutWithin | Fault::Delay(_)) => context.answer(&mut request),
    };
    let cut = fault == Some(Fault::CutWithin);
    if !cut {
        context.note_status(seen.number, answer.status);
    }
    response(answer, cut)
}

fn response(answer: Answer, cut: bool) -> Result<hyper::Response<Content>, Cut> {
    let mut response = hyper::Response::builder()
        .status(answer.status)
        .header("content-type", &answer.content_type);
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    let content = Content {
        rest: Some(answer.body),
        cut,
    };
    response.body(content).map_err(|_| Cut)
}

/// The body of an answer, which may end too early.
struct Content {
    rest: Option<Bytes>,
    cut: bool,
}

impl Body for Content {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let cut = self.cut;
        Poll::Ready(match self.rest.take() {
            Some(bytes) if cut => Some(Ok(Frame::data(bytes.slice(..bytes.len() / 2)))),
            Some(bytes) => Some(Ok(Frame::data(bytes))),
            None if cut => Some(Err(Cut)),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && !self.cut
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        let length = self.rest.as_ref().map_or(0, Bytes::len);
        hyper::body::SizeHint::with_exact(length as u64)
    }
}

impl Record {
    /// Whether the caller signed.
    pub fn is_signed(&self) -> bool {
        self.signature != Signature::None
    }
}
