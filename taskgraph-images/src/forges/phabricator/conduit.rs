//! [`Conduit`]: Phabricator's interface, form-encoded, with its token in every call and in no message.

use std::fmt;

use serde_json::{Value, json};

use super::super::dry_run::Writes;
use super::super::redact::redact;
use super::super::{ForgeError, ForgeErrorKind};
use crate::http::{Http, HttpError, HttpErrorKind, Request};

/// How often a call that only asks is made.
const TRIES: usize = 3;

/// The most pages of a list.
const PAGES: usize = 100;

/// What signs calls: `api-` or `cli-`, and 28 more characters. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiToken(String);

/// Some text is no token. It is not shown: it may be one of something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is none of Conduit's: expected `api-` and 28 more characters")]
pub struct ApiTokenError;

impl ApiToken {
    /// Takes a text as a token.
    ///
    /// # Errors
    /// When it does not have the shape of one.
    pub fn new(text: &str) -> Result<Self, ApiTokenError> {
        let text = text.trim();
        let is_token = text.len() == 32
            && (text.starts_with("api-") || text.starts_with("cli-"))
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        match is_token {
            true => Ok(Self(text.to_owned())),
            false => Err(ApiTokenError),
        }
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}

/// Calls of one Phabricator.
pub(super) struct Conduit<'a> {
    pub(super) http: &'a dyn Http,
    pub(super) host: String,
    pub(super) token: ApiToken,
    pub(super) writes: Writes,
    pub(super) place: String,
}

impl Conduit<'_> {
    /// Asks for something; again when there is no answer.
    pub(super) fn ask(&self, method: &str, params: &Value) -> Result<Value, ForgeError> {
        let mut tries = 1;
        loop {
            match self.call(method, params) {
                Err(error) if tries < TRIES && error.is_transient() => tries += 1,
                answer => return answer,
            }
        }
    }

    /// All pages of a search.
    pub(super) fn search(
        &self,
        method: &str,
        constraints: &Value,
    ) -> Result<Vec<Value>, ForgeError> {
        let (mut all, mut after) = (Vec::new(), Value::Null);
        for _ in 0..PAGES {
            let mut params = json!({"constraints": constraints, "limit": 100});
            if !after.is_null() {
                params["after"] = after;
            }
            let mut answer = self.ask(method, &params)?;
            match answer.get_mut("data").map(Value::take) {
                Some(Value::Array(page)) => all.extend(page),
                _ => return Err(self.lacks(method, "list `data`")),
            }
            after = answer
                .pointer_mut("/cursor/after")
                .map(Value::take)
                .unwrap_or_default();
            if after.is_null() {
                return Ok(all);
            }
        }
        Err(self.lacks(method, &format!("end after {PAGES} pages")))
    }

    /// Changes something, once: whether a call without an answer was obeyed is seen by the next run. Absent in a dry
    /// run. `what` says it to people there.
    pub(super) fn change(
        &self,
        method: &str,
        params: &Value,
        what: &str,
    ) -> Result<Option<Value>, ForgeError> {
        match self.writes.allows(|| format!("{method} ({what})")) {
            true => self.call(method, params).map(Some),
            false => Ok(None),
        }
    }

    fn call(&self, method: &str, params: &Value) -> Result<Value, ForgeError> {
        let mut params = params.clone();
        params["__conduit__"] = json!({"token": self.token.0});
        // JSON as the body of a request is refused by design: a page of another site could send it.
        let form = format!(
            "params={}&output=json&__conduit__=True",
            encode(&params.to_string())
        );
        let mut request = Request::new("POST", format!("{}/api/{method}", self.host))
            .header("content-type", "application/x-www-form-urlencoded");
        request.body = Some(form.into_bytes());
        let answer = self
            .http
            .send(&request)
            .map_err(|error| self.http_error(error))?;
        if !answer.is_success() {
            return Err(self.http_error(answer.refusal(&request)));
        }
        let mut value = answer
            .json(&request)
            .map_err(|error| self.http_error(error))?;
        if let Some(code) = value.get("error_code").and_then(Value::as_str) {
            let words = value
                .get("error_info")
                .and_then(Value::as_str)
                .unwrap_or_default();
            return Err(self.error(ForgeErrorKind::Refused {
                call: method.to_owned(),
                code: self.redact(code),
                message: self.redact(words).chars().take(300).collect(),
            }));
        }
        match value.get_mut("result").map(Value::take) {
            Some(result) if !result.is_null() => Ok(result),
            // `setdiffproperty` has nothing to say.
            _ if value.get("error_code").is_some() => Ok(Value::Null),
            _ => Err(self.lacks(method, "result")),
        }
    }

    /// Its errors repeat a bad token.
    fn redact(&self, text: &str) -> String {
        redact(&text.replace(['\n', '\r'], " "), &[&self.token.0])
    }

    fn http_error(&self, mut error: HttpError) -> ForgeError {
        error.call = self.redact(&error.call);
        if let HttpErrorKind::Refused { message, .. }
        | HttpErrorKind::NoAnswer(message)
        | HttpErrorKind::Unreadable(message) = &mut error.kind
        {
            *message = self.redact(message);
        }
        self.error(ForgeErrorKind::Http(error))
    }

    pub(super) fn lacks(&self, method: &str, what: &str) -> ForgeError {
        self.error(ForgeErrorKind::Answer {
            call: method.to_owned(),
            what: what.to_owned(),
        })
    }

    pub(super) fn error(&self, kind: ForgeErrorKind) -> ForgeError {
        ForgeError::new(&self.place, kind)
    }

    /// A text of an answer.
    pub(super) fn text<'v>(
        &self,
        method: &str,
        value: &'v Value,
        pointer: &str,
    ) -> Result<&'v str, ForgeError> {
        let text = value.pointer(pointer).and_then(Value::as_str);
        text.ok_or_else(|| self.lacks(method, &format!("text at `{pointer}`")))
    }
}

/// A text as a value of a form.
fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            _ if byte.is_ascii_alphanumeric() || b"-._*".contains(&byte) => {
                encoded.push(char::from(byte));
            }
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}
