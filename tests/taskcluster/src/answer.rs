//! [`Answer`] and [`Failure`]: what goes back, in the shape that the services share.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::clock;

/// What goes back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    /// Further headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(value: &Value) -> Self {
        Self::with_status(200, value)
    }

    pub(crate) fn with_status(status: u16, value: &Value) -> Self {
        Self {
            status,
            content_type: "application/json; charset=utf-8".to_owned(),
            headers: Vec::new(),
            body: Bytes::from(value.to_string()),
        }
    }

    pub(crate) fn html(status: u16) -> Self {
        Self {
            status,
            content_type: "text/html".to_owned(),
            headers: Vec::new(),
            body: Bytes::from(format!(
                "<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n"
            )),
        }
    }
}

/// Why a request is not fulfilled: one of the services' error codes, and words.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    code: &'static str,
    message: String,
}

impl Failure {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new("InputError", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFound", message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new("RequestConflict", message)
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            "InternalServerError",
            "Internal Server Error, incidentId 5b0a9a3b-2b2f-4a57-9f0d-6a2b7c1d0e0f.",
        )
    }

    fn status(&self) -> u16 {
        match self.code {
            "MalformedPayload"
            | "InvalidRequestArguments"
            | "InputValidationError"
            | "InputError" => 400,
            "AuthenticationFailed" => 401,
            "InsufficientScopes" => 403,
            "ResourceNotFound" => 404,
            "RequestConflict" => 409,
            "ResourceExpired" => 410,
            // `PayloadTooLargeError` is no code that the services know, so it comes out as their own fault.
            _ => 500,
        }
    }

    /// The body repeats the request, and the message ends with a block of details.
    pub(crate) fn answer(&self, method: &str, params: &Value, payload: Value, now: i64) -> Answer {
        let Self { code, message } = self;
        let status = self.status();
        let time = clock::format(now);
        let message = format!(
            "{message}\n\n---\n\n* method:     {method}\n* errorCode:  {code}\n* statusCode: {status}\n* time:       {time}"
        );
        let body = json!({
            "code": code,
            "message": message,
            "requestInfo": {"method": method, "params": params, "payload": payload, "time": time},
        });
        Answer::with_status(status, &body)
    }
}
