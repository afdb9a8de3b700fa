//! [`render`]: the Packer builders that a Jinja template gives for some variables.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex};

use minijinja::{AutoEscape, Environment, Error, ErrorKind};
use serde_json::{Map, Value as Json, json};

use super::{exists, filters, python};
use crate::diagnostic::{Diagnostic, Place};
use crate::formats::expression::{to_json, words};
use crate::formats::recipe::Builders;
use crate::tree::{Files as _, Tree, TreePath, View};
use crate::yaml::{self, Node, Spanned, Value};

/// How much work a template may be.
const FUEL: u64 = 1_000_000;

/// What a template gives.
pub(super) struct Rendered {
    /// The whole Packer template, or only its builders.
    pub(super) template: Result<Json, Json>,
    /// The files that the template is written in.
    pub(super) files: BTreeSet<TreePath>,
    /// The names that it reads.
    pub(super) reads: BTreeSet<String>,
}

/// What is rendered.
pub(super) struct Request<'a> {
    pub(super) builders: &'a Builders,
    pub(super) view: &'a View<'a>,
    /// The builder's template.
    pub(super) template: &'a Spanned<TreePath>,
    /// The builder as templates know it.
    pub(super) builder: &'a Json,
    /// The builder file.
    pub(super) whole: &'a Place,
}

/// Renders a template. `None` when there are faults.
pub(super) fn render(request: &Request<'_>, faults: &mut Vec<Diagnostic>) -> Option<Rendered> {
    let Request { builders, view, .. } = *request;
    let loaded = Arc::new(Mutex::new(BTreeSet::new()));
    let engine = engine(builders, view.tree(), loaded.clone());
    // An early tool rendered one template of everything, which includes the builder's.
    let around = builders.whole.as_ref().filter(|path| exists(view, path));
    let path = around.unwrap_or(&request.template.value);
    let (result, more) = match around {
        Some(path) => {
            let text = match view.read(path) {
                Ok(content) => String::from_utf8_lossy(&content).into_owned(),
                Err(error) => {
                    let place = Place::file(path.clone());
                    faults.push(Diagnostic::error("unreadable", error.to_string()).at(place));
                    return None;
                }
            };
            let template = engine.template_from_named_str(path.as_str(), &text);
            let reads = template.as_ref().map(|it| it.undeclared_variables(true));
            let reads = reads.unwrap_or_default();
            (
                template.and_then(|it| it.render(everything(request.builder))),
                reads,
            )
        }
        None => {
            let name = path.strip_prefix(&builders.templates)?;
            let context = json!({"builder": {"vars": request.builder["vars"]}});
            let template = engine.get_template(name);
            (template.and_then(|it| it.render(&context)), HashSet::new())
        }
    };
    let mut reads = reads(builders, &engine, &loaded);
    reads.extend(more);
    let mut files = std::mem::take(&mut *loaded.lock().expect("no holder panics"));
    files.extend(around.cloned());
    for file in &files {
        // Whoever compares trees must know that they were looked at, also those that are not there.
        let _ = view.kind(file);
    }
    let text = match result {
        Ok(text) => text,
        Err(error) => {
            faults.push(of_builder(request, fault(builders, path, &error)));
            return None;
        }
    };
    let node = parsed(request, path, &text, faults)?;
    let (is_right, expected) = match around {
        Some(_) => (node.entries().is_some(), "a map"),
        None => (
            matches!(node.value, Value::List(_)),
            "a list of Packer builders",
        ),
    };
    if !is_right {
        let found = node.describe();
        let message = format!("the template renders to {found}, expected {expected}");
        let fault = Diagnostic::error("rendered-yaml", message).at(Place::file(path.clone()));
        faults.push(of_builder(request, fault));
        return None;
    }
    let value = python::json(&node);
    Some(Rendered {
        template: match around {
            Some(_) => Ok(value),
            None => Err(value),
        },
        files,
        reads,
    })
}

/// What a template of everything knows, when it is rendered for one builder.
fn everything(builder: &Json) -> Json {
    let mut context = match &builder["vars"] {
        Json::Object(vars) => vars.clone(),
        _ => Map::new(),
    };
    let on = |platform: &str| match builder["platform"] == platform {
        true => json!([builder["name"]]),
        false => json!([]),
    };
    context.insert("builders".to_owned(), json!([builder]));
    context.insert("linux_builders".to_owned(), on("linux"));
    context.insert("windows_builders".to_owned(), on("windows"));
    Json::Object(context)
}

/// The rendered text, as YAML.
fn parsed(
    request: &Request<'_>,
    path: &TreePath,
    text: &str,
    faults: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let more = match yaml::read(path, text.as_bytes()) {
        Ok(node) => return Some(node),
        Err(more) => more,
    };
    // The places are those of the rendered text, which nobody wrote.
    faults.extend(more.into_iter().map(|fault| {
        let line = fault.place.as_ref().map_or(1, |place| {
            let end = place.span.range().start.min(text.len());
            let before = &text.as_bytes()[..end];
            before.iter().filter(|byte| **byte == b'\n').count() + 1
        });
        let message = format!(
            "line {line} of what the template renders to is no YAML: {}",
            fault.message
        );
        let fault = Diagnostic::error("rendered-yaml", message).at(Place::file(path.clone()));
        of_builder(request, fault)
    }));
    None
}

fn of_builder(request: &Request<'_>, fault: Diagnostic) -> Diagnostic {
    fault.note(request.whole.clone(), "it is rendered for this builder")
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
    engine.add_filter("indent", filters::indent);
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
        .filter(|name| *name != path.as_str())
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
