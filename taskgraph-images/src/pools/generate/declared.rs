//! [`Declared`]: groups of generated pools, as the mapping declares them, so that they can be made again and checked.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Expected, Generated, Request, entries};
use crate::ci_config::CiConfig;

/// A group in which every pool is generated.
///
/// ```yaml
/// generate:
///   images-1:                                # the part of the pools' ids before the slash
///     template: example-1/b-linux            # the pool that they are like, by its id
///     images: [ubuntu-2404-headless]         # the keys of their images; all that the template's provider has, if absent
///     named: {latest: ubuntu-2404-headless}  # pools of other names
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Declared {
    /// The pool that the others are like: its id, or the id as its entry writes it.
    pub template: String,
    /// The images, by the keys of their entries; all that the template's provider has, if absent.
    #[serde(default)]
    pub images: Option<BTreeSet<String>>,
    /// Pools of other names, each with the key of its image.
    #[serde(default)]
    pub named: BTreeMap<String, String>,
}

impl Declared {
    /// Makes the entries of the group.
    ///
    /// # Errors
    /// Everything that is wrong with the template or the images, in words.
    pub fn entries(&self, config: &CiConfig, group: &str) -> Result<Vec<Generated>, Vec<String>> {
        let template = template(config, &self.template).ok_or_else(|| {
            vec![format!(
                "there is no pool `{}` to be the template of `{group}`",
                self.template
            )]
        })?;
        let request = Request {
            template: &template,
            group,
            images: self.images.clone(),
            named: self.named.clone(),
        };
        entries(config, &request).map_err(|faults| {
            faults
                .iter()
                .map(|fault| format!("`{group}`: {fault}"))
                .collect()
        })
    }
}

/// The pools that should be there in all the groups that are declared.
///
/// # Errors
/// Everything that is wrong with any of them, in words.
pub fn expected(
    config: &CiConfig,
    declared: &BTreeMap<String, Declared>,
) -> Result<Expected, Vec<String>> {
    let mut expected = Expected::default();
    let mut faults = Vec::new();
    for (group, one) in declared {
        expected.groups.insert(group.clone());
        match one.entries(config, group) {
            Ok(pools) => expected.pools.extend(pools),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() {
        Ok(expected)
    } else {
        Err(faults)
    }
}

/// The entry of a pool: by the pool's id, or by the id as the entry writes it.
pub fn template(config: &CiConfig, id: &str) -> Option<Value> {
    let by_id = config.pools.iter().find(|pool| pool.id == id);
    let entry = by_id
        .and_then(|pool| config.entries.get(pool.entry))
        .or_else(|| {
            config.entries.iter().find(|entry| {
                let written = entry.get("pool_id").map(|id| id.to_json());
                written.as_ref().and_then(Value::as_str) == Some(id)
            })
        });
    entry.map(|entry| entry.to_json())
}
