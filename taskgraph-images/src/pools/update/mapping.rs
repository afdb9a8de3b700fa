//! [`Mapping`]: which published image each entry of the configuration repository is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use taskgraph_images_transforms::{ImageId, Level};

use crate::pools::check::DeclaredEnd;
use crate::pools::generate::Declared;

/// Which published image each entry of the configuration repository is. The names of the two differ, so somebody says it.
///
/// ```yaml
/// images:
///   ubuntu-2404-headless:            # the key of the entry
///     family: ubuntu-2404            # what is proposed at once
///     providers:
///       example-level1-gcp: ubuntu-2404-headless@google
///       example-level3-gcp: ubuntu-2404-headless-trusted@google
///   win2022:
///     family: windows
///     deployment-id: ronin-puppet    # the pin that the entry's deployment_id is
///     providers: {azure: win2022@azure}
/// levels: {azure: 1}                 # of providers whose name does not say it
/// hold:
///   - {image: ubuntu-2404-headless@google, manifest: <SHA-256>, reason: bug 1234567}
/// generate:                          # groups in which every pool is generated
///   images-1: {template: example-1/b-linux}
/// end-of-life:                       # of what names of images tell that they are made of
///   - {what: Ubuntu 22.04, date: 2032-04-09, pattern: 'ubuntu-?2204'}
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Mapping {
    /// The entries, by their key.
    #[serde(default)]
    pub images: BTreeMap<String, Entry>,
    /// Levels of providers, as far as their names do not tell them.
    #[serde(default)]
    pub levels: BTreeMap<String, Level>,
    /// Published images that nothing moves to.
    #[serde(default)]
    pub hold: Vec<Hold>,
    /// Groups in which every pool is generated, by the part of the pools' ids before the slash.
    #[serde(default)]
    pub generate: BTreeMap<String, Declared>,
    /// Ends of life that are not known to this program, or other ones than it knows.
    #[serde(default)]
    pub end_of_life: Vec<DeclaredEnd>,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry {
    /// What it is proposed with: a failing family keeps no other back, and a revert touches one. Itself if absent.
    #[serde(default)]
    pub family: Option<String>,
    /// The pin whose value its `deployment_id` is; the start of the revision if absent.
    #[serde(default)]
    pub deployment_id: Option<String>,
    /// The image of each provider.
    pub providers: BTreeMap<String, ImageId>,
}

/// A published image that nothing moves to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hold {
    /// The image.
    pub image: ImageId,
    /// The SHA-256 of its manifest; every one of the image if absent.
    #[serde(default)]
    pub manifest: Option<String>,
    /// Why.
    pub reason: String,
}

impl Mapping {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub fn read(text: &str) -> Result<Self, String> {
        serde_yaml::from_str(text).map_err(|error| error.to_string())
    }

    /// The family of an entry.
    pub fn family<'a>(&'a self, key: &'a str) -> &'a str {
        let entry = self.images.get(key);
        entry
            .and_then(|entry| entry.family.as_deref())
            .unwrap_or(key)
    }
}
