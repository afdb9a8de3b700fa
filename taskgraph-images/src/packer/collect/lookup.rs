//! What stands in the tree at a path that an attribute names.

use super::Collector;
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::packer::eval::CWD;
use crate::packer::functions::{file_code, glob};
use crate::packer::paths::{self, Problem};
use crate::packer::value::Value;
use crate::packer::{InputRole, TemplateInput, Unresolved};
use crate::tree::{FileError, FileKind, TreePath};

impl<'f> Collector<'f> {
    /// A reference to a file that only a run of Packer knows.
    pub(super) fn unknown(&mut self, value: &Value, place: Place) {
        let within = paths::known_folder(&TreePath::root(), value);
        let mut diagnostic = Diagnostic::error(
            "unresolved-path",
            "which file this names is known only when Packer runs",
        )
        .at(place);
        if let Some(folder) = &within {
            diagnostic = diagnostic.hint(format!("it lies in `{folder}`"));
        }
        self.unresolved.push(Unresolved { diagnostic, within });
    }

    fn problem(&mut self, problem: &Problem, place: Place) {
        let mut diagnostic = Diagnostic::error(problem.code(), problem.to_string()).at(place);
        diagnostic.hint = problem.hint();
        self.unresolved.push(Unresolved {
            diagnostic,
            within: None,
        });
    }

    /// A path that must be that of something in the tree: what stands there.
    pub(super) fn existing(
        &mut self,
        value: &Value,
        place: &Place,
    ) -> Option<(TreePath, FileKind)> {
        if value.has_unknown() {
            self.unknown(value, place.clone());
            return None;
        }
        let Some(text) = value.as_text() else {
            self.faults.push(
                Diagnostic::error(
                    "wrong-type",
                    format!("expected a path, found {}", value.kind()),
                )
                .at(place.clone()),
            );
            return None;
        };
        let path = match paths::resolve(&TreePath::root(), &text) {
            Ok(path) => path,
            Err(problem) => {
                self.problem(&problem, place.clone());
                return None;
            }
        };
        match self.files.kind(&path) {
            Ok(kind) => Some((path, kind)),
            Err(error) => {
                self.missing(&path, &error, place.clone());
                None
            }
        }
    }

    fn missing(&mut self, path: &TreePath, error: &FileError, place: Place) {
        let mut diagnostic = Diagnostic::error(file_code(error), error.to_string()).at(place);
        if matches!(error, FileError::Missing(_)) {
            let siblings = self.files.list(&path.parent(), false).unwrap_or_default();
            diagnostic.hint = nearest(path.file_name(), siblings.iter().map(TreePath::file_name))
                .map(|near| format!("did you mean `{}`?", path.parent().child(near)));
        }
        self.unresolved.push(Unresolved {
            diagnostic,
            within: None,
        });
    }

    /// Whether something of the tree stands at a path.
    pub(super) fn stands(&self, value: &Value) -> bool {
        value
            .as_text()
            .and_then(|text| paths::resolve(&TreePath::root(), &text).ok())
            .is_some_and(|path| self.files.kind(&path).is_ok())
    }

    pub(super) fn file(
        &mut self,
        value: &Value,
        place: Place,
        input: impl FnOnce(TreePath, Place) -> TemplateInput,
    ) {
        match self.existing(value, &place) {
            Some((path, FileKind::File)) => self.inputs.push(input(path, place)),
            Some((path, _)) => self.faults.push(
                Diagnostic::error(
                    "wrong-file-kind",
                    format!("`{path}` is a directory, expected a file"),
                )
                .at(place)
                .hint("a variable at the end of the path may be empty"),
            ),
            None => {}
        }
    }

    /// A file, a directory with all that is in it, or a glob.
    pub(super) fn any(&mut self, value: &Value, place: Place, role: InputRole, globs: bool) {
        let text = value.as_text();
        if text.as_deref() == Some("") {
            return;
        }
        if globs
            && let Some(text) = &text
            && text.contains(['*', '?', '['])
        {
            self.glob(text, place, role);
            return;
        }
        match self.existing(value, &place) {
            Some((path, FileKind::File)) => {
                self.inputs.push(TemplateInput::new(path, role, place));
            }
            Some((path, _)) => self.directory(&path, &place, role, |_| None),
            None => {}
        }
    }

    pub(super) fn glob(&mut self, text: &str, place: Place, role: InputRole) {
        // The folder before the first wildcard is looked through; the rest is matched.
        let wild = text.find(['*', '?', '[']).unwrap_or(text.len());
        let folder = text[..wild]
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        let base = if folder.is_empty() { "." } else { folder };
        let base = match paths::resolve(&TreePath::root(), base) {
            Ok(base) => base,
            Err(problem) => return self.problem(&problem, place),
        };
        let pattern = text[folder.len()..].trim_start_matches('/');
        // What a glob finds may be a directory, whose files are found by the pattern and anything below it.
        let matchers = glob(pattern).and_then(|own| Ok((own, glob(&format!("{pattern}/**"))?)));
        let (own, below) = match matchers {
            Ok(matchers) => matchers,
            Err(message) => {
                self.faults
                    .push(Diagnostic::error("invalid-glob", message).at(place));
                return;
            }
        };
        let files = self.files.list(&base, true).unwrap_or_default();
        let mut found = false;
        for file in files {
            let matches = file
                .strip_prefix(&base)
                .is_some_and(|name| own.is_match(name) || below.is_match(name));
            if matches {
                found = true;
                self.inputs
                    .push(TemplateInput::new(file, role, place.clone()));
            }
        }
        if !found {
            self.unresolved.push(Unresolved {
                diagnostic: Diagnostic::error(
                    "missing-file",
                    format!("nothing matches `{}`", text.replace(CWD, ".")),
                )
                .at(place),
                within: Some(base),
            });
        }
    }

    pub(super) fn directory(
        &mut self,
        path: &TreePath,
        place: &Place,
        role: InputRole,
        uploaded_to: impl Fn(&str) -> Option<String>,
    ) {
        match self.files.list(path, true) {
            Ok(files) => {
                for file in files {
                    let uploaded_to = file.strip_prefix(path).and_then(&uploaded_to);
                    self.inputs.push(TemplateInput {
                        uploaded_to,
                        ..TemplateInput::new(file, role, place.clone())
                    });
                }
            }
            Err(error) => self.missing(path, &error, place.clone()),
        }
    }
}
