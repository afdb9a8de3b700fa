//! The rules, one file each, and the one list of them.

mod alias_chain;
mod duplicate_image;
mod end_of_life;
mod illegal_name;
mod level_mismatch;
mod missing_region;
mod no_definition;
mod old_image;
mod stale_pool;
mod unknown_image;
mod unused_image;
mod unused_pool;

use super::context::{Context, Draft};

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its kebab-case identifier.
    pub id: &'static str,
    /// What it looks for, in a few words.
    pub summary: &'static str,
    pub(super) run: fn(&mut Context<'_>),
}

/// Every rule, in the order of its identifier.
pub const RULES: &[&Rule] = &[
    &alias_chain::RULE,
    &duplicate_image::RULE,
    &end_of_life::RULE,
    &illegal_name::RULE,
    &level_mismatch::RULE,
    &missing_region::RULE,
    &no_definition::RULE,
    &old_image::RULE,
    &stale_pool::RULE,
    &unknown_image::RULE,
    &unused_image::RULE,
    &unused_pool::RULE,
];
