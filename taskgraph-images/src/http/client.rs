//! [`Client`]: the network.

use std::io::Read as _;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::Url;
use reqwest::redirect::Policy;

use super::{Answer, Http, HttpError, HttpErrorKind, Request};

/// The largest answer that is taken, in bytes: a language registry's list of a busy package has some 10 MB.
const LIMIT: u64 = 64 * 1024 * 1024;

/// How long services are waited for, and how fast they are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// How often a call is tried again.
    pub retries: u32,
    /// The first pause; each one after it is twice as long.
    pub pause: Duration,
    /// The longest pause that a service can ask for.
    pub longest_pause: Duration,
    /// The shortest time between two requests that change something elsewhere: GitHub asks for a second.
    pub between_writes: Duration,
    /// How long one answer may take.
    pub answer: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            retries: 4,
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(5 * 60),
            between_writes: Duration::from_secs(1),
            answer: Duration::from_secs(60),
        }
    }
}

/// Calls over the network, one after the other.
///
/// A request that changes something is sent again only when the service says that it did not take it (status 429, or
/// 403 with the time at which to come back); one that merely asks, also when there is no answer or one of status 500
/// and above.
pub struct Client {
    http: reqwest::blocking::Client,
    pace: Pace,
    written: Mutex<Option<Instant>>,
    /// The host that stands in for a service on this machine's network, such as a task's proxy.
    near: Option<String>,
}

impl Client {
    /// A client.
    ///
    /// # Errors
    /// When the machine's certificates cannot be read.
    pub fn new(pace: Pace) -> Result<Self, HttpError> {
        let http = reqwest::blocking::Client::builder()
            .redirect(Policy::custom(|attempt| {
                // Assets of releases are elsewhere. The library takes `authorization` away on the way to another host.
                if attempt.previous().len() > 5 || !is_called(attempt.url()) {
                    attempt.stop()
                } else {
                    attempt.follow()
                }
            }))
            .referer(false)
            .timeout(pace.answer)
            .user_agent(concat!("taskgraph-images/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| HttpError {
                call: "HTTP client".to_owned(),
                kind: HttpErrorKind::NoAnswer(chain(&error)),
            })?;
        Ok(Self {
            http,
            pace,
            written: Mutex::new(None),
            near: None,
        })
    }

    /// Also calls a host that is near, by `http`: a task's proxy, whose name a worker gives.
    #[must_use]
    pub fn near(mut self, address: &str) -> Self {
        self.near = Url::parse(address)
            .ok()
            .and_then(|url| Some(url.host_str()?.to_owned()));
        self
    }

    fn once(&self, request: &Request, url: Url) -> Result<Answer, String> {
        let method = request.method.parse().map_err(|_| "no such method")?;
        let mut built = self.http.request(method, url);
        for (name, value) in &request.headers {
            built = built.header(*name, value);
        }
        if let Some(value) = &request.authorization {
            built = built.header("authorization", value);
        }
        if let Some(body) = &request.body {
            built = built.body(body.clone());
        }
        let response = built.send().map_err(|error| chain(&error.without_url()))?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        let mut body = Vec::new();
        response
            .take(LIMIT + 1)
            .read_to_end(&mut body)
            .map_err(|error| format!("it breaks off: {error}"))?;
        if body.len() as u64 > LIMIT {
            return Err(format!("it is larger than {} MiB", LIMIT >> 20));
        }
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    /// Waits for its turn, if it changes something elsewhere. What is on this machine or near it, such as a task's proxy, is
    /// called by `http` and asks for no pause.
    pub(super) fn take_turn(&self, request: &Request, url: &Url) {
        if request.is_safe() || url.scheme() == "http" {
            return;
        }
        let mut written = self
            .written
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(last) = *written {
            sleep(self.pace.between_writes.saturating_sub(last.elapsed()));
        }
        *written = Some(Instant::now());
    }
}

impl Http for Client {
    fn send(&self, request: &Request) -> Result<Answer, HttpError> {
        let address = |why: &str| {
            let kind = HttpErrorKind::Address(why.to_owned());
            HttpError::new(request, kind)
        };
        let url = Url::parse(&request.url).map_err(|error| address(&error.to_string()))?;
        let is_near = url.scheme() == "http" && url.host_str() == self.near.as_deref();
        if !(is_called(&url) || is_near) {
            return Err(address("only `https` addresses are called"));
        }
        let mut pause = self.pace.pause;
        let mut tries = 0;
        loop {
            self.take_turn(request, &url);
            let answer = self.once(request, url.clone());
            let (wait, failed) = match &answer {
                Ok(answer) => match asked_to_wait(answer) {
                    Some(wait) if wait > self.pace.longest_pause => {
                        let kind = HttpErrorKind::Later(wait.as_secs());
                        return Err(HttpError::new(request, kind));
                    }
                    Some(wait) => (wait.max(pause), true),
                    None => (pause, request.is_safe() && answer.status >= 500),
                },
                Err(_) => (pause, request.is_safe()),
            };
            if !failed || tries == self.pace.retries {
                return answer.map_err(|why| HttpError::new(request, HttpErrorKind::NoAnswer(why)));
            }
            tries += 1;
            sleep(wait);
            pause = (pause * 2).min(self.pace.longest_pause);
        }
    }
}

/// How long a service that took nothing wants to be left alone: a second's limit or an hour's, told in one of two ways.
fn asked_to_wait(answer: &Answer) -> Option<Duration> {
    let header = |name: &str| answer.headers.get(name)?.parse::<u64>().ok();
    let wait = header("retry-after").or_else(|| {
        // GitHub's: nothing is left until a time in seconds.
        if header("x-ratelimit-remaining")? != 0 {
            return None;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(header("x-ratelimit-reset")?.saturating_sub(now))
    });
    match (answer.status, wait) {
        (429 | 503, Some(wait)) | (403, Some(wait)) => Some(Duration::from_secs(wait)),
        (429, None) => Some(Duration::from_secs(60)),
        _ => None,
    }
}

/// Whether an address is called: `https`, or this machine.
fn is_called(url: &Url) -> bool {
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    url.scheme() == "https" || url.scheme() == "http" && is_here
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}
