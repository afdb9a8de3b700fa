//! [`Ssm`]: parameters of AWS's Systems Manager: JSON in, JSON out, signed as EC2's requests are.

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::json;

use super::super::session::{Answer, Request};
use super::super::{ProviderError, ProviderErrorKind, Session, Variables};
use super::credentials::Source;
use super::sign::{endpoint, given, is_limit, signed};

/// Parameters of AWS's Systems Manager.
pub(super) struct Ssm<'a> {
    session: &'a Session<'a>,
    credentials: Source<'a>,
    /// One for all regions, in the place of each region's own.
    endpoint: Option<Url>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) value: String,
    /// Seconds since 1970, with a fraction.
    pub(super) last_modified_date: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    parameter: Parameter,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type")]
    code: String,
    message: Option<String>,
    /// Some services spell it so, and a few say it twice.
    #[serde(rename = "Message")]
    capital: Option<String>,
}

impl<'a> Ssm<'a> {
    pub(super) fn new(
        session: &'a Session<'a>,
        variables: &'a Variables,
    ) -> Result<Self, ProviderError> {
        Ok(Self {
            session,
            credentials: Source::new(session, variables),
            endpoint: given(variables, "AWS_ENDPOINT_URL_SSM")?,
        })
    }

    /// A parameter of a region.
    pub(super) fn parameter(&self, region: &str, name: &str) -> Result<Parameter, ProviderError> {
        let call = format!("ssm.GetParameter of `{name}` in {region}");
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let request = Request {
            method: Method::POST,
            url: endpoint(self.endpoint.as_ref(), &call, "ssm", region)?,
            headers: vec![
                header("content-type", "application/x-amz-json-1.1"),
                header("x-amz-target", "AmazonSSM.GetParameter"),
            ],
            // What is secret is asked for without being decrypted: a version is none.
            body: Some(json!({"Name": name, "WithDecryption": false}).to_string()),
            said: format!("aws {region} GetParameter Name={name}"),
            call,
            changes: false,
        };
        let sign = |request: &Request| signed(&self.credentials, request, region, "ssm");
        let answer = self.session.try_send(&request, sign)?;
        if answer.status != 200 {
            return Err(ProviderError::new(&request.call, refusal(&answer)));
        }
        let found: Found = serde_json::from_str(&answer.body).map_err(|error| {
            let words = format!("it cannot be read: {error}");
            ProviderError::new(&request.call, ProviderErrorKind::NoAnswer(words))
        })?;
        Ok(found.parameter)
    }
}

/// What an answer that is none says. Its code may stand behind the name of a namespace.
fn refusal(answer: &Answer) -> ProviderErrorKind {
    let (code, message) = match serde_json::from_str::<Refusal>(&answer.body) {
        Ok(refusal) => {
            let code = refusal.code.rsplit('#').next().unwrap_or_default();
            let message = refusal.message.or(refusal.capital).unwrap_or_default();
            let message = match code {
                // The service says no more of it.
                "ParameterNotFound" if message.is_empty() => {
                    "there is none of that name in this region".to_owned()
                }
                _ => message,
            };
            (code.to_owned(), message)
        }
        Err(_) => (format!("status {}", answer.status), String::new()),
    };
    if is_limit(&code) {
        ProviderErrorKind::Quota(format!("{code}: {message}"))
    } else {
        ProviderErrorKind::Refused { code, message }
    }
}
