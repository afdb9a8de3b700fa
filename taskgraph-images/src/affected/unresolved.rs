//! [`Unresolved`]: images of which nothing can be said, because their definitions are at fault.

use std::collections::BTreeSet;

use taskgraph_images_transforms::ImageId;

use crate::definitions::by_id;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fleet::Fleet;
use crate::tree::TreePath;

/// An image, or a definition whose images are not known, that cannot be resolved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unresolved {
    /// The file that defines it.
    pub definition: TreePath,
    /// The image; absent when the definition is too broken to tell.
    pub image: Option<ImageId>,
    /// What is wrong.
    pub faults: Vec<Diagnostic>,
}

/// What a fleet could not resolve. Definitions that cannot be read make the images that `before` has of them.
pub(crate) fn unresolved(fleet: &Fleet, before: Option<&Fleet>) -> Vec<Unresolved> {
    let errors = |findings: &[Diagnostic]| -> Vec<Diagnostic> {
        let errors = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error);
        errors.cloned().collect()
    };
    let mut all = Vec::new();
    for file in &fleet.files {
        let faults = errors(&file.faults);
        if faults.is_empty() {
            continue;
        }
        let known = before
            .into_iter()
            .flat_map(|fleet| fleet.images.iter())
            .filter(|(id, image)| {
                image.resolved().path == file.path && !fleet.images.contains_key(*id)
            });
        let mut images: Vec<Option<ImageId>> = known.map(|(id, _)| Some(id.clone())).collect();
        if images.is_empty() {
            images.push(None);
        }
        all.extend(images.into_iter().map(|image| Unresolved {
            definition: file.path.clone(),
            image,
            faults: faults.clone(),
        }));
    }
    for (id, image) in &fleet.images {
        let faults = errors(&image.findings);
        if !faults.is_empty() {
            all.push(Unresolved {
                definition: image.resolved().path.clone(),
                image: Some(id.clone()),
                faults,
            });
        }
    }
    let twice = |fault: &&Diagnostic| fault.code == "duplicate-image";
    if fleet.findings.iter().any(|fault| twice(&fault)) {
        all.extend(twins(fleet, &errors(&fleet.findings)));
    }
    all.sort_unstable();
    all
}

/// Images whose name another one has already.
fn twins(fleet: &Fleet, errors: &[Diagnostic]) -> Vec<Unresolved> {
    let images = by_id(&fleet.files).into_iter();
    let twins = images.flat_map(|(id, same)| same.into_iter().skip(1).map(move |twin| (id, twin)));
    twins
        .map(|(id, twin)| {
            let place = &twin.written.name;
            let faults = errors.iter().filter(|fault| {
                fault.code == "duplicate-image" && fault.place.as_ref() == Some(place)
            });
            Unresolved {
                definition: twin.path.clone(),
                image: Some(id.clone()),
                faults: faults.cloned().collect(),
            }
        })
        .collect()
}

/// Whether all errors of a fleet lie in single definitions, so that the others can be told about.
pub(crate) fn is_partial(fleet: &Fleet) -> bool {
    if !fleet.is_foreign() {
        return false;
    }
    let told: BTreeSet<Diagnostic> = unresolved(fleet, None)
        .into_iter()
        .flat_map(|unresolved| unresolved.faults)
        .collect();
    fleet
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .all(|finding| told.contains(finding))
}
