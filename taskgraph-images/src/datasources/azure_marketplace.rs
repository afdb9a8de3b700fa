//! Versions of an image of Azure's marketplace.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::Caller;
use super::{Release, SourceError};
use crate::http::encode;
use crate::taskcluster::Timestamp;
use crate::versions::day;

/// What is missing where nothing signs a request.
const MISSING: &str =
    "Azure, and there are none: set `ARM_TENANT_ID`, `ARM_CLIENT_ID` and `ARM_CLIENT_SECRET`";

/// Versions of an image of Azure's marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AzureMarketplace {
    /// The subscription through which it is asked; that of `ARM_SUBSCRIPTION_ID`, if absent.
    pub subscription: Option<String>,
    /// The location, such as `westus2`: versions reach locations one after the other.
    pub location: String,
    /// The publisher.
    pub publisher: String,
    /// The offer.
    pub offer: String,
    /// The SKU.
    pub sku: String,
    /// Whether the last number of a version is its day, `yymmdd`, as in `26100.3775.250406`. The service tells no time
    /// of a version, so that a cool-down needs this.
    #[serde(default)]
    pub dated: bool,
}

#[derive(Deserialize)]
struct Item {
    name: String,
    id: Option<String>,
    properties: Option<Properties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    image_deprecation_status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    image_state: Option<String>,
}

pub(super) fn releases(
    settings: &AzureMarketplace,
    caller: &Caller<'_>,
) -> Result<Vec<Release>, SourceError> {
    let subscription = settings
        .subscription
        .as_ref()
        .or(caller.services.bases.azure_subscription.as_ref())
        .ok_or_else(|| {
            caller.settings(
                "it is asked through a subscription, and there is none: set `ARM_SUBSCRIPTION_ID`, with `ARM_TENANT_ID`, \
                 `ARM_CLIENT_ID` and `ARM_CLIENT_SECRET`, by the environment or by a secret",
            )
        })?;
    let url = format!(
        "{}/subscriptions/{}/providers/Microsoft.Compute/locations/{}/publishers/{}/artifacttypes/vmimage/offers/{}\
         /skus/{}/versions?api-version=2024-07-01&%24expand=properties",
        caller.services.bases.azure.trim_end_matches('/'),
        encode(subscription),
        encode(&settings.location),
        encode(&settings.publisher),
        encode(&settings.offer),
        encode(&settings.sku),
    );
    let items = caller.json(&url);
    let items: Vec<Item> = items.map_err(|error| caller.unsigned(error, &url, MISSING))?;
    let read = |item: Item| {
        let status = item
            .properties
            .and_then(|properties| properties.image_deprecation_status);
        let state = status.and_then(|status| status.image_state);
        let mut release = Release::new(item.name);
        release.released = settings
            .dated
            .then(|| version_day(&release.version))
            .flatten();
        // One that is about to be deprecated is no place to go to, either.
        release.withdrawn = state.is_some_and(|state| state != "Active");
        release
            .references
            .extend(item.id.map(|id| ("id".to_owned(), id)));
        release
    };
    Ok(items.into_iter().rev().map(read).collect())
}

/// The day that is the last number of a version.
fn version_day(version: &str) -> Option<Timestamp> {
    let (_, last) = version.rsplit_once('.')?;
    let is_day = last.len() == 6 && last.bytes().all(|byte| byte.is_ascii_digit());
    is_day.then(|| day(&format!("20{last}"))).flatten()
}
