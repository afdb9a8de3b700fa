//! [`ProjectPlan`]: what one project has to change.

use std::collections::BTreeSet;

use super::successors::fits;
use super::{Name, Successors, Uses};

/// What one project has to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectPlan {
    /// Scalars to be replaced in its tree.
    pub moves: Vec<Move>,
    /// Newer images that somebody has to move to by hand.
    pub by_hand: Vec<Stay>,
}

/// A worker type to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Where it is.
    pub name: Name,
    /// What takes its place.
    pub to: String,
    /// The image that this is for, in words.
    pub image: String,
    /// How many tasks of the newest decision run there, if that is known.
    pub tasks: Option<usize>,
}

/// A pool that a newer image should take the place of, and that no edit can move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The pool, or what is written in its place.
    pub what: String,
    /// Why nothing is edited.
    pub why: String,
}

impl ProjectPlan {
    /// Works out what a project has to change. `pools` says which pools there are.
    ///
    /// Without uses, because the project has no decision that can be found, everything that its tree names is moved.
    pub fn new(
        names: &[Name],
        uses: Option<&Uses>,
        successors: &Successors,
        pools: &dyn Fn(&str) -> bool,
    ) -> Self {
        let mut plan = Self::default();
        let mut named: BTreeSet<&str> = BTreeSet::new();
        for name in names {
            let of = successors.of(&name.provisioner, &name.worker_type, pools);
            let is_it = |pool: &str| {
                pool.split_once('/').is_some_and(|(provisioner, r#type)| {
                    r#type == name.worker_type && fits(&name.provisioner, provisioner)
                })
            };
            let what = format!("`{}` of the alias `{}`", name.worker_type, name.alias);
            match (of, name.pattern) {
                (Ok(None), None) => {}
                // Which pools a pattern stands for is seen by what runs, below.
                (Ok(_), Some(_)) => continue,
                (Err(why), _) => plan.by_hand.push(Stay { what, why }),
                (Ok(Some(successor)), None) => plan.moves.push(Move {
                    name: name.clone(),
                    to: successor.worker_type.clone(),
                    image: successor.image.clone(),
                    tasks: uses.map(|uses| uses.count(is_it)),
                }),
            }
            named.extend(
                uses.into_iter()
                    .flat_map(Uses::pools)
                    .map(|(pool, _)| pool)
                    .filter(|pool| is_it(pool)),
            );
        }
        for (pool, count) in uses.into_iter().flat_map(Uses::pools) {
            let Some(successor) = successors.0.get(pool) else {
                continue;
            };
            if named.contains(pool) {
                continue;
            }
            let worker_type = pool.rsplit('/').next().unwrap_or(pool);
            let by_pattern = names
                .iter()
                .find(|name| name.pattern.is_some() && may_stand_for(&name.alias, worker_type));
            let why = match by_pattern.and_then(|name| Some((name, name.pattern?))) {
                Some((name, why)) => format!(
                    "`{}` under the alias `{}` may name it, but {why}",
                    name.worker_type, name.alias
                ),
                None => "no worker alias of the project names it".to_owned(),
            };
            let tasks = if count == 1 {
                "1 task runs"
            } else {
                "tasks run"
            };
            let count = if count == 1 {
                String::new()
            } else {
                format!("{count} ")
            };
            plan.by_hand.push(Stay {
                what: format!("`{pool}`"),
                why: format!(
                    "{count}{tasks} there, and `{}` has {}; {why}",
                    successor.worker_type, successor.image
                ),
            });
        }
        plan
    }

    /// Whether there is nothing to do.
    pub fn is_up_to_date(&self) -> bool {
        self.moves.is_empty() && self.by_hand.is_empty()
    }
}

/// Whether an alias that is a pattern may stand for a worker type. What is no regular expression may stand for any.
fn may_stand_for(alias: &str, worker_type: &str) -> bool {
    regex::Regex::new(&format!("^(?:{alias})$")).map_or(true, |regex| regex.is_match(worker_type))
}
