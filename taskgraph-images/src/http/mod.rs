//! Calls of services outside of Taskcluster: forges, and where versions come from. Small on purpose: a request, an
//! answer, and one trait, so that tests put a service on loopback or a table of answers in their place.
//!
//! What does not depend on the service is here: patience with those that do not answer, limits on what is read, `https`
//! alone outside of this machine, and that what signs a request is never shown. What a status means is the caller's.

mod address;
mod client;
mod error;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

pub use address::{encode, encode_path};
pub use client::{Client, Pace};
pub use error::{HttpError, HttpErrorKind};

/// How services are called.
pub trait Http {
    /// Sends a request and waits for its answer, of whatever status.
    ///
    /// # Errors
    /// When there is no answer. Whether a request that changes something was obeyed is then not known.
    fn send(&self, request: &Request) -> Result<Answer, HttpError>;
}

/// A request.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `PATCH`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Where to, with its query.
    pub url: String,
    /// Headers that may be shown.
    pub headers: Vec<(&'static str, String)>,
    /// What signs it: the `authorization` header's value. Never shown, and never sent to another host.
    pub authorization: Option<String>,
    /// What it carries. Never shown.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// Asks for something.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A request without a body.
    pub fn new(method: &'static str, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            authorization: None,
            body: None,
        }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.body = Some(body.to_string().into_bytes());
        self.header("content-type", "application/json")
    }

    /// Whether it changes nothing, so that it can be sent again at will.
    pub fn is_safe(&self) -> bool {
        matches!(self.method, "GET" | "HEAD")
    }
}

/// What may be shown: neither what signs it nor what it carries.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether it is what was asked for.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Where the next page of a list is: `link: <https://…>; rel="next", …`. It may be anywhere: whoever signs requests looks
    /// at it first.
    pub fn next_page(&self) -> Option<&str> {
        self.headers.get("link")?.split(',').find_map(|entry| {
            let (url, parameters) = entry.trim().strip_prefix('<')?.split_once('>')?;
            let is_next = parameters
                .split(';')
                .any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"));
            is_next.then_some(url)
        })
    }

    /// Its body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self, request: &Request) -> Result<serde_json::Value, HttpError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            HttpError::new(
                request,
                HttpErrorKind::Unreadable(format!("no JSON: {error}")),
            )
        })
    }

    /// The error for an answer that is not what was asked for.
    pub fn refusal(&self, request: &Request) -> HttpError {
        let message = serde_json::from_slice::<serde_json::Value>(&self.body)
            .ok()
            .and_then(|value| Some(value.get("message")?.as_str()?.to_owned()))
            .unwrap_or_else(|| String::from_utf8_lossy(&self.body).into_owned());
        let message = message.lines().next().unwrap_or_default();
        let kind = HttpErrorKind::Refused {
            status: self.status,
            message: message.chars().take(300).collect(),
        };
        HttpError::new(request, kind)
    }
}
