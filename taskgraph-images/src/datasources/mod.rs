//! Where versions come from: one file a source, each of which turns what a service says into [`Release`]s. Which of them
//! a pin may go to is decided in [`crate::versions`].
//!
//! What is read here was written by strangers. It is typed, bounded and never obeyed: a release that lacks what is used
//! of it is marked, a commit counts only by its whole id, and notes go into a proposal through [`escape`] alone.
//!
//! Nothing here knows an address of a package registry: where a source needs one, it is part of its settings. Nothing
//! reads the environment: tokens are given in [`Tokens`].

mod aws;
mod azure_marketplace;
mod bases;
mod call;
mod crates;
mod debian;
mod error;
mod escape;
mod faults;
mod fill;
mod github_commits;
mod github_releases;
mod google_images;
mod json;
mod notes;
mod npm;
mod pattern;
mod pypi;
mod release;
mod simplestreams;
mod source;
mod taskcluster_index;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;

pub use aws::{Aws, AwsError, AwsImage, AwsImages, AwsParameter, AwsSsm};
pub use azure_marketplace::AzureMarketplace;
pub use bases::{Bases, Tokens};
pub use crates::Crates;
pub use debian::Debian;
pub use error::{SourceError, SourceErrorKind};
pub use escape::{escape, escape_line};
pub use fill::fill_digests;
pub use github_commits::{GithubCommits, ancestry, is_ancestor};
pub use github_releases::GithubReleases;
pub use google_images::GoogleImages;
pub use json::JsonDocument;
pub use notes::{Note, WORKER_DEPLOYERS, notes, render};
pub use npm::Npm;
pub use pypi::Pypi;
pub use release::Release;
pub use simplestreams::Simplestreams;
pub use source::Source;
pub use taskcluster_index::TaskclusterIndex;

use crate::http::Http;
use crate::taskcluster::{Index, Queue, Timestamp};
use call::Caller;

/// What sources are asked through.
#[derive(Clone, Copy)]
pub struct Services<'a> {
    /// The network.
    pub http: &'a dyn Http,
    /// Where the public services are.
    pub bases: &'a Bases,
    /// What requests are signed with.
    pub tokens: &'a Tokens,
    /// AWS, for the sources that need it.
    pub aws: Option<&'a dyn Aws>,
    /// Taskcluster's index, for the source that needs it.
    pub index: Option<&'a dyn Index>,
    /// Taskcluster's queue, for the source that needs it.
    pub queue: Option<&'a dyn Queue>,
    /// The time.
    pub now: Timestamp,
}

/// Asks a source for its releases, in its own order. `assets` are those whose digests the pin holds; a release that
/// lacks one is marked.
///
/// A digest that the source does not tell is left out, as it may take a download: see [`fill_digests`].
///
/// # Errors
/// When the service does not answer, refuses, or says something else than it documents; when the source's settings do
/// not fit the assets.
pub fn releases(
    source: &Source,
    services: &Services<'_>,
    assets: &BTreeSet<String>,
) -> Result<Vec<Release>, SourceError> {
    let caller = Caller::new(source, services);
    source
        .check_assets(assets)
        .map_err(|why| caller.settings(why))?;
    match source {
        Source::GithubReleases(settings) => github_releases::releases(settings, &caller),
        Source::GithubCommits(settings) => github_commits::releases(settings, &caller),
        Source::Simplestreams(settings) => simplestreams::releases(settings, &caller),
        Source::GoogleImages(settings) => google_images::releases(settings, &caller),
        Source::AzureMarketplace(settings) => azure_marketplace::releases(settings, &caller),
        Source::AwsImages(settings) => aws::images(settings, &caller),
        Source::AwsSsm(settings) => aws::parameter(settings, &caller),
        Source::Crates(settings) => crates::releases(settings, &caller),
        Source::Pypi(settings) => pypi::releases(settings, &caller),
        Source::Npm(settings) => npm::releases(settings, &caller),
        Source::Debian(settings) => debian::releases(settings, &caller),
        Source::TaskclusterIndex(settings) => taskcluster_index::releases(settings, &caller),
        Source::Json(settings) => json::releases(settings, &caller),
    }
}
