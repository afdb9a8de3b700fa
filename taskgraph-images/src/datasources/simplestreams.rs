//! A product of a simplestreams mirror: an index that names files of products, whose versions are serials.
//!
//! The signed form (`.sjs`) is not looked at: whom one trusts is the mirror, by its certificate, and the digests that
//! are pinned.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::Caller;
use super::{Release, SourceError};
use crate::versions::day;

/// A product of a simplestreams mirror, such as Ubuntu's images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Simplestreams {
    /// The address of the mirror's index, which ends in `streams/v1/index.json`.
    pub url: String,
    /// The product, such as `com.ubuntu.cloud:server:24.04:amd64`.
    pub product: String,
    /// The id of the content in the index, such as `com.ubuntu.cloud:released:aws`, where several have the product.
    pub content: Option<String>,
    /// Files that are used: names of a version's items, such as `disk1.img`, by the pin's keys of digests.
    #[serde(default)]
    pub assets: BTreeMap<String, String>,
    /// Regions in which there must be an image.
    #[serde(default)]
    pub regions: BTreeSet<String>,
    /// What the items of regions must be, such as `{root_store: ssd, virt: hvm}`.
    #[serde(default)]
    pub items: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Index {
    index: BTreeMap<String, Content>,
}

#[derive(Deserialize)]
struct Content {
    path: String,
    #[serde(default)]
    products: Vec<String>,
}

#[derive(Deserialize)]
struct Products {
    products: BTreeMap<String, Product>,
}

#[derive(Deserialize)]
struct Product {
    #[serde(default)]
    versions: BTreeMap<String, Version>,
}

#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    items: BTreeMap<String, BTreeMap<String, Value>>,
}

pub(super) fn releases(
    settings: &Simplestreams,
    caller: &Caller<'_>,
) -> Result<Vec<Release>, SourceError> {
    let base = settings.url.trim_end_matches("streams/v1/index.json");
    let index: Index = caller.json(&settings.url)?;
    let path = content(settings, &index, caller)?;
    let is_inside = !path.contains("://")
        && !path.starts_with('/')
        && !path.split('/').any(|part| part == "..");
    if !is_inside {
        return Err(caller.untrusted(format!("the index leads out of its mirror: {path:?}")));
    }
    let mut products: Products = caller.json(&format!("{base}{path}"))?;
    let product = products.products.remove(&settings.product);
    let product = product.ok_or_else(|| {
        caller.unreadable(format!("{path:?} has no product `{}`", settings.product))
    })?;
    let mut releases: Vec<Release> = product
        .versions
        .iter()
        .map(|(serial, version)| read(settings, base, serial, version))
        .collect();
    releases.reverse();
    Ok(releases)
}

/// The path of the file that has the product.
fn content<'a>(
    settings: &Simplestreams,
    index: &'a Index,
    caller: &Caller<'_>,
) -> Result<&'a str, SourceError> {
    if let Some(id) = &settings.content {
        let content = index.index.get(id).map(|content| content.path.as_str());
        return content.ok_or_else(|| {
            let known: Vec<&str> = index.index.keys().map(String::as_str).take(20).collect();
            caller.settings(format!(
                "the index has no content `{id}`, but: {}",
                known.join(", ")
            ))
        });
    }
    let having: Vec<(&String, &Content)> = index
        .index
        .iter()
        .filter(|(_, content)| content.products.contains(&settings.product))
        .collect();
    match having.as_slice() {
        [(_, content)] => Ok(&content.path),
        [] => Err(caller.settings(format!(
            "nothing in the index has the product `{}`",
            settings.product
        ))),
        several => {
            let ids: Vec<&str> = several.iter().map(|(id, _)| id.as_str()).collect();
            Err(caller.settings(format!(
                "set `content` to one of those that have the product: {}",
                ids.join(", ")
            )))
        }
    }
}

fn read(settings: &Simplestreams, base: &str, serial: &str, version: &Version) -> Release {
    // The file's own time is of its last change; a serial is the day of its version.
    let mut release = Release::new(serial);
    release.released = day(serial);
    for (key, name) in &settings.assets {
        let item = version.items.get(name);
        let text = |field: &str| item.and_then(|item| item.get(field)?.as_str());
        match (text("path"), text("sha256")) {
            (Some(path), Some(sha256)) if super::call::is_sha256(sha256) => {
                release
                    .digests
                    .insert(key.clone(), sha256.to_ascii_lowercase());
                release
                    .downloads
                    .insert(key.clone(), format!("{base}{path}"));
            }
            _ => release.missing.push(format!("item `{name}`")),
        }
    }
    for region in &settings.regions {
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        for item in version.items.values() {
            let text = |field: &str| item.get(field).and_then(Value::as_str);
            let is_wanted = text("region").or_else(|| text("crsn")) == Some(region)
                && settings
                    .items
                    .iter()
                    .all(|(field, wanted)| text(field) == Some(wanted));
            ids.extend(text("id").filter(|_| is_wanted));
        }
        match (ids.len(), ids.first()) {
            (1, Some(id)) => {
                release.references.insert(region.clone(), (*id).to_owned());
            }
            (0, _) => release.missing.push(format!("image in `{region}`")),
            _ => release
                .missing
                .push(format!("one image of several in `{region}` (set `items`)")),
        }
    }
    release
}
