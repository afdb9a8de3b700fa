//! Files that nobody must name, but that are there: in attributes that no row of the table knows, or that may as well
//! name a URL or a file of the machine.

use super::Collector;
use crate::diagnostic::Place;
use crate::packer::eval::{CWD, Evaluator};
use crate::packer::expr::Node;
use crate::packer::kinds::{self};
use crate::packer::paths::{self};
use crate::packer::resolve::Field;
use crate::packer::value::Value;
use crate::packer::{InputRole, TemplateInput};
use crate::tree::{FileKind, TreePath};

impl<'f> Collector<'f> {
    /// Something that may be a file of the repository, a URL, or a file of the build machine's own.
    pub(super) fn elsewhere(&mut self, value: &Value, place: &Place) {
        let Some(text) = value.as_text() else {
            return;
        };
        let text = text
            .strip_prefix("file://")
            .or_else(|| text.strip_prefix("file:"))
            .unwrap_or(&text);
        if text.contains("://") || text.is_empty() {
            return;
        }
        let Ok(path) = paths::resolve(&TreePath::root(), text) else {
            return;
        };
        match self.files.kind(&path) {
            Ok(FileKind::File) => self.inputs.push(TemplateInput::new(
                path,
                InputRole::Configuration,
                place.clone(),
            )),
            Ok(_) if !path.is_root() => {
                self.directory(&path, place, InputRole::Configuration, |_| None);
            }
            _ => {}
        }
    }

    /// An attribute that is not known to name files: those that it happens to name count.
    pub(super) fn mentions(&mut self, evaluator: &Evaluator<'_>, field: &Field<'_>) {
        let directories = kinds::sounds_like_directory(&field.name);
        self.mentioned(evaluator, field.node, &field.value, directories);
    }

    fn mentioned(
        &mut self,
        evaluator: &Evaluator<'_>,
        node: &Node,
        value: &Value,
        directories: bool,
    ) {
        match value {
            Value::String(text) => {
                if text.len() > 1024 || !text.contains(['/', '.']) {
                    return;
                }
                let whole = Some(&**text);
                // As in `--extra-vars=@vars.yml` and `NAME=path`.
                let after_sign = text.rsplit_once('@').map(|(_, rest)| rest);
                let after_equals = text.split_once('=').map(|(_, rest)| rest);
                for text in [whole, after_sign, after_equals].into_iter().flatten() {
                    self.mention(evaluator, node, text, directories);
                }
            }
            Value::List(list) => {
                for item in &list.items {
                    self.mentioned(evaluator, node, item, directories);
                }
            }
            Value::Map(map) => {
                for item in map.items.values() {
                    self.mentioned(evaluator, node, item, directories);
                }
            }
            Value::Unknown(residual) => {
                for item in &residual.of {
                    self.mentioned(evaluator, node, item, directories);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn mention(&mut self, evaluator: &Evaluator<'_>, node: &Node, text: &str, directories: bool) {
        let inside = text.starts_with(CWD);
        if text.contains(|c: char| c.is_whitespace())
            || text.contains("://")
            || (text.starts_with('/') && !inside)
        {
            return;
        }
        let Ok(path) = paths::resolve(&TreePath::root(), text) else {
            return;
        };
        if path.is_root() {
            return;
        }
        let place = || evaluator.place(node.file, node.span);
        match self.files.kind(&path) {
            Ok(FileKind::File) => {
                self.inputs
                    .push(TemplateInput::new(path, InputRole::Mentioned, place()));
            }
            Ok(FileKind::Directory) if directories || inside => {
                self.directory(&path, &place(), InputRole::Mentioned, |_| None);
            }
            _ => {}
        }
    }
}
