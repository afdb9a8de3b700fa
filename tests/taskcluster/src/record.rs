//! [`Record`]: a request that came, and what became of it.

use bytes::Bytes;
use serde_json::Value;

/// A request that came, and what became of it.
#[derive(Debug, Clone)]
pub struct Record {
    /// Which request it is of all of this server, from 1, in the order in which they came.
    pub number: u64,
    /// The connection that it came by, from 1.
    pub connection: u64,
    /// Its method.
    pub method: String,
    /// Its path, with the query but for a `bewit`.
    pub path: String,
    /// Its body as it came.
    pub body: Bytes,
    /// How it was signed.
    pub signature: Signature,
    /// The status of the answer; none if the connection was cut, or the answer is still to come.
    pub status: Option<u16>,
}

/// How a request is signed. Nothing is said of whether that is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// Not at all.
    None,
    /// In the header `Authorization`.
    Header,
    /// In the query.
    Bewit,
}

impl Record {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Method and path in one text, such as `GET /api/auth/v1/scopes/current`.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}
