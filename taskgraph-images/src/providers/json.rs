//! [`Rest`]: services that speak JSON, asked with a bearer token.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use super::session::{Answer, Request, url};
use super::{ProviderError, ProviderErrorKind, Session};

/// After how long a token is asked for anew: each is good for longer.
const FRESH: Duration = Duration::from_secs(10 * 60);

/// A service that speaks JSON.
pub(super) struct Rest<'a> {
    session: &'a Session<'a>,
    /// What all paths are below, without a slash at its end.
    base: String,
    token: Mutex<Option<(Instant, String)>>,
    /// What an answer that is none says.
    refusal: fn(u16, &Value) -> ProviderErrorKind,
}

impl<'a> Rest<'a> {
    pub(super) fn new(
        session: &'a Session<'a>,
        base: &str,
        refusal: fn(u16, &Value) -> ProviderErrorKind,
    ) -> Self {
        Self {
            session,
            base: base.trim_end_matches('/').to_owned(),
            token: Mutex::new(None),
            refusal,
        }
    }

    pub(super) fn session(&self) -> &'a Session<'a> {
        self.session
    }

    /// Asks for something; nothing if there is none.
    pub(super) fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        token: impl Fn() -> Result<String, ProviderError>,
        assumed: impl FnOnce() -> Option<Value>,
    ) -> Result<Option<Value>, ProviderError> {
        self.call(Method::GET, path, query, None, token, assumed)
    }

    /// Calls; nothing if there is nothing at the path.
    pub(super) fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
        token: impl Fn() -> Result<String, ProviderError>,
        assumed: impl FnOnce() -> Option<Value>,
    ) -> Result<Option<Value>, ProviderError> {
        let call = format!("{method} of `{path}`");
        // A next page's address is whole.
        let mut target = if path.starts_with(&format!("{}/", self.base)) {
            url(&call, path)?
        } else {
            url(
                &call,
                &format!("{}/{}", self.base, path.trim_start_matches('/')),
            )?
        };
        if !query.is_empty() {
            target.query_pairs_mut().extend_pairs(query);
        }
        let text = body.map(Value::to_string);
        let request = Request {
            said: format!("{method} {target} {}", text.as_deref().unwrap_or_default())
                .trim_end()
                .to_owned(),
            changes: method != Method::GET,
            method,
            url: target,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: text,
            call,
        };
        let sign = |_: &Request| {
            let header = format!("Bearer {}", self.current(&token)?);
            Ok(vec![("authorization".to_owned(), header)])
        };
        let answer = self.session.send(&request, sign, || match assumed() {
            Some(value) => Answer {
                status: 200,
                body: value.to_string(),
            },
            None => Answer {
                status: 404,
                body: String::new(),
            },
        })?;
        self.read(&request.call, &answer)
    }

    fn read(&self, call: &str, answer: &Answer) -> Result<Option<Value>, ProviderError> {
        let value = serde_json::from_str(&answer.body);
        match (answer.status, value) {
            (404, _) => Ok(None),
            // What has no content is done.
            (200..=299, _) if answer.body.trim().is_empty() => Ok(Some(Value::Null)),
            (200..=299, Ok(value)) => Ok(Some(value)),
            (200..=299, Err(error)) => {
                let kind = ProviderErrorKind::NoAnswer(format!("it is no JSON: {error}"));
                Err(ProviderError::new(call, kind))
            }
            (status, value) => {
                let kind = (self.refusal)(status, &value.unwrap_or_default());
                Err(ProviderError::new(call, kind))
            }
        }
    }

    fn current(
        &self,
        token: impl Fn() -> Result<String, ProviderError>,
    ) -> Result<String, ProviderError> {
        let mut known = self
            .token
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((since, token)) = &*known
            && since.elapsed() < FRESH
        {
            return Ok(token.clone());
        }
        let token = token()?;
        *known = Some((Instant::now(), token.clone()));
        Ok(token)
    }
}

/// Something that should be there.
pub(super) fn there(call: &str, value: Option<Value>) -> Result<Value, ProviderError> {
    value.ok_or_else(|| {
        let kind = ProviderErrorKind::Refused {
            code: "404".to_owned(),
            message: "it is not there".to_owned(),
        };
        ProviderError::new(call, kind)
    })
}

/// A text of an answer.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// A map of texts of an answer.
pub(super) fn texts(value: &Value, pointer: &str) -> std::collections::BTreeMap<String, String> {
    let map = value.pointer(pointer).and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Asks for a token: `{"access_token": …}`. No word of the answer is told.
pub(super) fn token(
    session: &Session<'_>,
    request: &Request,
    hint: &str,
) -> Result<String, ProviderError> {
    let fault = |why: String| {
        let words = format!("there are none to be had ({why}): {hint}");
        ProviderError::new(&request.call, ProviderErrorKind::Input(words))
    };
    let answer = match session.try_send(request, super::session::unsigned) {
        Ok(answer) => answer,
        Err(error) => return Err(fault(error.to_string())),
    };
    let value: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    match text(&value, "/access_token") {
        "" => {
            // The protocol's own words for what is wrong.
            let why = text(&value, "/error");
            Err(fault(
                format!("status {} {why}", answer.status)
                    .trim_end()
                    .to_owned(),
            ))
        }
        token => Ok(token.to_owned()),
    }
}
