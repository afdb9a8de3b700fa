//! [`Ec2`]: EC2's Query API: parameters in, XML out, signed.

use std::collections::BTreeMap;

use reqwest::Method;
use reqwest::Url;

use super::super::session::{Answer, Request};
use super::super::{ProviderError, ProviderErrorKind, Session, Variables};
use super::credentials::Source;
use super::sign::{endpoint, given, is_limit, signed};
use super::xml;

/// The version of the API.
const VERSION: &str = "2016-11-15";
/// The region that is asked for all others.
const FIRST: &str = "us-east-1";

/// EC2's Query API.
pub(super) struct Ec2<'a> {
    session: &'a Session<'a>,
    credentials: Source<'a>,
    /// One for all regions, in the place of each region's own.
    endpoint: Option<Url>,
}

/// What an action is asked with.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters {
    all: BTreeMap<String, String>,
    filters: usize,
}

impl Parameters {
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.all.insert(name.to_owned(), value.to_owned());
    }

    pub(super) fn filter(&mut self, name: &str, value: &str) {
        self.filters += 1;
        let at = self.filters;
        self.set(&format!("Filter.{at}.Name"), name);
        self.set(&format!("Filter.{at}.Value.1"), value);
    }
}

impl<'a> Ec2<'a> {
    pub(super) fn new(
        session: &'a Session<'a>,
        variables: &'a Variables,
    ) -> Result<Self, ProviderError> {
        Ok(Self {
            session,
            credentials: Source::new(session, variables),
            endpoint: given(variables, "AWS_ENDPOINT_URL_EC2")?,
        })
    }

    pub(super) fn session(&self) -> &Session<'a> {
        self.session
    }

    /// Asks for something, page after page.
    pub(super) fn ask_all(
        &self,
        region: &str,
        action: &str,
        parameters: &Parameters,
        assumed: &str,
    ) -> Result<Vec<String>, ProviderError> {
        let mut parameters = parameters.clone();
        let mut pages = Vec::new();
        loop {
            let page = self.call(region, action, &parameters, false, assumed)?;
            let next = xml::next_token(&page)?;
            pages.push(page);
            match next {
                Some(token) => parameters.set("NextToken", &token),
                None => return Ok(pages),
            }
        }
    }

    /// Changes something.
    pub(super) fn change(
        &self,
        region: &str,
        action: &str,
        parameters: &Parameters,
        assumed: &str,
    ) -> Result<String, ProviderError> {
        self.call(region, action, parameters, true, assumed)
    }

    /// The regions that the account can use.
    pub(super) fn regions(&self) -> Result<Vec<String>, ProviderError> {
        let assumed = format!("<r><item><regionName>{FIRST}</regionName></item></r>");
        let answer = self.call(
            FIRST,
            "DescribeRegions",
            &Parameters::default(),
            false,
            &assumed,
        )?;
        xml::texts(&answer, "regionName")
    }

    fn call(
        &self,
        region: &str,
        action: &str,
        parameters: &Parameters,
        changes: bool,
        assumed: &str,
    ) -> Result<String, ProviderError> {
        let call = format!("ec2.{action} in {region}");
        let mut body = reqwest::Url::parse("form:?").expect("it is a URL");
        body.query_pairs_mut()
            .append_pair("Action", action)
            .append_pair("Version", VERSION)
            .extend_pairs(&parameters.all);
        let said: Vec<String> = parameters
            .all
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = Request {
            method: Method::POST,
            url: endpoint(self.endpoint.as_ref(), &call, "ec2", region)?,
            headers: vec![(
                "content-type".to_owned(),
                "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
            )],
            body: body.query().map(str::to_owned),
            said: format!("aws {region} {action} {}", said.join(" "))
                .trim_end()
                .to_owned(),
            call,
            changes,
        };
        let answer = self.session.send(
            &request,
            |request| signed(&self.credentials, request, region, "ec2"),
            || Answer {
                status: 200,
                body: assumed.to_owned(),
            },
        )?;
        if answer.status == 200 {
            Ok(answer.body)
        } else {
            Err(ProviderError::new(&request.call, refusal(&answer)))
        }
    }
}

/// What an answer that is none says.
fn refusal(answer: &Answer) -> ProviderErrorKind {
    let (code, message) = xml::error(&answer.body)
        .unwrap_or_else(|| (format!("status {}", answer.status), String::new()));
    if is_limit(&code) {
        ProviderErrorKind::Quota(format!("{code}: {message}"))
    } else {
        ProviderErrorKind::Refused { code, message }
    }
}
