//! The shape of builder files: a Jinja template's name, files of variables, variables, folders of scripts.
//!
//! ```text
//! builder ─ var files ─▶ variables ─ Jinja ─▶ Packer builders ─┐
//!         ─ folders ───▶ scripts ── recipe's steps ────────────┴▶ a Packer template, rendered
//! ```

mod archives;
mod filters;
mod made;
mod parts;
mod python;
mod render;
mod secrets;
mod steps;
mod tool;
mod variables;
mod written;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use taskgraph_images_transforms::Os;

use self::made::{Made, Surroundings};
use self::parts::Parts;
use super::build::{REVISION, tokens};
use super::context::Reader;
use super::recipe::Builders;
use super::{exists, map};
use crate::definitions::{ReadKey, ResolvedImage, Settings};
use crate::diagnostic::{Diagnostic, Place};
use crate::fleet::Role;
use crate::tree::{FileError, Files, TreePath, View};
use crate::yaml::Node;

/// Every builder file, and every template that was written out.
pub(super) fn files(builders: &Builders, view: &View<'_>) -> Result<Vec<TreePath>, FileError> {
    let mut files = Vec::new();
    for folder in builders.folder.values() {
        match view.list(folder, true) {
            Ok(found) => files.extend(
                found
                    .into_iter()
                    .filter(|path| key(builders, path).is_some()),
            ),
            Err(FileError::Missing(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let written = builders.written.iter().flat_map(|written| &written.files);
    files.extend(written.filter(|file| exists(view, file)).cloned());
    Ok(files)
}

/// What the repository calls the builder of a file.
fn key<'p>(builders: &Builders, path: &'p TreePath) -> Option<&'p str> {
    let mut folders = builders.folder.values().iter();
    folders.find_map(|folder| {
        path.strip_prefix(folder)?
            .strip_suffix(&builders.extension)?
            .strip_suffix('.')
    })
}

/// Where the file of a builder may stand.
fn files_of(builders: &Builders, key: &str) -> impl Iterator<Item = TreePath> {
    let file = format!("{key}.{}", builders.extension);
    let folders = builders.folder.values().iter();
    folders.filter_map(move |folder| folder.join(&file).ok())
}

/// The images of a file; none if it is neither a builder file nor a template.
pub(super) fn images(
    builders: &Builders,
    view: &View<'_>,
    path: &TreePath,
    settings: Settings<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<ResolvedImage> {
    match &builders.written {
        Some(written) if written.files.contains(path) => {
            written::images(builders, written, view, path, settings, faults)
        }
        _ => image(builders, view, path, settings, faults)
            .into_iter()
            .collect(),
    }
}

/// The image of a builder file.
fn image(
    builders: &Builders,
    view: &View<'_>,
    path: &TreePath,
    settings: Settings<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<ResolvedImage> {
    let key = key(builders, path)?;
    let node = map(view, path, faults)?;
    let whole = Place::file(path.clone());
    let before = faults.len();
    let around = Surroundings::new(builders, view, &whole, faults)?;
    if !around.fails.is_empty() {
        let message = format!("the repository's tool renders nothing: {}", around.fails);
        faults.push(Diagnostic::error("broken-tool", message).at(whole));
        return None;
    }
    let parts = parts::read(builders, &around.rules, view, &node, faults);
    // With a part missing, whatever is made of it would only say so again.
    let parts = parts.filter(|_| faults.len() == before)?;
    let values = values(builders, key, &parts, &around, &whole, faults)?;
    let scripts: Vec<&str> = parts
        .scripts
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    let rendered = render::render(
        &render::Request {
            builders,
            view,
            template: &parts.template,
            builder: &json!({
                "name": key,
                "template": parts.template.value.stem(),
                "vars": values.vars,
                "scripts": scripts,
                "platform": parts.platform.as_str(),
            }),
            whole: &whole,
        },
        faults,
    )?;
    let context = json!({
        "name": key,
        "vars": values.vars,
        "scripts": scripts,
        "secrets": around.secrets.value(),
        "platform": parts.platform.as_str(),
        "revision": REVISION,
        "build": tokens(),
        "tool": around.tool.facts,
    });
    let environment = &around.environment;
    let mut reader = Reader::new(environment, &context, "vars.", &values.node, whole.clone());
    let mut reads = values.read;
    let names = rendered
        .reads
        .iter()
        .map(|name| name.strip_prefix("builder.").unwrap_or(name).to_owned());
    reads.extend(reader.own(names));
    let (template, uses_secrets) = match rendered.template {
        Ok(whole) => {
            // A template of everything had the variables by their names, too.
            reads.extend(rendered.reads.iter().filter_map(|name| {
                let first = name.split('.').next()?;
                values.node.get(first).map(|_| name.clone())
            }));
            (whole, false)
        }
        Err(found) => {
            let (template, steps) = steps::template(builders, parts.platform, found, &mut reader);
            (template, steps.iter().any(|step| step.uses("secrets")))
        }
    };
    for name in [
        &builders.keys.template,
        &builders.keys.platform,
        &builders.keys.scripts,
    ] {
        if let (name, Some(value)) = name.first_of(&node) {
            let entry = ReadKey {
                value: value.to_json(),
                place: value.place(),
            };
            reader.read.insert(name.to_owned(), entry);
        }
    }
    let mut sources = parts.sources;
    for file in rendered.files {
        sources.push((file, Role::Template, parts.template.place.clone()));
    }
    let mut more = BTreeMap::new();
    let written = builders.written.as_ref();
    if let Some((template, file)) = written.and_then(|it| written::also(it, view, key)) {
        sources.push((file, Role::VarFile, whole.clone()));
        more.insert("written".to_owned(), template);
    }
    let made = Made {
        key,
        os: parts.platform,
        template,
        source: parts.template,
        whole,
        sources,
        named: parts.scripts,
        values: more,
        reads,
        uses_secrets,
    };
    around.image(path, made, reader, settings, faults)
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
    around: &Surroundings<'_>,
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
        let context = json!({"name": key, "revision": REVISION, "build": tokens(), "tool": around.tool.facts});
        let engine = &around.environment;
        let mut reader = Reader::new(engine, &context, "vars.", &parts.vars, whole.clone());
        for adds in &environment.adds {
            let text = reader.text(adds).value;
            if !text.is_empty() {
                list.push(json!(text));
            }
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

/// The operating system that a platform names.
fn os(text: &str) -> Option<Os> {
    text.parse().ok()
}
