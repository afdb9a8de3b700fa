//! The shape of YAML files with defaults below them, a Packer template of the repository, and variables made from keys.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use taskgraph_images_transforms::Builder;

use super::build::{REVISION, tokens};
use super::context::Reader;
use super::expression;
use super::inherit::inherit;
use super::map;
use super::recipe::{Recipe, TemplateKind, arch, matches};
use crate::definitions::{
    Draft, ExternalPin, Foreign, ResolvedImage, Settings, UsedFolder, WrittenBuilder, complete,
};
use crate::diagnostic::{Diagnostic, Place};
use crate::fleet::Role;
use crate::glob::Glob;
use crate::tree::{FileError, TreePath, View};
use crate::yaml::{Node, Spanned};

/// Every file that could be a definition.
pub(super) fn files(recipe: &Recipe, view: &View<'_>) -> Result<Vec<TreePath>, FileError> {
    let mut files = Vec::new();
    for kind in &recipe.images {
        for glob in &kind.value.files {
            // The recipe's globs were checked when it was read.
            let Ok(glob) = Glob::parse(&glob.value) else {
                continue;
            };
            match glob.expand(view) {
                Ok(found) => files.extend(
                    found
                        .into_iter()
                        .filter(|path| !matches(&kind.value.except, path)),
                ),
                Err(FileError::Missing(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(files)
}

/// The images of one file: one for each kind that it is of.
pub(super) fn images(
    recipe: &Recipe,
    view: &View<'_>,
    path: &TreePath,
    settings: Settings<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<ResolvedImage> {
    let mut kinds = recipe
        .images
        .iter()
        .map(|kind| &kind.value)
        .filter(|kind| matches(&kind.files, path) && !matches(&kind.except, path))
        .peekable();
    if kinds.peek().is_none() {
        return Vec::new();
    }
    let Some(own) = map(view, path, faults) else {
        return Vec::new();
    };
    kinds
        .filter_map(|kind| image(kind, view, path, &own, settings, faults))
        .collect()
}

fn image(
    kind: &TemplateKind,
    view: &View<'_>,
    path: &TreePath,
    own: &Node,
    settings: Settings<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<ResolvedImage> {
    let before = faults.len();
    let key = path.stem();
    let environment = expression::environment();
    let whole = Place::file(path.clone());
    let words = |node: &Node| json!({"key": key, "path": path.as_str(), "yaml": node.to_json(), "build": tokens(), "revision": REVISION});
    // What a definition is, it says itself.
    let mut reader = Reader::new(&environment, &words(own), "yaml.", own, whole.clone());
    let applies = reader.holds(kind.when.as_ref());
    faults.append(&mut reader.faults);
    if !applies {
        return None;
    }
    let mut sources = Vec::new();
    let node = match &kind.defaults {
        Some(defaults) => {
            let file = &defaults.file.value;
            let below = match crate::definitions::read(view, file) {
                Ok(None) => {
                    let message = format!("`{file}` does not exist, and `{path}` inherits from it");
                    faults.push(Diagnostic::error("missing-file", message).at(whole.clone()));
                    return None;
                }
                _ => map(view, file, faults)?,
            };
            sources.push((file.clone(), Role::Extends, Place::file(file.clone())));
            inherit(own, &below, &defaults.inherit)
        }
        None => own.clone(),
    };
    let mut reader = Reader::new(&environment, &words(&node), "yaml.", &node, whole.clone());
    let name = kind.name.as_ref().map_or_else(
        || Spanned {
            value: key.to_owned(),
            place: whole.clone(),
        },
        |name| reader.text(name),
    );
    let arch = match &kind.arch {
        None => arch(""),
        Some(expression) => {
            let text = reader.text(expression);
            let arch = arch(&text.value);
            if arch.is_none() {
                let message = format!(
                    "`{}` is no architecture, expected `amd64` or `arm64`",
                    text.value
                );
                faults.push(Diagnostic::error("bad-value", message).at(text.place));
            }
            arch
        }
    };
    let template = reader.text(&kind.template);
    let source = reader.text(&kind.source);
    let mut variables = BTreeMap::new();
    for (name, expression) in &kind.variables {
        match reader.value(expression) {
            Json::Null => {}
            Json::String(text) if text.is_empty() => {}
            value => {
                variables.insert(name.clone(), value);
            }
        }
    }
    let values = kind
        .values
        .iter()
        .map(|(name, expression)| (name.clone(), reader.value(expression)))
        .filter(|(_, value)| !value.is_null())
        .collect();
    let pins = pins(kind, &mut reader);
    let uploads = uploads(kind, &mut reader);
    let inputs = super::inputs(&kind.inputs, view, &whole);
    faults.append(&mut reader.faults);
    let template = match TreePath::parse(&template.value) {
        Ok(path) => Spanned {
            value: path,
            place: template.place,
        },
        Err(error) => {
            faults.push(Diagnostic::error("path", error.to_string()).at(template.place));
            return None;
        }
    };
    if faults.len() > before {
        return None;
    }
    let draft = Draft {
        path,
        name_at: name.place,
        key: key.to_owned(),
        name: name.value,
        cloud: kind.cloud.0,
        os: kind.os.0,
        arch: arch?,
        builder: Builder::Packer {
            template: template.value.to_string(),
            source: source.value,
            variables,
            var_files: Vec::new(),
        },
        written: WrittenBuilder::Packer {
            template,
            source: source.place,
            var_files: Vec::new(),
        },
        uploads,
        foreign: Foreign {
            kind: kind.kind.as_str().into(),
            read: reader.read,
            sources,
            values,
            pins,
            inputs,
            rendered: None,
        },
    };
    complete(draft, settings, faults)
}

fn pins(kind: &TemplateKind, reader: &mut Reader<'_>) -> BTreeMap<String, ExternalPin> {
    let mut pins = BTreeMap::new();
    for (name, pin) in &kind.pins {
        let mut keys = reader.keys(&pin.revision);
        keys.extend(reader.keys(&pin.repository));
        let repository = reader.text(&pin.repository).value;
        let revision = reader.text(&pin.revision).value;
        let floats = pin
            .floats
            .as_ref()
            .is_some_and(|floats| reader.holds(Some(floats)));
        if !revision.is_empty() {
            let pin = ExternalPin {
                repository,
                revision,
                floats,
                keys,
            };
            pins.insert(name.clone(), pin);
        }
    }
    pins
}

fn uploads(kind: &TemplateKind, reader: &mut Reader<'_>) -> Vec<UsedFolder> {
    kind.uploads
        .iter()
        .map(|rule| {
            let (uses, key) = match &rule.uses {
                Some(uses) => (reader.items(uses), reader.keys(uses).join("`, `")),
                None => (Vec::new(), String::new()),
            };
            let uses = uses
                .into_iter()
                .map(|name| Spanned {
                    value: format!("{}/{}", rule.folder, name.value),
                    place: name.place,
                })
                .collect();
            UsedFolder {
                folder: rule.folder.clone(),
                uses,
                key,
            }
        })
        .collect()
}
