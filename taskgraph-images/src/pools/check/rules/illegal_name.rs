//! `illegal-name`: ids of pools that Taskcluster refuses.

use super::{Context, Draft, Rule};
use crate::pools::generate::{is_group, is_worker_type};

pub(super) const RULE: Rule = Rule {
    id: "illegal-name",
    summary: "the id of a pool is none that Taskcluster takes",
    run,
};

fn run(context: &mut Context<'_>) {
    for pool in &context.config.pools {
        if !is_group(pool.group()) {
            context.find(Draft::error(&pool.id, &pool.place).say(format!(
                "`{}` of the pool `{}` is no provisioner: expected up to 38 letters, digits, `-` and `_`",
                pool.group(),
                pool.id
            )));
        }
        if !is_worker_type(pool.worker_type()) {
            context.find(
                Draft::error(&pool.id, &pool.place)
                    .say(format!(
                        "`{}` of the pool `{}` is no worker type",
                        pool.worker_type(),
                        pool.id
                    ))
                    .hint("up to 38 small letters, digits and `-`, a letter first and no `-` last"),
            );
        }
    }
}
