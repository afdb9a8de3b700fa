//! A dashboard: one issue that says how things stand, found again by its marker and brought up to date in place.
//!
//! It is ours if it has the marker, is no pull request, and was opened by a program or by somebody who may write here: a
//! stranger's issue with the marker in it is none. Of several, which two runs at once can make, the oldest counts. It is
//! never closed; one that a person has closed stays as it is.

use serde_json::{Value, json};

use super::GitHub;
use crate::forges::{ForgeError, ForgeErrorKind, Outcome};
use crate::proposals::{Group, escape_comments};

/// The longest body that GitHub takes, in characters.
const BODY: usize = 65_536;

/// What is said where it is cut.
const CUT: &str = "\n\nThere is more than an issue can hold: the rest is left out here.\n";

/// What opens the marker.
const OPEN: &str = "<!-- taskgraph-images-dashboard: ";

/// What an issue is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dashboard {
    /// What it is about: of each there is one issue.
    pub about: Group,
    /// Its title, when it is opened; a person may change it.
    pub title: String,
    /// What it says, in Markdown. Text of strangers in it is escaped already.
    pub body: String,
    /// Labels that it gets when it is opened.
    pub labels: Vec<String>,
}

/// An issue.
struct Issue {
    number: u64,
    url: String,
    body: String,
    is_open: bool,
}

impl Dashboard {
    fn marker(&self) -> String {
        format!("{OPEN}{} -->", self.about)
    }

    /// The body of the issue, its marker first, so that nothing that is cut off takes it along.
    fn text(&self) -> String {
        let marker = self.marker();
        let body = escape_comments(self.body.trim_end());
        let room = BODY - marker.len() - 2;
        let length = |text: &str| text.encode_utf16().count();
        let body = if length(&body) <= room {
            body
        } else {
            let mut kept = String::new();
            // Whole lines, so that no table ends within a row.
            for line in body.split_inclusive('\n') {
                if length(&kept) + length(line) > room - CUT.len() {
                    break;
                }
                kept += line;
            }
            kept.trim_end().to_owned() + CUT.trim_end()
        };
        format!("{marker}\n\n{body}")
    }
}

impl GitHub<'_> {
    /// Lets the issue of a dashboard say what it is to say: opens it where there is none, and writes nothing where it says
    /// that already.
    ///
    /// # Errors
    /// When GitHub does not answer or refuses. To call it again is always safe.
    pub fn dashboard(&self, dashboard: &Dashboard) -> Result<Outcome, ForgeError> {
        let outcome = self.dashboard_once(dashboard)?;
        Ok(self.api.writes.outcome(outcome))
    }

    fn dashboard_once(&self, dashboard: &Dashboard) -> Result<Outcome, ForgeError> {
        self.repository()?;
        let text = dashboard.text();
        let title = &dashboard.title;
        if let Some(issue) = self.issue(&dashboard.marker())? {
            let url = issue.url;
            if !issue.is_open {
                let why = "somebody has closed it".to_owned();
                return Ok(Outcome::Frozen { url, why });
            }
            if issue.body.replace("\r\n", "\n").trim_end() == text {
                return Ok(Outcome::Unchanged { url });
            }
            let path = format!("/issues/{}", issue.number);
            self.api
                .must_write("PATCH", &path, &json!({"body": text}), title)?;
            return Ok(Outcome::Updated { url });
        }
        let body = json!({"title": title, "body": text, "labels": dashboard.labels});
        let made = self.api.must_write("POST", "/issues", &body, title)?;
        let url = self.api.text(&made, "/html_url")?.to_owned();
        Ok(Outcome::Opened { url })
    }

    /// The oldest issue of ours with a marker: an open one, if there is any.
    fn issue(&self, marker: &str) -> Result<Option<Issue>, ForgeError> {
        let path = "/issues?state=all&sort=created&direction=asc";
        let mut found = Vec::new();
        for value in self.api.list(path)? {
            let body = value.get("body").and_then(Value::as_str);
            let body = body.unwrap_or_default();
            if !body.starts_with(marker)
                || value.get("pull_request").is_some()
                || !self.is_ours(&value)
            {
                continue;
            }
            let number = value.get("number").and_then(Value::as_u64);
            found.push(Issue {
                number: number.ok_or_else(|| {
                    self.api.error(ForgeErrorKind::Answer {
                        call: "GitHub".to_owned(),
                        what: "number of an issue".to_owned(),
                    })
                })?,
                url: self.api.text(&value, "/html_url")?.to_owned(),
                is_open: self.api.text(&value, "/state")? == "open",
                body: body.to_owned(),
            });
        }
        found.sort_by_key(|issue| (!issue.is_open, issue.number));
        Ok(found.into_iter().next())
    }

    /// Whether a program opened it, or somebody who may write to the repository.
    fn is_ours(&self, issue: &Value) -> bool {
        let text = |pointer: &str| issue.pointer(pointer).and_then(Value::as_str);
        if let Some(identity) = &self.identity {
            return text("/user/login") == Some(identity);
        }
        text("/user/type") == Some("Bot")
            || matches!(
                text("/author_association"),
                Some("OWNER" | "MEMBER" | "COLLABORATOR")
            )
    }
}
