//! The shape of builder files: a Jinja template's name, files of variables, variables, folders of scripts.
//!
//! ```text
//! builder ─ var files ─▶ variables ─ Jinja ─▶ Packer builders ─┐
//!         ─ folders ───▶ scripts ── recipe's steps ────────────┴▶ a Packer template, rendered
//! ```

mod parts;
mod python;
mod render;
mod steps;
mod variables;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use taskgraph_images_transforms::{Builder, Os};

use self::parts::Parts;
use super::cloud::cloud;
use super::context::Reader;
use super::recipe::{Builders, arch};
use super::{exists, expression, map};
use crate::definitions::{
    Draft, Foreign, Rendered, ResolvedImage, Settings, WrittenBuilder, complete,
};
use crate::diagnostic::{Diagnostic, Place};
use crate::fleet::Role;
use crate::tree::{FileError, Files, TreePath, View};
use crate::yaml::Node;

/// Stands for the revision that an image is built from. It is not known to a definition, and in no digest.
pub const REVISION: &str = "@REVISION@";

/// Every builder file.
pub(super) fn files(builders: &Builders, view: &View<'_>) -> Result<Vec<TreePath>, FileError> {
    match view.list(&builders.folder, true) {
        Ok(files) => Ok(files
            .into_iter()
            .filter(|path| key(builders, path).is_some())
            .collect()),
        Err(FileError::Missing(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// What the repository calls the builder of a file.
pub(super) fn key<'p>(builders: &Builders, path: &'p TreePath) -> Option<&'p str> {
    path.strip_prefix(&builders.folder)?
        .strip_suffix(&builders.extension)?
        .strip_suffix('.')
}

/// The image of a builder file.
pub(super) fn image(
    builders: &Builders,
    view: &View<'_>,
    path: &TreePath,
    settings: Settings<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<ResolvedImage> {
    let node = map(view, path, faults)?;
    let key = key(builders, path)?;
    let whole = Place::file(path.clone());
    let before = faults.len();
    let parts = parts::read(builders, view, &node, faults);
    // With a part missing, whatever is made of it would only say so again.
    let parts = parts.filter(|_| faults.len() == before)?;
    let environment = expression::environment();
    let values = values(builders, key, &parts, &environment, &whole, faults)?;
    let rendered = render::render(
        builders,
        view,
        &parts.template,
        &values.vars,
        &whole,
        faults,
    )?;
    let secrets = secrets(builders, view, &parts, faults)?;
    let scripts: Vec<&str> = parts
        .scripts
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    let context = json!({
        "name": key,
        "vars": values.vars,
        "scripts": scripts,
        "secrets": secrets.as_ref().map(|(secrets, _)| secrets),
        "platform": parts.platform.as_str(),
        "revision": REVISION,
    });
    let mut reader = Reader::new(&environment, &context, "vars.", &values.node, whole.clone());
    let mut keys = values.read;
    keys.extend(
        reader.own(
            rendered
                .reads
                .iter()
                .map(|name| name.strip_prefix("builder.").unwrap_or(name).to_owned()),
        ),
    );
    let template = steps::template(builders, parts.platform, rendered.builders, &mut reader);
    let arch_text = builders
        .arch
        .as_ref()
        .map_or_else(String::new, |arch| reader.text(arch).value);
    faults.append(&mut reader.faults);
    let arch = arch(&arch_text);
    if arch.is_none() {
        let message = format!("`{arch_text}` is no architecture, expected `amd64` or `arm64`");
        faults.push(Diagnostic::error("bad-value", message).at(whole.clone()));
    }
    let first = template.means["builders"][0].clone();
    let of = first["type"].as_str().unwrap_or_default();
    let source = first["name"].as_str().unwrap_or(of).to_owned();
    let cloud = cloud(of);
    if cloud.is_none() {
        let message = format!("no cloud is known for Packer builders of the type `{of}`");
        faults.push(Diagnostic::error("unknown-builder", message).at(parts.template.place.clone()));
    }
    if faults.len() > before {
        return None;
    }
    keys.extend(reader.read.keys().cloned());
    note(&mut reader, &keys);
    let mut read = reader.read;
    for name in [
        &builders.keys.template,
        &builders.keys.platform,
        &builders.keys.scripts,
    ] {
        if let (name, Some(value)) = name.first_of(&node) {
            let entry = crate::definitions::ReadKey {
                value: value.to_json(),
                place: value.place(),
            };
            read.insert(name.to_owned(), entry);
        }
    }
    let mut sources = parts.sources;
    for file in rendered.files {
        sources.push((file, Role::Template, parts.template.place.clone()));
    }
    let mut values = BTreeMap::new();
    if let Some((secrets, file)) = secrets {
        sources.push((file, Role::VarFile, whole.clone()));
        values.insert("secrets".to_owned(), secrets);
    }
    let inputs = super::inputs(&builders.inputs, view, &whole);
    let draft = Draft {
        path,
        name_at: whole.clone(),
        key: key.to_owned(),
        name: key.to_owned(),
        cloud: cloud?,
        os: parts.platform,
        arch: arch?,
        builder: Builder::Packer {
            template: parts.template.value.to_string(),
            source,
            variables: BTreeMap::new(),
            var_files: Vec::new(),
        },
        written: WrittenBuilder::Packer {
            template: parts.template,
            source: whole,
            var_files: Vec::new(),
        },
        uploads: Vec::new(),
        foreign: Foreign {
            kind: of.into(),
            read,
            sources,
            values,
            inputs,
            rendered: Some(Rendered {
                template: template.printed,
                means: template.means,
                named: parts.scripts.into_iter().collect(),
            }),
            ..Foreign::default()
        },
    };
    complete(draft, settings, faults)
}

/// A builder's variables.
struct Values {
    /// As they were written.
    node: Node,
    /// As templates and steps see them.
    vars: Json,
    /// The keys that were read to make them.
    read: Vec<String>,
}

/// The variables as templates see them: with the environment as a list.
fn values(
    builders: &Builders,
    key: &str,
    parts: &Parts,
    engine: &minijinja::Environment<'_>,
    whole: &Place,
    faults: &mut Vec<Diagnostic>,
) -> Option<Values> {
    let mut vars = python::json(&parts.vars);
    let mut read = Vec::new();
    if let Some(environment) = &builders.environment
        && let Some(written) = parts.vars.get(&environment.key)
    {
        let Some(entries) = written.entries() else {
            let message = format!(
                "`{}` is {}, expected a map",
                environment.key,
                written.describe()
            );
            faults.push(Diagnostic::error("wrong-type", message).at(written.place()));
            return None;
        };
        let mut list: Vec<Json> = Vec::new();
        for (name, value) in entries {
            read.push(format!("{}.{}", environment.key, name.text));
            let value = python::text(&python::json(value));
            list.push(json!(format!("{}={value}", name.text)));
        }
        let context = json!({"name": key, "revision": REVISION});
        let mut reader = Reader::new(engine, &context, "vars.", &parts.vars, whole.clone());
        for adds in &environment.adds {
            list.push(json!(reader.text(adds).value));
        }
        faults.append(&mut reader.faults);
        vars[&environment.key] = Json::Array(list);
    }
    vars["name"] = json!(key);
    Some(Values {
        node: parts.vars.clone(),
        vars,
        read,
    })
}

/// The secrets that steps see, and their file. The outer `None` is a fault.
fn secrets(
    builders: &Builders,
    view: &View<'_>,
    parts: &Parts,
    faults: &mut Vec<Diagnostic>,
) -> Option<Option<(Json, TreePath)>> {
    let Some(file) = &builders.secrets else {
        return Some(None);
    };
    // What no step uses need not be there.
    let used = builders.provisioners.iter().any(|step| {
        let platform =
            step.platforms.is_empty() || step.platforms.iter().any(|os| os.0 == parts.platform);
        platform && step.uses("secrets")
    });
    if !used {
        return Some(None);
    }
    if !exists(view, &file.value) {
        let message = format!("`{}` does not exist, and the template packs it", file.value);
        faults.push(Diagnostic::error("missing-file", message).at(parts.template.place.clone()));
        return None;
    }
    match crate::definitions::read(view, &file.value) {
        Ok(node) => {
            let secrets = node.map_or(Json::Null, |node| python::json(&node));
            Some(Some((secrets, file.value.clone())))
        }
        Err(more) => {
            faults.extend(more);
            None
        }
    }
}

/// Notes keys as read; of a map, each of its entries.
fn note(reader: &mut Reader<'_>, keys: &[String]) {
    let maps: Vec<String> = keys
        .iter()
        .filter(|key| {
            keys.iter()
                .any(|other| other.starts_with(&format!("{key}.")))
        })
        .cloned()
        .collect();
    reader.note(keys);
    for key in maps {
        reader.read.remove(&key);
    }
}

/// The operating system that a platform names.
fn os(text: &str) -> Option<Os> {
    text.parse().ok()
}
