//! What the `file` provisioner uploads, and where to.

use super::Collector;
use crate::diagnostic::Place;
use crate::packer::eval::Evaluator;
use crate::packer::kinds::Kind;
use crate::packer::resolve::Resolved;
use crate::packer::value::Value;
use crate::packer::{InputRole, TemplateInput};
use crate::tree::FileKind;

impl<'f> Collector<'f> {
    /// What the `file` provisioner uploads.
    pub(super) fn uploads(&mut self, evaluator: &Evaluator<'_>, body: &Resolved<'_>) {
        match body.get("direction").map(Value::as_text) {
            Some(Some(direction)) if *direction == *"download" => return,
            _ => {}
        }
        let generated = body.get("generated").and_then(Value::as_bool) == Some(true);
        let destination = body.get("destination").and_then(Value::as_text);
        for field in &body.fields {
            let Some(Kind::Upload { list }) = field.kind else {
                continue;
            };
            if field.value == Value::Null {
                continue;
            }
            for (value, place) in self.items(evaluator, field, list).unwrap_or_default() {
                if !list && value.as_text().as_deref() == Some("") {
                    continue;
                }
                if generated && !self.stands(&value) {
                    continue;
                }
                self.upload(&value, place, destination.as_deref());
            }
        }
    }

    fn upload(&mut self, value: &Value, place: Place, destination: Option<&str>) {
        let Some((path, kind)) = self.existing(value, &place) else {
            return;
        };
        if kind == FileKind::File {
            let uploaded_to = destination.map(|destination| {
                if destination.ends_with('/') {
                    format!("{destination}{}", path.file_name())
                } else {
                    destination.to_owned()
                }
            });
            self.inputs.push(TemplateInput {
                uploaded_to,
                ..TemplateInput::new(path, InputRole::Upload, place)
            });
            return;
        }
        // As rsync has it: without a trailing slash the directory itself arrives, with one what is in it.
        let slash = value.as_text().is_some_and(|text| text.ends_with('/'));
        let base = destination.map(|destination| {
            let destination = destination.trim_end_matches('/');
            if slash || path.is_root() {
                destination.to_owned()
            } else {
                format!("{destination}/{}", path.file_name())
            }
        });
        self.directory(&path, &place, InputRole::Upload, |name| {
            base.as_ref().map(|base| format!("{base}/{name}"))
        });
    }
}
