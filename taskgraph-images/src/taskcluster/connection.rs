//! [`Connection`]: where Taskcluster is, and as whom it is asked.

use std::fmt;

use super::{ApiError, ApiErrorKind, TaskId};

/// Where Taskcluster is, and as whom it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The deployment's root URL, without a slash at its end. Links for people always begin with it.
    pub root_url: String,
    /// A task's proxy. It signs with the task's own credentials, so it is asked without any.
    pub proxy_url: Option<String>,
    /// What requests are signed with, unless there is a proxy. Without either, requests are anonymous.
    pub credentials: Option<Credentials>,
}

/// Taskcluster credentials. What is secret of them is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The client's id.
    pub client_id: String,
    /// The secret.
    pub access_token: String,
    /// What makes temporary credentials temporary: a JSON document.
    pub certificate: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("client_id", &self.client_id)
            .field("is_temporary", &self.certificate.is_some())
            .finish_non_exhaustive()
    }
}

const ROOT_URL: &str = "TASKCLUSTER_ROOT_URL";
const PROXY_URL: &str = "TASKCLUSTER_PROXY_URL";
const CLIENT_ID: &str = "TASKCLUSTER_CLIENT_ID";
const ACCESS_TOKEN: &str = "TASKCLUSTER_ACCESS_TOKEN";
const CERTIFICATE: &str = "TASKCLUSTER_CERTIFICATE";

impl Connection {
    /// The connection that Taskcluster's usual environment variables describe, by a function that looks them up: this
    /// reads no environment itself. Empty variables are none.
    ///
    /// # Errors
    /// [`ApiErrorKind::Setup`], naming the variable at fault and never its value.
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ApiError> {
        let get = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let root_url = get(ROOT_URL).ok_or_else(|| setup(format!("`{ROOT_URL}` is not set")))?;
        let proxy_url = get(PROXY_URL)
            .map(|proxy_url| url(PROXY_URL, &proxy_url))
            .transpose()?;
        let certificate = get(CERTIFICATE);
        if let Some(certificate) = &certificate {
            let document: Result<serde_json::Map<String, serde_json::Value>, _> =
                serde_json::from_str(certificate);
            document.map_err(|_| setup(format!("`{CERTIFICATE}` is no JSON object")))?;
        }
        let credentials = match (get(CLIENT_ID), get(ACCESS_TOKEN), certificate) {
            (Some(client_id), Some(access_token), certificate) => Some(Credentials {
                client_id,
                access_token,
                certificate,
            }),
            (None, None, None) => None,
            (Some(_), None, _) => return Err(without(CLIENT_ID, ACCESS_TOKEN)),
            (None, Some(_), _) => return Err(without(ACCESS_TOKEN, CLIENT_ID)),
            (None, None, Some(_)) => return Err(without(CERTIFICATE, CLIENT_ID)),
        };
        Ok(Self {
            root_url: url(ROOT_URL, &root_url)?,
            proxy_url,
            credentials,
        })
    }

    /// Where a person looks at a task.
    pub fn task_link(&self, id: &TaskId) -> String {
        format!("{}/tasks/{id}", self.root_url)
    }

    /// Where a person looks at a group of tasks.
    pub fn task_group_link(&self, id: &TaskId) -> String {
        format!("{}/tasks/groups/{id}", self.root_url)
    }

    /// Where requests go.
    pub(super) fn api_url(&self) -> &str {
        self.proxy_url.as_deref().unwrap_or(&self.root_url)
    }

    /// What requests are signed with by the program itself.
    pub(super) fn signing_credentials(&self) -> Option<&Credentials> {
        match self.proxy_url {
            Some(_) => None,
            None => self.credentials.as_ref(),
        }
    }
}

fn setup(why: String) -> ApiError {
    ApiError {
        call: "connection to Taskcluster".to_owned(),
        kind: ApiErrorKind::Setup(why),
    }
}

fn without(one: &str, other: &str) -> ApiError {
    setup(format!("`{one}` is set, but `{other}` is not"))
}

/// Checks a root URL. Calls are joined to it, which would drop a path; and a password in it would be sent to nobody.
fn url(name: &str, text: &str) -> Result<String, ApiError> {
    let parsed = reqwest::Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    match parsed {
        Some(_) => Ok(text.trim_end_matches('/').to_owned()),
        None => Err(setup(format!(
            "`{name}` is no root URL: expected one such as `https://tc.example.com`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Connection, String> {
        Connection::from_variables(|name| {
            let (_, value) = variables.iter().find(|(key, _)| *key == name)?;
            Some((*value).to_owned())
        })
        .map_err(|error| error.to_string())
    }

    const ROOT: (&str, &str) = (ROOT_URL, "https://tc.example.com/");

    #[test]
    fn empty_variables_are_none() {
        let connection = read(&[ROOT, (PROXY_URL, ""), (CLIENT_ID, ""), (CERTIFICATE, "")]);
        assert_eq!(
            connection,
            Ok(Connection {
                root_url: "https://tc.example.com".to_owned(),
                proxy_url: None,
                credentials: None,
            })
        );
    }

    #[test]
    fn a_proxy_is_asked_without_credentials_and_never_linked_to() {
        let connection = read(&[
            ROOT,
            (PROXY_URL, "http://taskcluster"),
            (CLIENT_ID, "me"),
            (ACCESS_TOKEN, "secret"),
        ])
        .unwrap();
        assert_eq!(connection.api_url(), "http://taskcluster");
        assert_eq!(connection.signing_credentials(), None);
        let id = "fN1SbArXTPSVFNUvaOlinQ".parse().unwrap();
        assert_eq!(
            connection.task_link(&id),
            "https://tc.example.com/tasks/fN1SbArXTPSVFNUvaOlinQ"
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_but_not_shown() {
        let error = |variables: &[(&str, &str)]| read(variables).unwrap_err();
        assert_eq!(
            error(&[]),
            "connection to Taskcluster: `TASKCLUSTER_ROOT_URL` is not set"
        );
        assert_eq!(
            error(&[ROOT, (CLIENT_ID, "me")]),
            "connection to Taskcluster: `TASKCLUSTER_CLIENT_ID` is set, but `TASKCLUSTER_ACCESS_TOKEN` is not"
        );
        for root in [
            "tc.example.com",
            "ftp://tc.example.com",
            "https://tc.example.com/path",
            "https://me:secret@tc.example.com",
        ] {
            let error = error(&[(ROOT_URL, root)]);
            assert!(error.contains("`TASKCLUSTER_ROOT_URL` is no root URL"));
            assert!(!error.contains("secret"));
        }
        let variables = [
            ROOT,
            (CLIENT_ID, "me"),
            (ACCESS_TOKEN, "secret"),
            (CERTIFICATE, "secret"),
        ];
        assert!(!error(&variables).contains("secret"));
    }

    #[test]
    fn secrets_are_not_shown() {
        let variables = [
            ROOT,
            (CLIENT_ID, "me"),
            (ACCESS_TOKEN, "secret"),
            (CERTIFICATE, r#"{"seed": "secret"}"#),
        ];
        let shown = format!("{:?}", read(&variables).unwrap());
        assert!(shown.contains("\"me\""));
        assert!(!shown.contains("secret"));
    }
}
