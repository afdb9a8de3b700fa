//! `unused-pool`: pools that nobody uses, as far as the caller knows who uses what. Pools for trying images out
//! (`-alpha`) are used now and then only.

use super::{Context, Draft, Rule};

pub(super) const RULE: Rule = Rule {
    id: "unused-pool",
    summary: "nobody uses a pool",
    run,
};

fn run(context: &mut Context<'_>) {
    let Some(used) = &context.options.used_pools else {
        return;
    };
    for pool in &context.config.pools {
        if !used.contains(&pool.id) && !pool.is_alpha() {
            context.find(
                Draft::warning(&pool.id, &pool.place)
                    .say(format!("nobody uses the pool `{}`", pool.id))
                    .hint("remove it, and its image if no other pool boots it"),
            );
        }
    }
}
