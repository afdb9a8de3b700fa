//! `unused-image`: images, aliases, and what an image is for one provider or in one region, that no pool boots.
//!
//! fxci-config's own check refuses unused keys, so there they are errors; it does not look at providers and regions.

use super::{Context, Draft, Rule};
use crate::ci_config::{ImageEntry, Location, Shape};
use crate::pools::check::Severity;

pub(super) const RULE: Rule = Rule {
    id: "unused-image",
    summary: "no pool boots an image, or what it is for one provider",
    run,
};

fn run(context: &mut Context<'_>) {
    let config = context.config;
    for image in config.images.values() {
        if !context.usage.is_used(&image.name) {
            let severity = match config.shape {
                Shape::Fxci => Severity::Error,
                Shape::Community => Severity::Warning,
            };
            let what = match image.alias_of {
                Some(_) => "alias",
                None => "image",
            };
            context.find(
                Draft::new(severity, &image.name, &image.place)
                    .say(format!("no pool boots the {what} `{}`", image.name))
                    .hint("remove it, or add its pools with it"),
            );
            continue;
        }
        for location in &image.locations {
            unused_location(context, image, location);
        }
    }
}

fn unused_location(context: &mut Context<'_>, image: &ImageEntry, location: &Location) {
    let config = context.config;
    let used: Vec<_> = context
        .usage
        .pools_on(config, &image.name, &location.provider)
        .collect();
    if used.is_empty() {
        context.find(
            Draft::warning(&image.name, &location.place)
                .say(format!(
                    "no pool of the provider `{}` boots `{}`",
                    location.provider, image.name
                ))
                .hint("remove what it says for the provider"),
        );
        return;
    }
    let unused: Vec<String> = location
        .reference
        .regions()
        .into_iter()
        .flatten()
        .filter(|region| {
            !used
                .iter()
                .any(|pool| pool.regions.iter().any(|other| other == region))
        })
        .map(|region| format!("`{region}`"))
        .collect();
    if !unused.is_empty() {
        context.find(
            Draft::new(Severity::Note, &image.name, &location.place).say(format!(
                "no pool boots `{}` in {}",
                image.name,
                unused.join(", ")
            )),
        );
    }
}
