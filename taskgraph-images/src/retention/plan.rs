//! [`Plan`]: what happens to each published image, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use taskgraph_images_transforms::{Cloud, Digest, Duration, ImageId};

use super::strays::{self, Stray};
use super::{Policy, Usage};
use crate::inventory::{Identity, Inventory, Published, Stock};
use crate::taskcluster::Timestamp;

/// The version of the document.
const VERSION: u32 = 1;

/// Why an image is kept for a reason of its own, if it is.
pub type Kept<'a> = dyn Fn(&Published) -> Option<String> + 'a;

/// What happens to each published image, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Plan {
    /// The version of the document.
    pub version: u32,
    /// When it was made.
    pub made: Timestamp,
    /// By what rules.
    pub policy: Policy,
    /// How many images each source of usage named.
    pub sources: BTreeMap<String, usize>,
    /// How many images each provider that was asked holds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub providers: BTreeMap<Cloud, usize>,
    /// Every published image, by name, the newest of each first.
    pub items: Vec<Item>,
    /// What providers hold and no manifest accounts for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strays: Vec<Stray>,
}

/// What happens to a published image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Item {
    /// The image.
    pub image: ImageId,
    /// Its cloud.
    pub cloud: Cloud,
    /// The SHA-256 of the manifest that says that it is published.
    pub manifest: Digest,
    /// When it was published.
    pub published: Timestamp,
    /// The provider's names for it.
    pub references: Vec<Place>,
    /// Whether its provider has it nowhere any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub gone: bool,
    /// What happens to it.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// The first plan that saw it without a user, if none has seen one since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused_since: Option<Timestamp>,
    /// The newest plan that was to delete it. It may have been carried out: manifests stay for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Timestamp>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde gives it a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Where an image is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Place {
    /// The region, if the provider's names are of a region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The provider's name.
    pub reference: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.region {
            Some(region) => write!(f, "{} in {region}", self.reference),
            None => f.write_str(&self.reference),
        }
    }
}

/// What happens to an image. A later one goes further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Nothing.
    Keep,
    /// Whoever uses it is warned.
    Deprecate,
    /// Nobody can use it until somebody enables it again.
    Disable,
    /// It is gone for good, with its snapshots.
    Delete,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Keep => "keep",
            Self::Deprecate => "deprecate",
            Self::Disable => "disable",
            Self::Delete => "delete",
        })
    }
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub Vec<PlanError>);

/// One reason why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Nothing is published.
    #[error(
        "nothing is published, as far as the inventory says: that it could not be read is likelier"
    )]
    Empty,
    /// Much of what was there is gone.
    #[error("{gone} of {before} images of the last plan are not in the inventory any more, and at most {most} % may be gone: {}", .examples.join(", "))]
    Gone {
        /// How many are gone.
        gone: usize,
        /// How many there were.
        before: usize,
        /// How many may be gone, in percent.
        most: u8,
        /// Some of them.
        examples: Vec<String>,
    },
    /// There is no source of usage.
    #[error("nothing was asked who uses images, so every one would seem unused")]
    NoSource,
    /// A source of usage names nothing.
    #[error("`{0}` names no image at all: that it could not be read is likelier")]
    EmptySource(String),
    /// A source of the last plan was not asked.
    #[error("`{0}` was asked for the last plan and not for this one")]
    LostSource(String),
    /// A provider of the last plan was not asked.
    #[error("`{0}` was asked what it holds for the last plan, and not for this one")]
    LostProvider(Cloud),
    /// Much of what a provider held is gone.
    #[error(
        "{gone} of {before} images of this project that `{cloud}` held for the last plan are not there any more, and at most {most} % may be gone"
    )]
    GoneProvider {
        /// The provider's cloud.
        cloud: Cloud,
        /// How many are gone.
        gone: usize,
        /// How many there should be.
        before: usize,
        /// How many may be gone, in percent.
        most: u8,
    },
    /// A source of usage could not be asked.
    #[error("who uses images is not known: {0}")]
    Unknown(String),
    /// The policy is none.
    #[error("the policy: {0}")]
    Policy(String),
    /// The last plan cannot be one.
    #[error("the last plan was made at {0}, which is yet to come")]
    Future(Timestamp),
}

impl Plan {
    /// Makes a plan, in which any number may be deleted: see [`Self::capped`]. `stock` is what providers hold, as far as they were asked. `last` is the plan that was made before it,
    /// however long ago; without one, nothing has been unused for any time yet. `keep` is the label that keeps what carries it, `kept` says why an
    /// image is kept for a reason of its own.
    ///
    /// # Errors
    /// Everything by which more might seem unused than is.
    pub fn new(
        (inventory, stock): (&Inventory, &Stock),
        usage: &Usage,
        policy: &Policy,
        last: Option<&Self>,
        (keep, kept): (&str, &Kept<'_>),
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let mut errors = faults(inventory, usage, policy, last, now);
        errors.extend(strays::faults(stock, policy, last));
        if !errors.is_empty() {
            return Err(Refusal(errors));
        }
        let mut plan = Self {
            version: VERSION,
            made: now,
            policy: policy.clone(),
            sources: usage.sources().clone(),
            providers: stock.asked.clone(),
            items: inventory.published().iter().map(item).collect(),
            strays: Vec::new(),
        };
        let before = last.map(unused).unwrap_or_default();
        let mut newer = 0;
        let mut image = None;
        for (published, item) in inventory.published().iter().zip(&mut plan.items) {
            if image != Some(&published.manifest.image) {
                newer = 0;
            }
            image = Some(&published.manifest.image);
            if stock.is_gone(published) {
                item.gone = true;
                item.reason = "its provider does not have it any more".to_owned();
                continue;
            }
            // What is gone is nothing to roll back to.
            let place = newer;
            newer += 1;
            if let Some(reason) = reason_to_keep(published, usage, policy, place, kept, now) {
                item.reason = reason;
                continue;
            }
            let (since, chosen) = before.get(&item.manifest).copied().unwrap_or((now, None));
            (item.unused_since, item.chosen) = (Some(since), chosen);
            (item.action, item.reason) = step(policy, since, now);
        }
        plan.keep_parents(inventory);
        plan.strays = strays::strays(&plan, inventory, stock, usage, last, keep, now);
        Ok(plan)
    }

    /// Reads a plan that somebody else wrote.
    ///
    /// # Errors
    /// What it is instead, in words.
    pub fn read(content: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let words = |error: serde_json::Error| format!("it is no plan: {error}");
        let Version { version } = serde_json::from_slice(content).map_err(words)?;
        if version != VERSION {
            return Err(format!(
                "it is of version {version}, and this program reads version {VERSION}"
            ));
        }
        serde_json::from_slice(content).map_err(words)
    }

    /// The document, with a final line break.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("it has text keys and no other sort of map");
        text.push('\n');
        text
    }

    /// How many images each action is for.
    pub fn counts(&self) -> BTreeMap<Action, usize> {
        let mut counts = BTreeMap::new();
        let items = self.items.iter().map(|item| item.action);
        for action in items.chain(self.strays.iter().map(|stray| stray.action)) {
            *counts.entry(action).or_default() += 1;
        }
        counts
    }

    /// Keeps what another image that stays was built on: its next build may need it.
    fn keep_parents(&mut self, inventory: &Inventory) {
        // Children first, so that a grandparent sees that its child stays.
        loop {
            let mut stays: BTreeMap<_, &ImageId> = BTreeMap::new();
            for (published, item) in inventory.published().iter().zip(&self.items) {
                if let (Some(parent), true) =
                    (&published.manifest.parent, item.action < Action::Disable)
                {
                    stays.insert(&parent.task_id, &published.manifest.image);
                }
            }
            let mut changed = false;
            for (published, item) in inventory.published().iter().zip(&mut self.items) {
                let build = published.manifest.tasks.get("build");
                if let Some(child) = build.and_then(|build| stays.get(build))
                    && item.action > Action::Keep
                {
                    item.action = Action::Keep;
                    item.reason = format!("`{child}`, which stays, was built on it");
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    /// Lets only so many be deleted as the policy says. First those that no plan has chosen yet, since what was chosen may be
    /// gone, then those that were chosen the longest ago, or are unused for the longest; what is left over comes after what
    /// was published.
    #[must_use]
    pub fn capped(mut self) -> Self {
        let policy = self.policy.clone();
        let mut deleted: Vec<&mut Item> = self
            .items
            .iter_mut()
            .filter(|item| item.action == Action::Delete)
            .collect();
        deleted.sort_by_key(|item| {
            let age = (item.unused_since, item.published);
            (item.chosen, age, item.manifest.clone())
        });
        let room = policy.most_deletions.saturating_sub(deleted.len());
        for (place, item) in deleted.into_iter().enumerate() {
            if place < policy.most_deletions {
                item.chosen = Some(self.made);
            } else {
                item.action = Action::Disable;
                wait(&mut item.reason, &policy);
            }
        }
        let mut deleted: Vec<&mut Stray> = self
            .strays
            .iter_mut()
            .filter(|stray| stray.action == Action::Delete)
            .collect();
        deleted.sort_by_key(|stray| (stray.unused_since, stray.cloud, stray.place.clone()));
        for stray in deleted.into_iter().skip(room) {
            stray.action = stray.before_delete();
            wait(&mut stray.reason, &policy);
        }
        self
    }
}

fn wait(reason: &mut String, policy: &Policy) {
    *reason = format!(
        "{reason}; a plan deletes at most {} images, so this one has to wait",
        policy.most_deletions
    );
}

fn faults(
    inventory: &Inventory,
    usage: &Usage,
    policy: &Policy,
    last: Option<&Plan>,
    now: Timestamp,
) -> Vec<PlanError> {
    let mut errors = Vec::new();
    errors.extend(policy.fault().map(PlanError::Policy));
    if inventory.published().is_empty() {
        errors.push(PlanError::Empty);
    }
    if usage.sources().is_empty() {
        errors.push(PlanError::NoSource);
    }
    for (source, count) in usage.sources() {
        if *count == 0 {
            errors.push(PlanError::EmptySource(source.clone()));
        }
    }
    errors.extend(usage.faults().iter().cloned().map(PlanError::Unknown));
    let Some(last) = last else { return errors };
    if last.made > now {
        errors.push(PlanError::Future(last.made));
    }
    for source in last.sources.keys() {
        if !usage.sources().contains_key(source) {
            errors.push(PlanError::LostSource(source.clone()));
        }
    }
    let here: BTreeSet<&Digest> = inventory
        .published()
        .iter()
        .map(|one| &one.sha256)
        .collect();
    // What was to be deleted may well be gone.
    let before = last
        .items
        .iter()
        .filter(|item| item.action != Action::Delete);
    let (mut count, mut gone) = (0, Vec::new());
    for item in before {
        count += 1;
        if !here.contains(&item.manifest) {
            gone.push(format!("{} of {}", item.image, item.published));
        }
    }
    if gone.len() * 100 > count * usize::from(last.policy.most_gone.min(policy.most_gone)) {
        errors.push(PlanError::Gone {
            gone: gone.len(),
            before: count,
            most: last.policy.most_gone.min(policy.most_gone),
            examples: gone.into_iter().take(3).collect(),
        });
    }
    errors
}

/// An image that is kept, without a reason yet.
fn item(published: &Published) -> Item {
    let manifest = &published.manifest;
    Item {
        image: manifest.image.clone(),
        cloud: manifest.cloud,
        manifest: published.sha256.clone(),
        published: manifest.finished,
        references: manifest
            .artifacts
            .iter()
            .map(|artifact| Place {
                region: artifact.region.clone(),
                reference: artifact.reference.clone(),
            })
            .collect(),
        gone: false,
        action: Action::Keep,
        reason: String::new(),
        unused_since: None,
        chosen: None,
    }
}

/// Since when the images of a plan are unused, and when each was chosen last.
fn unused(last: &Plan) -> BTreeMap<Digest, (Timestamp, Option<Timestamp>)> {
    last.items
        .iter()
        .filter_map(|item| Some((item.manifest.clone(), (item.unused_since?, item.chosen))))
        .collect()
}

fn reason_to_keep(
    published: &Published,
    usage: &Usage,
    policy: &Policy,
    newer: usize,
    kept: &Kept<'_>,
    now: Timestamp,
) -> Option<String> {
    let identities: BTreeSet<Identity> = published.identities().collect();
    let users: BTreeSet<&str> = identities.iter().flat_map(|one| usage.of(one)).collect();
    if let Some(first) = users.first() {
        return Some(match users.len() {
            1 => format!("used by {first}"),
            more => format!("used by {first} and {} more", more - 1),
        });
    }
    if let Some(why) = kept(published) {
        return Some(why);
    }
    if newer < policy.newest {
        return Some(match newer {
            0 => "the newest of its image".to_owned(),
            _ => format!(
                "one of the newest {} of its image, to roll back to",
                policy.newest
            ),
        });
    }
    (published.manifest.finished.after(policy.window) > now)
        .then(|| format!("published less than {} ago", policy.window))
}

/// How far an image goes that is unused since some time.
pub(super) fn step(policy: &Policy, since: Timestamp, now: Timestamp) -> (Action, String) {
    let passed = |limit: Duration| since.after(limit) <= now;
    let days = (now.as_seconds() - since.as_seconds()).max(0) / 86_400;
    let (action, next) = if passed(policy.delete_after) {
        (Action::Delete, None)
    } else if passed(policy.disable_after) {
        (Action::Disable, Some(("deleted", policy.delete_after)))
    } else if passed(policy.deprecate_after) {
        (Action::Deprecate, Some(("disabled", policy.disable_after)))
    } else {
        (Action::Keep, Some(("deprecated", policy.deprecate_after)))
    };
    let unused = match days {
        0 => "nobody uses it".to_owned(),
        1 => "nobody has used it for 1 day".to_owned(),
        days => format!("nobody has used it for {days} days"),
    };
    let reason = match next {
        Some((word, limit)) => format!("{unused}; {word} after {limit}"),
        None => unused,
    };
    (action, reason)
}
