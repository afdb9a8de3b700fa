//! Sources against tables of answers in each service's documented shape.

mod clouds;
mod documents;
mod escape;
mod github;
mod notes;
mod registries;
mod settings;
mod taskcluster;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::{Bases, Release, Services, Source, SourceError, Tokens, releases};
use crate::http::{Answer, Http, HttpError, HttpErrorKind, Request};

/// Services by the addresses that they answer, and what they were asked.
#[derive(Default)]
pub(crate) struct Table {
    answers: BTreeMap<String, Answer>,
    asked: RefCell<Vec<Request>>,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn json(self, url: &str, body: &Value) -> Self {
        self.bytes(url, body.to_string().as_bytes())
    }

    fn bytes(self, url: &str, body: &[u8]) -> Self {
        self.answer(url, 200, &[], body)
    }

    fn answer(mut self, url: &str, status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let answer = Answer {
            status,
            headers: headers.collect(),
            body: body.to_vec(),
        };
        self.answers.insert(url.to_owned(), answer);
        self
    }

    fn asked(&self) -> Vec<String> {
        self.asked
            .borrow()
            .iter()
            .map(|request| request.url.clone())
            .collect()
    }

    pub(crate) fn act<T>(&self, act: impl FnOnce(&Services<'_>) -> T) -> T {
        let bases = Bases {
            github: "https://github.example.org".to_owned(),
            google: "https://google.example.org".to_owned(),
            azure: "https://azure.example.org".to_owned(),
            azure_subscription: None,
        };
        let tokens = Tokens::default().bearer("github.example.org", "not-a-token");
        act(&Services {
            http: self,
            bases: &bases,
            tokens: &tokens,
            aws: None,
            index: None,
            queue: None,
            now: "2026-05-20T00:00:00Z".parse().unwrap(),
        })
    }

    fn releases(&self, source: &Source, assets: &[&str]) -> Result<Vec<Release>, SourceError> {
        let assets: BTreeSet<String> = assets.iter().map(|asset| (*asset).to_owned()).collect();
        self.act(|services| releases(source, services, &assets))
    }

    /// What a source tells, or why it does not.
    fn told(&self, source: &Source) -> String {
        told(self.releases(source, &[]))
    }
}

impl Http for Table {
    fn send(&self, request: &Request) -> Result<Answer, HttpError> {
        self.asked.borrow_mut().push(request.clone());
        let missing = Answer {
            status: 404,
            headers: BTreeMap::new(),
            body: br#"{"message": "Not Found"}"#.to_vec(),
        };
        if request.url == "https://example.org/down" {
            return Err(HttpError {
                call: request.to_string(),
                kind: HttpErrorKind::NoAnswer("connection refused".to_owned()),
            });
        }
        Ok(self.answers.get(&request.url).cloned().unwrap_or(missing))
    }
}

fn source(json: Value) -> Source {
    Source::from_json(json).unwrap_or_else(|error| panic!("{error}"))
}

/// One line a release.
fn told(releases: Result<Vec<Release>, SourceError>) -> String {
    let releases = match releases {
        Ok(releases) => releases,
        Err(error) => return format!("error: {error}"),
    };
    let mut told = String::new();
    for release in releases {
        told += &release.version;
        if let Some(time) = release.released {
            let _ = write!(told, " {time}");
        }
        for (is_so, word) in [
            (release.prerelease, "prerelease"),
            (release.withdrawn, "withdrawn"),
        ] {
            if is_so {
                let _ = write!(told, " {word}");
            }
        }
        for (asset, digest) in &release.digests {
            let _ = write!(told, " {asset}={}…", &digest[..4]);
        }
        for (key, reference) in &release.references {
            let _ = write!(told, " {key}:{reference}");
        }
        if !release.missing.is_empty() {
            let _ = write!(told, " lacks {}", release.missing.join(", "));
        }
        told.push('\n');
    }
    told
}
