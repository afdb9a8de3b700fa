//! Pools made for images: one for each image that a template's provider has, and one for each name such as `latest`.
//!
//! ```text
//! template ─┬─ an entry of worker-pools.yml ──▶ entries for an editor to insert
//!           └─ a definition of a worker pool ─▶ definitions for worker-manager
//! ```
//!
//! The template says everything but the image. Nothing is written anywhere: the result is JSON values.

mod declared;
mod definition;
mod entry;
mod name;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::ci_config::CiConfig;

pub use declared::{Declared, expected, template};
pub use definition::definitions;
pub use entry::entries;
pub use name::{is_group, is_worker_type, worker_type};

/// What pools to make.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The pool that the others are like.
    pub template: &'a Value,
    /// The group of the pools, the part of their ids before the slash. All pools in it are taken to be generated.
    pub group: &'a str,
    /// The images, by key; all that the template's provider has if nothing is said.
    pub images: Option<BTreeSet<String>>,
    /// Pools of another name: `latest`, say, and the key of the image that it boots.
    pub named: BTreeMap<String, String>,
}

/// A pool that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// Its id.
    pub id: String,
    /// The key of its image.
    pub image: String,
    /// Its provider.
    pub provider: String,
    /// The entry, or the definition.
    pub value: Value,
}

/// The pools that should be there.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// The groups in which every pool is generated.
    pub groups: BTreeSet<String>,
    /// The pools.
    pub pools: Vec<Generated>,
}

/// Why pools cannot be made; whoever wrote the template, or chose the images, can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The template has another form.
    #[error("the template's `{key}` is not {expected}")]
    Template {
        /// The key.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The group is none that Taskcluster takes.
    #[error("`{0}` is no provisioner: expected up to 38 letters, digits, `-` and `_`")]
    Group(String),
    /// An image is not there.
    #[error("there is no image `{0}`")]
    NoImage(String),
    /// An image is not there for the template's provider.
    #[error("`{image}` has no image for `{provider}`")]
    NoLocation {
        /// The image.
        image: String,
        /// The provider.
        provider: String,
    },
    /// An image is in none of the template's regions.
    #[error("`{0}` has no image in any region of the template")]
    NoRegion(String),
    /// The configuration cannot name an image by its key.
    #[error("a pool cannot name the image `{0}`: its generator cuts `-` and `_` off the end")]
    Unnameable(String),
    /// Two images have one name of a pool.
    #[error("`{first}` and `{second}` both make the worker type `{worker_type}`")]
    SameName {
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// The worker type.
        worker_type: String,
    },
}

/// A pool to make: its worker type, and the key of its image.
struct Wanted {
    worker_type: String,
    image: String,
}

/// Which pools to make, sorted by worker type.
fn wanted(
    config: &CiConfig,
    request: &Request<'_>,
    provider: &str,
) -> Result<Vec<Wanted>, Vec<GenerateError>> {
    let mut errors = Vec::new();
    if !is_group(request.group) {
        errors.push(GenerateError::Group(request.group.to_owned()));
    }
    let all = || {
        config
            .images
            .values()
            .filter(|image| image.alias_of.is_none() && image.location(provider).is_some())
            .map(|image| image.name.clone())
            .collect()
    };
    let images: BTreeSet<String> = request.images.clone().unwrap_or_else(all);
    // Of each worker type, the name that it was made of.
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut wanted = Vec::new();
    let plain = images.into_iter().map(|key| (key.clone(), key));
    let named = request.named.clone();
    for (name, key) in plain.chain(named) {
        let Some(image) = config.image(&key) else {
            errors.push(GenerateError::NoImage(key));
            continue;
        };
        if image.location(provider).is_none() {
            errors.push(GenerateError::NoLocation {
                image: key,
                provider: provider.to_owned(),
            });
            continue;
        }
        let worker_type = worker_type(&name);
        if let Some(first) = names.insert(worker_type.clone(), name.clone()) {
            errors.push(GenerateError::SameName {
                first,
                second: name,
                worker_type,
            });
            continue;
        }
        wanted.push(Wanted {
            worker_type,
            image: key,
        });
    }
    if errors.is_empty() {
        wanted.sort_by(|a, b| a.worker_type.cmp(&b.worker_type));
        Ok(wanted)
    } else {
        Err(errors)
    }
}

/// The text under a key of the template.
fn text<'a>(template: &'a Value, key: &'static str) -> Result<&'a str, GenerateError> {
    template
        .get(key)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .ok_or(GenerateError::Template {
            key,
            expected: "a string that is the same for all pools",
        })
}
