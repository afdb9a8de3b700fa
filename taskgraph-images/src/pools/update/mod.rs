//! Moving the entries of a configuration repository to newer images: what moves, what is left and why, as proposals. Pure.
//!
//! ```text
//! CiConfig (what is used) ┐
//! Mapping  (declared)     ├─ Updates ─ per family and cloud ─▶ Proposal: edits of scalars, and the words for a person
//! Inventory (published)   │
//! History  (of the file)  ┘
//! ```
//!
//! Each entry moves to the newest published image that passes every rule: of the mapped image, in every region that the
//! entry and its pools need, in the project or gallery where its predecessor is, published long enough ago, not rolled back,
//! and newer than what is there. What fails is left out and named. An entry's providers move together or not at all, and
//! only to images of one revision.

mod candidate;
mod edits;
mod entries;
mod history;
mod mapping;
mod proposal;
mod revoke;
mod rollback;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images_transforms::{Cloud, Duration};

pub use candidate::{Needs, Refusal};
pub use edits::ScalarEdit;
pub use entries::entry_edits;
pub use history::{History, identities};
pub use mapping::{Entry, Mapping};
pub use proposal::{Family, Words, proposals};
pub use revoke::{hold, revoke};
pub use rollback::rollback;

use crate::ci_config::{CiConfig, Reference};
use crate::inventory::{Inventory, Published};
use crate::taskcluster::Timestamp;

/// What is known, and by what rules entries move.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The configuration repository.
    pub config: &'a CiConfig,
    /// Which image each entry is.
    pub mapping: &'a Mapping,
    /// What is published.
    pub inventory: &'a Inventory,
    /// What the entries were before.
    pub history: &'a History,
    /// How long an image must have been published.
    pub cool_down: Duration,
    /// The time.
    pub now: Timestamp,
}

/// What happens to the entries of a configuration repository.
#[derive(Debug, Clone, Default)]
pub struct Updates {
    /// Entries that move, by their key.
    pub moves: BTreeMap<String, Vec<Move>>,
    /// Entries that do not, though something newer is published, and why.
    pub left: Vec<Left>,
    /// Entries that have the newest.
    pub current: Vec<(String, String)>,
}

/// A location of an entry that moves.
#[derive(Debug, Clone)]
pub struct Move {
    /// The entry's key.
    pub key: String,
    /// The provider.
    pub provider: String,
    /// Its cloud.
    pub cloud: Cloud,
    /// What it was.
    pub from: Reference,
    /// What it was published as, if the inventory knows.
    pub before: Option<Published>,
    /// What it becomes.
    pub to: Published,
    /// The edits.
    pub edits: Vec<ScalarEdit>,
    /// The pools that boot it.
    pub pools: Vec<String>,
}

/// A location that stays, though something newer is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The entry's key.
    pub key: String,
    /// The provider.
    pub provider: String,
    /// Why, for each image that was looked at, the newest first.
    pub why: Vec<String>,
}

impl Updates {
    /// Works out what moves.
    pub fn new(question: Question<'_>) -> Self {
        let mut updates = Self::default();
        for (key, entry) in &question.mapping.images {
            let found: Vec<_> = entry
                .providers
                .iter()
                .map(|(provider, image)| {
                    (provider, location(question, key, entry, provider, image))
                })
                .collect();
            updates.together(key, found);
        }
        updates
    }

    /// Takes the locations of one entry, which move together or not at all.
    fn together(&mut self, key: &str, found: Vec<(&String, Outcome)>) {
        let revisions: BTreeSet<String> = found
            .iter()
            .filter_map(|(_, outcome)| match outcome {
                Outcome::Moves(step) => Some(step.to.manifest.source.revision.clone()),
                Outcome::Current(revision) => revision.clone(),
                Outcome::Left(_) => None,
            })
            .collect();
        let stays: Vec<&str> = found
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Left(_)))
            .map(|(provider, _)| provider.as_str())
            .collect();
        let apart = if !stays.is_empty() {
            Some(format!(
                "the providers of an entry move together, and `{}` cannot",
                stays.join("`, `")
            ))
        } else if revisions.len() > 1 {
            let short: Vec<&str> = revisions
                .iter()
                .map(|one| one.get(..10).unwrap_or(one))
                .collect();
            Some(format!(
                "the providers of an entry move together, and these images were made of different revisions: {}",
                short.join(", ")
            ))
        } else {
            None
        };
        for (provider, outcome) in found {
            let left = |why| Left {
                key: key.to_owned(),
                provider: provider.clone(),
                why,
            };
            match outcome {
                Outcome::Current(_) => self.current.push((key.to_owned(), provider.clone())),
                Outcome::Left(why) => self.left.push(left(why)),
                Outcome::Moves(step) => match &apart {
                    None => self.moves.entry(key.to_owned()).or_default().push(*step),
                    Some(why) => self.left.push(left(vec![why.clone()])),
                },
            }
        }
    }
}

enum Outcome {
    /// It has the newest, which was made of this revision, if the inventory knows it.
    Current(Option<String>),
    Moves(Box<Move>),
    Left(Vec<String>),
}

fn location(
    question: Question<'_>,
    key: &str,
    entry: &Entry,
    provider: &str,
    image: &taskgraph_images_transforms::ImageId,
) -> Outcome {
    let Question {
        config, inventory, ..
    } = question;
    let Some(at) = config
        .images
        .get(key)
        .and_then(|entry| entry.location(provider))
    else {
        return Outcome::Left(vec![format!(
            "the configuration has no `{provider}` of an entry `{key}`"
        )]);
    };
    let before = inventory
        .of(image)
        .find(|one| at.reference.is_of(&one.manifest));
    let needs = Needs::of(config, key, at);
    let mut why = Vec::new();
    for published in inventory.of(image) {
        if before.is_some_and(|before| {
            before.sha256 == published.sha256
                || published.manifest.finished <= before.manifest.finished
        }) {
            break;
        }
        let edits = candidate::check(question, key, at, published, &needs)
            .and_then(|()| edits::edits(entry, config.images.get(key), at, published));
        match edits {
            Ok(edits) => {
                return Outcome::Moves(Box::new(Move {
                    key: key.to_owned(),
                    provider: provider.to_owned(),
                    cloud: at.cloud,
                    from: at.reference.clone(),
                    before: before.cloned(),
                    to: published.clone(),
                    edits,
                    pools: needs.pools.clone(),
                }));
            }
            Err(refusals) => {
                let what = published.manifest.finished;
                why.extend(
                    refusals
                        .iter()
                        .map(|refusal| format!("{image} of {what}: {refusal}")),
                );
            }
        }
    }
    if why.is_empty() && before.is_none() {
        why.push(format!("nothing is published of `{image}`"));
    }
    if why.is_empty() {
        Outcome::Current(before.map(|before| before.manifest.source.revision.clone()))
    } else {
        Outcome::Left(why)
    }
}
