//! [`Api`]: calls of GitHub about one repository: signed, in pages, patient, and told instead of made in a dry run.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::super::dry_run::Writes;
use super::super::redact::redact;
use super::super::{ForgeError, ForgeErrorKind};
use super::{Repository, Token, Tokens};
use crate::http::{Answer, Http, Request};

/// How often a call is made again that met another one (status 409).
const TRIES: usize = 4;

/// The most pages of a list: with 100 entries each, more than any repository that this is for has.
const PAGES: usize = 100;

/// Calls about one repository.
pub(super) struct Api<'a> {
    pub(super) http: &'a dyn Http,
    pub(super) tokens: Option<&'a dyn Tokens>,
    pub(super) base: String,
    pub(super) repository: Repository,
    pub(super) writes: Writes,
    pub(super) token: Mutex<Option<Token>>,
}

/// What came of a call that changes something.
pub(super) enum Written {
    /// It was obeyed.
    Done(Value),
    /// It cannot be obeyed as things are (status 422), in GitHub's words.
    Refused(ForgeError, String),
}

impl Api<'_> {
    /// What is at a path below the repository's; absent if nothing is.
    pub(super) fn get(&self, path: &str) -> Result<Option<Value>, ForgeError> {
        let request = self.request("GET", path);
        let answer = self.send(&request)?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => Ok(Some(self.json(&answer, &request)?)),
            _ => Err(self.refusal(&answer, &request)),
        }
    }

    /// What must be at a path.
    pub(super) fn must(&self, path: &str) -> Result<Value, ForgeError> {
        self.get(path)?.ok_or_else(|| {
            let call = self.request("GET", path).to_string();
            self.error(ForgeErrorKind::Answer {
                call,
                what: "object (status 404)".to_owned(),
            })
        })
    }

    /// All pages of a list.
    pub(super) fn list(&self, path: &str) -> Result<Vec<Value>, ForgeError> {
        let join = if path.contains('?') { '&' } else { '?' };
        let mut request = self.request("GET", &format!("{path}{join}per_page=100"));
        let mut all = Vec::new();
        for _ in 0..PAGES {
            let answer = self.send(&request)?;
            if !answer.is_success() {
                return Err(self.refusal(&answer, &request));
            }
            match self.json(&answer, &request)? {
                Value::Array(page) => all.extend(page),
                _ => return Err(self.lacks(&request, "list")),
            }
            let Some(next) = answer.next_page() else {
                return Ok(all);
            };
            // What signs the call must not go elsewhere.
            if !next.starts_with(&format!("{}/", self.base)) {
                return Err(self.lacks(&request, "next page on the same host"));
            }
            request.url = next.to_owned();
        }
        Err(self.lacks(&request, &format!("end after {PAGES} pages")))
    }

    /// Changes something. `what` says it to people in a dry run.
    pub(super) fn write(
        &self,
        method: &'static str,
        path: &str,
        body: &Value,
        what: &str,
    ) -> Result<Written, ForgeError> {
        let mut request = self.request(method, path);
        if !self.writes.allows(|| format!("{request} ({what})")) {
            let zeros = "0".repeat(40);
            let nobody =
                json!({"sha": zeros, "number": 0, "html_url": "", "title": "", "body": ""});
            return Ok(Written::Done(nobody));
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = self.send(&request)?;
        match answer.status {
            _ if answer.is_success() && answer.body.is_empty() => Ok(Written::Done(Value::Null)),
            _ if answer.is_success() => Ok(Written::Done(self.json(&answer, &request)?)),
            422 => Ok(Written::Refused(
                self.refusal(&answer, &request),
                words(&answer),
            )),
            _ => Err(self.refusal(&answer, &request)),
        }
    }

    /// Changes something that nothing speaks against.
    pub(super) fn must_write(
        &self,
        method: &'static str,
        path: &str,
        body: &Value,
        what: &str,
    ) -> Result<Value, ForgeError> {
        match self.write(method, path, body, what)? {
            Written::Done(value) => Ok(value),
            Written::Refused(error, _) => Err(error),
        }
    }

    fn request(&self, method: &'static str, path: &str) -> Request {
        Request::new(
            method,
            format!("{}/repos/{}{path}", self.base, self.repository),
        )
        .header("accept", "application/vnd.github+json")
        .header("x-github-api-version", "2022-11-28")
    }

    fn send(&self, request: &Request) -> Result<Answer, ForgeError> {
        let (mut tries, mut is_renewed) = (0, false);
        loop {
            let mut signed = request.clone();
            let token = self.token()?;
            signed.authorization = token.map(|token| format!("Bearer {}", token.secret()));
            let answer = self
                .http
                .send(&signed)
                .map_err(|error| self.error(ForgeErrorKind::Http(error)))?;
            tries += 1;
            match answer.status {
                // Another call was at the same thing, and this one was not obeyed.
                409 if tries < TRIES => {}
                // Tokens end after an hour.
                401 if !is_renewed && self.tokens.is_some() => {
                    is_renewed = true;
                    *self.held() = None;
                }
                _ => return Ok(answer),
            }
        }
    }

    fn token(&self) -> Result<Option<Token>, ForgeError> {
        let Some(tokens) = self.tokens else {
            return Ok(None);
        };
        let mut held = self.held();
        if held.is_none() {
            let token = tokens.token(&self.repository);
            *held = Some(token.map_err(|error| self.error(ForgeErrorKind::Token(error)))?);
        }
        Ok(held.clone())
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Token>> {
        self.token
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn json(&self, answer: &Answer, request: &Request) -> Result<Value, ForgeError> {
        let value = answer.json(request);
        value.map_err(|error| self.error(ForgeErrorKind::Http(error)))
    }

    /// The error of an answer that is not what was asked for.
    fn refusal(&self, answer: &Answer, request: &Request) -> ForgeError {
        let secret = self.held().as_ref().map(|token| token.secret().to_owned());
        let message = redact(&words(answer), &[secret.as_deref().unwrap_or_default()]);
        let (call, lower) = (request.to_string(), message.to_lowercase());
        let is_limit = answer.headers.contains_key("retry-after")
            || answer
                .headers
                .get("x-ratelimit-remaining")
                .is_some_and(|left| left == "0")
            || lower.contains("rate limit")
            || lower.contains("abuse detection");
        self.error(match answer.status {
            429 => ForgeErrorKind::Limited { call, message },
            403 if is_limit => ForgeErrorKind::Limited { call, message },
            403 if lower.contains("archived") => ForgeErrorKind::Archived,
            409 | 500.. => ForgeErrorKind::Http(answer.refusal(request)),
            status => ForgeErrorKind::Refused {
                call,
                code: format!("status {status}"),
                message,
            },
        })
    }

    fn lacks(&self, request: &Request, what: &str) -> ForgeError {
        self.error(ForgeErrorKind::Answer {
            call: request.to_string(),
            what: what.to_owned(),
        })
    }

    pub(super) fn error(&self, kind: ForgeErrorKind) -> ForgeError {
        ForgeError::new(&self.repository.to_string(), kind)
    }

    /// A text of an answer.
    pub(super) fn text<'v>(&self, value: &'v Value, pointer: &str) -> Result<&'v str, ForgeError> {
        let text = value.pointer(pointer).and_then(Value::as_str);
        text.ok_or_else(|| {
            self.error(ForgeErrorKind::Answer {
                call: "GitHub".to_owned(),
                what: format!("text at `{pointer}`"),
            })
        })
    }
}

/// GitHub's words, those about single fields included, in one line.
fn words(answer: &Answer) -> String {
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let mut words: Vec<&str> = value
        .get("message")
        .and_then(Value::as_str)
        .into_iter()
        .collect();
    for error in value
        .get("errors")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = error.as_str().or_else(|| error.get("message")?.as_str());
        words.extend(text.or_else(|| error.get("code")?.as_str()));
    }
    let text = words.join(": ").replace(['\n', '\r'], " ");
    text.chars().take(300).collect()
}
