//! Reads templates: which files one is written in, their syntax trees, and what they say together. Nothing is
//! evaluated here.

mod gather;
mod steps;
mod var_file;

use std::collections::BTreeMap;
use std::sync::Arc;

use hcl_edit::structure;

use self::gather::Gathered;
pub(super) use self::steps::classify_steps;
use super::functions::file_code;
use super::json::{self, Json};
use super::template::ParsedTemplate;
use super::variables::VarFile;
use super::{folder, legacy};
use crate::diagnostic::{Diagnostic, Place};
use crate::tree::{FileKind, Files, TreePath};

/// The largest template, or file of values, that is read.
pub(super) const MAX_TEMPLATE: usize = 1 << 20;

/// A file's syntax tree.
enum Document {
    Hcl(structure::Body),
    Json(Json),
}

impl ParsedTemplate {
    /// Reads a template: a `*.pkr.hcl` or `*.pkr.json` file, a folder of them, or a legacy JSON template.
    ///
    /// # Errors
    /// Every fault of every file: what cannot be read or is no HCL, and names that are declared twice.
    pub fn parse(files: &dyn Files, template: &TreePath) -> Result<Self, Vec<Diagnostic>> {
        let unreadable = |error: crate::tree::FileError| {
            vec![
                Diagnostic::error(file_code(&error), format!("the template {error}"))
                    .at(Place::file(template.clone())),
            ]
        };
        let kind = files.kind(template).map_err(unreadable)?;
        let (root, paths, automatic) = if kind == FileKind::File {
            (template.parent(), vec![template.clone()], Vec::new())
        } else {
            let all = files.list(template, false).map_err(unreadable)?;
            let (paths, automatic) = folder(&all);
            (template.clone(), paths, automatic)
        };
        if paths.is_empty() {
            return Err(vec![
                Diagnostic::error(
                    "missing-file",
                    format!("the folder `{template}` holds no template"),
                )
                .at(Place::file(template.clone()))
                .hint("templates end in `.pkr.hcl` or `.pkr.json`"),
            ]);
        }
        let mut faults = Vec::new();
        let mut documents = Vec::new();
        for path in &paths {
            match read(files, path).and_then(|text| document(path, &text)) {
                Ok(document) => documents.push(document),
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        if let [Document::Json(json)] = documents.as_slice()
            && (json.get("builders").is_some() || !paths[0].as_str().ends_with(".pkr.json"))
        {
            return legacy::parse(root, &paths[0], json);
        }
        let mut gathered = Gathered::new(root, paths);
        for (file, document) in documents.iter().enumerate() {
            gathered.declare(document, file_index(file));
        }
        if !gathered.faults.is_empty() {
            return Err(gathered.faults);
        }
        let names = std::mem::take(&mut gathered.template.declarations.names);
        for (file, document) in documents.iter().enumerate() {
            gathered.compile(&names, document, file_index(file));
        }
        let mut template = gathered.template;
        // References are indices in the order of declaration; bodies come sorted by name.
        let order = |table: &BTreeMap<Arc<str>, u32>, name: &str| table.get(name).copied();
        let declared = &mut template.declarations;
        declared
            .variables
            .sort_by_key(|variable| order(&names.variables, &variable.name));
        declared
            .locals
            .sort_by_key(|local| order(&names.locals, &local.name));
        declared
            .data
            .sort_by_key(|data| order(&names.data, &data.name));
        declared.names = names;
        for path in automatic {
            match VarFile::parse(files, &path) {
                Ok(file) => template.automatic.push(file),
                Err(more) => gathered.faults.extend(more),
            }
        }
        if gathered.faults.is_empty() {
            template.check_filters();
            Ok(template)
        } else {
            Err(gathered.faults)
        }
    }
}

fn file_index(file: usize) -> u16 {
    u16::try_from(file).unwrap_or(u16::MAX)
}

/// A template's text, if it is a text of a size that is read.
fn read(files: &dyn Files, path: &TreePath) -> Result<String, Diagnostic> {
    let whole = || Place::file(path.clone());
    let content = files
        .read(path)
        .map_err(|error| Diagnostic::error(file_code(&error), error.to_string()).at(whole()))?;
    if content.len() > MAX_TEMPLATE {
        return Err(Diagnostic::error(
            "template-too-large",
            format!(
                "`{path}` holds {} bytes; templates hold at most {MAX_TEMPLATE}",
                content.len()
            ),
        )
        .at(whole()));
    }
    String::from_utf8(content.to_vec()).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Diagnostic::error("packer-syntax", "the file is not UTF-8")
            .at(Place::new(path.clone(), at..at + 1))
    })
}

fn document(path: &TreePath, text: &str) -> Result<Document, Diagnostic> {
    if path.extension() == Some("json") {
        return json::read(path, text).map(Document::Json);
    }
    hcl_edit::parser::parse_body(text)
        .map(Document::Hcl)
        .map_err(|error| {
            let at = error.location().offset();
            let end = (at + 1..=text.len())
                .find(|end| text.is_char_boundary(*end))
                .unwrap_or(at);
            Diagnostic::error("packer-syntax", error.message().to_owned())
                .at(Place::new(path.clone(), at..end))
        })
}
