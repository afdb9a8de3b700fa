//! `missing-region`: pools with regions that their image is not in. Google's images are everywhere, and so are the
//! versions of galleries, as far as the configuration tells.

use super::{Context, Draft, Rule};
use crate::ci_config::Shape;

pub(super) const RULE: Rule = Rule {
    id: "missing-region",
    summary: "a pool uses a region that its image is not in",
    run,
};

fn run(context: &mut Context<'_>) {
    let config = context.config;
    for pool in config.pools.iter().filter(|pool| pool.cloud.is_some()) {
        let place = pool.regions_place.as_ref().unwrap_or(&pool.place);
        if pool.regions.is_empty() && config.shape == Shape::Fxci {
            context.find(
                Draft::error(&pool.id, place)
                    .say(format!("the pool `{}` names no region", pool.id)),
            );
            continue;
        }
        let Some(location) = config.location(pool) else {
            continue;
        };
        let Some(there) = location.reference.regions() else {
            continue;
        };
        let missing: Vec<String> = pool
            .regions
            .iter()
            .filter(|region| !there.contains(&region.as_str()))
            .map(|region| format!("`{region}`"))
            .collect();
        if missing.is_empty() {
            continue;
        }
        let image = pool.resolved.as_deref().unwrap_or_default();
        let mut draft = Draft::error(&pool.id, place)
            .say(format!(
                "the pool `{}` uses {}, where `{image}` has no image",
                pool.id,
                missing.join(", ")
            ))
            .note(
                &location.place,
                format!("it has one in {}", there.join(", ")),
            );
        // The same region in the other way to write it.
        let bare = |region: &str| region.replace('-', "");
        let meant = pool.regions.iter().find_map(|region| {
            let there = there.iter().find(|other| bare(other) == bare(region))?;
            (there != region).then(|| format!("`{region}` is written `{there}` there"))
        });
        draft.hint = Some(meant.unwrap_or_else(|| {
            "copy the image there, or leave the region out of the pool".to_owned()
        }));
        context.find(draft);
    }
}
