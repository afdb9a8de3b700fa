//! `no-definition`: images that nothing builds, so that nobody can build them anew.

use super::{Context, Draft, Rule};

pub(super) const RULE: Rule = Rule {
    id: "no-definition",
    summary: "no definition builds an image",
    run,
};

fn run(context: &mut Context<'_>) {
    let Some(known) = &context.options.known else {
        return;
    };
    for image in context.images().filter(|image| !image.locations.is_empty()) {
        let declared = known.builds.get(&image.name);
        let lost: Vec<String> = declared
            .into_iter()
            .flatten()
            .filter(|id| {
                known
                    .defined
                    .as_ref()
                    .is_some_and(|defined| !defined.contains(id))
            })
            .map(|id| format!("`{id}`"))
            .collect();
        if !lost.is_empty() {
            context.find(
                Draft::warning(&image.name, &image.place)
                    .say(format!(
                        "`{}` is said to be built from {}, which no definition builds",
                        image.name,
                        lost.join(", ")
                    ))
                    .hint("correct the declaration, or define the image"),
            );
            continue;
        }
        if declared.is_some_and(|ids| !ids.is_empty()) {
            continue;
        }
        // What a manifest names is built, if its definition is still there.
        let built = image.locations.iter().any(|location| {
            context.published(location).is_some_and(|published| {
                known
                    .defined
                    .as_ref()
                    .is_none_or(|defined| defined.contains(&published.image))
            })
        });
        if !built {
            let pools = context.usage.pools(context.config, &image.name).count();
            let message = format!(
                "no definition builds `{}`; {}",
                image.name,
                match pools {
                    0 => "no pool boots it".to_owned(),
                    1 => "1 pool boots it".to_owned(),
                    many => format!("{many} pools boot it"),
                }
            );
            context.find(
                Draft::warning(&image.name, &image.place)
                    .say(message)
                    .hint("define it, or declare which definition builds it"),
            );
        }
    }
}
