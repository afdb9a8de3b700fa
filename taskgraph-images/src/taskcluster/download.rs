//! The content of artifacts, which is kept elsewhere: redirects are followed, and it is bounded.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;
use taskcluster::retry::Backoff;

use super::failure::{is_cut_http, of_http, refused};
use super::{ApiErrorKind, Patience};

/// The largest content that is taken.
const LIMIT: usize = 64 * 1024 * 1024;
/// How long a content of any size may take.
const LONGEST: Duration = Duration::from_secs(2 * 3600);
/// How many answers' time a whole content may take.
const LENGTHY: u32 = 10;

/// A client that follows redirects.
pub(super) fn client(patience: &Patience) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .redirect(Policy::limited(10))
        // The URL may be signed, and is nobody else's business.
        .referer(false)
        .connect_timeout(patience.timeout)
        .read_timeout(patience.timeout)
        .timeout(patience.timeout * LENGTHY)
        .build()
}

/// Gets the content at a URL; nothing if there is none.
pub(super) async fn download(
    client: &reqwest::Client,
    patience: &Patience,
    url: &str,
) -> Result<Option<Vec<u8>>, ApiErrorKind> {
    patiently(patience, || client.get(url), content).await
}

/// Asks again while what went wrong may pass, from the start. The outer error of `read` is such a one.
async fn patiently<T>(
    patience: &Patience,
    request: impl Fn() -> RequestBuilder,
    read: impl AsyncFn(Response) -> Result<Result<T, ApiErrorKind>, ApiErrorKind>,
) -> Result<T, ApiErrorKind> {
    let mut backoff = Backoff::new(&patience.retry());
    loop {
        let again = match request().send().await {
            Ok(response) if !response.status().is_server_error() => match read(response).await {
                Ok(result) => return result,
                Err(cut) => cut,
            },
            Ok(response) => ApiErrorKind::NoAnswer(format!("status {}", response.status())),
            Err(error) => match of_http(&error, None) {
                kind @ ApiErrorKind::NoAnswer(_) if !error.is_redirect() => kind,
                kind => return Err(kind),
            },
        };
        match backoff.next_backoff() {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return Err(again),
        }
    }
}

/// Reads an answer; the outer error is one that may pass.
async fn content(
    mut response: Response,
) -> Result<Result<Option<Vec<u8>>, ApiErrorKind>, ApiErrorKind> {
    let status = response.status();
    if status == StatusCode::NOT_FOUND {
        return Ok(Ok(None));
    }
    let too_large = || {
        let mebibytes = LIMIT / (1024 * 1024);
        ApiErrorKind::Unreadable(format!("it has more than {mebibytes} MiB"))
    };
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) if is_cut_http(&error) => return Err(of_http(&error, None)),
            Err(error) => return Ok(Err(of_http(&error, None))),
        }
        if bytes.len() > LIMIT {
            return Ok(Err(too_large()));
        }
    }
    Ok(if status.is_success() {
        Ok(Some(bytes))
    } else if status.is_client_error() {
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        let message = body.as_ref().and_then(|body| body.get("message")?.as_str());
        Err(refused(status, message))
    } else {
        Err(ApiErrorKind::Unreadable(format!("status {status}")))
    })
}

/// Writes the content at a URL to a file, whole or not at all; says whether there is any. What was cut off is asked for
/// again from its start.
pub(super) async fn download_to(
    client: &reqwest::Client,
    patience: &Patience,
    url: &str,
    to: &Path,
) -> Result<bool, ApiErrorKind> {
    let partial = to.with_extension("part");
    // However large it is: only a pause between two parts ends it.
    let request = || client.get(url).timeout(LONGEST);
    let is_there = patiently(patience, request, async |response| {
        write(response, &partial).await
    })
    .await?;
    if is_there {
        std::fs::rename(&partial, to).map_err(|error| unwritten(to, &error))?;
    }
    Ok(is_there)
}

/// Writes an answer; the outer error is one that may pass.
async fn write(
    mut response: Response,
    to: &Path,
) -> Result<Result<bool, ApiErrorKind>, ApiErrorKind> {
    if !response.status().is_success() {
        return Ok(content(response).await?.map(|content| content.is_some()));
    }
    let mut file = match std::fs::File::create(to) {
        Ok(file) => file,
        Err(error) => return Ok(Err(unwritten(to, &error))),
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                if let Err(error) = file.write_all(&chunk) {
                    return Ok(Err(unwritten(to, &error)));
                }
            }
            Ok(None) => return Ok(Ok(true)),
            Err(error) if is_cut_http(&error) => return Err(of_http(&error, None)),
            Err(error) => return Ok(Err(of_http(&error, None))),
        }
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> ApiErrorKind {
    ApiErrorKind::Unwritten(format!("`{}`: {error}", path.display()))
}
