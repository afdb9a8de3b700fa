//! `old-image`: images older than they may be. Their manifest tells their age, or else a day in their names; an image of
//! which neither tells is said to be undated, never taken to be new.

use chrono::NaiveDate;

use super::{Context, Draft, Rule};
use crate::ci_config::{ImageEntry, Location};
use crate::pools::check::{Severity, date_in};

pub(super) const RULE: Rule = Rule {
    id: "old-image",
    summary: "an image is older than it may be",
    run,
};

fn run(context: &mut Context<'_>) {
    let Some(limit) = context.options.max_age_days else {
        return;
    };
    let today = context.options.today;
    for image in context.images() {
        let mut undated: Vec<&Location> = Vec::new();
        for location in &image.locations {
            let Some((date, told)) = date(context, image, location) else {
                undated.push(location);
                continue;
            };
            let age = (today - date).num_days();
            if age <= limit.into() {
                continue;
            }
            let message = format!(
                "`{}` is {age} days old for `{}` ({told} {date}; at most {limit} days); {}",
                image.name,
                location.provider,
                context.users(&image.name, &location.provider)
            );
            context.find(
                Draft::warning(&image.name, &location.place)
                    .say(message)
                    .hint("publish it anew and update the entry"),
            );
        }
        if let Some(first) = undated.first() {
            let providers: Vec<String> = undated
                .iter()
                .map(|location| format!("`{}`", location.provider))
                .collect();
            let message = format!(
                "nothing tells how old `{}` is for {}",
                image.name,
                providers.join(", ")
            );
            context.find(
                Draft::new(Severity::Note, &image.name, &first.place)
                    .say(message)
                    .hint("its manifest would, or a day in its name"),
            );
        }
    }
}

fn date(
    context: &Context<'_>,
    image: &ImageEntry,
    location: &Location,
) -> Option<(NaiveDate, &'static str)> {
    if let Some(date) = context
        .published(location)
        .and_then(|published| published.date)
    {
        return Some((date, "published on"));
    }
    let names = location.reference.names();
    let oldest = names.into_iter().filter_map(date_in).min();
    oldest
        .or_else(|| date_in(&image.name))
        .map(|date| (date, "named"))
}
