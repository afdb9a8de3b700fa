//! `worker-pools.yml`: each entry a pool for each of its variants.

use std::collections::BTreeMap;

use taskgraph_images_transforms::Cloud;

use super::Environment;
use crate::ci_config::findings::{expected, required, scalar};
use crate::ci_config::keyed::{Attributes, Keyed};
use crate::ci_config::pool::trust_domain;
use crate::ci_config::text::fill;
use crate::ci_config::{ImageEntry, Levels, Pool, level_of_group};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Node, Value};

/// The keys that an entry may have; the generator takes no other.
const KEYS: &[&str] = &[
    "pool_id",
    "description",
    "owner",
    "email_on_error",
    "provider_id",
    "config",
    "attributes",
    "variants",
];

/// Values of a pool that are chosen by attributes and have nothing to do with images: a choice that cannot be made
/// stops the generator all the same.
const OTHERS: &[&str] = &[
    "armDeployment",
    "instance_types",
    "maxCapacity",
    "minCapacity",
    "scalingRatio",
    "security",
    "worker-purpose",
];

pub(super) fn read(
    node: &Node,
    images: &BTreeMap<String, ImageEntry>,
    environment: &Environment,
    levels: &Levels,
    findings: &mut Vec<Diagnostic>,
) -> (Vec<Node>, Vec<Pool>) {
    let Some(Value::List(entries)) = node.get("pools").map(|pools| &pools.value) else {
        findings.push(match node.get("pools") {
            Some(pools) => expected("a list of pools", pools),
            None => {
                Diagnostic::error("missing-key", "there is no list of `pools`").at(node.place())
            }
        });
        return (Vec::new(), Vec::new());
    };
    let reader = Reader {
        images,
        environment,
        levels,
        keyed: Keyed::default(),
    };
    let mut pools: Vec<Pool> = Vec::new();
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for (number, entry) in entries.iter().enumerate() {
        for pool in reader.entry(entry, number, findings) {
            if let Some(first) = ids.get(&pool.id) {
                findings.push(
                    Diagnostic::error(
                        "duplicate-pool",
                        format!("the pool `{}` is declared twice", pool.id),
                    )
                    .at(pool.place.clone())
                    .note(pools[*first].place.clone(), "the first one"),
                );
            }
            ids.insert(pool.id.clone(), pools.len());
            pools.push(pool);
        }
    }
    (entries.to_vec(), pools)
}

struct Reader<'a> {
    images: &'a BTreeMap<String, ImageEntry>,
    environment: &'a Environment,
    levels: &'a Levels,
    keyed: Keyed,
}

impl Reader<'_> {
    fn entry(&self, entry: &Node, number: usize, findings: &mut Vec<Diagnostic>) -> Vec<Pool> {
        let Some(keys) = entry.entries() else {
            findings.push(expected("a pool: a map", entry));
            return Vec::new();
        };
        for (key, _) in keys.iter().filter(|(key, _)| !KEYS.contains(&&*key.text)) {
            findings.push(
                Diagnostic::error("unknown-key", format!("a pool has no key `{}`", key.text))
                    .at(key.place())
                    .hint(format!("it has: {}", KEYS.join(", "))),
            );
        }
        let pool_id = required(entry, "pool_id", "the pool", findings);
        for key in ["provider_id", "config"] {
            if entry.get(key).is_none() {
                findings.push(
                    Diagnostic::error("missing-key", format!("the pool says no `{key}`"))
                        .at(entry.place()),
                );
            }
        }
        let (Some(pool_id), Some(provider), Some(config)) =
            (pool_id, entry.get("provider_id"), entry.get("config"))
        else {
            return Vec::new();
        };
        let written = Written {
            entry,
            number,
            pool_id,
            provider,
            config,
        };
        let own = entry
            .get("attributes")
            .and_then(Node::entries)
            .unwrap_or(&[]);
        let none = entry.with(Value::Map([].into()));
        let variants = match entry.get("variants").map(|variants| &variants.value) {
            Some(Value::List(variants)) => variants.to_vec(),
            Some(_) => {
                findings.extend(
                    entry
                        .get("variants")
                        .map(|node| expected("a list of variants", node)),
                );
                return Vec::new();
            }
            None => vec![none],
        };
        let mut pools = Vec::with_capacity(variants.len());
        for variant in &variants {
            let Some(more) = variant.entries() else {
                findings.push(expected("a variant: a map of attributes", variant));
                continue;
            };
            let attributes: Attributes = own
                .iter()
                .chain(more)
                .map(|(key, value)| (key.text.to_string(), value.clone()))
                .collect();
            match self.pool(&written, variant, &attributes) {
                Ok(pool) => pools.push(pool),
                Err(fault) => findings.push(fault),
            }
        }
        pools
    }

    fn pool(
        &self,
        written: &Written<'_>,
        variant: &Node,
        attributes: &Attributes,
    ) -> Result<Pool, Diagnostic> {
        let Written { entry, config, .. } = written;
        let id_node = entry.get("pool_id").unwrap_or(entry);
        let id = fill(id_node, &written.pool_id, attributes)?;
        let id = id.trim_end_matches('-').to_owned();
        if id.matches('/').count() != 1 {
            return Err(Diagnostic::error(
                "bad-pool-id",
                format!("`{id}` is no `<group>/<worker type>`"),
            )
            .at(id_node.place()));
        }
        // The fault says which of the variants it is about.
        let choose = |node: &Node, key: &str, attributes: &Attributes| {
            self.keyed
                .choose(node, &format!("`{key}` of `{id}`"), attributes)
        };
        let provider_node = choose(written.provider, "provider_id", attributes)?;
        let provider = scalar(&provider_node)
            .ok_or_else(|| expected("the id of a provider", &provider_node))?
            .to_owned();

        // The size of the first machine becomes an attribute that other values are chosen by.
        let mut attributes = attributes.clone();
        let sizes = match config.get("vmSizes").map(|sizes| &sizes.value) {
            Some(Value::List(sizes)) => sizes.to_vec(),
            _ => Vec::new(),
        };
        for (at, size) in sizes.iter().enumerate() {
            let Some(size) = size.get("vmSize") else {
                continue;
            };
            let size = choose(size, "vmSizes.vmSize", &attributes)?;
            if at == 0 && scalar(&size).is_some_and(|size| !size.is_empty()) {
                attributes.insert("vmSize".to_owned(), size);
            }
        }
        for key in OTHERS {
            if let Some(value) = config.get(key) {
                choose(value, key, &attributes)?;
            }
        }
        let chosen = |key: &str| -> Result<Option<Node>, Diagnostic> {
            match config.get(key) {
                Some(value) => choose(value, key, &attributes)
                    .map(|value| Some(value).filter(|value| !value.is_null())),
                None => Ok(None),
            }
        };
        let filled = |key: &str| -> Result<Option<(Node, String)>, Diagnostic> {
            let Some(node) = chosen(key)? else {
                return Ok(None);
            };
            let format = scalar(&node).ok_or_else(|| expected("a string", &node))?;
            let text = fill(&node, format, &attributes)?;
            Ok(Some((node, text.trim_end_matches(['-', '_']).to_owned())))
        };
        let image = filled("image")?;
        let implementation = filled("implementation")?.map(|(_, text)| text);
        let cloud = self.cloud(&provider, image.as_ref().map(|(_, image)| image.as_str()));
        let regions = chosen(if cloud == Some(Cloud::Azure) {
            "locations"
        } else {
            "regions"
        })?;
        let names = regions.as_ref().map(names).transpose()?;
        let own_text = |key: &str| variant.get(key).or_else(|| entry.get(key)).and_then(scalar);
        let group = id.split('/').next().unwrap_or_default();
        let written_variant = variant.entries().is_some_and(|entries| !entries.is_empty());
        Ok(Pool {
            image_place: image.as_ref().map(|(node, _)| node.place()),
            image: image.map(|(_, text)| text),
            resolved: None,
            cloud,
            regions: names.unwrap_or_default(),
            regions_place: regions.map(|node| node.place()),
            implementation,
            level: self.levels.of(&provider).or_else(|| level_of_group(group)),
            trust_domain: trust_domain(group),
            owner: own_text("owner").map(str::to_owned),
            place: if written_variant {
                variant.place()
            } else {
                id_node.place()
            },
            entry: written.number,
            attributes: attributes
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), scalar(value)?.to_owned())))
                .collect(),
            provider,
            id,
        })
    }

    /// The cloud of a provider: the environment's, or else what the pool's image is for it.
    fn cloud(&self, provider: &str, image: Option<&str>) -> Option<Cloud> {
        if self.environment.providers.is_some() {
            return self.environment.cloud(provider);
        }
        let of = |image: &ImageEntry| image.location(provider).map(|location| location.cloud);
        image
            .and_then(|image| of(self.images.get(image)?))
            .or_else(|| self.images.values().find_map(of))
    }
}

struct Written<'a> {
    entry: &'a Node,
    number: usize,
    pool_id: String,
    provider: &'a Node,
    config: &'a Node,
}

/// The names that a list holds, sorted.
fn names(node: &Node) -> Result<Vec<String>, Diagnostic> {
    let Value::List(items) = &node.value else {
        return Err(expected("a list of regions", node));
    };
    let mut names = items
        .iter()
        .map(|item| {
            scalar(item)
                .map(str::to_owned)
                .ok_or_else(|| expected("the name of a region", item))
        })
        .collect::<Result<Vec<String>, _>>()?;
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
