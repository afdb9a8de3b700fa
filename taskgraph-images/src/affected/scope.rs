//! [`may_differ`]: the images that two fleets need to be compared by.

use std::collections::{BTreeSet, HashMap};

use taskgraph_images_transforms::ImageId;

use crate::fleet::Fleet;

/// The images whose tasks can differ between two fleets of which one was loaded like the other, and all that they are
/// built on. Every other image is the very same in both, is built on one that is, and runs on the same settings: its
/// digests are equal.
pub(crate) fn may_differ(base: &Fleet, head: &Fleet) -> BTreeSet<ImageId> {
    let all = || base.images.keys().chain(head.images.keys());
    if !head.shares_settings(base) {
        return all().cloned().collect();
    }
    let mut images = BTreeSet::new();
    for fleet in [base, head] {
        let mut known: HashMap<&ImageId, bool> = HashMap::new();
        for id in fleet.images.keys() {
            let mut differs = false;
            let mut same = Vec::new();
            for at in ancestry(fleet, id) {
                differs = match known.get(at) {
                    Some(differs) => *differs,
                    None => !head.shares(base, at),
                };
                if differs || known.contains_key(at) {
                    break;
                }
                same.push(at);
            }
            known.extend(same.into_iter().map(|at| (at, differs)));
            if differs {
                images.insert(id.clone());
            }
        }
    }
    let built_on: Vec<ImageId> = [base, head]
        .into_iter()
        .flat_map(|fleet| images.iter().flat_map(move |id| ancestry(fleet, id)))
        .cloned()
        .collect();
    images.extend(built_on);
    images
}

/// An image, what it is built on, what that is built on, and so on; of a cycle, once round.
fn ancestry<'a>(fleet: &'a Fleet, id: &'a ImageId) -> Vec<&'a ImageId> {
    let mut chain = vec![id];
    let mut at = id;
    while let Some(parent) = fleet
        .images
        .get(at)
        .and_then(|image| image.resolved().definition.parent.as_ref())
    {
        if chain.contains(&parent) {
            break;
        }
        chain.push(parent);
        at = parent;
    }
    chain
}
