//! `end-of-life`: images made of what is no longer supported, or soon will not be.

use super::{Context, Draft, Rule};
use crate::pools::check::Severity;

pub(super) const RULE: Rule = Rule {
    id: "end-of-life",
    summary: "an image is made of something whose support has ended or ends soon",
    run,
};

fn run(context: &mut Context<'_>) {
    let (options, today) = (context.options, context.options.today);
    for image in context.images() {
        let names: Vec<&str> = image
            .locations
            .iter()
            .flat_map(|location| location.reference.names())
            .chain([image.name.as_str()])
            .collect();
        for end in &options.end_of_life {
            if !names.iter().any(|name| end.is_in(name)) {
                continue;
            }
            let left = (end.date - today).num_days();
            let (severity, words) = if left < 0 {
                (Severity::Warning, format!("ended on {}", end.date))
            } else if left <= options.end_of_life_notice_days.into() {
                (
                    Severity::Note,
                    format!("ends on {}, in {left} days", end.date),
                )
            } else {
                continue;
            };
            let pools = context.usage.pools(context.config, &image.name).count();
            let pools = match pools {
                0 => "no pool boots it".to_owned(),
                1 => "1 pool boots it".to_owned(),
                many => format!("{many} pools boot it"),
            };
            let message = format!(
                "support of {} in `{}` {words}; {pools}",
                end.what, image.name
            );
            context.find(
                Draft::new(severity, &image.name, &image.place)
                    .say(message)
                    .hint("build it from a newer base, or move its pools to an image that is"),
            );
        }
    }
}
