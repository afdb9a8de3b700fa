//! [`Stray`]: what a provider holds that no manifest accounts for, and what happens to it: the steps of [`super::Plan`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use taskgraph_images_transforms::Cloud;

use super::plan::step;
use super::{Action, Place, Plan, PlanError, Policy, Usage};
use crate::inventory::{Held, Inventory, Stock};
use crate::taskcluster::Timestamp;

/// An image that carries the project's label and that no manifest accounts for: a candidate that is left over, or what was
/// published by a task that has expired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stray {
    /// Its cloud.
    pub cloud: Cloud,
    /// The provider's name for it.
    pub place: Place,
    /// What happens to it.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// The first plan that saw it without a user, if none has seen one since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unused_since: Option<Timestamp>,
}

impl Stray {
    /// Whether its provider can warn of it: of Azure's images only those of galleries can be taken out of use.
    fn has_steps(&self) -> bool {
        self.cloud != Cloud::Azure || self.place.reference.to_lowercase().contains("/galleries/")
    }

    /// How far it goes while it may not be deleted yet.
    pub(super) fn before_delete(&self) -> Action {
        if self.has_steps() {
            Action::Disable
        } else {
            Action::Keep
        }
    }
}

/// Plans for what no manifest accounts for. When it was made is not known, so it ages from the first plan that saw it.
pub(super) fn strays(
    plan: &Plan,
    inventory: &Inventory,
    stock: &Stock,
    usage: &Usage,
    last: Option<&Plan>,
    keep: &str,
    now: Timestamp,
) -> Vec<Stray> {
    let since: BTreeMap<(Cloud, &Place), Timestamp> = last
        .into_iter()
        .flat_map(|last| &last.strays)
        .filter_map(|stray| Some(((stray.cloud, &stray.place), stray.unused_since?)))
        .collect();
    let going: BTreeSet<_> = plan
        .items
        .iter()
        .filter(|item| item.action == Action::Delete || item.gone)
        .map(|item| &item.manifest)
        .collect();
    let stays = |published: &crate::inventory::Published| !going.contains(&published.sha256);
    stock
        .strays(inventory, stays)
        .into_iter()
        .map(|held| {
            let mut stray = Stray {
                cloud: held.cloud,
                place: Place {
                    region: held.reference.region.clone(),
                    reference: held.reference.name.clone(),
                },
                action: Action::Keep,
                reason: String::new(),
                unused_since: None,
            };
            match reason_to_keep(held, usage, keep) {
                Some(reason) => stray.reason = reason,
                None => {
                    let first = since.get(&(stray.cloud, &stray.place)).copied();
                    let first = first.unwrap_or(now);
                    stray.unused_since = Some(first);
                    go(&mut stray, held, &plan.policy, first, now);
                }
            }
            stray
        })
        .collect()
}

fn reason_to_keep(held: &Held, usage: &Usage, keep: &str) -> Option<String> {
    if is_kept(&held.labels, keep) {
        return Some(format!("kept by its label `{keep}`"));
    }
    let identity = held.identity();
    let mut users = usage.of(&identity);
    let first = users.next()?;
    Some(match users.count() {
        0 => format!("used by {first}"),
        more => format!("used by {first} and {more} more"),
    })
}

/// Whether a label keeps something for good.
pub fn is_kept(labels: &BTreeMap<String, String>, keep: &str) -> bool {
    labels.get(keep).is_some_and(|value| value != "false")
}

/// Lets an image that nobody uses go as far as it has come.
fn go(stray: &mut Stray, held: &Held, policy: &Policy, since: Timestamp, now: Timestamp) {
    let what = match held.labels.get("taskgraph-images-task") {
        Some(task) => format!("a candidate that is left over, of the task with the label {task}"),
        None => "no manifest names it".to_owned(),
    };
    let (action, why) = step(policy, since, now);
    if action < Action::Delete && !stray.has_steps() {
        stray.reason = format!(
            "{what}; nobody uses it, and it cannot be deprecated; deleted after {}",
            policy.delete_after
        );
        return;
    }
    stray.action = action;
    stray.reason = format!("{what}; {why}");
}

/// Everything by which more might be left over, or less there, than is.
pub(super) fn faults(stock: &Stock, policy: &Policy, last: Option<&Plan>) -> Vec<PlanError> {
    let Some(last) = last else {
        return Vec::new();
    };
    let most = last.policy.most_gone.min(policy.most_gone);
    let mut errors = Vec::new();
    for (cloud, before) in &last.providers {
        let Some(here) = stock.asked.get(cloud) else {
            errors.push(PlanError::LostProvider(*cloud));
            continue;
        };
        // What was to be deleted may well be gone.
        let places = last
            .items
            .iter()
            .filter(|item| item.cloud == *cloud && item.action == Action::Delete)
            .map(|item| item.references.len())
            .sum::<usize>();
        let strays = last
            .strays
            .iter()
            .filter(|stray| stray.cloud == *cloud && stray.action == Action::Delete)
            .count();
        let expected = before.saturating_sub(places + strays);
        let gone = expected.saturating_sub(*here);
        if gone * 100 > expected * usize::from(most) {
            errors.push(PlanError::GoneProvider {
                cloud: *cloud,
                gone,
                before: expected,
                most,
            });
        }
    }
    errors
}
