//! `alias-chain`: an alias of an alias. Readers follow it, but fxci-config's own check of unused images looks one step
//! far, in the order of the file.

use super::{Context, Draft, Rule};

pub(super) const RULE: Rule = Rule {
    id: "alias-chain",
    summary: "an alias stands for another alias",
    run,
};

fn run(context: &mut Context<'_>) {
    let config = context.config;
    for image in config.images.values() {
        let chain = config.chain(&image.name);
        let Some(end) = config.image(&image.name) else {
            // Chains that lead nowhere have a finding of their own.
            continue;
        };
        if let [_, others @ .., _] = &chain[..]
            && !others.is_empty()
        {
            let others: Vec<String> = others.iter().map(|key| format!("`{key}`")).collect();
            let message = format!(
                "the alias `{}` leads to `{}` through {}",
                image.name,
                end.name,
                others.join(", ")
            );
            context.find(
                Draft::warning(&image.name, &image.value)
                    .say(message)
                    .hint(format!("name `{}` itself", end.name)),
            );
        }
    }
}
