//! Images of a family on Google Cloud: `GET /compute/v1/projects/{project}/global/images`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::{Caller, time};
use super::{Release, SourceError};
use crate::http::encode;

/// Far more than a family has: 500 a page.
const PAGES: usize = 10;

/// What is missing where nothing signs a request.
const MISSING: &str = "Google, and there are none: set `GOOGLE_CREDENTIALS` to the key of a service account that may call \
                       `compute.images.list`";

/// Images of a family on Google Cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GoogleImages {
    /// The project that has the family, such as `ubuntu-os-cloud`.
    pub project: String,
    /// The family.
    pub family: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    items: Vec<Item>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    name: String,
    id: Option<String>,
    family: Option<String>,
    status: Option<String>,
    creation_timestamp: Option<String>,
    self_link: Option<String>,
    description: Option<String>,
    deprecated: Option<Deprecated>,
}

#[derive(Deserialize)]
struct Deprecated {
    state: Option<String>,
}

pub(super) fn releases(
    settings: &GoogleImages,
    caller: &Caller<'_>,
) -> Result<Vec<Release>, SourceError> {
    let list = format!(
        "{}/compute/v1/projects/{}/global/images?maxResults=500&filter={}",
        caller.services.bases.google.trim_end_matches('/'),
        encode(&settings.project),
        encode(&format!("family = \"{}\"", settings.family))
    );
    let mut images = Vec::new();
    let mut url = list.clone();
    for _ in 0..PAGES {
        let page = caller.json(&url);
        let mut page: Page = page.map_err(|error| caller.unsigned(error, &url, MISSING))?;
        images.append(&mut page.items);
        match page.next_page_token {
            Some(token) if !token.is_empty() => {
                url = format!("{list}&pageToken={}", encode(&token))
            }
            _ => break,
        }
    }
    // The filter is the service's to apply; what it lets through is held to it.
    images.retain(|image| image.family.as_ref() == Some(&settings.family));
    let mut releases: Vec<Release> = images.into_iter().map(read).collect();
    releases.sort_by(|a, b| {
        b.released
            .cmp(&a.released)
            .then_with(|| b.version.cmp(&a.version))
    });
    Ok(releases)
}

fn read(image: Item) -> Release {
    let mut release = Release::new(image.name);
    release.released = time(image.creation_timestamp.as_deref());
    if image
        .status
        .as_deref()
        .is_some_and(|status| status != "READY")
    {
        release.missing.push("image that is ready".to_owned());
    }
    let state = image.deprecated.and_then(|deprecated| deprecated.state);
    release.withdrawn = state.is_some_and(|state| state != "ACTIVE");
    // A name can be made again; the id cannot.
    let references = [("id", image.id), ("self-link", image.self_link)];
    for (key, value) in references {
        release
            .references
            .extend(value.map(|value| (key.to_owned(), value)));
    }
    release.notes = image.description;
    release
}
