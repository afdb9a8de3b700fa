//! [`Source`]: Google's tokens and projects: of variables, of the key of a service account, or of the machine.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::super::json::token;
use super::super::session::{Request, unsigned, url};
use super::super::{ProviderError, ProviderErrorKind, Session, Variables};

/// What a token is good for.
const SCOPE: &str = "https://www.googleapis.com/auth/compute";
/// Where a machine asks.
const METADATA: &str = "metadata.google.internal";
/// How long the statement of a service account holds, in seconds.
const LIFETIME: u64 = 3600;

/// Where tokens come from.
pub(super) struct Source<'a> {
    session: &'a Session<'a>,
    variables: &'a Variables,
}

/// The key of a service account, as Google hands it out.
#[derive(Deserialize)]
struct Key {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    client_email: String,
    #[serde(default)]
    private_key: String,
    #[serde(default)]
    token_uri: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
}

fn fault(words: impl Into<String>) -> ProviderError {
    ProviderError::new(
        "credentials of Google",
        ProviderErrorKind::Input(words.into()),
    )
}

impl<'a> Source<'a> {
    pub(super) fn new(session: &'a Session<'a>, variables: &'a Variables) -> Self {
        Self { session, variables }
    }

    /// A token that is good for now.
    pub(super) fn token(&self) -> Result<String, ProviderError> {
        if let Some(token) = self.variables.get("GOOGLE_OAUTH_ACCESS_TOKEN") {
            return Ok(token.to_owned());
        }
        if let Some(key) = self.variables.get("GOOGLE_CREDENTIALS") {
            return self.of_key("GOOGLE_CREDENTIALS", key);
        }
        if let Some(path) = self.variables.get("GOOGLE_APPLICATION_CREDENTIALS") {
            let key = std::fs::read_to_string(path)
                .map_err(|error| fault(format!("`{path}`, which a variable names: {error}")))?;
            return self.of_key(path, &key);
        }
        let request = self.metadata("instance/service-accounts/default/token")?;
        token(
            self.session,
            &request,
            "set `GOOGLE_CREDENTIALS` to the key of a service account, by the environment or by a secret, or run on a machine \
             with a service account",
        )
    }

    fn of_key(&self, place: &str, key: &str) -> Result<String, ProviderError> {
        // Its content is secret: no word of it is told.
        let key: Key = serde_json::from_str(key).map_err(|_| {
            fault(format!(
                "`{place}` is no key of a service account: expected JSON"
            ))
        })?;
        if key.kind != "service_account" {
            return Err(fault(format!(
                "`{place}` is of the type `{}`: expected `service_account`",
                key.kind
            )));
        }
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = since.unwrap_or_default().as_secs();
        let claims = Claims {
            iss: &key.client_email,
            scope: SCOPE,
            aud: &key.token_uri,
            iat: now,
            exp: now + LIFETIME,
        };
        let statement = EncodingKey::from_rsa_pem(key.private_key.as_bytes())
            .and_then(|secret| encode(&Header::new(Algorithm::RS256), &claims, &secret))
            .map_err(|_| fault(format!("the private key in `{place}` cannot be used")))?;
        let mut form = url("credentials of Google", "form:?")?;
        form.query_pairs_mut()
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &statement);
        let request = Request {
            method: Method::POST,
            url: url("credentials of Google", &key.token_uri)?,
            headers: vec![(
                "content-type".to_owned(),
                "application/x-www-form-urlencoded".to_owned(),
            )],
            body: form.query().map(str::to_owned),
            call: "credentials of Google".to_owned(),
            changes: false,
            said: String::new(),
        };
        token(
            self.session,
            &request,
            "the service account may be gone, or its key",
        )
    }

    /// The project that is meant where none is named.
    pub(super) fn project(&self) -> Result<String, ProviderError> {
        if let Some(project) = self.variables.get("GOOGLE_CLOUD_PROJECT") {
            return Ok(project.to_owned());
        }
        let hint = "set `GOOGLE_CLOUD_PROJECT`, or `publish.destination`";
        if self.session.is_dry_run() {
            return Err(fault(format!("there is no project: {hint}")));
        }
        let request = self.metadata("project/project-id")?;
        match self.session.try_send(&request, unsigned) {
            Ok(answer) if answer.status == 200 => Ok(answer.body.trim().to_owned()),
            Ok(answer) => Err(fault(format!(
                "there is no project (status {}): {hint}",
                answer.status
            ))),
            Err(error) => Err(fault(format!("there is no project ({error}): {hint}"))),
        }
    }

    fn metadata(&self, path: &str) -> Result<Request, ProviderError> {
        let host = self.variables.get("GCE_METADATA_HOST").unwrap_or(METADATA);
        Ok(Request {
            method: Method::GET,
            url: url(
                "credentials of Google",
                &format!("http://{host}/computeMetadata/v1/{path}"),
            )?,
            headers: vec![("metadata-flavor".to_owned(), "Google".to_owned())],
            body: None,
            call: "credentials of Google".to_owned(),
            changes: false,
            said: String::new(),
        })
    }
}
