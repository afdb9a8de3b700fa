//! [`Source`]: AWS's credentials, of the usual variables or of the machine that this runs on.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use reqwest::Method;
use serde::Deserialize;

use super::super::session::{Request, unsigned, url};
use super::super::{ProviderError, ProviderErrorKind, Session, Variables};

/// Where a machine asks for its own credentials.
const METADATA: &str = "http://169.254.169.254";
/// After how long a machine asks again: its credentials are changed long before they end.
const FRESH: Duration = Duration::from_secs(10 * 60);

/// Where credentials come from.
pub(super) struct Source<'a> {
    session: &'a Session<'a>,
    variables: &'a Variables,
    known: Mutex<Option<(Instant, Credentials)>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    access_key_id: String,
    secret_access_key: String,
    token: String,
}

impl<'a> Source<'a> {
    pub(super) fn new(session: &'a Session<'a>, variables: &'a Variables) -> Self {
        Self {
            session,
            variables,
            known: Mutex::new(None),
        }
    }

    /// Credentials that are good for now.
    pub(super) fn current(&self) -> Result<Credentials, ProviderError> {
        let get = |name| self.variables.get(name);
        if let (Some(id), Some(secret)) = (get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY")) {
            let token = get("AWS_SESSION_TOKEN").map(str::to_owned);
            return Ok(Credentials::new(id, secret, token, None, "variables"));
        }
        let mut known = self
            .known
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((since, credentials)) = &*known
            && since.elapsed() < FRESH
        {
            return Ok(credentials.clone());
        }
        let credentials = self.of_machine()?;
        *known = Some((Instant::now(), credentials.clone()));
        Ok(credentials)
    }

    fn of_machine(&self) -> Result<Credentials, ProviderError> {
        let call = "credentials of AWS";
        let base = self.variables.get("AWS_EC2_METADATA_SERVICE_ENDPOINT");
        let base = base.unwrap_or(METADATA).trim_end_matches('/');
        let ask = |method: Method, path: &str, header: (&str, &str)| {
            let request = Request {
                method,
                url: url(call, &format!("{base}/latest/{path}"))?,
                headers: vec![(header.0.to_owned(), header.1.to_owned())],
                body: None,
                call: call.to_owned(),
                changes: false,
                said: String::new(),
            };
            let hint = "set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, by the environment or by a secret, or run on a \
                        machine with an instance profile";
            match self.session.try_send(&request, unsigned) {
                Ok(answer) if answer.status == 200 => Ok(answer.body),
                Ok(answer) => Err(format!("status {}", answer.status)),
                Err(error) => Err(error.to_string()),
            }
            .map_err(|why| {
                let words = format!("there are none, and the machine has none ({why}): {hint}");
                ProviderError::new(call, ProviderErrorKind::Input(words))
            })
        };
        let lifetime = ("x-aws-ec2-metadata-token-ttl-seconds", "300");
        let token = ask(Method::PUT, "api/token", lifetime)?;
        let token = ("x-aws-ec2-metadata-token", token.trim());
        let roles = "meta-data/iam/security-credentials/";
        let role = ask(Method::GET, roles, token)?;
        let role = role.lines().next().unwrap_or_default();
        let answer = ask(Method::GET, &format!("{roles}{role}"), token)?;
        // Its content is secret: no word of it is told.
        let answer: Answer = serde_json::from_str(&answer).map_err(|_| {
            let words = "the machine's answer cannot be read".to_owned();
            ProviderError::new(call, ProviderErrorKind::NoAnswer(words))
        })?;
        Ok(Credentials::new(
            answer.access_key_id,
            answer.secret_access_key,
            Some(answer.token),
            None,
            "machine",
        ))
    }
}
