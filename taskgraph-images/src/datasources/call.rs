//! [`Caller`]: what the sources share: signed requests, pages, answers of a type.

use reqwest::Url;
use serde::de::DeserializeOwned;

use super::{Services, Source, SourceError, SourceErrorKind};
use crate::http::{Answer, Request};
use crate::taskcluster::Timestamp;

/// Asks on behalf of a source.
pub(super) struct Caller<'a> {
    of: String,
    pub(super) services: &'a Services<'a>,
}

impl<'a> Caller<'a> {
    pub(super) fn new(source: &Source, services: &'a Services<'a>) -> Self {
        Self {
            of: source.to_string(),
            services,
        }
    }

    pub(super) fn error(&self, kind: SourceErrorKind) -> SourceError {
        SourceError {
            of: self.of.clone(),
            kind,
        }
    }

    pub(super) fn unreadable(&self, why: impl Into<String>) -> SourceError {
        self.error(SourceErrorKind::Unreadable(why.into()))
    }

    pub(super) fn settings(&self, why: impl Into<String>) -> SourceError {
        self.error(SourceErrorKind::Settings(why.into()))
    }

    pub(super) fn untrusted(&self, why: impl Into<String>) -> SourceError {
        self.error(SourceErrorKind::Untrusted(why.into()))
    }

    /// A request, signed for its host.
    pub(super) fn request(&self, url: &str) -> Request {
        let mut request = Request::get(url);
        request.authorization = self.services.tokens.authorization(url);
        request
    }

    /// Sends a request, and takes success alone for an answer.
    pub(super) fn send(&self, request: &Request) -> Result<Answer, SourceError> {
        let answer = self.services.http.send(request);
        let answer = answer.map_err(|error| self.error(SourceErrorKind::Call(error)))?;
        if answer.is_success() {
            Ok(answer)
        } else {
            Err(self.error(SourceErrorKind::Call(answer.refusal(request))))
        }
    }

    /// An answer's body as what the service documents.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        request: &Request,
        answer: &Answer,
    ) -> Result<T, SourceError> {
        serde_json::from_slice(&answer.body)
            .map_err(|error| self.unreadable(format!("{request}: {error}")))
    }

    pub(super) fn json<T: DeserializeOwned>(&self, url: &str) -> Result<T, SourceError> {
        let request = self.request(url);
        let answer = self.send(&request)?;
        self.read(&request, &answer)
    }

    /// Says what is missing where a cloud turned away what nothing signed.
    pub(super) fn unsigned(&self, error: SourceError, url: &str, missing: &str) -> SourceError {
        let is_unsigned = self.services.tokens.authorization(url).is_none();
        if error.status() == Some(401) && is_unsigned {
            self.settings(format!(
                "it needs credentials of {missing}, by the environment or by a secret"
            ))
        } else {
            error
        }
    }

    /// A request to GitHub.
    pub(super) fn github(&self, path: &str) -> Request {
        let url = format!("{}{path}", self.services.bases.github.trim_end_matches('/'));
        self.github_request(&url)
    }

    fn github_request(&self, url: &str) -> Request {
        self.request(url)
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
    }

    /// The items of a list of GitHub's, page after page, at most so many.
    pub(super) fn github_pages<T: DeserializeOwned>(
        &self,
        path: &str,
        pages: usize,
    ) -> Result<Vec<T>, SourceError> {
        let mut request = self.github(path);
        let mut items = Vec::new();
        for _ in 0..pages {
            let answer = self.send(&request)?;
            items.append(&mut self.read(&request, &answer)?);
            let Some(next) = answer.next_page() else {
                break;
            };
            if !is_same_place(&request.url, next) {
                return Err(
                    self.unreadable(format!("{request}: its next page is elsewhere: {next}"))
                );
            }
            request = self.github_request(next);
        }
        Ok(items)
    }
}

/// Whether two addresses are of one service.
fn is_same_place(a: &str, b: &str) -> bool {
    match (Url::parse(a), Url::parse(b)) {
        (Ok(a), Ok(b)) => a.origin() == b.origin(),
        _ => false,
    }
}

/// A time, if it is one. A source that writes another has told none.
pub(super) fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// Whether text is a SHA-256 in hexadecimal digits.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
