//! From what itself changed to the tasks that it affects.

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images_transforms::{ImageId, Kind};

use super::{Reason, ReasonKind, Side};
use crate::definitions::Foreign;
use crate::difference::differences;
use crate::fleet::{Role, Where};
use crate::graph::{NodeKey, Step};
use crate::tree::{Change, TreePath};
use crate::yaml::Node;

/// A reason that needs no path.
pub(super) fn alone(kind: ReasonKind, path: &TreePath) -> Reason {
    Reason {
        kind,
        path: Some(path.clone()),
        change: None,
        key: None,
        via: Vec::new(),
    }
}

/// The reasons of each image that has a differing task.
pub(super) fn reasons(
    base: Side<'_>,
    head: Side<'_>,
    changes: &[(TreePath, Change)],
    differing: &BTreeSet<(ImageId, Kind)>,
) -> BTreeMap<ImageId, Vec<Reason>> {
    if differing.is_empty() {
        return BTreeMap::new();
    }
    let changed: BTreeMap<&TreePath, Change> = changes
        .iter()
        .map(|(path, change)| (path, *change))
        .collect();
    // Of two ways as long as each other, the one that ends at the file says more than the one that ends at a value.
    let length = |via: &[Step]| {
        (
            via.len(),
            via.last().is_some_and(|step| step.role == Role::Values),
        )
    };
    let mut found: BTreeMap<ImageId, BTreeMap<Cause, Reason>> = BTreeMap::new();
    let mut add = |id: &ImageId, cause: Cause, reason: Reason| {
        let slot = found.entry(id.clone()).or_default();
        match slot.get(&cause) {
            Some(known) if length(&known.via) <= length(&reason.via) => {}
            _ => {
                slot.insert(cause, reason);
            }
        }
    };
    for (side, key) in causes(base, head, &changed) {
        // A value's own reasons are the same for all who depend on it.
        let details = match &key {
            NodeKey::Values(id, kind) => value_details(base, head, &changed, id, *kind),
            NodeKey::Worker(alias) => vec![Detail {
                kind: ReasonKind::Task,
                path: Some(head.fleet.layout.config()),
                key: Some(format!("workers.aliases.{alias}")),
            }],
            NodeKey::Payload(kind, _) => {
                let path = head.fleet.layout.kind(*kind);
                let path = changed.contains_key(&path).then_some(path);
                vec![Detail {
                    kind: ReasonKind::Task,
                    path,
                    key: Some("payload".to_owned()),
                }]
            }
            NodeKey::File(path) => vec![Detail {
                kind: ReasonKind::Input,
                path: Some(path.clone()),
                key: None,
            }],
            NodeKey::Task(..) => continue,
        };
        for ((id, kind), via) in side.graph.dependents(&key, false) {
            if !differing.contains(&(id.clone(), kind)) {
                continue;
            }
            let from_parent = via.iter().any(|step| step.role == Role::Parent);
            for detail in &details {
                let reason = Reason {
                    kind: if from_parent {
                        ReasonKind::Parent
                    } else {
                        detail.kind
                    },
                    path: detail.path.clone(),
                    change: detail
                        .path
                        .as_ref()
                        .and_then(|path| changed.get(path).copied()),
                    key: detail.key.clone(),
                    via: via.clone(),
                };
                add(
                    &id,
                    (reason.kind, detail.path.clone(), detail.key.clone()),
                    reason,
                );
            }
        }
    }
    for (id, _) in differing {
        if !found.contains_key(id) {
            // Only an edge differs: what it led to is unchanged, and so is what names it.
            found.insert(id.clone(), BTreeMap::from([edge_reason(base, head, id)]));
        }
    }
    found
        .into_iter()
        .map(|(id, reasons)| {
            let mut reasons: Vec<Reason> = reasons.into_values().collect();
            reasons.sort_by_key(|reason| {
                (
                    reason.via.len(),
                    reason.kind,
                    reason.path.clone(),
                    reason.key.clone(),
                )
            });
            (id, reasons)
        })
        .collect()
}

type Cause = (ReasonKind, Option<TreePath>, Option<String>);

struct Detail {
    kind: ReasonKind,
    path: Option<TreePath>,
    key: Option<String>,
}

/// The nodes that changed by themselves, and the side whose graph leads to them.
fn causes<'a>(
    base: Side<'a>,
    head: Side<'a>,
    changed: &BTreeMap<&TreePath, Change>,
) -> Vec<(Side<'a>, NodeKey)> {
    let mut causes = BTreeMap::new();
    for (side, other) in [(head, base), (base, head)] {
        for key in side.graph.keys() {
            let differs = match key {
                NodeKey::Task(..) => false,
                // Without changed content a file on one side only is reached by an edge that changed elsewhere.
                NodeKey::File(path) => {
                    changed.contains_key(path)
                        && side.graph.own_digest(key) != other.graph.own_digest(key)
                }
                // A task that is new on an image that is not: its values are the definition's.
                NodeKey::Values(id, _) => {
                    other
                        .graph
                        .contains(&NodeKey::Task(id.clone(), Kind::Build))
                        && side.graph.own_digest(key) != other.graph.own_digest(key)
                }
                NodeKey::Worker(_) | NodeKey::Payload(..) => {
                    side.graph.own_digest(key) != other.graph.own_digest(key)
                }
            };
            if differs {
                causes.entry(key.clone()).or_insert(side);
            }
        }
    }
    causes.into_iter().map(|(key, side)| (side, key)).collect()
}

/// Which keys of the definition, pins or files of values made the values of a task differ.
fn value_details(
    base: Side<'_>,
    head: Side<'_>,
    changed: &BTreeMap<&TreePath, Change>,
    id: &ImageId,
    kind: Kind,
) -> Vec<Detail> {
    let (Some(before), Some(after)) = (base.fleet.images.get(id), head.fleet.images.get(id)) else {
        return Vec::new();
    };
    let mut details = Vec::new();
    for name in &after.resolved().pins {
        let value = |side: Side<'_>| {
            side.fleet
                .pins
                .pins
                .get(name)
                .map(|pin| (pin.value.value.value.clone(), pin.value.sha256.clone()))
        };
        if value(base) != value(head) {
            details.push(Detail {
                kind: ReasonKind::Pin,
                path: Some(head.fleet.layout.pins()),
                key: Some(name.clone()),
            });
        }
    }
    if let (Some(old), Some(new)) = (&before.resolved().foreign, &after.resolved().foreign)
        && kind == Kind::Build
    {
        let definitions = [after, before].map(|image| &image.resolved().path);
        details.extend(read_details(old, new, definitions, changed));
    }
    let [old, new] = [before, after]
        .map(|image| serde_json::to_value(&*image.resolved().definition).unwrap_or_default());
    let mut keys: Vec<String> = differences(&old, &new)
        .into_iter()
        .map(|(key, ..)| key)
        .collect();
    keys.retain(|key| counts(key, kind));
    if !details.is_empty() && after.resolved().foreign.is_some() {
        // What the variables are made of is named above, by the keys of the repository's own files.
        keys.retain(|key| !key.starts_with("builder."));
    }
    let written_in = |image: &crate::fleet::Image| {
        let resolved = image.resolved();
        changed.contains_key(&resolved.path)
            || resolved
                .fragments
                .iter()
                .any(|path| changed.contains_key(path))
    };
    // Finding out where each key was written means reading the files again; pins alone need none of it.
    if !written_in(before) && !written_in(after) && !details.is_empty() {
        keys.clear();
    }
    let written = if keys.is_empty() {
        Vec::new()
    } else {
        [head, base]
            .into_iter()
            .filter_map(|side| side.fleet.written(id))
            .collect()
    };
    for key in keys {
        let path = written.iter().find_map(|node: &Node| {
            let place = node.place_of(&key)?;
            changed.contains_key(&place.path).then_some(place.path)
        });
        // A key that differs in no changed file differs by a pin, which is named above.
        if path.is_some() || details.is_empty() {
            let path = path.or_else(|| Some(after.resolved().path.clone()));
            details.push(Detail {
                kind: ReasonKind::Definition,
                path,
                key: Some(key),
            });
        }
    }
    if kind == Kind::Build {
        let files = [after, before].into_iter().flat_map(|image| &image.inputs);
        let by_value: BTreeSet<(&TreePath, Role)> = files
            .filter(|input| matches!(input.role, Role::Template | Role::VarFile))
            .map(|input| (&input.path, input.role))
            .collect();
        let foreign = after.resolved().foreign.is_some();
        for (path, _) in by_value {
            // A key that was read from it says more.
            let named = |detail: &Detail| detail.path.as_ref() == Some(path);
            if changed.contains_key(path) && !(foreign && details.iter().any(named)) {
                details.push(Detail {
                    kind: ReasonKind::Template,
                    path: Some(path.clone()),
                    key: None,
                });
            }
        }
    }
    if details.is_empty() {
        // A glob or folder that means other files now; the files themselves are named as inputs.
        let listed = [after, before]
            .into_iter()
            .flat_map(|image| &image.inputs)
            .find(|input| {
                input.kind == kind
                    && input.role.counts() == Where::Bytes
                    && changed.contains_key(&input.path)
            });
        details.extend(listed.map(|input| Detail {
            kind: ReasonKind::Input,
            path: Some(input.path.clone()),
            key: None,
        }));
    }
    details
}

/// Which keys of a recipe's definitions differ, and where they were written.
fn read_details(
    old: &Foreign,
    new: &Foreign,
    definitions: [&TreePath; 2],
    changed: &BTreeMap<&TreePath, Change>,
) -> Vec<Detail> {
    let pinned = |key: &String| {
        let mut pins = old.pins.values().chain(new.pins.values());
        pins.any(|pin| pin.keys.contains(key))
    };
    let keys: BTreeSet<&String> = old.read.keys().chain(new.read.keys()).collect();
    keys.into_iter()
        .filter_map(|key| {
            let (before, after) = (old.read.get(key), new.read.get(key));
            if before.map(|read| &read.value) == after.map(|read| &read.value) {
                return None;
            }
            let places = [after, before]
                .into_iter()
                .flatten()
                .map(|read| &read.place.path);
            // What says in which order files apply is the definition.
            let path = places
                .clone()
                .chain(definitions)
                .find(|path| changed.contains_key(path))
                .or_else(|| places.clone().next())
                .cloned();
            Some(Detail {
                kind: if pinned(key) {
                    ReasonKind::Pin
                } else {
                    ReasonKind::Definition
                },
                path,
                key: Some(key.clone()),
            })
        })
        .collect()
}

/// Whether a key of the definition counts for a kind of task.
fn counts(key: &str, kind: Kind) -> bool {
    let first = key.split('.').next().unwrap_or_default();
    let quiet = key.ends_with(".max-run-time") || key.ends_with(".retries");
    !quiet
        && match kind {
            // What is validated is what would be built.
            Kind::Validate | Kind::Build => matches!(
                first,
                "id" | "os" | "arch" | "parent" | "builder" | "scripts" | "build"
            ),
            Kind::Verify => first == "verify",
            Kind::Publish => first == "publish" || key == "id",
        }
}

/// The first edge of a task that stands on one side only.
fn edge_reason(base: Side<'_>, head: Side<'_>, id: &ImageId) -> (Cause, Reason) {
    let edges = |side: Side<'_>| -> BTreeMap<TreePath, Vec<Step>> {
        side.graph
            .inputs(id)
            .into_iter()
            .map(|(path, reached)| (path, reached.via))
            .collect()
    };
    let (before, after) = (edges(base), edges(head));
    let only = after
        .iter()
        .find(|(path, _)| !before.contains_key(*path))
        .or_else(|| before.iter().find(|(path, _)| !after.contains_key(*path)));
    let path = only.map(|(path, _)| path.clone());
    let via = only.map_or_else(Vec::new, |(_, via)| via.clone());
    let reason = Reason {
        kind: ReasonKind::Input,
        path: path.clone(),
        change: None,
        key: None,
        via,
    };
    ((ReasonKind::Input, path, None), reason)
}
