//! [`Parts`]: what a builder file names, found.

use taskgraph_images_transforms::Os;

use super::variables::{self, Merge};
use super::{exists, os};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::fleet::Role;
use crate::formats::map;
use crate::formats::recipe::Builders;
use crate::tree::{FileError, Files, TreePath, View};
use crate::yaml::{Node, OneOrMany, Spanned, Value};

/// What a builder file names.
pub(super) struct Parts {
    pub(super) template: Spanned<TreePath>,
    pub(super) platform: Os,
    /// The variables, all files laid over one another and the builder's own over all.
    pub(super) vars: Node,
    /// The files that variables were read from.
    pub(super) sources: Vec<(TreePath, Role, Place)>,
    /// The scripts in the order they run, and where their folder was named.
    pub(super) scripts: Vec<(TreePath, Place)>,
}

/// What a tree's tool makes of builder files.
pub(super) struct Rules {
    pub(super) merge: Merge,
    /// The platform of those that name none.
    pub(super) platform: Option<Os>,
}

/// Finds what a builder file names. `None` when its template or platform is missing; all faults are noted.
pub(super) fn read(
    builders: &Builders,
    rules: &Rules,
    view: &View<'_>,
    node: &Node,
    faults: &mut Vec<Diagnostic>,
) -> Option<Parts> {
    let keys = &builders.keys;
    let template = text(node, &keys.template, faults).and_then(|(key, name)| {
        let file = format!("{}.{}", name.value, builders.template_extension);
        let path = named(view, &builders.templates, &file, key, &name.place, faults)?;
        Some(Spanned {
            value: path,
            place: name.place,
        })
    });
    let platform = match (keys.platform.first_of(node), rules.platform) {
        ((_, None), Some(platform)) => Some(platform),
        _ => text(node, &keys.platform, faults).and_then(|(_, name)| {
            let platform = os(&name.value);
            if platform.is_none() {
                let message = format!(
                    "unknown platform `{}`, expected `linux` or `windows`",
                    name.value
                );
                faults.push(Diagnostic::error("bad-value", message).at(name.place));
            }
            platform
        }),
    };
    let mut vars = node.with(Value::Map(Vec::new().into()));
    let mut sources = Vec::new();
    let (key, names) = list(node, &keys.var_files, faults);
    for name in names {
        let file = format!("{}.{}", name.value, builders.extension);
        let found = named(view, &builders.var_files, &file, key, &name.place, faults);
        let Some(path) = found else { continue };
        if let Some(over) = map(view, &path, faults) {
            vars = variables::merge(&vars, &over, rules.merge);
        }
        sources.push((path, Role::VarFile, name.place));
    }
    if let (key, Some(own)) = keys.vars.first_of(node) {
        if own.entries().is_some() {
            vars = variables::merge(&vars, own, rules.merge);
        } else {
            faults.push(wrong(own, key, "a map"));
        }
    }
    let mut scripts = Vec::new();
    let (key, names) = list(node, &keys.scripts, faults);
    for name in names {
        scripts.extend(folder(builders, view, key, &name, faults));
    }
    Some(Parts {
        template: template?,
        platform: platform?,
        vars,
        sources,
        scripts,
    })
}

/// The scripts of a folder, in the order of their names.
fn folder(
    builders: &Builders,
    view: &View<'_>,
    key: &str,
    name: &Spanned<String>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<(TreePath, Place)> {
    let found = named(
        view,
        &builders.scripts,
        &name.value,
        key,
        &name.place,
        faults,
    );
    let Some(path) = found else {
        return Vec::new();
    };
    match view.list(&path, false) {
        Ok(files) => files
            .into_iter()
            .filter(|file| {
                file.extension()
                    .is_some_and(|end| builders.script_extensions.iter().any(|known| known == end))
            })
            .map(|file| (file, name.place.clone()))
            .collect(),
        Err(error) => {
            let message = format!("the key `{key}`: {error}");
            faults.push(Diagnostic::error("unreadable", message).at(name.place.clone()));
            Vec::new()
        }
    }
}

/// What a name means in a folder, if it is there.
fn named(
    view: &View<'_>,
    folder: &TreePath,
    name: &str,
    key: &str,
    place: &Place,
    faults: &mut Vec<Diagnostic>,
) -> Option<TreePath> {
    let path = match folder.join(name) {
        Ok(path) => path,
        Err(error) => {
            faults.push(Diagnostic::error("path", error.to_string()).at(place.clone()));
            return None;
        }
    };
    if exists(view, &path) {
        return Some(path);
    }
    let missing = matches!(view.kind(&path), Err(FileError::Missing(_)));
    let message = format!("the key `{key}` names `{path}`, which does not exist");
    let mut fault = Diagnostic::error(
        if missing {
            "missing-file"
        } else {
            "unreadable"
        },
        message,
    )
    .at(place.clone());
    let beside = view.list(folder, true).unwrap_or_default();
    // A folder is known by the files in it.
    let names: Vec<&str> = beside
        .iter()
        .filter_map(|file| {
            let rest = file.strip_prefix(folder)?;
            match name.rsplit_once('.') {
                Some(_) => Some(rest),
                None => rest.split_once('/').map(|(first, _)| first),
            }
        })
        .collect();
    if let Some(near) = nearest(name, names) {
        fault = fault.hint(format!("did you mean `{}`?", folder.child(near)));
    }
    faults.push(fault);
    None
}

/// The text under a key that must be there, and what the key is called.
fn text<'a>(
    node: &'a Node,
    key: &'a OneOrMany<String>,
    faults: &mut Vec<Diagnostic>,
) -> Option<(&'a str, Spanned<String>)> {
    match key.first_of(node) {
        (key, Some(value)) => match &value.value {
            Value::Scalar(text, _) if !value.is_null() => {
                let text = Spanned {
                    value: text.to_string(),
                    place: value.place(),
                };
                Some((key, text))
            }
            _ => {
                faults.push(wrong(value, key, "a string"));
                None
            }
        },
        (key, None) => {
            faults.push(
                Diagnostic::error("missing-key", format!("the key `{key}` is missing"))
                    .at(Place::file(node.path.clone())),
            );
            None
        }
    }
}

/// The texts of a list that need not be there, and what its key is called.
fn list<'a>(
    node: &'a Node,
    key: &'a OneOrMany<String>,
    faults: &mut Vec<Diagnostic>,
) -> (&'a str, Vec<Spanned<String>>) {
    let (key, value) = key.first_of(node);
    let Some(value) = value else {
        return (key, Vec::new());
    };
    let Value::List(items) = &value.value else {
        faults.push(wrong(value, key, "a list"));
        return (key, Vec::new());
    };
    let mut texts = Vec::new();
    for item in items.iter() {
        match &item.value {
            Value::Scalar(text, _) if !item.is_null() => texts.push(Spanned {
                value: text.to_string(),
                place: item.place(),
            }),
            _ => faults.push(wrong(item, key, "names")),
        }
    }
    (key, texts)
}

fn wrong(node: &Node, key: &str, expected: &str) -> Diagnostic {
    let message = format!(
        "the key `{key}`: expected {expected}, found {}",
        node.describe()
    );
    Diagnostic::error("wrong-type", message).at(node.place())
}
