//! [`lint`]: what is legal but looks wrong: files that nothing reaches, the same thing written twice.

use std::collections::BTreeMap;

use taskgraph_images_transforms::{ImageId, Kind};

use crate::affected::{Side, must_be_claimed};
use crate::diagnostic::{Diagnostic, Place};
use crate::graph::{Digest, NodeKey};
use crate::tree::{Files, View};

/// Every finding of a fleet that is no fault.
pub fn lint(side: Side<'_>) -> Vec<Diagnostic> {
    let mut findings = unreached(side);
    findings.extend(same_images(side));
    findings.extend(pins(side));
    findings.extend(workers(side));
    findings
}

/// Worker aliases that no task runs on.
fn workers(side: Side<'_>) -> Vec<Diagnostic> {
    let aliases = side
        .fleet
        .config
        .iter()
        .flat_map(|config| config.project.workers.keys());
    aliases
        .filter(|alias| !side.graph.contains(&NodeKey::Worker((*alias).clone())))
        .map(|alias| {
            Diagnostic::warning(
                "dead-key",
                format!("no task runs on the worker alias `{alias}`"),
            )
            .at(Place::file(side.fleet.layout.config()))
            .hint("remove it")
        })
        .collect()
}

/// Files of provisioning folders that go into no image.
fn unreached(side: Side<'_>) -> Vec<Diagnostic> {
    let view = View::new(&side.fleet.tree);
    let folders = side.fleet.provisioning();
    let mut findings: Vec<Diagnostic> = folders
        .iter()
        .flat_map(|folder| view.list(folder, true).unwrap_or_default())
        .filter(|path| must_be_claimed(side.fleet, path))
        .filter(|path| !side.graph.counts(&NodeKey::File(path.clone())))
        .map(|path| {
            Diagnostic::warning("unreached", format!("`{path}` goes into no image"))
                .at(Place::file(path))
                .hint("remove it, name it in a definition, or list it under `unclaimed-ok` in `config.yml`")
        })
        .collect();
    findings.dedup();
    findings
}

/// Images of one cloud that are built from the same values and files.
fn same_images(side: Side<'_>) -> Vec<Diagnostic> {
    let mut by_digest: BTreeMap<Digest, Vec<&ImageId>> = BTreeMap::new();
    for id in side.fleet.images.keys() {
        if let Some(digest) = side.graph.digest(&NodeKey::Task(id.clone(), Kind::Build)) {
            by_digest.entry(digest).or_default().push(id);
        }
    }
    let name = |id: &ImageId| side.fleet.images[id].resolved().written.name.clone();
    by_digest
        .into_values()
        .filter(|same| same.len() > 1)
        .map(|same| {
            let others: Vec<String> = same[1..].iter().map(|id| format!("`{id}`")).collect();
            Diagnostic::warning(
                "same-image",
                format!("`{}` and {} are built alike", same[0], others.join(" and ")),
            )
            .at(name(same[0]))
            .note(name(same[1]), "this one")
            .hint("if they are meant to differ, something that differs is not read; else keep one")
        })
        .collect()
}

/// Pins that nothing names, and pins with the value of another.
fn pins(side: Side<'_>) -> Vec<Diagnostic> {
    let pins = &side.fleet.pins.pins;
    let used = |name: &str| {
        side.fleet
            .images
            .values()
            .any(|image| image.resolved().pins.contains(name))
    };
    let mut findings = Vec::new();
    let mut by_value: BTreeMap<(&str, Vec<&str>), &str> = BTreeMap::new();
    for (name, pin) in pins {
        if !used(name) {
            findings.push(
                Diagnostic::warning("unused-pin", format!("no image names the pin `{name}`"))
                    .at(pin.place.clone())
                    .hint("remove it, or use it as a template: `pins.NAME.value`"),
            );
        }
        let digests = pin
            .value
            .sha256
            .values()
            .map(|digest| digest.0.as_str())
            .collect();
        if let Some(twin) = by_value.insert((&pin.value.value.value, digests), name) {
            findings.push(
                Diagnostic::warning(
                    "same-pin",
                    format!("the pins `{twin}` and `{name}` are the same"),
                )
                .at(pin.value.value.place.clone())
                .note(pins[twin].value.value.place.clone(), "the other one")
                .hint("keep one, so that both move together"),
            );
        }
    }
    findings
}
