//! [`image`]: one native definition that says all of an image, before what it shares with others is taken out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use taskgraph_images_transforms::{Builder, Duration, ImageId, SecretName};

use super::{WORKER, is_replaced};
use crate::comparison::Snapshot;
use crate::definitions::{Foreign, ResolvedImage};
use crate::fleet::Role;
use crate::formats::{REVISION, named_build_values};
use crate::tree::{Files as _, TreePath, View};

/// What becomes of values that count although no template sees them.
const BY_BYTES: &str =
    "old definitions of which more is read than the template sees count by their bytes now";

/// Revisions of other repositories, as pins with names.
pub(super) struct Pins {
    /// By what the recipe calls it and the revision: the pin's name and the repository.
    named: BTreeMap<(String, String), (String, String)>,
}

impl Pins {
    /// Names every revision that does not float: after the recipe's word, the commonest one by that word alone.
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let mut counts: BTreeMap<(String, String), (usize, String)> = BTreeMap::new();
        let images = snapshot.fleet.images.values();
        for foreign in images.filter_map(|image| image.resolved().foreign.as_ref()) {
            for (name, pin) in foreign.pins.iter().filter(|(_, pin)| !pin.floats) {
                let slot = counts
                    .entry((name.clone(), pin.revision.clone()))
                    .or_default();
                slot.0 += 1;
                slot.1.clone_from(&pin.repository);
            }
        }
        let mut named = BTreeMap::new();
        for ((name, revision), (count, repository)) in &counts {
            let word = name.replace('_', "-");
            let commonest = counts.iter().filter(|((other, _), _)| other == name).all(
                |((_, other), (more, _))| (more, revision) <= (count, other) || other == revision,
            );
            let pin = if commonest {
                word
            } else {
                format!("{word}-{revision}")
            };
            named.insert((name.clone(), revision.clone()), (pin, repository.clone()));
        }
        Self { named }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// `pins.yml`.
    pub(super) fn file(&self) -> Json {
        let pins: Map<String, Json> = self
            .named
            .iter()
            .map(|((_, revision), (name, repository))| {
                (
                    name.clone(),
                    json!({"value": revision, "source": repository}),
                )
            })
            .collect();
        json!({"pins": pins})
    }

    /// The template that gives a variable's value, where it is a pinned revision.
    fn template(&self, foreign: &Foreign, value: &str) -> Option<String> {
        let (name, _) = foreign
            .pins
            .iter()
            .find(|(_, pin)| !pin.floats && pin.revision == value)?;
        let (pin, _) = self.named.get(&(name.clone(), value.to_owned()))?;
        Some(format!("{{{{pins.{pin}.value}}}}"))
    }
}

/// A definition, and the template that it needs.
pub(super) struct Draft {
    pub(super) definition: Map<String, Json>,
    pub(super) template: Option<(TreePath, String)>,
}

/// Says all of an image natively.
pub(super) fn image(
    snapshot: &Snapshot,
    id: &ImageId,
    root: &TreePath,
    pins: &Pins,
    waived: &BTreeSet<TreePath>,
    notes: &mut BTreeSet<String>,
) -> Draft {
    let image = &snapshot.fleet.images[id];
    let resolved = image.resolved();
    let rendered = resolved
        .foreign
        .as_ref()
        .and_then(|foreign| foreign.rendered.as_ref());
    let mut definition = Map::new();
    let mut put = |key: &str, value: Json| {
        definition.insert(key.to_owned(), value);
    };
    put("cloud", json!(id.cloud));
    put("os", json!(resolved.definition.os));
    put("arch", json!(resolved.definition.arch));
    let mut template = None;
    let mut waivers: BTreeMap<String, &str> = waived
        .iter()
        .map(|path| {
            (
                path.to_string(),
                "what it reads is on the machine, or was uploaded",
            )
        })
        .collect();
    if let (Some(rendered), Builder::Packer { source, .. }) =
        (rendered, &resolved.definition.builder)
    {
        let path = root.child("packer").child(&format!("{}.json", id.slug()));
        template = Some((path.clone(), rendered_text(&rendered.template, notes)));
        waivers.insert(path.to_string(), "archives are packed before Packer runs");
        put(
            "builder",
            json!({"packer": {"template": path.as_str(), "source": source}}),
        );
    } else {
        put(
            "builder",
            json!({"packer": packer(snapshot, resolved, pins, notes)}),
        );
    }
    let mut inputs: BTreeMap<&str, &str> = BTreeMap::new();
    for input in &image.inputs {
        match input.role {
            Role::Host => inputs.insert(input.path.as_str(), "it runs on the machine that builds"),
            Role::Declared => inputs.insert(input.path.as_str(), "the recipe names it"),
            Role::Upload
                if rendered.is_some()
                    && !named(
                        rendered.map(|rendered| &rendered.template),
                        input.path.as_str(),
                    ) =>
            {
                inputs.insert(
                    input.path.as_str(),
                    "an archive that the template uploads holds it",
                )
            }
            Role::VarFile
                if resolved
                    .foreign
                    .as_ref()
                    .is_some_and(|foreign| foreign.values.contains_key("secrets"))
                    && snapshot
                        .fleet
                        .choice
                        .recipe
                        .as_ref()
                        .and_then(|recipe| recipe.builders.as_ref())
                        .and_then(|builders| builders.value.secrets.as_ref())
                        .is_some_and(|secrets| secrets.value == input.path) =>
            {
                inputs.insert(
                    input.path.as_str(),
                    "an archive that the template uploads is made of it",
                )
            }
            _ => None,
        };
    }
    if let Some(foreign) = resolved.foreign.as_ref().filter(|_| rendered.is_none()) {
        let own = &resolved.path;
        let uploaded = resolved
            .written
            .uploads
            .iter()
            .any(|rule| own.is_within(&rule.folder));
        if !foreign.values.is_empty() && !uploaded {
            inputs.insert(own.as_str(), "keys of it are read where it is built");
            notes.insert(BY_BYTES.to_owned());
        }
    }
    let inputs = folders(snapshot, inputs);
    let inputs: Vec<Json> = inputs
        .into_iter()
        .map(|(path, reason)| json!({"path": path, "reason": reason}))
        .collect();
    let waivers: Vec<Json> = waivers
        .into_iter()
        .map(|(path, reason)| json!({"in": path, "reason": reason}))
        .collect();
    let uploads = uploads(resolved, notes);
    for (key, list) in [
        ("inputs", inputs),
        ("waivers", waivers),
        ("uploads", uploads),
    ] {
        if !list.is_empty() {
            put(key, Json::Array(list));
        }
    }
    for (key, section) in tasks(resolved) {
        put(key, section);
    }
    Draft {
        definition,
        template,
    }
}

/// Inputs with whole folders in their files' place, so that a file that comes counts, too.
fn folders<'a>(
    snapshot: &'a Snapshot,
    inputs: BTreeMap<&'a str, &'a str>,
) -> BTreeMap<String, &'a str> {
    let view = View::new(&snapshot.fleet.tree);
    let mut found: BTreeMap<String, &str> = BTreeMap::new();
    for (path, reason) in &inputs {
        let whole = path
            .match_indices('/')
            .map(|(at, _)| &path[..at])
            .find(|folder| {
                let files = view
                    .list(&TreePath::from_git(folder), true)
                    .unwrap_or_default();
                files.len() > 1
                    && files
                        .iter()
                        .all(|file| inputs.get(file.as_str()) == Some(reason))
            });
        let entry = whole.map_or_else(|| (*path).to_owned(), |folder| format!("{folder}/"));
        found.insert(entry, reason);
    }
    found
}

/// The template as it is run, with the revision as a variable of Packer's.
fn rendered_text(template: &Json, notes: &mut BTreeSet<String>) -> String {
    let mut text =
        serde_json::to_string_pretty(template).expect("JSON is written, and memory does not fail");
    if text.contains(REVISION) {
        notes.insert(
            "the revision in templates is now the variable `revision` of each: give it to Packer"
                .to_owned(),
        );
        text = text.replace(REVISION, "{{user `revision`}}");
        text.replace_range(0..1, "{\n  \"variables\": {\"revision\": \"unknown\"},");
    }
    notes.insert("each builder's template is written out: its variables are no longer shared, and a new script must be named in it".to_owned());
    text + "\n"
}

/// Whether a template names a file.
fn named(template: Option<&Json>, path: &str) -> bool {
    match template {
        Some(Json::String(text)) => text.trim_start_matches("./") == path,
        Some(Json::Array(items)) => items.iter().any(|item| named(Some(item), path)),
        Some(Json::Object(entries)) => entries.values().any(|item| named(Some(item), path)),
        _ => false,
    }
}

/// The `packer` section of an image whose template stands in the repository.
fn packer(
    snapshot: &Snapshot,
    resolved: &ResolvedImage,
    pins: &Pins,
    notes: &mut BTreeSet<String>,
) -> Json {
    let (
        Builder::Packer {
            template,
            source,
            variables,
            ..
        },
        Some(foreign),
    ) = (&resolved.definition.builder, &resolved.foreign)
    else {
        return Json::Null;
    };
    let view = View::new(&snapshot.fleet.tree);
    let parsed = crate::packer::ParsedTemplate::parse(&view, &TreePath::from_git(template));
    let declared: BTreeSet<&str> = parsed
        .iter()
        .flat_map(|parsed| parsed.variables())
        .collect();
    let mut own = Map::new();
    for (name, value) in variables
        .iter()
        .filter(|(name, _)| declared.contains(name.as_str()))
    {
        let value = match value {
            Json::String(text) => {
                match pins.template(foreign, text) {
                    Some(pin) => json!(pin),
                    None if text.contains("{{") => {
                        notes.insert(format!("`{}`: the variable `{name}` holds `{{{{`, which native definitions render", resolved.definition.id));
                        continue;
                    }
                    None => json!(text),
                }
            }
            other => other.clone(),
        };
        let differs = value.as_str().map(named_build_values).unwrap_or_default();
        if !differs.is_empty() {
            let words = differs.join(" and ");
            notes.insert(format!("`{}`: the variable `{name}` holds {words}, which differs with each build: let the template make it", resolved.definition.id));
            continue;
        }
        own.insert(name.clone(), value);
    }
    json!({"template": template, "source": source, "variables": own})
}

/// What the image uses of uploaded folders. Where the machine reads values from the definition's own files, these count
/// from now on by their bytes.
fn uploads(resolved: &ResolvedImage, notes: &mut BTreeSet<String>) -> Vec<Json> {
    let Some(foreign) = &resolved.foreign else {
        return Vec::new();
    };
    let mut own: Vec<&TreePath> = vec![&resolved.path];
    own.extend(
        foreign
            .sources
            .iter()
            .filter(|(_, role, _)| is_replaced(*role, false))
            .map(|(path, ..)| path),
    );
    resolved
        .written
        .uploads
        .iter()
        .map(|rule| {
            let relative = |text: &str| text.strip_prefix(rule.folder.as_str()).unwrap_or(text).trim_start_matches('/').to_owned();
            let mut uses: Vec<String> = rule.uses.iter().map(|entry| relative(&entry.value)).collect();
            if !foreign.values.is_empty() {
                for path in own.iter().filter(|path| path.is_within(&rule.folder)) {
                    uses.push(relative(path.as_str()));
                    notes.insert(BY_BYTES.to_owned());
                }
            }
            json!({"folder": rule.folder.as_str(), "uses": uses, "reason": "all else merely travels with it"})
        })
        .collect()
}

fn tasks(resolved: &ResolvedImage) -> Vec<(&'static str, Json)> {
    let definition = &resolved.definition;
    let alias = |alias: &taskgraph_images_transforms::AliasName| match alias.as_str() {
        crate::definitions::NO_WORKER => json!(WORKER),
        alias => json!(alias),
    };
    let section = |worker, time: Duration, secrets: &[SecretName]| {
        let mut section = Map::new();
        section.insert("worker".to_owned(), alias(worker));
        section.insert("max-run-time".to_owned(), json!(time));
        if !secrets.is_empty() {
            section.insert("secrets".to_owned(), json!(secrets));
        }
        section
    };
    let build = &definition.build;
    let mut sections = vec![(
        "build",
        Json::Object(section(&build.worker, build.max_run_time, &build.secrets)),
    )];
    if let Some(verify) = &definition.verify {
        let mut inner = section(&verify.worker, verify.max_run_time, &verify.secrets);
        inner.insert("method".to_owned(), json!(verify.method));
        inner.insert("checks".to_owned(), json!(verify.checks));
        if let Some(replicate) = &verify.replicate {
            let mut value = json!(replicate);
            value["pool"] = alias(&replicate.pool);
            inner.insert("replicate".to_owned(), value);
        }
        sections.push(("verify", Json::Object(inner)));
    }
    if let Some(publish) = &definition.publish {
        let mut inner = section(&publish.worker, publish.max_run_time, &publish.secrets);
        if let Some(family) = &publish.family {
            inner.insert("family".to_owned(), json!(family));
        }
        inner.insert("regions".to_owned(), json!(publish.regions));
        inner.insert("labels".to_owned(), json!(publish.labels));
        sections.push(("publish", Json::Object(inner)));
    }
    sections
}
