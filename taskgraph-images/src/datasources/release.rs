//! [`Release`]: a version that a source has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::taskcluster::Timestamp;

/// A version that a source has, and what the source says of it. All texts are a stranger's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Release {
    /// The version, as a pin would name it.
    pub version: String,
    /// Since when it is out, as the source says.
    pub released: Option<Timestamp>,
    /// SHA-256 in hexadecimal digits, by asset, as far as the source tells it.
    #[serde(default)]
    pub digests: BTreeMap<String, String>,
    /// Where the assets are, by asset: see [`super::fill_digests`].
    #[serde(default)]
    pub downloads: BTreeMap<String, String>,
    /// What it is called elsewhere, such as the AMI of each region.
    #[serde(default)]
    pub references: BTreeMap<String, String>,
    /// What is used of it and is not there. One that lacks anything is never proposed.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Whether the source calls it a prerelease.
    #[serde(default)]
    pub prerelease: bool,
    /// Whether the source has taken it back: yanked, deprecated.
    #[serde(default)]
    pub withdrawn: bool,
    /// What its makers say of it.
    pub notes: Option<String>,
    /// Where people read about it.
    pub url: Option<String>,
}

impl Release {
    /// A release of which nothing else is known.
    pub fn new(version: impl Into<String>) -> Self {
        Self {
            version: version.into(),
            ..Self::default()
        }
    }

    /// Whether all that is used of it is there.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }
}
