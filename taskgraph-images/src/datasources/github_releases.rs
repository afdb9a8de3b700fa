//! Releases of a repository on GitHub: `GET /repos/{owner}/{name}/releases`.
//!
//! A release is made before its assets are uploaded, one by one. So one that lacks an asset is marked, and is out since
//! the last of its assets was uploaded: an asset that is replaced starts a cool-down again.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::{Caller, is_sha256, time};
use super::{Release, SourceError, pattern};

/// A thousand releases back.
const PAGES: usize = 10;

/// Releases of a repository on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GithubReleases {
    /// The repository: `owner/name`.
    pub repository: String,
    /// What is used of a release: names by the pin's keys of digests. `*` is any text, `{version}` and `{tag}` are the
    /// release's.
    #[serde(default)]
    pub assets: BTreeMap<String, String>,
    /// What comes before the version in a tag, such as `v`. Other tags are not looked at.
    #[serde(default)]
    pub tag_prefix: String,
    /// What comes after the version in a tag, such as `.windows.1`. Other tags are not looked at.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tag_suffix: String,
}

#[derive(Deserialize)]
struct Item {
    tag_name: String,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    prerelease: bool,
    published_at: Option<String>,
    body: Option<String>,
    html_url: Option<String>,
    #[serde(default)]
    assets: Vec<Asset>,
}

#[derive(Deserialize)]
struct Asset {
    name: String,
    url: String,
    state: Option<String>,
    digest: Option<String>,
    updated_at: Option<String>,
}

pub(super) fn releases(
    settings: &GithubReleases,
    caller: &Caller<'_>,
) -> Result<Vec<Release>, SourceError> {
    let path = format!("/repos/{}/releases?per_page=100", settings.repository);
    let items: Vec<Item> = caller.github_pages(&path, PAGES)?;
    items
        .into_iter()
        .filter(|item| !item.draft)
        .filter_map(|item| {
            let rest = item.tag_name.strip_prefix(&settings.tag_prefix)?;
            let version = rest.strip_suffix(&settings.tag_suffix)?.to_owned();
            Some(read(settings, item, version, caller))
        })
        .collect()
}

fn read(
    settings: &GithubReleases,
    item: Item,
    version: String,
    caller: &Caller<'_>,
) -> Result<Release, SourceError> {
    let mut release = Release::new(version);
    release.released = time(item.published_at.as_deref());
    for (key, pattern) in &settings.assets {
        let mut found = item.assets.iter().filter(|asset| {
            // Others are still on their way.
            asset
                .state
                .as_deref()
                .is_none_or(|state| state == "uploaded")
                && pattern::is_match(pattern, &asset.name, &release.version, &item.tag_name)
        });
        match (found.next(), found.next()) {
            (Some(asset), None) => {
                if let Some(digest) = sha256(asset, caller)? {
                    release.digests.insert(key.clone(), digest);
                }
                // The address in the API, which a token opens where the repository is private.
                release.downloads.insert(key.clone(), asset.url.clone());
                if release.released.is_some() {
                    release.released = release.released.max(time(asset.updated_at.as_deref()));
                }
            }
            (Some(_), Some(_)) => release
                .missing
                .push(format!("one asset `{pattern}` of several")),
            (None, _) => release.missing.push(format!("asset `{pattern}`")),
        }
    }
    release.prerelease = item.prerelease;
    release.notes = item.body;
    release.url = item.html_url;
    Ok(release)
}

/// The digest, where GitHub tells one: assets from before 2025 have none.
fn sha256(asset: &Asset, caller: &Caller<'_>) -> Result<Option<String>, SourceError> {
    let Some(digest) = asset
        .digest
        .as_deref()
        .and_then(|digest| digest.strip_prefix("sha256:"))
    else {
        return Ok(None);
    };
    if is_sha256(digest) {
        Ok(Some(digest.to_ascii_lowercase()))
    } else {
        let name = &asset.name;
        Err(caller.unreadable(format!(
            "the digest of asset {name:?} is no SHA-256: {digest:?}"
        )))
    }
}
