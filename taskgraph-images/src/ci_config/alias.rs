//! Aliases of images: in any order, of one another; a circle is a finding.

use std::collections::{BTreeMap, BTreeSet};

use super::ImageEntry;
use crate::diagnostic::{Diagnostic, nearest};

type Images = BTreeMap<String, ImageEntry>;

/// The keys from `key` on, until one is no alias, stands nowhere, or was met before.
pub(super) fn chain<'a>(images: &'a Images, key: &'a str) -> Vec<&'a str> {
    let mut seen = BTreeSet::from([key]);
    let mut chain = vec![key];
    let mut at = key;
    while let Some(next) = images.get(at).and_then(|image| image.alias_of.as_deref()) {
        if !seen.insert(next) {
            break;
        }
        chain.push(next);
        at = next;
    }
    chain
}

/// The key at the end of the aliases, if there is one and it is an image.
pub(super) fn target<'a>(images: &'a Images, key: &'a str) -> Option<&'a str> {
    let last = *chain(images, key).last()?;
    images
        .get(last)
        .filter(|image| image.alias_of.is_none())
        .map(|image| image.name.as_str())
}

/// Aliases that lead nowhere or in a circle. A circle is told once, as a whole.
pub(super) fn faults(images: &Images) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for image in images.values() {
        let Some(next) = image.alias_of.as_deref() else {
            continue;
        };
        if !images.contains_key(next) {
            let known = images.keys().map(String::as_str);
            let mut fault = Diagnostic::error(
                "unknown-image",
                format!(
                    "`{}` stands for the image `{next}`, which does not exist",
                    image.name
                ),
            )
            .at(image.value.clone());
            if let Some(near) = nearest(next, known) {
                fault = fault.hint(format!("did you mean `{near}`?"));
            }
            faults.push(fault);
            continue;
        }
        let chain = chain(images, &image.name);
        let back = chain
            .last()
            .and_then(|last| images.get(*last))
            .and_then(|last| last.alias_of.as_deref());
        // Those that lead into a circle from outside have the fault of the circle.
        if back == Some(&image.name) && !told.contains(image.name.as_str()) {
            told.extend(&chain);
            let path: Vec<String> = chain
                .iter()
                .chain([&image.name.as_str()])
                .map(|key| format!("`{key}`"))
                .collect();
            faults.push(
                Diagnostic::error(
                    "alias-cycle",
                    format!("aliases lead in a circle: {}", path.join(" → ")),
                )
                .at(image.value.clone())
                .hint("let one of them name an image"),
            );
        }
    }
    faults
}
