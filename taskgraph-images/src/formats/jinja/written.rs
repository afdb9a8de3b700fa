//! Packer templates that were written out, before builders were rendered: each of their builders is an image.
//!
//! What Packer does with `-only=NAME`: the builder, the steps that are for it, and the variables.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::made::{Made, Surroundings};
use super::{exists, files_of, python};
use crate::definitions::{ResolvedImage, Settings};
use crate::diagnostic::{Diagnostic, Place};
use crate::fleet::Role;
use crate::formats::context::Reader;
use crate::formats::map;
use crate::formats::recipe::{Builders, Written};
use crate::glob::Glob;
use crate::tree::{TreePath, View};
use crate::yaml::Spanned;

/// The images of a template, but for those that a builder file defines.
pub(super) fn images(
    builders: &Builders,
    written: &Written,
    view: &View<'_>,
    path: &TreePath,
    settings: Settings<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<ResolvedImage> {
    let Some(node) = map(view, path, faults) else {
        return Vec::new();
    };
    let whole = Place::file(path.clone());
    let template = lists(written, view, python::json(&node));
    let Some(each) = template["builders"].as_array() else {
        let message = "the template has no list `builders`";
        faults.push(Diagnostic::error("missing-key", message).at(whole));
        return Vec::new();
    };
    let around = Surroundings::new(builders, view, &whole, faults);
    let Some(around) = around else {
        return Vec::new();
    };
    let os = written.platform.0;
    let mut images = Vec::new();
    for builder in each {
        let Some(name) = called(builder) else {
            let message = "a builder of the template has neither `name` nor `type`";
            faults.push(Diagnostic::error("missing-key", message).at(whole.clone()));
            continue;
        };
        if files_of(builders, name).any(|file| exists(view, &file)) {
            continue;
        }
        let context = json!({
            "name": name,
            "secrets": around.secrets.value(),
            "platform": os.as_str(),
            "tool": around.tool.facts,
        });
        let reader = Reader::new(&around.environment, &context, "vars.", &node, whole.clone());
        let made = Made {
            key: name,
            os,
            template: only(&template, builder, name),
            source: Spanned {
                value: path.clone(),
                place: whole.clone(),
            },
            whole: whole.clone(),
            sources: vec![(path.clone(), Role::Template, whole.clone())],
            named: Vec::new(),
            reads: Vec::new(),
            values: BTreeMap::new(),
            uses_secrets: false,
        };
        images.extend(around.image(path, made, reader, settings, faults));
    }
    images
}

/// What a template that was written out says of the builder of a file: while both stand there, either may build the image.
pub(super) fn also(written: &Written, view: &View<'_>, name: &str) -> Option<(Json, TreePath)> {
    // What is wrong with the template is told of itself.
    let path = written.files.iter().find(|file| exists(view, file))?;
    let node = map(view, path, &mut Vec::new())?;
    let template = lists(written, view, python::json(&node));
    let mut each = template["builders"].as_array()?.iter();
    let builder = each.find(|builder| called(builder) == Some(name))?;
    Some((only(&template, builder, name), path.clone()))
}

/// What a builder of a template is called.
fn called(builder: &Json) -> Option<&str> {
    builder["name"]
        .as_str()
        .or_else(|| builder["type"].as_str())
}

/// The template with the lists of files that its variables are given.
fn lists(written: &Written, view: &View<'_>, mut template: Json) -> Json {
    for (name, glob) in &written.variables {
        if template["variables"].get(name).is_none() {
            continue;
        }
        let files = Glob::parse(&glob.value)
            .ok()
            .and_then(|glob| glob.expand(view).ok())
            .unwrap_or_default();
        let files = json!(files.iter().map(TreePath::as_str).collect::<Vec<_>>());
        replace(&mut template, &format!("user`{name}`"), &files);
        if let Some(variables) = template["variables"].as_object_mut() {
            variables.shift_remove(name);
        }
    }
    template
}

/// Puts a list in the place of each text that only names a variable.
fn replace(value: &mut Json, variable: &str, list: &Json) {
    match value {
        Json::String(text) => {
            let inner = text
                .trim()
                .strip_prefix("{{")
                .and_then(|it| it.strip_suffix("}}"));
            let bare = inner.map(|it| it.replace(char::is_whitespace, ""));
            if bare.as_deref() == Some(variable) {
                *value = list.clone();
            }
        }
        Json::Array(items) => items
            .iter_mut()
            .for_each(|item| replace(item, variable, list)),
        Json::Object(entries) => {
            entries
                .iter_mut()
                .for_each(|(_, item)| replace(item, variable, list));
        }
        _ => {}
    }
}

/// The template as it is for one of its builders.
fn only(template: &Json, builder: &Json, name: &str) -> Json {
    let mut own = template.clone();
    own["builders"] = json!([builder]);
    for part in ["provisioners", "post-processors"] {
        if let Some(steps) = own.get_mut(part).and_then(Json::as_array_mut) {
            steps.retain(|step| is_for(step, name));
        }
    }
    own
}

/// Whether a step is for a builder. To Packer, an empty list of builders means all.
fn is_for(step: &Json, name: &str) -> bool {
    let names = |key: &str| step[key].as_array().filter(|names| !names.is_empty());
    if let Some(only) = names("only") {
        return only.iter().any(|item| item == name);
    }
    names("except").is_none_or(|except| !except.iter().any(|item| item == name))
}
