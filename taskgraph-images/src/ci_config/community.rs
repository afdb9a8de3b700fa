//! community-tc-config: `imagesets.yml`, and the worker pools of `projects/*.yml`.
//!
//! Pools name an image set and a cloud. Their regions are those that the image set has images for: what a pool says of
//! `regions` or `locations` is not read by the generator.

use std::collections::BTreeMap;

use taskgraph_images_transforms::Cloud;

use super::findings::{expected, read, required, scalar, text};
use super::fxci::{by_region, google};
use super::{CiConfig, ImageEntry, Levels, Location, Pool, Reference, Scalar, Shape};
use crate::diagnostic::Diagnostic;
use crate::tree::{FileKind, Files, TreePath};
use crate::yaml::{Key, Node};

/// The clouds by the words of this shape, with the id of the provider of each.
const CLOUDS: &[(&str, Cloud, &str)] = &[
    ("aws", Cloud::Aws, "community-tc-workers-aws"),
    ("azure", Cloud::Azure, "community-tc-workers-azure"),
    ("gcp", Cloud::Google, "community-tc-workers-google"),
];

/// Where an image set says which script made it.
const PROVENANCE: &[&str] = &[
    "workerConfig",
    "genericWorker",
    "config",
    "workerTypeMetadata",
    "machine-setup",
    "script",
];

pub(super) fn load(
    files: &dyn Files,
    root: &TreePath,
    levels: &Levels,
) -> Result<CiConfig, Vec<Diagnostic>> {
    let node = read(files, &root.child("imagesets.yml"))?;
    let mut findings = Vec::new();
    let images = image_sets(&node, &mut findings);
    let zones = google_regions(files, root, &mut findings);
    let mut config = CiConfig {
        shape: Shape::Community,
        images,
        pools: Vec::new(),
        entries: Vec::new(),
        levels: levels.clone(),
        findings,
    };
    let directory = root.child("projects");
    let paths = match files.kind(&directory) {
        Ok(FileKind::Directory) => files.list(&directory, false).unwrap_or_else(|error| {
            let fault = Diagnostic::error("unreadable", error.to_string());
            config.findings.push(fault);
            Vec::new()
        }),
        _ => Vec::new(),
    };
    for path in paths.iter().filter(|path| path.extension() == Some("yml")) {
        match read(files, path) {
            Ok(node) => projects(&node, &zones, levels, &mut config),
            Err(faults) => config.findings.extend(faults),
        }
    }
    Ok(config)
}

fn image_sets(node: &Node, findings: &mut Vec<Diagnostic>) -> BTreeMap<String, ImageEntry> {
    let Some(entries) = node.entries() else {
        findings.push(expected("a map of image sets", node));
        return BTreeMap::new();
    };
    entries
        .iter()
        .filter_map(|(key, value)| {
            if value.entries().is_none() {
                findings.push(expected("an image set: a map", value));
                return None;
            }
            let entry = image_set(key, value, findings);
            Some((entry.name.clone(), entry))
        })
        .collect()
}

fn image_set(key: &Key, value: &Node, findings: &mut Vec<Diagnostic>) -> ImageEntry {
    let mut locations = Vec::new();
    for (word, cloud, provider) in CLOUDS {
        let Some(node) = value.get(word) else {
            continue;
        };
        let of = format!("`{word}` of `{}`", key.text);
        let (inner, reference) = match cloud {
            Cloud::Google => (
                "image",
                required(node, "image", &of, findings).map(|path| google(&path)),
            ),
            Cloud::Azure => (
                "images",
                regions_of(node, "images", &of, findings).map(|images| Reference::AzureImages {
                    resource_group: None,
                    deployment_id: None,
                    images,
                }),
            ),
            _ => (
                "amis",
                regions_of(node, "amis", &of, findings).map(|amis| Reference::Aws { amis }),
            ),
        };
        locations.extend(reference.map(|reference| Location {
            provider: (*provider).to_owned(),
            cloud: *cloud,
            reference,
            place: node.get(inner).unwrap_or(node).place(),
            path: vec![key.text.to_string(), (*word).to_owned(), inner.to_owned()],
        }));
    }
    let script = PROVENANCE
        .iter()
        .try_fold(value, |node, key| node.get(key))
        .and_then(scalar);
    ImageEntry {
        name: key.text.to_string(),
        place: key.place(),
        alias_of: None,
        value: value.place(),
        locations,
        provenance: script.map(|script| Scalar {
            path: std::iter::once(key.text.to_string())
                .chain(PROVENANCE.iter().map(|key| (*key).to_owned()))
                .collect(),
            value: script.to_owned(),
        }),
    }
}

fn regions_of(
    node: &Node,
    key: &'static str,
    of: &str,
    findings: &mut Vec<Diagnostic>,
) -> Option<BTreeMap<String, String>> {
    match node.get(key) {
        Some(regions) => by_region(regions, &[], findings),
        None => {
            findings.push(
                Diagnostic::error("missing-key", format!("{of} says no `{key}`")).at(node.place()),
            );
            None
        }
    }
}

/// The regions of Google's that all pools there use, where the file that says them is at hand.
fn google_regions(
    files: &dyn Files,
    root: &TreePath,
    findings: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let path = root.child("gcp.yml");
    if !matches!(files.kind(&path), Ok(FileKind::File)) {
        return Vec::new();
    }
    match read(files, &path) {
        Ok(node) => {
            let regions = node.get("regions").and_then(Node::entries).unwrap_or(&[]);
            let mut names: Vec<String> = regions
                .iter()
                .map(|(key, _)| key.text.to_string())
                .collect();
            names.sort_unstable();
            names
        }
        Err(faults) => {
            findings.extend(faults);
            Vec::new()
        }
    }
}

fn projects(node: &Node, zones: &[String], levels: &Levels, config: &mut CiConfig) {
    let Some(projects) = node.entries() else {
        config.findings.push(expected("a map of projects", node));
        return;
    };
    for (project, value) in projects {
        let Some(pools) = value.get("workerPools").filter(|pools| !pools.is_null()) else {
            continue;
        };
        let Some(pools) = pools.entries() else {
            config
                .findings
                .push(expected("a map of worker pools", pools));
            continue;
        };
        for (name, entry) in pools {
            let pool = pool(&project.text, name, entry, zones, levels, config);
            if let Some(pool) = pool {
                config.pools.push(pool);
                config.entries.push(entry.clone());
            }
        }
    }
}

fn pool(
    project: &str,
    name: &Key,
    entry: &Node,
    zones: &[String],
    levels: &Levels,
    config: &mut CiConfig,
) -> Option<Pool> {
    let findings = &mut config.findings;
    if entry.entries().is_none() {
        findings.push(expected("a worker pool: a map", entry));
        return None;
    }
    let id = format!("proj-{project}/{}", name.text);
    let of = format!("the pool `{id}`");
    let image = required(entry, "imageset", &of, findings);
    let word = required(entry, "cloud", &of, findings);
    let (image, word) = (image?, word?);
    let known = CLOUDS.iter().find(|(known, ..)| *known == word);
    if known.is_none() && word != "static" {
        findings.push(
            Diagnostic::error(
                "unknown-cloud",
                format!("{of} is on an unknown cloud `{word}`"),
            )
            .at(entry.get("cloud").unwrap_or(entry).place())
            .hint("known are `aws`, `azure`, `gcp` and `static`"),
        );
        return None;
    }
    for key in ["regions", "locations"] {
        if let Some(value) = entry.get(key) {
            findings.push(
                Diagnostic::warning(
                    "ignored-key",
                    format!("{of} says `{key}`, which the generator does not read"),
                )
                .at(value.place())
                .hint("it uses every region that the image set has an image for"),
            );
        }
    }
    let provider = known.map_or("static", |(_, _, provider)| provider);
    let cloud = known.map(|(_, cloud, _)| *cloud);
    let own = config
        .images
        .get(&image)
        .and_then(|image| image.location(provider))
        .and_then(|location| location.reference.regions());
    let regions = match (cloud, own) {
        (Some(Cloud::Google), _) => zones.to_vec(),
        (_, Some(own)) => own.into_iter().map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    Some(Pool {
        image_place: entry.get("imageset").map(Node::place),
        // Of machines that somebody set up by hand, the image set only says what runs there.
        image: Some(image),
        resolved: None,
        provider: provider.to_owned(),
        cloud,
        regions,
        regions_place: None,
        implementation: None,
        level: levels.of(provider),
        trust_domain: None,
        owner: text(entry, "owner", &mut config.findings),
        place: name.place(),
        entry: config.entries.len(),
        attributes: BTreeMap::new(),
        id,
    })
}
