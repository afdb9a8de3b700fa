//! `stale-pool`: pools made for images that are out of date: an image without its pool, a pool without its image, an entry that
//! is not like its template any more.

use std::collections::BTreeMap;

use super::{Context, Draft, Rule};
use crate::ci_config::Pool;

pub(super) const RULE: Rule = Rule {
    id: "stale-pool",
    summary: "generated pools differ from what would be generated",
    run,
};

fn run(context: &mut Context<'_>) {
    let Some(expected) = &context.options.generated else {
        return;
    };
    let config = context.config;
    let again = "generate the pools again";
    let there: BTreeMap<&str, &Pool> = config
        .pools
        .iter()
        .map(|pool| (pool.id.as_str(), pool))
        .collect();
    for pool in &expected.pools {
        let Some(found) = there.get(pool.id.as_str()) else {
            if let Some(image) = config.images.get(&pool.image) {
                context.find(
                    Draft::warning(&pool.id, &image.place)
                        .say(format!("`{}` has no pool `{}`", image.name, pool.id))
                        .hint(again),
                );
            }
            continue;
        };
        let image = found.image.as_deref().unwrap_or("nothing");
        if image != pool.image || found.provider != pool.provider {
            let message = format!(
                "the pool `{}` boots `{image}` on `{}`; it would be generated for `{}` on `{}`",
                pool.id, found.provider, pool.image, pool.provider
            );
            context.find(
                Draft::warning(&found.id, &found.place)
                    .say(message)
                    .hint(again),
            );
        } else if config
            .entries
            .get(found.entry)
            .is_some_and(|entry| entry.to_json() != pool.value)
        {
            context.find(
                Draft::warning(&found.id, &found.place)
                    .say(format!(
                        "the entry of the pool `{}` differs from what would be generated from its template",
                        found.id
                    ))
                    .hint(again),
            );
        }
    }
    for pool in &config.pools {
        let generated = expected.groups.contains(pool.group());
        if generated && !expected.pools.iter().any(|other| other.id == pool.id) {
            let message = format!(
                "the pool `{}` is for no image that there is: all pools of `{}` are generated",
                pool.id,
                pool.group()
            );
            context.find(
                Draft::warning(&pool.id, &pool.place)
                    .say(message)
                    .hint(again),
            );
        }
    }
}
