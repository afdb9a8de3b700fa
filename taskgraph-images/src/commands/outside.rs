//! [`Outside`]: the services that datasources are asked through, as the environment and a task's secrets name them.

use taskgraph_images::datasources::{self, Bases, Services, Source, Tokens};
use taskgraph_images::http;
use taskgraph_images::providers::{Aws, token};
use taskgraph_images::taskcluster::{Client, Timestamp};
use taskgraph_images::transforms::Cloud;

use super::clouds::Clouds;
use super::decision::connect;
use super::propose::{GITHUB_API, GITHUB_TOKEN};
use crate::exit::Failure;

/// The services that datasources are asked through.
pub(super) struct Outside {
    http: http::Client,
    bases: Bases,
    clouds: Clouds,
    taskcluster: Option<Client>,
}

impl Outside {
    pub(super) fn open() -> Result<Self, Failure> {
        let clouds = Clouds::open()?;
        let mut bases = Bases::default();
        if let Some(address) = variable(GITHUB_API) {
            bases.github = address.trim_end_matches('/').to_owned();
        }
        let subscription = clouds.variables.get("ARM_SUBSCRIPTION_ID");
        bases.azure_subscription = subscription.map(str::to_owned);
        Ok(Self {
            http: super::propose::http()?,
            bases,
            clouds,
            taskcluster: connect(false)?,
        })
    }

    /// Asks. Of the clouds that have some of the sources, credentials are had first; what fails at that is said, and fails
    /// again with the sources that need it.
    pub(super) fn ask<'s, T>(
        &self,
        sources: impl IntoIterator<Item = &'s Source>,
        now: Timestamp,
        say: &mut dyn FnMut(&str),
        act: impl FnOnce(&Services<'_>) -> T,
    ) -> Result<T, Failure> {
        let silent = |_: &str| {};
        let session = self.clouds.session(false, &silent)?;
        let mut tokens = Tokens::default();
        if let Some(token) = variable(GITHUB_TOKEN) {
            tokens = tokens.bearer(host(&self.bases.github), &token);
        }
        let (mut google, mut azure) = (false, false);
        for source in sources {
            google |= matches!(source, Source::GoogleImages(_));
            azure |= matches!(source, Source::AzureMarketplace(_));
        }
        for (is_wanted, cloud, address, given) in [
            (google, Cloud::Google, &self.bases.google, None),
            (
                azure,
                Cloud::Azure,
                &self.bases.azure,
                variable("AZURE_ACCESS_TOKEN"),
            ),
        ] {
            if !is_wanted {
                continue;
            }
            let had = match given {
                Some(token) => Some(Ok(token)),
                None if self.clouds.has(cloud) => {
                    Some(token(cloud, &session, &self.clouds.variables))
                }
                None => None,
            };
            match had {
                Some(Ok(token)) => tokens = tokens.bearer(host(address), &token),
                Some(Err(error)) => say(&self.masked(&error.to_string())),
                None => {}
            }
        }
        let aws = if self.clouds.has(Cloud::Aws) {
            let aws = Aws::new(&session, &self.clouds.variables);
            Some(aws.map_err(|error| Failure::provider(error, &self.clouds.mask))?)
        } else {
            None
        };
        Ok(act(&Services {
            http: &self.http,
            bases: &self.bases,
            tokens: &tokens,
            aws: aws.as_ref().map(|aws| aws as &dyn datasources::Aws),
            index: self.taskcluster.as_ref().map(|client| client as _),
            queue: self.taskcluster.as_ref().map(|client| client as _),
            now,
        }))
    }

    /// Words without secrets: what refuses credentials may repeat them.
    pub(super) fn masked(&self, words: &str) -> String {
        self.clouds.mask.apply(words)
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The host of an address.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}
