//! [`Source`]: which source a pin has, as it is declared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::faults::Faults;
use super::{
    AwsImages, AwsSsm, AzureMarketplace, Crates, Debian, GithubCommits, GithubReleases,
    GoogleImages, JsonDocument, Npm, Pypi, Simplestreams, TaskclusterIndex, crates, debian, npm,
};
use crate::versions::Scheme;

/// Where a pin's versions come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Source {
    /// Releases of a repository on GitHub.
    GithubReleases(GithubReleases),
    /// Commits of a branch of a repository on GitHub.
    GithubCommits(GithubCommits),
    /// A product of a simplestreams mirror, such as Ubuntu's images.
    Simplestreams(Simplestreams),
    /// Images of a family on Google Cloud.
    GoogleImages(GoogleImages),
    /// Versions of an image of Azure's marketplace.
    AzureMarketplace(AzureMarketplace),
    /// AMIs of an owner.
    AwsImages(AwsImages),
    /// A parameter of AWS that names the newest AMI.
    AwsSsm(AwsSsm),
    /// Versions of a Rust crate.
    Crates(Crates),
    /// Versions of a Python project.
    Pypi(Pypi),
    /// Versions of a package of npm.
    Npm(Npm),
    /// Versions of a Debian package.
    Debian(Debian),
    /// What a path of Taskcluster's index leads to.
    TaskclusterIndex(TaskclusterIndex),
    /// Some JSON document.
    Json(JsonDocument),
}

impl Source {
    /// Reads a source and checks its settings.
    ///
    /// # Errors
    /// All that is wrong with it, in words.
    pub fn from_json(value: Value) -> Result<Self, String> {
        let word = match &value {
            Value::Object(map) if map.len() == 1 => map.keys().next().cloned(),
            _ => None,
        };
        let Some(word) = word else {
            return Err(
                "expected one source with its settings, such as `{github-releases: {repository: example/tool}}`"
                    .to_owned(),
            );
        };
        let source: Self = serde_json::from_value(value).map_err(|error| {
            let error = error.to_string();
            // A source that does not exist is named by the error itself.
            if error.starts_with("unknown variant") {
                error.replacen("unknown variant", "unknown source", 1)
            } else {
                format!("{word}: {error}")
            }
        })?;
        let faults = source.faults();
        if faults.is_empty() {
            Ok(source)
        } else {
            Err(format!("{word}: {}", faults.join("; ")))
        }
    }

    /// The scheme of its versions, where the source has but one.
    pub fn scheme(&self) -> Option<Scheme> {
        match self {
            Self::GithubCommits(_) => Some(Scheme::Git),
            Self::Simplestreams(_) => Some(Scheme::Date),
            Self::AzureMarketplace(_) => Some(Scheme::Dotted),
            Self::GoogleImages(_) | Self::AwsImages(_) | Self::AwsSsm(_) => Some(Scheme::Opaque),
            Self::Crates(_) | Self::Npm(_) => Some(Scheme::Semver),
            Self::Debian(_) => Some(Scheme::Debian),
            Self::GithubReleases(_) | Self::Pypi(_) | Self::TaskclusterIndex(_) | Self::Json(_) => {
                None
            }
        }
    }

    /// The assets of which it can tell digests.
    pub fn assets(&self) -> BTreeSet<&str> {
        match self {
            Self::GithubReleases(settings) => names(&settings.assets),
            Self::Pypi(settings) => names(&settings.assets),
            Self::Simplestreams(settings) => names(&settings.assets),
            Self::TaskclusterIndex(settings) => names(&settings.assets),
            Self::Json(settings) => names(&settings.digests),
            Self::Crates(_) => BTreeSet::from([crates::ASSET]),
            Self::Npm(_) => BTreeSet::from([npm::ASSET]),
            Self::Debian(_) => BTreeSet::from([debian::ASSET]),
            _ => BTreeSet::new(),
        }
    }

    /// Checks that the source can tell the digests that a pin holds.
    pub(super) fn check_assets(&self, assets: &BTreeSet<String>) -> Result<(), String> {
        let known = self.assets();
        let unknown: Vec<String> = assets
            .iter()
            .filter(|asset| !known.contains(asset.as_str()))
            .map(|asset| format!("`{asset}`"))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let known: Vec<String> = known.iter().map(|asset| format!("`{asset}`")).collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        Err(format!(
            "the pin has digests of {}, and the assets of its source are: {known}",
            unknown.join(", ")
        ))
    }

    /// All that is wrong with the settings.
    fn faults(&self) -> Vec<String> {
        let mut faults = Faults::default();
        match self {
            Self::GithubReleases(s) => faults.repository(&s.repository),
            Self::GithubCommits(s) => {
                faults.repository(&s.repository);
                faults.text("branch", &s.branch);
            }
            Self::Simplestreams(s) => {
                faults.address("url", &s.url);
                if !s.url.ends_with("streams/v1/index.json") {
                    faults.add("`url` must end in `streams/v1/index.json`".to_owned());
                }
                faults.text("product", &s.product);
            }
            Self::GoogleImages(s) => {
                faults.text("project", &s.project);
                faults.text("family", &s.family);
            }
            Self::AzureMarketplace(s) => {
                let subscription = s.subscription.iter();
                subscription.for_each(|text| faults.text("subscription", text));
                let parts = [
                    ("location", &s.location),
                    ("publisher", &s.publisher),
                    ("offer", &s.offer),
                    ("sku", &s.sku),
                ];
                parts
                    .into_iter()
                    .for_each(|(name, text)| faults.text(name, text));
            }
            Self::AwsImages(s) => {
                faults.text("name", &s.name);
                s.faults().into_iter().for_each(|fault| faults.add(fault));
            }
            Self::AwsSsm(s) => {
                faults.text("path", &s.path);
                s.faults().into_iter().for_each(|fault| faults.add(fault));
            }
            Self::Crates(s) => {
                faults.address("index", &s.index);
                faults.package(&s.name, "-_");
            }
            Self::Pypi(s) => {
                faults.address("index", &s.index);
                faults.package(&s.name, "-_.");
            }
            Self::Npm(s) => {
                faults.address("registry", &s.registry);
                faults.package(s.name.strip_prefix('@').unwrap_or(&s.name), "-_./");
            }
            Self::Debian(s) => {
                faults.address("mirror", &s.mirror);
                faults.package(&s.package, "-+.");
                let parts = [
                    ("suite", &s.suite),
                    ("component", &s.component),
                    ("arch", &s.arch),
                ];
                parts
                    .into_iter()
                    .for_each(|(name, text)| faults.text(name, text));
            }
            Self::TaskclusterIndex(s) => {
                if let Err(error) = taskgraph_images_transforms::IndexPath::new(&s.path) {
                    faults.add(format!("`path`: {error}"));
                }
                faults.text("scheduler-id", &s.scheduler_id);
            }
            Self::Json(s) => {
                faults.address("url", &s.url);
                s.faults().into_iter().for_each(|fault| faults.add(fault));
            }
        }
        faults.into_list()
    }
}

fn names(assets: &BTreeMap<String, String>) -> BTreeSet<&str> {
    assets.keys().map(String::as_str).collect()
}

/// Its word, and what it is asked for.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, what) = match self {
            Self::GithubReleases(s) => ("github-releases", s.repository.as_str()),
            Self::GithubCommits(s) => ("github-commits", s.repository.as_str()),
            Self::Simplestreams(s) => ("simplestreams", s.product.as_str()),
            Self::GoogleImages(s) => ("google-images", s.family.as_str()),
            Self::AzureMarketplace(s) => ("azure-marketplace", s.sku.as_str()),
            Self::AwsImages(s) => ("aws-images", s.name.as_str()),
            Self::AwsSsm(s) => ("aws-ssm", s.path.as_str()),
            Self::Crates(s) => ("crates", s.name.as_str()),
            Self::Pypi(s) => ("pypi", s.name.as_str()),
            Self::Npm(s) => ("npm", s.name.as_str()),
            Self::Debian(s) => ("debian", s.package.as_str()),
            Self::TaskclusterIndex(s) => ("taskcluster-index", s.path.as_str()),
            Self::Json(s) => ("json", s.url.as_str()),
        };
        write!(f, "{word} of `{what}`")
    }
}
