//! [`PoolUse`]: who may create tasks in a pool, as a report says it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Options, Report};
use crate::ci_config::{CiConfig, Holder};
use crate::output::markdown::cell;

/// Who may create tasks in a pool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PoolUse {
    /// The pool's id.
    pub id: String,
    /// Those who are granted the pool or its group.
    pub users: Users,
    /// Those who reach it because they administrate it, or every pool that there is.
    pub administrators: Users,
}

/// Names, by what they are of: `project`, `group`, `role`, `hook`, `client`.
pub type Users = BTreeMap<String, Vec<String>>;

/// Who may create tasks in each pool, where somebody knows.
pub(super) fn uses(config: &CiConfig, options: &Options) -> Option<Vec<PoolUse>> {
    let access = options.access.as_ref()?;
    let of = |pool: &str| {
        let found = access.of(pool);
        PoolUse {
            id: pool.to_owned(),
            users: by_kind(&found.users),
            administrators: by_kind(&found.administrators),
        }
    };
    Some(config.pools.iter().map(|pool| of(&pool.id)).collect())
}

fn by_kind(holders: &BTreeSet<Holder>) -> Users {
    let mut users = Users::new();
    for holder in holders {
        let names = users.entry(holder.kind().to_owned()).or_default();
        names.push(holder.name().to_owned());
    }
    users
}

/// Names in a line; what they are of stands before them.
fn line(users: &Users) -> String {
    let kinds = users
        .iter()
        .map(|(kind, names)| format!("{kind} {}", names.join(", ")));
    kinds.collect::<Vec<_>>().join("; ")
}

impl Report {
    /// A line a pool: its id, who uses it, who administrates it. Empty where nobody knows.
    pub fn users_text(&self) -> String {
        let mut out = String::new();
        for pool in self.pools.iter().flatten() {
            let text = format!(
                "{}\t{}\t{}",
                pool.id,
                line(&pool.users),
                line(&pool.administrators)
            );
            // What a file holds moves no cursor and makes no line.
            out.extend(text.chars().map(|sign| {
                if sign.is_control() && sign != '\t' {
                    ' '
                } else {
                    sign
                }
            }));
            out.push('\n');
        }
        out
    }

    /// A table of who uses which pool. Empty where nobody knows.
    pub fn users_markdown(&self) -> String {
        let Some(pools) = &self.pools else {
            return String::new();
        };
        let mut out =
            "\n| pool | who may create tasks in it | administrators |\n| --- | --- | --- |\n"
                .to_owned();
        let shown = |users: &Users| match users.is_empty() {
            true => "nobody".to_owned(),
            false => cell(&line(users)),
        };
        for pool in pools {
            out += &format!(
                "| {} | {} | {} |\n",
                cell(&pool.id),
                shown(&pool.users),
                shown(&pool.administrators)
            );
        }
        out
    }
}
