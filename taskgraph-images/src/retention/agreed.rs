//! [`agreed`]: what of a reviewed plan still holds when it is carried out.

use std::collections::BTreeMap;

use super::{Action, Item, Plan, Stray};
use crate::taskcluster::Timestamp;

/// What of a reviewed plan still holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agreed {
    /// What is done.
    pub items: Vec<Item>,
    /// What was planned and is left, with why.
    pub left: Vec<(Item, String)>,
    /// What is done with images that no manifest accounts for.
    pub strays: Vec<Stray>,
    /// What was planned of these and is left, with why.
    pub strays_left: Vec<(Stray, String)>,
}

/// Holds a reviewed plan to one that was made anew just now: an item is done only if the new plan goes as far. What has
/// found a user since, was rolled back to, or is not in the inventory any more is left.
///
/// # Errors
/// When the reviewed plan is too old, or from the future.
pub fn agreed(reviewed: &Plan, fresh: &Plan, now: Timestamp) -> Result<Agreed, String> {
    if reviewed.made > now {
        return Err(format!(
            "it was made at {}, which is yet to come",
            reviewed.made
        ));
    }
    if reviewed.made.after(reviewed.policy.good_for) < now {
        return Err(format!(
            "it was made at {}, and a plan is good for {}: make a new one, and look at it",
            reviewed.made, reviewed.policy.good_for
        ));
    }
    let today: BTreeMap<_, &Item> = fresh
        .items
        .iter()
        .map(|item| (&item.manifest, item))
        .collect();
    let most = reviewed
        .policy
        .most_deletions
        .min(fresh.policy.most_deletions);
    let mut agreed = Agreed::default();
    let mut deleted = 0;
    let mut over = |action: Action| {
        deleted += usize::from(action == Action::Delete);
        (action == Action::Delete && deleted > most)
            .then(|| format!("at most {most} images are deleted at a time"))
    };
    for item in reviewed
        .items
        .iter()
        .filter(|item| item.action > Action::Keep)
    {
        let why = match today.get(&item.manifest) {
            None => Some("it is not in the inventory any more".to_owned()),
            Some(now) if now.references != item.references || now.image != item.image => {
                Some("its manifest names other places than the plan".to_owned())
            }
            Some(now) if now.action < item.action => {
                Some(format!("now it is to `{}`: {}", now.action, now.reason))
            }
            Some(_) => None,
        };
        let why = why.or_else(|| over(item.action));
        match why {
            None => agreed.items.push(item.clone()),
            Some(why) => agreed.left.push((item.clone(), why)),
        }
    }
    let today: BTreeMap<_, &Stray> = fresh
        .strays
        .iter()
        .map(|stray| ((stray.cloud, &stray.place), stray))
        .collect();
    for stray in reviewed
        .strays
        .iter()
        .filter(|stray| stray.action > Action::Keep)
    {
        let why = match today.get(&(stray.cloud, &stray.place)) {
            None => Some("it is not there any more, or a manifest accounts for it now".to_owned()),
            Some(now) if now.action < stray.action => {
                Some(format!("now it is to `{}`: {}", now.action, now.reason))
            }
            Some(_) => None,
        };
        match why.or_else(|| over(stray.action)) {
            None => agreed.strays.push(stray.clone()),
            Some(why) => agreed.strays_left.push((stray.clone(), why)),
        }
    }
    Ok(agreed)
}
