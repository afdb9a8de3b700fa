//! What goes into an image that a recipe read.

use std::collections::BTreeMap;

use taskgraph_images_transforms::Kind;

use super::{Derivation, Folder};
use crate::definitions::{Foreign, Rendered, UsedFolder};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::fleet::Role;
use crate::fleet::values::Recipe;
use crate::glob::Glob;
use crate::packer::{InputRole, ParsedTemplate, Request, TemplateInput};
use crate::tree::{Files, TreePath};

impl Derivation<'_> {
    /// The files that the recipe names, and that definitions were read from.
    pub(super) fn foreign(&mut self, foreign: &Foreign) {
        for (path, role, at) in &foreign.sources {
            self.add(path, Kind::Build, *role, at);
        }
        for (entry, role) in &foreign.inputs {
            if let Some(expansion) = self.expand(entry, Folder::Everything) {
                for path in &expansion.files {
                    self.add(path, Kind::Build, *role, &entry.place);
                }
            }
        }
    }

    /// Names among uploaded folders' used files that mean none.
    pub(super) fn check_uploads(&mut self) {
        let image = self.image;
        for folder in &image.written.uploads {
            self.check_used(folder);
        }
    }

    fn check_used(&mut self, folder: &UsedFolder) {
        for entry in &folder.uses {
            let message = match Glob::parse(&entry.value) {
                Ok(glob) => match glob.expand(&self.view) {
                    Ok(found) if !found.is_empty() => {
                        for path in found {
                            self.used.entry(path).or_insert_with(|| entry.place.clone());
                        }
                        continue;
                    }
                    _ => "which does not exist".to_owned(),
                },
                Err(error) => error.to_string(),
            };
            let message = format!(
                "the key `{}` names `{}`, {message}",
                folder.key, entry.value
            );
            let mut fault = Diagnostic::error("missing-file", message).at(entry.place.clone());
            let beside = self.view.list(&folder.folder, true).unwrap_or_default();
            let names = beside
                .iter()
                .filter_map(|path| path.strip_prefix(&folder.folder));
            let name = entry
                .value
                .strip_prefix(folder.folder.as_str())
                .map_or("", |name| name.trim_start_matches('/'));
            if let Some(near) = nearest(name, names) {
                fault = fault.hint(format!("did you mean `{near}`?"));
            }
            self.findings.push(fault);
        }
    }

    /// A file that a template of the repository names.
    pub(super) fn template_input(&mut self, input: TemplateInput) {
        let mut at = input.at;
        let role = match input.role {
            InputRole::Template => Role::Template,
            InputRole::VarFile => Role::VarFile,
            InputRole::Script => Role::Script,
            InputRole::Upload => match self.used(&input.path) {
                None => Role::Upload,
                Some(Some(place)) => {
                    at = place;
                    Role::Upload
                }
                Some(None) => Role::Travels,
            },
            _ => Role::ReadByTemplate,
        };
        self.add(&input.path, Kind::Build, role, &at);
    }

    /// Whether the image uses an uploaded file, by the rules for its folder: `None` when there is no rule, else where
    /// it is named, if it is.
    pub(super) fn used(&self, path: &TreePath) -> Option<Option<Place>> {
        let mut rules = self.image.written.uploads.iter();
        rules
            .any(|rule| path.is_within(&rule.folder))
            .then(|| self.used.get(path).cloned())
    }

    /// A template that was made from the definition.
    pub(super) fn rendered(&mut self, rendered: &Rendered) -> Recipe {
        let image = self.image;
        let crate::definitions::WrittenBuilder::Packer {
            template, source, ..
        } = &image.written.builder
        else {
            return Recipe::Plain;
        };
        let taskgraph_images_transforms::Builder::Packer { source: name, .. } =
            &image.definition.builder
        else {
            return Recipe::Plain;
        };
        let parsed = match ParsedTemplate::rendered(&template.value, &rendered.means) {
            Ok(parsed) => parsed,
            Err(faults) => {
                for fault in faults {
                    let fault = self.needed_by(fault);
                    self.findings.push(fault);
                }
                return Recipe::Plain;
            }
        };
        let request = Request {
            source: name,
            variables: &BTreeMap::new(),
            var_files: &[],
        };
        let mut evaluation = parsed.evaluate(&self.view, &request);
        if let Ok(evaluation) = &mut evaluation {
            // The template itself is among the files that the definition was read from.
            evaluation
                .inputs
                .retain(|input| input.role != InputRole::Template);
            for input in &mut evaluation.inputs {
                input.at = self.named(rendered, &input.path);
            }
            for unresolved in &mut evaluation.unresolved {
                unresolved.diagnostic.place = Some(source.clone());
            }
        }
        self.evaluated(evaluation, source)
    }

    /// Where a file of a rendered template was named: by its folder, or by the value that is its path.
    fn named(&self, rendered: &Rendered, path: &TreePath) -> Place {
        if let Some(place) = rendered.named.get(path) {
            return place.clone();
        }
        match self.key_in(path.as_str()) {
            Some((_, place)) => place,
            None => Place::file(self.image.path.clone()),
        }
    }

    /// The key whose value stands in some text, the longest if several do.
    fn key_in(&self, text: &str) -> Option<(String, Place)> {
        /// Shorter values stand anywhere by chance.
        const SHORTEST: usize = 4;
        let read = self.image.foreign.iter().flat_map(|foreign| &foreign.read);
        read.filter_map(|(key, read)| {
            let value = read.value.as_str()?.trim_start_matches("./");
            (value.len() >= SHORTEST && text.contains(value)).then_some((value.len(), key, read))
        })
        .max_by_key(|(length, key, _)| (*length, std::cmp::Reverse(*key)))
        .map(|(_, key, read)| (key.clone(), read.place.clone()))
    }

    /// A fault of a template, with the definition that led there.
    pub(super) fn needed_by(&self, mut fault: Diagnostic) -> Diagnostic {
        let definition = &self.image.path;
        if self.image.foreign.is_none() {
            return fault;
        }
        let key = match fault.code {
            "missing-file" | "unresolved-path" => self.key_in(&fault.message),
            _ => None,
        };
        let elsewhere = fault
            .place
            .as_ref()
            .is_some_and(|place| place.path != *definition);
        match (key, elsewhere) {
            (Some((key, place)), true) => fault.note(place, format!("by the key `{key}`")),
            (Some((key, place)), false) => {
                fault.message = format!("by the key `{key}`: {}", fault.message);
                fault.at(place)
            }
            (None, true) => {
                let words = format!("`{}` is built with it", self.image.definition.id);
                fault.note(Place::file(definition.clone()), words)
            }
            (None, false) => fault,
        }
    }
}
