//! [`Request`]: a request on its way to a handler.

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::answer::Failure;
use crate::authentication::Identity;
use crate::scopes::{Expression, Scopes};

/// A request on its way to a handler.
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query as they came.
    pub(crate) target: String,
    /// Name and port that the caller knows the server by.
    pub(crate) host: String,
    pub(crate) authorization: Option<String>,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
    /// What the route's pattern matched.
    pub(crate) params: Map<String, Value>,
    pub(crate) identity: Option<Result<Identity, String>>,
}

impl Request {
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A parameter of the path. The route says which there are.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let value = query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then_some(value)
        })?;
        Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        if !self.content_type.starts_with("application/json") {
            return Err(Failure::new(
                "MalformedPayload",
                format!(
                    "Payload must be JSON with content-type: application/json got content-type: {}",
                    self.content_type
                ),
            ));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            Failure::new("MalformedPayload", format!("Failed to parse JSON: {error}"))
        })
    }

    /// The part of the query that chooses a page: where it begins, and how long it is at most.
    pub(crate) fn page(&self, page_size: usize) -> Result<(usize, usize), Failure> {
        let limit = match self.query("limit") {
            None => page_size,
            Some(text) => {
                let limit: usize = text.parse().map_err(|_| {
                    Failure::new(
                        "InvalidRequestArguments",
                        "Query-string parameter: limit is not valid",
                    )
                })?;
                limit.min(page_size)
            }
        };
        let offset = match self.query("continuationToken") {
            None => 0,
            Some(token) => token
                .strip_prefix("page-")
                .and_then(|offset| offset.parse().ok())
                .ok_or_else(|| Failure::input("Invalid continuation token"))?,
        };
        Ok((offset, limit))
    }

    /// Checks that the caller may do something.
    pub(crate) fn authorize(&self, wanted: &Expression) -> Result<(), Failure> {
        let identity = self.identity()?;
        let Some(missing) = wanted.missing(&identity.scopes) else {
            return Ok(());
        };
        let required = wanted.text();
        let message = match &identity.client_id {
            Some(client_id) => format!(
                "Client ID {client_id} does not have sufficient scopes and is missing the following scopes:\n\n```\n{}\n```\n\n\
                 This request requires the client to satisfy the following scope expression:\n\n```\n{required}\n```",
                missing.text()
            ),
            None => format!(
                "This request requires Taskcluster credentials that satisfy the following scope expression:\n\n```\n{required}\n```"
            ),
        };
        Err(Failure::new("InsufficientScopes", message))
    }

    pub(crate) fn scopes(&self) -> Result<&Scopes, Failure> {
        self.identity().map(|identity| &identity.scopes)
    }

    fn identity(&self) -> Result<&Identity, Failure> {
        match &self.identity {
            Some(Ok(identity)) => Ok(identity),
            Some(Err(why)) => Err(Failure::new("AuthenticationFailed", why.clone())),
            None => Err(Failure::internal()),
        }
    }

    pub(crate) fn params(&self) -> Value {
        Value::Object(self.params.clone())
    }
}

/// Cuts a page from a list, with the token of the next one.
pub(crate) fn cut_page(
    all: Vec<Value>,
    offset: usize,
    limit: usize,
) -> (Vec<Value>, Option<String>) {
    let end = offset.saturating_add(limit);
    let token = (all.len() > end).then(|| format!("page-{end}"));
    let page = all.into_iter().skip(offset).take(limit).collect();
    (page, token)
}

/// A page as an answer.
pub(crate) fn page_answer(name: &str, page: Vec<Value>, token: Option<String>) -> Value {
    let mut answer = json!({name: page});
    if let Some(token) = token {
        answer["continuationToken"] = token.into();
    }
    answer
}
