//! Versions of a package of npm, from its packument: `{registry}/{name}`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::{Caller, time};
use super::{Release, SourceError};

/// The pin's key for the digest of the package's file. The registry tells SHA-512 alone, so it takes a download.
pub(super) const ASSET: &str = "tarball";

/// Versions of a package of npm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Npm {
    /// The address of the registry.
    pub registry: String,
    /// The package, such as `@scope/name`.
    pub name: String,
}

#[derive(Deserialize)]
struct Packument {
    #[serde(default)]
    versions: BTreeMap<String, Version>,
    /// Times by version, and some of other sorts.
    #[serde(default)]
    time: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Version {
    /// Why it is deprecated; some registries write a boolean.
    deprecated: Option<Value>,
    dist: Option<Dist>,
}

#[derive(Deserialize)]
struct Dist {
    tarball: Option<String>,
}

pub(super) fn releases(settings: &Npm, caller: &Caller<'_>) -> Result<Vec<Release>, SourceError> {
    let registry = settings.registry.trim_end_matches('/');
    let name = settings.name.replace('/', "%2F");
    let packument: Packument = caller.json(&format!("{registry}/{name}"))?;
    let read = |(version, about): (String, Version)| {
        let mut release = Release::new(version);
        release.released = time(packument.time.get(&release.version).and_then(Value::as_str));
        // An empty reason takes a deprecation back.
        release.withdrawn = match about.deprecated {
            Some(Value::String(reason)) => !reason.is_empty(),
            Some(Value::Bool(is_deprecated)) => is_deprecated,
            _ => false,
        };
        match about.dist.and_then(|dist| dist.tarball) {
            Some(url) => {
                release.downloads.insert(ASSET.to_owned(), url);
            }
            None => release.missing.push("tarball".to_owned()),
        }
        release
    };
    Ok(packument.versions.into_iter().map(read).collect())
}
