//! From the crate's errors to [`ApiError`]: what failed is told apart, and nothing secret is kept.
//!
//! An error of the HTTP client shows its URL, which may carry a signature, so what is shown of it is chosen here.

use std::error::Error;

use reqwest::StatusCode;

use super::{ApiError, ApiErrorKind};

/// What an error of the crate means.
pub(super) fn api_error(call: &str, error: anyhow::Error) -> ApiError {
    // The crate puts the service's own message around the error of a refusal.
    let message = error
        .chain()
        .nth(1)
        .is_some_and(<dyn Error>::is::<reqwest::Error>)
        .then(|| error.to_string());
    let kind = match error.downcast::<reqwest::Error>() {
        Ok(error) => of_http(&error, message.as_deref()),
        // What is not the HTTP client's is the crate's own: it can make no request of what it was given. Its words may
        // repeat that.
        Err(_) => {
            ApiErrorKind::Setup("no request can be made of the root URL and credentials".into())
        }
    };
    ApiError {
        call: call.to_owned(),
        kind,
    }
}

/// What an error of the HTTP client means.
pub(super) fn of_http(error: &reqwest::Error, message: Option<&str>) -> ApiErrorKind {
    match error.status() {
        Some(status) if status.is_client_error() => refused(status, message),
        Some(status) => ApiErrorKind::NoAnswer(format!("status {status}")),
        None if error.is_builder() => {
            ApiErrorKind::Setup("no request can be made of the root URL and credentials".into())
        }
        None if error.is_timeout() => ApiErrorKind::NoAnswer("it took too long".into()),
        None => match root_cause(error) {
            Cause::Json(why) => ApiErrorKind::Unreadable(format!("it is no JSON: {why}")),
            Cause::Other(why) => ApiErrorKind::NoAnswer(why),
        },
    }
}

/// A refusal, in the service's words without the details that follow them.
pub(super) fn refused(status: StatusCode, message: Option<&str>) -> ApiErrorKind {
    let message = message.map(without_details).filter(|text| !text.is_empty());
    ApiErrorKind::Refused {
        status: status.as_u16(),
        message: message.map_or_else(
            || {
                status
                    .canonical_reason()
                    .unwrap_or("no reason")
                    .to_lowercase()
            },
            str::to_owned,
        ),
    }
}

/// The services end a message with a block that repeats method, code and time.
fn without_details(message: &str) -> &str {
    let end = message.find("\n---\n").unwrap_or(message.len());
    message[..end].trim()
}

/// Whether an answer began to come, and its rest did not. The crate does not try again then.
pub(super) fn is_cut(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(is_cut_http)
}

pub(super) fn is_cut_http(error: &reqwest::Error) -> bool {
    (error.is_decode() || error.is_body()) && matches!(root_cause(error), Cause::Other(_))
}

enum Cause {
    Json(String),
    Other(String),
}

fn root_cause(error: &reqwest::Error) -> Cause {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if let Some(json) = cause.downcast_ref::<serde_json::Error>() {
        return Cause::Json(json.to_string());
    }
    Cause::Other(if cause.is::<reqwest::Error>() {
        "the connection failed".to_owned()
    } else {
        cause.to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_end_before_the_details() {
        let message = "Indexed task not found\n\n---\n\n* method:     findTask\n* statusCode: 404";
        assert_eq!(without_details(message), "Indexed task not found");
        assert_eq!(without_details(" a\n--- b "), "a\n--- b");
        let kind = refused(StatusCode::FORBIDDEN, Some("\n---\n"));
        assert_eq!(
            kind,
            ApiErrorKind::Refused {
                status: 403,
                message: "forbidden".to_owned()
            }
        );
    }
}
