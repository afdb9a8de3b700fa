//! `unknown-image`: pools whose image does not exist, or not for their provider.

use super::{Context, Draft, Rule};
use crate::diagnostic::nearest;

pub(super) const RULE: Rule = Rule {
    id: "unknown-image",
    summary: "a pool's image does not exist, or not for the pool's provider",
    run,
};

fn run(context: &mut Context<'_>) {
    let config = context.config;
    for pool in &config.pools {
        let place = pool.image_place.as_ref().unwrap_or(&pool.place);
        let Some(key) = &pool.image else {
            if pool.cloud.is_some() {
                context.find(
                    Draft::error(&pool.id, place)
                        .say(format!("the pool `{}` names no image", pool.id)),
                );
            }
            continue;
        };
        let Some(image) = config.image(key) else {
            let draft = Draft::error(&pool.id, place);
            let draft = if config.images.contains_key(key) {
                draft.say(format!(
                    "the pool `{}` boots `{key}`, an alias that leads to no image",
                    pool.id
                ))
            } else {
                let mut draft = draft.say(format!(
                    "the pool `{}` boots the image `{key}`, which does not exist",
                    pool.id
                ));
                draft.hint = nearest(key, config.images.keys().map(String::as_str))
                    .map(|near| format!("did you mean `{near}`?"));
                draft
            };
            context.find(draft);
            continue;
        };
        if pool.cloud.is_some() && image.location(&pool.provider).is_none() {
            let providers: Vec<String> = image
                .locations
                .iter()
                .map(|location| format!("`{}`", location.provider))
                .collect();
            let there = match &providers[..] {
                [] => "it has none for any provider".to_owned(),
                providers => format!("it has one for {}", providers.join(", ")),
            };
            context.find(
                Draft::error(&pool.id, place)
                    .say(format!(
                        "the pool `{}` boots `{}`, which has no image for `{}`",
                        pool.id, image.name, pool.provider
                    ))
                    .note(&image.place, there)
                    .hint("publish the image for the provider, or boot another one"),
            );
        }
    }
}
