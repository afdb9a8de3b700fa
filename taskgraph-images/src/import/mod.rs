//! [`import`]: native definitions for the images that a recipe read, and the proof that they are made of the same.
//!
//! ```text
//! snapshot ─ draft ─▶ one definition an image ─ factor ─▶ fragments and what differs ─▶ files
//! tree + files ─ loaded natively ─ compare ─▶ inputs that were lost, or came
//! ```
//!
//! Pure: the files are a value. References in scripts, which a recipe does not follow and native definitions do, are
//! waived where they lead nowhere; where they lead to files, these are inputs more, and are told.

mod draft;
mod factor;
mod proof;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use taskgraph_images_transforms::{Cloud, ImageId};

pub use proof::{Difference, Proof};

use crate::comparison::{ComparisonError, Snapshot};
use crate::fleet::Role;
use crate::tree::TreePath;

/// Native definitions, and what was seen when they were made.
#[derive(Debug)]
pub struct Import {
    /// The files, relative to the repository's root.
    pub files: BTreeMap<TreePath, String>,
    /// What could not be carried over, in words.
    pub notes: BTreeSet<String>,
    /// What the definitions are made of, compared with what the images were made of.
    pub proof: Proof,
}

/// The worker alias of images whose repository has no settings.
const WORKER: &str = "builder";

/// Writes native definitions, into a folder of that name, for every image of a snapshot that a recipe read.
///
/// # Errors
/// When the trial of the definitions cannot be made: a file cannot be read.
pub fn import(snapshot: &Snapshot, root: &TreePath) -> Result<Import, ComparisonError> {
    let mut waivers: BTreeMap<ImageId, BTreeSet<TreePath>> = BTreeMap::new();
    // References that native definitions ask about show when they are loaded: they are waived, and all is loaded again.
    loop {
        let mut notes = BTreeSet::new();
        let files = files(snapshot, root, &waivers, &mut notes);
        let trial = proof::load(snapshot, root, &files)?;
        let more = proof::unfollowed(&trial);
        let before: usize = waivers.values().map(BTreeSet::len).sum();
        for (id, paths) in more {
            waivers.entry(id).or_default().extend(paths);
        }
        if waivers.values().map(BTreeSet::len).sum::<usize>() == before {
            let proof = proof::compare(snapshot, &trial, root);
            return Ok(Import {
                files,
                notes,
                proof,
            });
        }
    }
}

/// An image of a group that shares a fragment, and its whole definition.
type Member<'a> = (&'a ImageId, Map<String, Json>);

fn files(
    snapshot: &Snapshot,
    root: &TreePath,
    waivers: &BTreeMap<ImageId, BTreeSet<TreePath>>,
    notes: &mut BTreeSet<String>,
) -> BTreeMap<TreePath, String> {
    let pins = draft::Pins::new(snapshot);
    let mut files = BTreeMap::new();
    let mut groups: BTreeMap<String, Vec<Member<'_>>> = BTreeMap::new();
    for (id, image) in &snapshot.fleet.images {
        let Some(foreign) = &image.resolved().foreign else {
            continue;
        };
        let waived = waivers.get(id).cloned().unwrap_or_default();
        let made = draft::image(snapshot, id, root, &pins, &waived, notes);
        files.extend(made.template);
        let os = image.resolved().definition.os;
        let group = if foreign.rendered.is_some() {
            format!("{os}-{}", id.cloud)
        } else {
            foreign.kind.to_string()
        };
        groups.entry(group).or_default().push((id, made.definition));
    }
    let shared = |id: &ImageId| {
        let same = |cloud: &Cloud| {
            let twin = ImageId::new(id.name.clone(), *cloud);
            twin != *id && snapshot.fleet.images.contains_key(&twin)
        };
        Cloud::ALL.iter().any(same)
    };
    for (group, members) in groups {
        let (ids, definitions): (Vec<_>, Vec<_>) = members.into_iter().unzip();
        let (fragment, rest) = factor::factor(definitions);
        let path = root.child("fragments").child(&format!("{group}.yml"));
        files.insert(path, yaml(&Json::Object(fragment)));
        for (id, own) in ids.into_iter().zip(rest) {
            let mut definition = Map::new();
            definition.insert("extends".to_owned(), json!([group]));
            let stem = if shared(id) {
                id.slug()
            } else {
                id.name.to_string()
            };
            if stem != id.name.as_str() {
                definition.insert("name".to_owned(), json!(id.name));
            }
            definition.extend(own);
            let path = root.child("images").child(&format!("{stem}.yml"));
            files.insert(path, yaml(&Json::Object(definition)));
        }
    }
    if !pins.is_empty() {
        files.insert(root.child("pins.yml"), yaml(&pins.file()));
    }
    files.insert(
        root.child("config.yml"),
        yaml(&config(snapshot, root, notes)),
    );
    files
}

/// The settings: the repository's own, or such as have to be filled in.
fn config(snapshot: &Snapshot, root: &TreePath, notes: &mut BTreeSet<String>) -> Json {
    let view = crate::tree::View::new(&snapshot.fleet.tree);
    let own = crate::definitions::read(&view, &snapshot.fleet.layout.config());
    let mut config = match own.ok().flatten().map(|node| node.to_json()) {
        Some(Json::Object(config)) if snapshot.fleet.config.is_some() => config,
        _ => {
            notes.insert("the trust domain, the owner and the worker are made up: name yours in `config.yml`".to_owned());
            let worker = json!({
                "provisioner": "{{trust-domain}}-{{level}}", "worker-type": "image-builder",
                "implementation": "generic-worker", "os": "linux",
            });
            let mut config = Map::new();
            config.insert("trust-domain".to_owned(), json!("example"));
            config.insert("owner".to_owned(), json!("nobody@example.org"));
            config.insert("workers".to_owned(), json!({"aliases": {WORKER: worker}}));
            config
        }
    };
    for key in ["format", "recipe", "images"] {
        config.remove(key);
    }
    let mut folders: Vec<&str> = vec![root.as_str()];
    folders.extend(
        snapshot
            .fleet
            .claimed_folders()
            .iter()
            .map(TreePath::as_str),
    );
    config.insert("provisioning".to_owned(), json!(folders));
    let ok: Vec<&str> = snapshot
        .fleet
        .unclaimed_ok()
        .map(|glob| &*glob.value)
        .collect();
    config.insert("unclaimed-ok".to_owned(), json!(ok));
    Json::Object(config)
}

fn yaml(value: &Json) -> String {
    serde_yaml::to_string(value).expect("maps with text keys, lists and scalars are YAML")
}

/// Whether an input is a file that native definitions take the place of.
fn is_replaced(role: Role, rendered: bool) -> bool {
    matches!(
        role,
        Role::Definition | Role::Extends | Role::VarFile | Role::Pin | Role::Settings
    ) || (rendered && role == Role::Template)
}
