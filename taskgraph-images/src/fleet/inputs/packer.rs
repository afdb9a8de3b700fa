//! What a Packer template brings into an image.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};

use taskgraph_images_transforms::Kind;

use super::{Derivation, placed};
use crate::diagnostic::{Diagnostic, Place};
use crate::fleet::Role;
use crate::fleet::values::Recipe;
use crate::packer::{self, InlineScript, InputRole, ParsedTemplate, Shell, VarFile};
use crate::scripts::{self, Language, Resolution, Target};
use crate::tree::{FileError, Files, Look, Touched, Tree, TreePath, View};

/// Packer templates of one tree, each parsed once.
#[derive(Debug, Default)]
pub(crate) struct Templates {
    parsed: RwLock<BTreeMap<TreePath, Arc<Parsed>>>,
}

/// A parsed template, what was looked at to parse it, or why it cannot be used.
#[derive(Debug)]
struct Parsed {
    template: Result<ParsedTemplate, Vec<Diagnostic>>,
    looks: Arc<[Look]>,
}

impl Templates {
    /// Takes over what no change can have altered.
    pub(in crate::fleet) fn like(other: &Self, touched: &Touched) -> Self {
        let mut parsed = other.parsed.read().expect("no writer panics").clone();
        parsed.retain(|_, parsed| touched.spares(&*parsed.looks));
        Self {
            parsed: RwLock::new(parsed),
        }
    }

    fn get(&self, tree: &Tree, path: &TreePath) -> Arc<Parsed> {
        if let Some(parsed) = self.parsed.read().expect("no writer panics").get(path) {
            return parsed.clone();
        }
        let view = View::new(tree);
        let template = ParsedTemplate::parse(&view, path);
        let parsed = Arc::new(Parsed {
            template,
            looks: view.into_looks().into(),
        });
        self.parsed
            .write()
            .expect("no writer panics")
            .entry(path.clone())
            .or_insert(parsed)
            .clone()
    }
}

impl Derivation<'_> {
    pub(super) fn packer(
        &mut self,
        template: &crate::yaml::Spanned<TreePath>,
        (source, source_place): (&str, &Place),
        variables: &BTreeMap<String, serde_json::Value>,
        var_files: &[(TreePath, Place)],
    ) -> Recipe {
        if let Err(error) = self.view.kind(&template.value) {
            let code = if matches!(error, FileError::Missing(_)) {
                "missing-file"
            } else {
                "unreadable"
            };
            self.findings
                .push(Diagnostic::error(code, error.to_string()).at(template.place.clone()));
            return Recipe::Plain;
        }
        let parsed = self.shared.templates.get(self.shared.tree, &template.value);
        self.shared_looks.push(parsed.looks.clone());
        let parsed = match &parsed.template {
            Ok(parsed) => parsed,
            Err(faults) => {
                for fault in faults {
                    let fault = self.needed_by(fault.clone());
                    self.findings.push(fault);
                }
                return Recipe::Plain;
            }
        };
        for file in parsed.files() {
            self.add(file, Kind::Build, Role::Template, &template.place);
        }
        if !parsed.variables().any(|name| name == "scripts") {
            self.scripts_never_run("the template has no variable `scripts`");
        }
        let mut files = Vec::new();
        for (path, place) in var_files {
            self.add(path, Kind::Build, Role::VarFile, place);
            match VarFile::parse(&self.view, path) {
                Ok(file) => files.push(Arc::new(file)),
                Err(faults) => self
                    .findings
                    .extend(faults.into_iter().map(|fault| placed(fault, place))),
            }
        }
        // What a recipe gives a template that declares no such variable, the template does not read.
        let declared: BTreeMap<String, serde_json::Value>;
        let variables = if self.image.foreign.is_some() {
            let names: BTreeSet<&str> = parsed.variables().collect();
            declared = variables
                .iter()
                .filter(|(name, _)| names.contains(name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            &declared
        } else {
            variables
        };
        let request = packer::Request {
            source,
            variables,
            var_files: &files,
        };
        self.evaluated(parsed.evaluate(&self.view, &request), source_place)
    }

    /// Takes over what an evaluation found.
    pub(super) fn evaluated(
        &mut self,
        evaluation: Result<packer::Evaluation, Vec<Diagnostic>>,
        source_place: &Place,
    ) -> Recipe {
        match evaluation {
            Ok(evaluation) => {
                for input in evaluation.inputs {
                    if self.image.foreign.is_some() {
                        self.template_input(input);
                        continue;
                    }
                    let role = match input.role {
                        InputRole::Template => Role::Template,
                        InputRole::Script => Role::Script,
                        InputRole::Upload if matches!(self.used(&input.path), Some(None)) => {
                            Role::Travels
                        }
                        InputRole::Upload => Role::Upload,
                        // What the template means is compared as a value: a comment in it changes nothing.
                        InputRole::VarFile => Role::VarFile,
                        _ => Role::ReadByTemplate,
                    };
                    if let Some(destination) = &input.uploaded_to {
                        self.uploads.push((destination.clone(), input.path.clone()));
                    }
                    if input.executable {
                        self.run.push((input.path.clone(), Kind::Build));
                    }
                    self.add(&input.path, Kind::Build, role, &input.at);
                }
                // Scripts of a recipe's images run alone on their machine: what they read was uploaded.
                if self.image.foreign.is_none() {
                    for inline in &evaluation.inline {
                        self.inline(inline);
                    }
                }
                for unresolved in evaluation.unresolved {
                    let fault = self.needed_by(unresolved.diagnostic);
                    self.unless_waived(fault);
                }
                self.findings.extend(evaluation.warnings);
                Recipe::Packer(evaluation.fingerprint)
            }
            Err(faults) => {
                for fault in faults {
                    let fault = self.needed_by(placed(fault, source_place));
                    self.findings.push(fault);
                }
                Recipe::Plain
            }
        }
    }

    /// A script that stands in the template: its text counts there, what it reads is found here.
    pub(super) fn inline(&mut self, inline: &InlineScript) {
        let language = match inline.shell {
            Shell::Bash => Language::Shell,
            Shell::PowerShell => Language::PowerShell,
            Shell::Batch => return,
        };
        let Ok(analysis) = scripts::analyse(language, inline.text.as_bytes()) else {
            return;
        };
        for reference in &analysis.references {
            if let Target::OnImage { path, .. } = &reference.target {
                let uploaded = self.uploaded(path);
                self.run
                    .extend(uploaded.into_iter().map(|path| (path, Kind::Build)));
                continue;
            }
            // On the image a relative path starts at a folder that only the machine knows.
            if !inline.local {
                continue;
            }
            match scripts::resolve(&self.view, &TreePath::from_git("inline"), reference) {
                Ok(Resolution::Files(files) | Resolution::Listing { files, .. }) => {
                    for path in files {
                        self.add(&path, Kind::Build, Role::ReadByTemplate, &inline.at);
                        self.run.push((path, Kind::Build));
                    }
                }
                Ok(Resolution::Unresolved(reason)) => self.unless_waived(
                    Diagnostic::error("unresolved-reference", format!("`{}` cannot be followed: {reason}", reference.text))
                        .at(inline.at.clone())
                        .hint("name the file, or declare it under `inputs` and waive this under `waivers`"),
                ),
                Ok(Resolution::Missing(_)) => self.unless_waived(
                    Diagnostic::error("missing-file", format!("`{}` does not exist", reference.text))
                        .at(inline.at.clone()),
                ),
                _ => {}
            }
        }
    }
}
