//! Functions that read files. Every file that they read, or ask for, is an input of the image.
//!
//! Relative paths are relative to the template's folder, unlike those in attributes, which are relative to where
//! Packer runs.

use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use hcl_edit::template::Template;

use super::arguments::{map, text};
use super::encoding::encode;
use super::paths::clean;
use super::sets::set;
use super::{Answer, Fault};
use crate::diagnostic::{Diagnostic, Place, Span};
use crate::packer::compile::Compiler;
use crate::packer::eval::{Eval, Evaluator, Scope};
use crate::packer::expr::Node;
use crate::packer::paths::{self, Problem};
use crate::packer::value::Value;
use crate::packer::{InputRole, TemplateInput};
use crate::tree::{FileError, FileKind, TreePath};

/// The largest file that a function reads.
const MAX_FILE: usize = 1 << 20;

fn path(this: &Evaluator<'_>, a: &[Value]) -> Result<TreePath, Fault> {
    let written = text(a, 0)?;
    paths::resolve(this.root, &written).map_err(|problem| fault(&problem))
}

fn fault(problem: &Problem) -> Fault {
    Fault {
        code: problem.code(),
        message: problem.to_string(),
        hint: problem.hint(),
    }
}

fn record(this: &mut Evaluator<'_>, node: &Node, path: &TreePath) {
    let at = this.place(node.file, node.span);
    this.inputs
        .push(TemplateInput::new(path.clone(), InputRole::Function, at));
}

fn read(
    this: &mut Evaluator<'_>,
    node: &Node,
    a: &[Value],
) -> Result<(TreePath, Arc<[u8]>), Fault> {
    let path = path(this, a)?;
    let content = this.files.read(&path).map_err(|error| {
        let mut fault = Fault::new(file_code(&error), error.to_string());
        if matches!(error, FileError::Missing(_)) {
            fault.hint = Some(
                "functions read relative to the template's folder; `${path.cwd}/` starts at the repository's root"
                    .to_owned(),
            );
        }
        fault
    })?;
    if content.len() > MAX_FILE {
        return Err(Fault::new(
            "template-too-large",
            format!(
                "`{path}` holds {} bytes; functions read at most {MAX_FILE}",
                content.len()
            ),
        ));
    }
    record(this, node, &path);
    Ok((path, content))
}

/// The code of a fault that reading a file can have.
pub(in crate::packer) fn file_code(error: &FileError) -> &'static str {
    match error {
        FileError::Missing(_) => "missing-file",
        FileError::NotAFile(_) | FileError::NotADirectory(_) => "wrong-file-kind",
        FileError::LinkEscapes(..) => "outside-repository",
        _ => "unreadable-file",
    }
}

pub(super) fn file(this: &mut Evaluator<'_>, node: &Node, a: &[Value]) -> Answer {
    let (path, content) = read(this, node, a)?;
    std::str::from_utf8(&content)
        .map(Value::string)
        .map_err(|_| Fault::new("unreadable-file", format!("`{path}` is not UTF-8")))
}

pub(super) fn filebase64(this: &mut Evaluator<'_>, node: &Node, a: &[Value]) -> Answer {
    let (_, content) = read(this, node, a)?;
    Ok(Value::string(encode(&content)))
}

pub(super) fn fileexists(this: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let path = path(this, a)?;
    match this.files.kind(&path) {
        Ok(FileKind::File) => Ok(Value::Bool(true)),
        Ok(_) => Err(Fault::new(
            "wrong-file-kind",
            format!("`{path}` is no regular file"),
        )),
        Err(FileError::Missing(_)) => Ok(Value::Bool(false)),
        Err(error) => Err(Fault::new(file_code(&error), error.to_string())),
    }
}

/// A glob as Packer's functions read it: `*` stays within a folder, `**` does not.
pub(in crate::packer) fn glob(pattern: &str) -> Result<GlobMatcher, String> {
    if pattern.len() > 4096 {
        return Err("the pattern is longer than 4096 bytes".to_owned());
    }
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| format!("invalid pattern: {}", error.kind()))
}

pub(super) fn fileset(this: &mut Evaluator<'_>, node: &Node, a: &[Value]) -> Answer {
    let folder = path(this, a)?;
    let pattern = text(a, 1)?;
    // What is sought may lie beside the folder: `fileset("a", "../b/*")` gives names that start with `../b/`.
    let cleaned = clean(pattern.trim_start_matches('/'));
    let (mut base, mut up, mut below) = (folder.clone(), String::new(), &*cleaned);
    while let Some(rest) = below.strip_prefix("../") {
        if base.is_root() {
            return Err(Fault::new(
                "outside-repository",
                format!("`{pattern}` leads out of the repository"),
            ));
        }
        base = base.parent();
        up.push_str("../");
        below = rest;
    }
    let matcher = glob(below)?;
    let files = match this.files.list(&base, true) {
        Ok(files) => files,
        // As in Packer: a folder that is not there holds nothing.
        Err(FileError::Missing(_)) => Vec::new(),
        Err(error) => return Err(Fault::new(file_code(&error), error.to_string())),
    };
    this.charge(node, files.len())
        .map_err(|fault| Fault::new(fault.code, fault.message))?;
    let names: Vec<Value> = files
        .iter()
        .filter_map(|file| {
            let name = file
                .strip_prefix(&base)
                .filter(|name| matcher.is_match(name))?;
            Some(match file.strip_prefix(&folder) {
                Some(inside) => Value::string(inside),
                None => Value::string(format!("{up}{name}")),
            })
        })
        .collect();
    Ok(set(&names))
}

/// Renders a file as a template, with the names that the second argument binds.
pub(super) fn templatefile(this: &mut Evaluator<'_>, node: &Node, a: &[Value]) -> Answer {
    let (path, content) = read(this, node, a)?;
    let variables = map(a, 1)?.clone();
    let source = std::str::from_utf8(&content)
        .map_err(|_| Fault::new("unreadable-file", format!("`{path}` is not UTF-8")))?;
    if variables.len() > 1024 {
        return Err(Fault::new(
            "template-too-large",
            "more than 1024 names are bound",
        ));
    }
    if this.rendering.contains(&path) {
        return Err(Fault::new(
            "template-too-deep",
            format!("`{path}` renders itself"),
        ));
    }
    let rendered = render(this, &path, source, &variables).map_err(|diagnostic| Fault {
        code: diagnostic.code,
        message: match &diagnostic.place {
            Some(place) => format!("{} (in `{}`)", diagnostic.message, place.path),
            None => diagnostic.message.clone(),
        },
        hint: diagnostic.hint.clone(),
    })?;
    Ok(rendered)
}

fn render(
    this: &mut Evaluator<'_>,
    path: &TreePath,
    source: &str,
    variables: &std::collections::BTreeMap<Arc<str>, Value>,
) -> Eval<Value> {
    let template = source.parse::<Template>().map_err(|error| {
        Box::new(
            Diagnostic::error(
                "packer-syntax",
                format!("invalid template: {}", error.message()),
            )
            .at(Place::new(
                path.clone(),
                error.location().offset()..error.location().offset(),
            )),
        )
    })?;
    let own = this.declarations.files.len();
    let at = match this.called.iter().position(|called| called == path) {
        Some(at) => at,
        None => {
            this.called.push(path.clone());
            this.called.len() - 1
        }
    };
    let file = u16::try_from(own + at).unwrap_or(u16::MAX);
    let declarations = this.declarations;
    let mut compiler = Compiler::called(&declarations.names, path.clone(), file);
    let expr = compiler.template(&template, Span::default());
    let node = Node {
        expr,
        span: Span::default(),
        file,
    };
    this.rendering.push(path.clone());
    let value = nested(this, &node, &mut variables.iter(), None);
    this.rendering.pop();
    value
}

/// Binds the variables one around the other, and evaluates inside.
fn nested(
    this: &mut Evaluator<'_>,
    node: &Node,
    variables: &mut std::collections::btree_map::Iter<'_, Arc<str>, Value>,
    outer: Option<&Scope<'_>>,
) -> Eval<Value> {
    match variables.next() {
        None => this.eval(node, outer),
        Some((name, value)) => nested(this, node, variables, Some(&Scope { name, value, outer })),
    }
}
