//! [`Usage`]: which pools boot which image, through aliases.

use std::collections::{BTreeMap, BTreeSet};

use crate::ci_config::{CiConfig, Pool};

/// Which pools boot which image. Numbers are those of [`CiConfig::pools`].
#[derive(Debug, Clone, Default)]
pub struct Usage {
    by_key: BTreeMap<String, BTreeSet<usize>>,
}

impl Usage {
    /// Who uses what in a configuration.
    pub fn new(config: &CiConfig) -> Self {
        let mut by_key: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (number, pool) in config.pools.iter().enumerate() {
            for key in pool.image.iter().flat_map(|image| config.chain(image)) {
                by_key.entry(key.to_owned()).or_default().insert(number);
            }
        }
        Self { by_key }
    }

    /// The pools that use a key, directly or through aliases, in the configuration's order.
    pub fn pools<'a>(&'a self, config: &'a CiConfig, key: &str) -> impl Iterator<Item = &'a Pool> {
        self.by_key
            .get(key)
            .into_iter()
            .flatten()
            .filter_map(|number| config.pools.get(*number))
    }

    /// The pools that boot what a key says for one provider.
    pub fn pools_on<'a>(
        &'a self,
        config: &'a CiConfig,
        key: &str,
        provider: &str,
    ) -> impl Iterator<Item = &'a Pool> {
        self.pools(config, key)
            .filter(move |pool| pool.provider == provider)
    }

    /// Whether any pool uses a key.
    pub fn is_used(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    /// The ids of the pools that boot each image, aliases followed: what the text of a proposal names. Images that no
    /// pool boots have an empty list; aliases are not in it.
    pub fn table(&self, config: &CiConfig) -> BTreeMap<String, Vec<String>> {
        config
            .images
            .values()
            .filter(|image| image.alias_of.is_none())
            .map(|image| {
                let pools = self.pools(config, &image.name);
                let mut ids: Vec<String> = pools.map(|pool| pool.id.clone()).collect();
                ids.sort_unstable();
                (image.name.clone(), ids)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ci_config::fixtures::{fxci, load};

    #[test]
    fn follows_aliases() {
        let config = load(&fxci());
        let usage = Usage::new(&config);
        let table = usage.table(&config);
        assert_eq!(table["docker-2026-08-01"], ["example-t/b-linux-docker"]);
        assert!(usage.is_used("docker-latest") && !table.contains_key("docker-latest"));
        assert_eq!(
            table["headless"],
            ["example-1/b-linux", "example-3/b-linux"]
        );
        let trusted = usage.pools_on(&config, "headless", "example-level3-gcp");
        assert_eq!(
            trusted.map(|pool| pool.id.as_str()).collect::<Vec<_>>(),
            ["example-3/b-linux"]
        );
    }

    proptest! {
        /// However aliases point, every pool is counted for exactly the keys of its chain, and what it boots is no alias.
        #[test]
        fn counts_each_pool_once_for_each_key_of_its_chain(targets in proptest::collection::vec(0_usize..8, 7)) {
            let mut text = String::from("k7: {example-level1-gcp: projects/example/global/images/x}\n");
            for (key, target) in targets.iter().enumerate() {
                text += &format!("k{key}: k{target}\n");
            }
            let pools: String = (0..8)
                .map(|key| format!(
                    "- {{pool_id: a/p{key}, description: d, owner: o, email_on_error: true, provider_id: \
                     example-level1-gcp, config: {{image: k{key}, regions: [r]}}}}\n"
                ))
                .collect();
            let tree = fxci()
                .file("worker-images.yml", text)
                .file("worker-pools.yml", format!("pools:\n{pools}"));
            let config = load(&tree);
            let usage = Usage::new(&config);
            for pool in &config.pools {
                let image = pool.image.as_deref().unwrap();
                let chain = config.chain(image);
                for key in config.images.keys() {
                    let counted = usage.pools(&config, key).filter(|other| other.id == pool.id).count();
                    prop_assert_eq!(counted, usize::from(chain.contains(&key.as_str())));
                }
                prop_assert_eq!(pool.resolved.as_deref() == Some("k7"), chain.contains(&"k7"));
            }
        }
    }
}
