//! Module manifests, whose keys name files.

use std::ops::Range;

use super::Walk;
use crate::scripts::ReferenceKind;
use crate::scripts::powershell::lex::{self};
use crate::scripts::value::Value;
use crate::scripts::values::Values;

/// Keys of a module manifest that name files.
const MANIFEST: [&str; 7] = [
    "rootmodule",
    "moduletoprocess",
    "nestedmodules",
    "scriptstoprocess",
    "typestoprocess",
    "formatstoprocess",
    "filelist",
];

impl<'t> Walk<'t> {
    pub(super) fn manifest_entry(&mut self, range: &Range<usize>) {
        let text = &self.text[range.clone()];
        let Some((key, _)) = text.split_once('=') else {
            return;
        };
        let name = key.trim().trim_matches(['\'', '"']).to_ascii_lowercase();
        if !MANIFEST.contains(&name.as_str()) {
            return;
        }
        // Every string of the value: one, or a list of them.
        let bytes = self.text.as_bytes();
        let mut at = range.start + key.len() + 1;
        while at < range.end {
            let end = match bytes[at] {
                b'@' | b'(' | b')' => at + 1,
                b'#' => {
                    at + self.text[at..range.end]
                        .find('\n')
                        .unwrap_or(range.end - at)
                }
                _ => lex::unit_end(bytes, at, 0).max(at + 1),
            };
            if matches!(bytes[at], b'\'' | b'"') && end <= range.end {
                let file = &self.text[at + 1..(end - 1).max(at + 1)];
                if !file.is_empty() {
                    let file = Values::one(
                        Value::piece(crate::scripts::value::Piece::ScriptFolder(0))
                            .join_below(&Value::text(file.replace('\\', "/"))),
                    );
                    // A module without an extension may also be one of the machine's.
                    let kind = match name.as_str() {
                        "rootmodule" | "moduletoprocess" | "nestedmodules" => {
                            ReferenceKind::Imported
                        }
                        _ => ReferenceKind::Sourced,
                    };
                    self.refer(kind, at..end, &file);
                }
            }
            at = end;
        }
    }
}

/// Whether the file is a module manifest: nothing but a hash table, after comments.
pub(super) fn is_manifest(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{FEFF}').trim_start();
    loop {
        rest = if let Some(comment) = rest.strip_prefix("<#") {
            comment.find("#>").map_or("", |end| &comment[end + 2..])
        } else if rest.starts_with('#') {
            rest.find('\n').map_or("", |end| &rest[end..])
        } else {
            return rest.starts_with("@{");
        }
        .trim_start();
    }
}
