//! `unused-pool`: pools that nobody may create tasks in, or nobody but administrators, by what the configuration grants.
//!
//! Pools for trying images out (`-alpha`) are used now and then only. Where a grant could not be read, it might be the one
//! that reaches a pool, so nothing is said of any.

use super::{Context, Draft, Rule};
use crate::ci_config::Holder;
use crate::pools::check::Severity;

pub(super) const RULE: Rule = Rule {
    id: "unused-pool",
    summary: "nobody may create tasks in a pool",
    run,
};

/// How many administrators a message names.
const SHOWN: usize = 3;

fn run(context: &mut Context<'_>) {
    let (config, options) = (context.config, context.options);
    let Some(access) = options
        .access
        .as_ref()
        .filter(|one| one.findings.is_empty())
    else {
        return;
    };
    let elsewhere = match &access.elsewhere[..] {
        [] => String::new(),
        patterns => format!(
            "; scopes of what is managed elsewhere are not known: `{}`",
            patterns.join("`, `")
        ),
    };
    for pool in config.pools.iter().filter(|pool| !pool.is_alpha()) {
        let of = access.of(&pool.id);
        if !of.users.is_empty() {
            continue;
        }
        let draft = if of.administrators.is_empty() {
            Draft::warning(&pool.id, &pool.place)
                .say(format!(
                    "nobody may create tasks in the pool `{}`: no grant reaches it{elsewhere}",
                    pool.id
                ))
                .hint("remove it, and its image if no other pool boots it; or grant it to whoever is to use it")
        } else {
            let mut names: Vec<String> = of
                .administrators
                .iter()
                .take(SHOWN)
                .map(|one: &Holder| format!("the {} `{}`", one.kind(), one.name()))
                .collect();
            if of.administrators.len() > SHOWN {
                names.push(format!("{} more", of.administrators.len() - SHOWN));
            }
            Draft::new(Severity::Note, &pool.id, &pool.place)
                .say(format!(
                    "only administrators may create tasks in the pool `{}`: {}{elsewhere}",
                    pool.id,
                    names.join(", ")
                ))
                .hint("ask them whether it is used")
        };
        context.find(draft);
    }
}
