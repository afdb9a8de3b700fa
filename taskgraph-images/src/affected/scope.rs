//! [`may_differ`]: the images that two fleets need to be compared by.

use std::collections::{BTreeSet, HashSet};

use taskgraph_images_transforms::ImageId;

use crate::fleet::Fleet;

type Ids<'a> = HashSet<&'a ImageId, foldhash::fast::RandomState>;

/// The images whose tasks can differ between two fleets of which one was loaded like the other, and all that they are
/// built on. Every other image is the very same in both, is built on one that is, and runs on the same settings: its
/// digests are equal.
pub(crate) fn may_differ(base: &Fleet, head: &Fleet) -> BTreeSet<ImageId> {
    let all = base.images.keys().chain(head.images.keys());
    if !head.shares_settings(base) {
        return all.cloned().collect();
    }
    let mut images: Ids<'_> = head.not_shared(base).chain(base.not_shared(head)).collect();
    for fleet in [base, head] {
        while add_children(fleet, &mut images) {}
    }
    let mut with_parents: BTreeSet<ImageId> = BTreeSet::new();
    for fleet in [base, head] {
        for id in images.iter().copied() {
            let mut at = Some(id);
            // Parents of a faulty fleet may lead back.
            let mut above = Vec::new();
            while let Some(id) = at.filter(|id| !above.contains(id)) {
                above.push(id);
                let image = fleet.images.get(id);
                at = image.and_then(|image| image.resolved().definition.parent.as_ref());
            }
            with_parents.extend(above.into_iter().cloned());
        }
    }
    with_parents
}

/// Adds the images that are built on one of `images`; whether there were any more.
fn add_children<'a>(fleet: &'a Fleet, images: &mut Ids<'a>) -> bool {
    let more: Vec<&ImageId> = fleet
        .images
        .iter()
        .filter(|(id, image)| {
            let parent = image.resolved().definition.parent.as_ref();
            parent.is_some_and(|parent| images.contains(parent)) && !images.contains(id)
        })
        .map(|(id, _)| id)
        .collect();
    let any = !more.is_empty();
    images.extend(more);
    any
}
