//! Scripts that stand in the template itself.

use super::{About, Collector};
use crate::packer::eval::Evaluator;
use crate::packer::resolve::Field;
use crate::packer::value::Value;
use crate::packer::{InlineScript, Shell};

/// How unknown values are written in inline scripts: as a variable, which no analysis takes for a path.
const PLACEHOLDER: &str = "${PACKER_UNKNOWN}";

impl<'f> Collector<'f> {
    pub(super) fn inline(
        &mut self,
        evaluator: &Evaluator<'_>,
        about: About<'_>,
        field: &Field<'_>,
    ) {
        let mut text = String::new();
        match &field.value {
            Value::List(list) => {
                for line in &list.items {
                    write_known(&mut text, line);
                    text.push('\n');
                }
            }
            other => {
                write_known(&mut text, other);
                text.push('\n');
            }
        }
        self.inline.push(InlineScript {
            at: evaluator.place(field.node.file, field.node.span),
            text,
            shell: match about.of {
                "powershell" => Shell::PowerShell,
                "windows-shell" => Shell::Batch,
                _ => Shell::Bash,
            },
            local: about.local,
        });
    }
}

fn write_known(text: &mut String, value: &Value) {
    match value {
        Value::Unknown(residual) if &*residual.what == "text" => {
            for part in &residual.of {
                write_known(text, part);
            }
        }
        Value::Unknown(_) => text.push_str(PLACEHOLDER),
        other => text.push_str(other.as_text().as_deref().unwrap_or_default()),
    }
}
