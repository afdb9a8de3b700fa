//! [`successors`]: which pools take others' places, because their image is newer.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Successor, Successors};
use crate::ci_config::{CiConfig, Location};
use crate::pools::update::Mapping;

/// When a pool's image was made, its worker type, and its image's key.
type Dated<'a> = (NaiveDate, &'a str, &'a str);

/// Which pools take others' places: in each group, of the pools whose images are of one family, the one of the newest
/// image. Pools whose image is in no family that the mapping names have no successor: nobody said what theirs would be.
///
/// `date` says when what a location names was made. Pools of a family that cannot be dated are named in the second value.
pub fn successors(
    config: &CiConfig,
    mapping: &Mapping,
    date: &dyn Fn(&Location) -> Option<NaiveDate>,
) -> (Successors, Vec<String>) {
    let mut lines: BTreeMap<(&str, &str, &str), Vec<Dated<'_>>> = BTreeMap::new();
    let mut undated = Vec::new();
    for pool in &config.pools {
        let Some(key) = pool.resolved.as_deref() else {
            continue;
        };
        let family = mapping
            .images
            .get(key)
            .and_then(|entry| entry.family.as_deref());
        let (Some(family), Some(location)) = (family, config.location(pool)) else {
            continue;
        };
        match date(location) {
            Some(date) => lines
                .entry((pool.group(), &pool.provider, family))
                .or_default()
                .push((date, pool.worker_type(), key)),
            None => undated.push(format!(
                "`{}` boots `{key}`, of which nothing tells when it was made",
                pool.id
            )),
        }
    }
    let mut successors = BTreeMap::new();
    for ((group, _, _), mut pools) in lines {
        pools.sort_unstable();
        let Some((newest, worker_type, key)) = pools.last().copied() else {
            continue;
        };
        for (date, other, _) in pools {
            // Two pools may boot the same image: neither takes the other's place.
            if date < newest && other != worker_type {
                let successor = Successor {
                    worker_type: worker_type.to_owned(),
                    image: format!("the image `{key}` of {newest}"),
                };
                successors.insert(format!("{group}/{other}"), successor);
            }
        }
    }
    (Successors(successors), undated)
}
