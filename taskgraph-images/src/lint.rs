//! [`lint`]: what is legal but looks wrong: files that nothing reaches, the same thing written twice.

use std::collections::BTreeMap;

use taskgraph_images_transforms::{Builder, ImageId, Kind};

use crate::affected::{Side, must_be_claimed};
use crate::definitions::ResolvedImage;
use crate::diagnostic::{Diagnostic, Place};
use crate::graph::{Digest, NodeKey};
use crate::packer::ParsedTemplate;
use crate::tree::{Files, TreePath, View};

/// Every finding of a fleet that is no fault.
pub fn lint(side: Side<'_>) -> Vec<Diagnostic> {
    let mut findings = unreached(side);
    findings.extend(same_images(side));
    findings.extend(pins(side));
    findings.extend(workers(side));
    findings.extend(sources(side));
    findings
}

/// Sources of templates that recipes' definitions name: those declared again by the name of a definition, and those that
/// no image is built from.
fn sources(side: Side<'_>) -> Vec<Diagnostic> {
    let view = View::new(&side.fleet.tree);
    let mut templates: BTreeMap<&str, Vec<&ResolvedImage>> = BTreeMap::new();
    for image in side.fleet.images.values().map(|image| image.resolved()) {
        let made = image
            .foreign
            .as_ref()
            .map(|foreign| foreign.rendered.is_none());
        if let (Some(true), Builder::Packer { template, .. }) = (made, &image.definition.builder) {
            templates.entry(template).or_default().push(image);
        }
    }
    let mut findings = Vec::new();
    for (template, images) in templates {
        // A template that cannot be read is an error of the images that are built with it.
        let Ok(parsed) = ParsedTemplate::parse(&view, &TreePath::from_git(template)) else {
            continue;
        };
        for (source, at) in parsed.sources_at() {
            let mut built = images.iter().filter(|image| {
                matches!(&image.definition.builder, Builder::Packer { source: own, .. } if own == source)
            });
            let name = source.rsplit('.').next().unwrap_or_default();
            let Some(first) = built.next() else {
                findings.push(
                    Diagnostic::warning(
                        "unused-source",
                        format!("no image is built from the source `{source}`"),
                    )
                    .at(at)
                    .hint("remove it, or define an image that uses it"),
                );
                continue;
            };
            if first.definition.definition == name {
                let message = format!(
                    "the image `{}` is declared twice: here, and as a source",
                    first.definition.id
                );
                findings.push(
                    Diagnostic::warning("declared-twice", message)
                        .at(first.written.name.clone())
                        .note(at, "the source of its name")
                        .hint("one source for all, whose settings are variables, would leave the definition alone"),
                );
            }
        }
    }
    findings
}

/// Worker aliases that no task runs on: none of an image's, none that validates, and none about the fleet.
fn workers(side: Side<'_>) -> Vec<Diagnostic> {
    let aliases = side
        .fleet
        .config
        .iter()
        .flat_map(|config| config.project.workers.keys());
    let validates = side
        .fleet
        .config
        .as_ref()
        .and_then(|config| config.project.validate.as_ref())
        .map(|validate| &validate.worker);
    let maintains: Vec<_> = side
        .fleet
        .config
        .iter()
        .flat_map(|config| config.project.maintenance.values())
        .map(|task| &task.worker)
        .collect();
    aliases
        .filter(|alias| validates != Some(*alias) && !maintains.contains(alias))
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
    let folders = side.fleet.claimed_folders();
    let mut findings: Vec<Diagnostic> = folders
        .iter()
        .flat_map(|folder| view.list(folder, true).unwrap_or_default())
        .filter(|path| must_be_claimed(side.fleet, path))
        .filter(|path| !side.graph.counts(&NodeKey::File(path.clone())))
        .map(|path| {
            Diagnostic::warning("unreached", {
                if side.graph.contains(&NodeKey::File(path.clone())) {
                    format!("`{path}` travels with what is uploaded, and no image uses it")
                } else {
                    format!("`{path}` goes into no image")
                }
            })
            .at(Place::file(path))
            .hint(format!(
                "remove it, name it in a definition, or list it under `unclaimed-ok` in `{}`",
                side.fleet.layout.config().file_name()
            ))
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
