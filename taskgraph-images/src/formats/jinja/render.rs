//! [`render`]: the Packer builders that a Jinja template gives for some variables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use minijinja::{AutoEscape, Environment, Error, ErrorKind};
use serde_json::{Value as Json, json};

use super::python;
use crate::diagnostic::{Diagnostic, Place};
use crate::formats::expression::{to_json, words};
use crate::formats::recipe::Builders;
use crate::tree::{Files as _, Tree, TreePath, View};
use crate::yaml::{self, Spanned, Value};

/// How much work a template may be.
const FUEL: u64 = 1_000_000;

/// What a template gives.
pub(super) struct Rendered {
    /// The builders.
    pub(super) builders: Vec<Json>,
    /// The files that the template is written in.
    pub(super) files: BTreeSet<TreePath>,
    /// The names that it reads.
    pub(super) reads: BTreeSet<String>,
}

/// Renders a template. `None` when there are faults.
pub(super) fn render(
    builders: &Builders,
    view: &View<'_>,
    template: &Spanned<TreePath>,
    vars: &Json,
    whole: &Place,
    faults: &mut Vec<Diagnostic>,
) -> Option<Rendered> {
    let path = &template.value;
    let loaded = Arc::new(Mutex::new(BTreeSet::new()));
    let engine = engine(builders, view.tree(), loaded.clone());
    let name = path.strip_prefix(&builders.templates)?;
    let context = json!({"builder": {"vars": vars}});
    let result = engine
        .get_template(name)
        .and_then(|template| template.render(&context));
    let reads = reads(builders, &engine, &loaded);
    let files = std::mem::take(&mut *loaded.lock().expect("no holder panics"));
    for file in &files {
        // Whoever compares trees must know that they were looked at, also those that are not there.
        let _ = view.kind(file);
    }
    let text = match result {
        Ok(text) => text,
        Err(error) => {
            faults.push(
                fault(builders, path, &error)
                    .note(whole.clone(), "it is rendered for this builder"),
            );
            return None;
        }
    };
    let node = match yaml::read(path, text.as_bytes()) {
        Ok(node) => node,
        Err(more) => {
            // The places are those of the rendered text, which nobody wrote.
            faults.extend(more.into_iter().map(|fault| {
                let line = fault.place.as_ref().map_or(1, |place| {
                    let end = place.span.range().start.min(text.len());
                    text.as_bytes()[..end]
                        .iter()
                        .filter(|byte| **byte == b'\n')
                        .count()
                        + 1
                });
                let message = format!(
                    "line {line} of what the template renders to is no YAML: {}",
                    fault.message
                );
                Diagnostic::error("rendered-yaml", message)
                    .at(Place::file(path.clone()))
                    .note(whole.clone(), "it is rendered for this builder")
            }));
            return None;
        }
    };
    let Value::List(items) = &node.value else {
        let message = format!(
            "the template renders to {}, expected a list of Packer builders",
            node.describe()
        );
        faults.push(
            Diagnostic::error("rendered-yaml", message)
                .at(Place::file(path.clone()))
                .note(whole.clone(), "it is rendered for this builder"),
        );
        return None;
    };
    Some(Rendered {
        builders: items.iter().map(python::json).collect(),
        files,
        reads,
    })
}

/// The names that the loaded templates read.
fn reads(
    builders: &Builders,
    engine: &Environment<'_>,
    loaded: &Mutex<BTreeSet<TreePath>>,
) -> BTreeSet<String> {
    let files = loaded.lock().expect("no holder panics").clone();
    files
        .iter()
        .filter_map(|file| {
            engine
                .get_template(file.strip_prefix(&builders.templates)?)
                .ok()
        })
        .flat_map(|template| template.undeclared_variables(true))
        .collect()
}

/// The engine as Jinja in Python has it: what nobody defined is empty, values are written as Python writes them.
fn engine(
    builders: &Builders,
    tree: &Tree,
    loaded: Arc<Mutex<BTreeSet<TreePath>>>,
) -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_fuel(Some(FUEL));
    engine.set_recursion_limit(50);
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.set_formatter(|out, _, value| {
        if value.is_undefined() {
            return Ok(());
        }
        let text = match value.as_str() {
            Some(text) => text.to_owned(),
            None => python::text(&to_json(value)),
        };
        out.write_str(&text)
            .map_err(|_| Error::new(ErrorKind::WriteFailure, "the text cannot be written"))
    });
    for (name, replaces) in &builders.filters {
        let replaces: BTreeMap<String, String> = replaces.clone();
        engine.add_filter(name.clone(), move |text: String| {
            replaces
                .iter()
                .fold(text, |text, (from, to)| text.replace(from, to))
        });
    }
    let (tree, folder) = (tree.clone(), builders.templates.clone());
    engine.set_loader(move |name| {
        let Ok(path) = folder.join(name) else {
            return Ok(None);
        };
        loaded
            .lock()
            .expect("no holder panics")
            .insert(path.clone());
        match View::new(&tree).read(&path) {
            Ok(content) => match String::from_utf8(content.to_vec()) {
                Ok(text) => Ok(Some(text)),
                Err(_) => Err(Error::new(
                    ErrorKind::InvalidOperation,
                    format!("`{path}` is not UTF-8"),
                )),
            },
            Err(_) => Ok(None),
        }
    });
    engine
}

fn fault(builders: &Builders, path: &TreePath, error: &Error) -> Diagnostic {
    let at = error
        .name()
        .and_then(|name| builders.templates.join(name).ok())
        .unwrap_or_else(|| path.clone());
    let place = match error.range() {
        Some(range) => Place::new(at, range),
        None => Place::file(at),
    };
    let line = error
        .line()
        .map_or_else(String::new, |line| format!("line {line}: "));
    Diagnostic::error("jinja", format!("{line}{}", words(error))).at(place)
}
