//! [`Tokens`]: what signs calls of GitHub, one repository at a time.

use std::fmt;

use serde_json::{Map, Value, json};

use super::super::redact::redact;
use super::Repository;
use crate::http::{Http, HttpErrorKind, Request};

/// What signs calls. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Where tokens come from.
pub trait Tokens {
    /// A token for one repository. It is asked for each repository anew, so that no token reaches two of them.
    ///
    /// # Errors
    /// When there is none.
    fn token(&self, repository: &Repository) -> Result<Token, TokenError>;
}

/// One token, whatever the repository: what an environment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedToken(pub Token);

/// Tokens of an hour for one repository, by way of a task's proxy (`auth.githubRepoToken` of Taskcluster 106). The task
/// needs the scopes that [`ProxyTokens::scopes`] names, and holds no secret of the app's.
pub struct ProxyTokens<'a> {
    /// How the proxy is called.
    pub http: &'a dyn Http,
    /// The proxy's address, without a slash at the end.
    pub proxy: String,
    /// The name that Taskcluster's deployment gives the app.
    pub app: String,
    /// What the tokens may do.
    pub permissions: Permissions,
}

/// What a token may do. Never `workflows`: what runs on GitHub is none of a proposal's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permissions {
    /// Write branches, and open pull requests.
    Proposals,
    /// Write issues.
    Issues,
}

impl Permissions {
    /// GitHub's words for it.
    const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Proposals => &["contents", "pull_requests"],
            Self::Issues => &["issues"],
        }
    }
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct TokenError {
    /// What is wrong, and what to do.
    pub words: String,
    /// Whether a later run may succeed without a change by anybody.
    pub is_transient: bool,
}

impl Token {
    /// Takes a text as a token.
    ///
    /// # Errors
    /// When it can stand in no header.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        match !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(Self(text.to_owned())),
            false => Err(TokenError {
                words: "what should be a token is empty, or holds what no token does".to_owned(),
                is_transient: false,
            }),
        }
    }

    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}

impl Tokens for FixedToken {
    fn token(&self, _: &Repository) -> Result<Token, TokenError> {
        Ok(self.0.clone())
    }
}

impl ProxyTokens<'_> {
    /// The scopes that a task needs for a repository. Scopes know owners and repositories in lower case.
    pub fn scopes(&self, repository: &Repository) -> Vec<String> {
        let name = repository.to_string().to_lowercase();
        let words = self.permissions.words().iter();
        words
            .map(|what| format!("auth:github-repo-token:{}/{name}:{what}:write", self.app))
            .collect()
    }
}

impl Tokens for ProxyTokens<'_> {
    fn token(&self, repository: &Repository) -> Result<Token, TokenError> {
        let (app, owner) = (&self.app, repository.owner());
        let error = |words: String, is_transient| TokenError {
            words,
            is_transient,
        };
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if app.is_empty() || !app.bytes().all(is_word) {
            return Err(error(format!("{app:?} is no name of an app"), false));
        }
        let words = self.permissions.words();
        let permissions: Map<String, Value> = words
            .iter()
            .map(|what| ((*what).to_owned(), "write".into()))
            .collect();
        let request = Request::new(
            "POST",
            format!("{}/api/auth/v1/github/{app}/{owner}/repo-token", self.proxy),
        )
        .json(&json!({
            "repositories": [repository.name()],
            "permissions": permissions,
        }));
        let answer = self.http.send(&request).map_err(|fault| {
            let is_transient = fault.is_transient();
            error(fault.to_string(), is_transient)
        })?;
        if !answer.is_success() {
            let refusal = answer.refusal(&request);
            let is_transient = refusal.is_transient();
            let (HttpErrorKind::Refused { message, .. }, status) = (&refusal.kind, answer.status)
            else {
                return Err(error(refusal.to_string(), is_transient));
            };
            let hint = match status {
                404 => format!(
                    "the app `{app}` is not configured in this deployment, or not installed for `{owner}`"
                ),
                400 => format!(
                    "GitHub refuses: the app `{app}` may not be given `{repository}`, or lacks one of the permissions {}",
                    words.join(" and ")
                ),
                401 | 403 => format!(
                    "the task needs the scopes {}",
                    self.scopes(repository).join(" and ")
                ),
                429 => "too many tokens were asked for; run again later".to_owned(),
                _ => "the auth service refuses".to_owned(),
            };
            let message = redact(message, &[]);
            return Err(error(
                format!("{hint} (status {status}: {message})"),
                is_transient,
            ));
        }
        let value = answer
            .json(&request)
            .map_err(|fault| error(fault.to_string(), false))?;
        let token = value
            .get("token")
            .and_then(Value::as_str)
            .unwrap_or_default();
        Token::new(token)
    }
}
