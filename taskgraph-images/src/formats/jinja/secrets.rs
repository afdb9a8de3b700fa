//! [`Secrets`]: the values that are written onto machines. Where nothing uses them, their file need not be there.

use serde_json::Value as Json;

use super::python;
use crate::definitions::read;
use crate::diagnostic::{Diagnostic, Place};
use crate::formats::exists;
use crate::formats::recipe::Builders;
use crate::tree::{TreePath, View};
use crate::yaml::Spanned;

/// The secrets of a tree, as its file has them.
pub(super) struct Secrets<'r> {
    file: Option<&'r Spanned<TreePath>>,
    value: Result<Json, Vec<Diagnostic>>,
}

impl<'r> Secrets<'r> {
    pub(super) fn read(builders: &'r Builders, view: &View<'_>) -> Self {
        let file = builders.secrets.as_ref();
        let value = match file {
            Some(file) if exists(view, &file.value) => read(view, &file.value)
                .map(|node| node.map_or(Json::Null, |node| python::json(&node))),
            _ => Ok(Json::Null),
        };
        Self { file, value }
    }

    /// As steps see them.
    pub(super) fn value(&self) -> Option<&Json> {
        self.value.as_ref().ok()
    }

    /// What a template uses that packs them, and their file; the outer `None` is a fault.
    pub(super) fn used(
        &self,
        template: &Place,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<Option<(Json, TreePath)>> {
        let Some(file) = self.file.map(|file| &file.value) else {
            return Some(None);
        };
        match &self.value {
            Ok(Json::Null) => {
                let message =
                    format!("`{file}` does not exist or is empty, and the template packs it");
                faults.push(Diagnostic::error("missing-file", message).at(template.clone()));
                None
            }
            Ok(value) => Some(Some((value.clone(), file.clone()))),
            Err(more) => {
                faults.extend(more.iter().cloned());
                None
            }
        }
    }
}
