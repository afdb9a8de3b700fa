//! What a container's context brings into an image.

use std::collections::BTreeMap;

use taskgraph_images_transforms::Kind;

use super::Derivation;
use crate::containers;
use crate::diagnostic::{Diagnostic, Place};
use crate::fleet::Role;
use crate::tree::{FileError, TreePath};

impl Derivation<'_> {
    pub(super) fn container(
        &mut self,
        context: &crate::yaml::Spanned<TreePath>,
        (file, place): (&str, &Place),
        target: Option<&str>,
        arguments: &BTreeMap<String, String>,
    ) {
        let dockerfile = match context.value.join(file) {
            Ok(path) => path,
            Err(error) => {
                self.findings
                    .push(Diagnostic::error("path", error.to_string()).at(place.clone()));
                return;
            }
        };
        let build = containers::Build {
            context: &context.value,
            dockerfile: &dockerfile,
            target,
            arguments,
        };
        let found = match containers::inputs(&self.view, &build) {
            Ok(found) => found,
            Err(error) => {
                let code = if matches!(error, FileError::Missing(_)) {
                    "missing-file"
                } else {
                    "unreadable"
                };
                let at = if error.to_string().contains(dockerfile.as_str()) {
                    place
                } else {
                    &context.place
                };
                self.findings
                    .push(Diagnostic::error(code, error.to_string()).at(at.clone()));
                return;
            }
        };
        for input in found.files {
            let (role, at) = match input.role {
                containers::Role::Dockerfile => (Role::Dockerfile, place.clone()),
                containers::Role::IgnoreFile => (Role::IgnoreFile, context.place.clone()),
                containers::Role::Copied(span) => (
                    Role::Context,
                    Place {
                        path: dockerfile.clone(),
                        span,
                    },
                ),
            };
            self.add(&input.path, Kind::Build, role, &at);
        }
        let inside = |span| Place {
            path: dockerfile.clone(),
            span,
        };
        for (span, text) in found.missing {
            self.unless_waived(
                Diagnostic::error(
                    "missing-file",
                    format!("`{text}` matches no file of the context"),
                )
                .at(inside(span))
                .hint(format!(
                    "paths are relative to `{}`; see also `.dockerignore`",
                    context.value
                )),
            );
        }
        for (span, reason) in found.widened {
            self.findings.push(
                Diagnostic::warning(
                    "widened",
                    format!("the whole context counts as copied: {reason}"),
                )
                .at(inside(span)),
            );
        }
        if let Some((path, faults)) = found.ignore_file {
            for fault in faults {
                self.findings
                    .push(Diagnostic::error("ignore-file", fault.message).at(Place {
                        path: path.clone(),
                        span: fault.span,
                    }));
            }
        }
    }
}
