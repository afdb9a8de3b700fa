//! [`derive`]: the files that go into one image, and the values that count.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, RwLock};

use serde_json::json;
use taskgraph_images_transforms::{Builder, Kind};

use super::files::{Expansion, Expansions, Folder};
use super::values::{self, Recipe};
use super::{Image, Input, Role, ScriptIndex};
use crate::containers;
use crate::definitions::{Config, DefinitionFile, Layout, Pins, ResolvedImage, WrittenBuilder};
use crate::diagnostic::{Diagnostic, Place};
use crate::glob::Glob;
use crate::packer::{self, InputRole, ParsedTemplate, VarFile};
use crate::tree::{FileError, Files, Look, Tree, TreePath, View};

/// Packer templates of one tree, each parsed once.
#[derive(Debug, Default)]
pub(super) struct Templates {
    parsed: RwLock<BTreeMap<TreePath, Arc<Parsed>>>,
}

/// A parsed template, what was looked at to parse it, or why it cannot be used.
#[derive(Debug)]
struct Parsed {
    template: Result<ParsedTemplate, Vec<Diagnostic>>,
    looks: Arc<[Look]>,
}

impl Templates {
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

/// What all images of a tree share.
pub(super) struct Shared<'a> {
    pub(super) tree: &'a Tree,
    pub(super) layout: &'a Layout,
    pub(super) config: Option<&'a Config>,
    pub(super) pins: &'a Pins,
    pub(super) scripts: &'a ScriptIndex,
    pub(super) templates: &'a Templates,
    pub(super) expansions: &'a Expansions,
}

/// Derives the inputs of one image.
pub(super) fn derive(shared: &Shared<'_>, file: &Arc<DefinitionFile>, at: usize) -> Image {
    let mut work = Derivation {
        shared,
        image: &file.images[at],
        view: View::new(shared.tree),
        inputs: Vec::new(),
        uploads: Vec::new(),
        run: Vec::new(),
        findings: Vec::new(),
        looks: Vec::new(),
        shared_looks: Vec::new(),
    };
    let values = work.all();
    let Derivation {
        view,
        mut inputs,
        findings,
        mut looks,
        shared_looks,
        ..
    } = work;
    inputs.sort_unstable();
    // The same file in the same role is one input, wherever else it is named.
    inputs.dedup_by(|a, b| a.path == b.path && a.kind == b.kind && a.role == b.role);
    looks.extend(view.into_looks());
    looks.sort_unstable();
    looks.dedup();
    // Every image is kept until the end: what it does not need adds up.
    inputs.shrink_to_fit();
    looks.shrink_to_fit();
    Image {
        file: file.clone(),
        at,
        inputs,
        values,
        findings,
        looks,
        shared_looks,
    }
}

struct Derivation<'a> {
    shared: &'a Shared<'a>,
    image: &'a ResolvedImage,
    view: View<'a>,
    inputs: Vec<Input>,
    /// Files that are put onto the image: where to, and which.
    uploads: Vec<(String, TreePath)>,
    /// Scripts that run, whose references count.
    run: Vec<(TreePath, Kind)>,
    findings: Vec<Diagnostic>,
    looks: Vec<Look>,
    shared_looks: Vec<Arc<[Look]>>,
}

impl Derivation<'_> {
    fn all(&mut self) -> BTreeMap<Kind, crate::graph::Digest> {
        let image = self.image;
        let definition = &image.definition;
        self.by_value();
        let scripts = self.expand_all(&image.written.scripts, Folder::Scripts(definition.os));
        for (path, place) in &scripts {
            self.add(path, Kind::Build, Role::Script, place);
            self.run.push((path.clone(), Kind::Build));
        }
        let scripts: Vec<TreePath> = scripts.into_iter().map(|(path, _)| path).collect();
        let recipe = self.builder(&scripts);
        let checks = self.expand_all(&image.written.checks, Folder::Scripts(definition.os));
        for (path, place) in &checks {
            self.add(path, Kind::Verify, Role::Check, place);
            self.run.push((path.clone(), Kind::Verify));
        }
        let checks: Vec<TreePath> = checks.into_iter().map(|(path, _)| path).collect();
        for (kind, entry) in &image.written.inputs {
            if let Some(expansion) = self.expand(entry, Folder::Everything) {
                for path in &expansion.files {
                    self.add(path, *kind, Role::Declared, &entry.place);
                }
            }
        }
        self.follow_scripts();
        values::digests(definition, recipe, &scripts, &checks)
    }

    /// The files that the definition was read from. They count by what it resolves to.
    fn by_value(&mut self) {
        let image = self.image;
        let kinds: Vec<Kind> = Kind::ALL
            .iter()
            .copied()
            .filter(|kind| image.definition.worker(*kind).is_some())
            .collect();
        for kind in kinds {
            self.add(&image.path, kind, Role::Definition, &image.written.name);
            for fragment in image.fragments.iter() {
                self.add(
                    fragment,
                    kind,
                    Role::Extends,
                    &Place::file(image.path.clone()),
                );
            }
            if let Some(place) = image
                .pins
                .first()
                .and_then(|pin| self.shared.pins.place(pin))
            {
                let place = place.clone();
                self.add(&self.shared.layout.pins(), kind, Role::Pin, &place);
            }
        }
        let _ = self.shared.config;
    }

    fn add(&mut self, path: &TreePath, kind: Kind, role: Role, at: &Place) {
        // A definition need not have a task for what it declares inputs of.
        self.inputs.push(Input {
            path: path.clone(),
            kind,
            role,
            at: at.clone(),
        });
    }

    fn expand_all(
        &mut self,
        entries: &[crate::yaml::Spanned<String>],
        folder: Folder,
    ) -> Vec<(TreePath, Place)> {
        let mut files: Vec<(TreePath, Place)> = Vec::new();
        for entry in entries {
            if let Some(expansion) = self.expand(entry, folder) {
                let found = expansion.files.iter();
                files.extend(found.map(|path| (path.clone(), entry.place.clone())));
            }
        }
        files
    }

    fn expand(
        &mut self,
        entry: &crate::yaml::Spanned<String>,
        folder: Folder,
    ) -> Option<Arc<Expansion>> {
        let shared = self.shared;
        match shared.expansions.get(shared.tree, entry, folder) {
            Ok(expansion) => {
                self.shared_looks.push(expansion.looks.clone());
                Some(expansion)
            }
            Err((fault, looks)) => {
                self.looks.extend(looks);
                self.findings.push(fault);
                None
            }
        }
    }

    fn builder(&mut self, scripts: &[TreePath]) -> Recipe {
        match (&self.image.definition.builder, &self.image.written.builder) {
            (
                Builder::Packer {
                    source, variables, ..
                },
                WrittenBuilder::Packer {
                    template,
                    source: source_place,
                    variables: places,
                    var_files,
                },
            ) => {
                let mut variables = variables.clone();
                variables.entry("scripts".to_owned()).or_insert_with(|| {
                    scripts
                        .iter()
                        .map(|script| json!(script.as_str()))
                        .collect()
                });
                let var_files: Vec<_> = var_files
                    .iter()
                    .map(|file| (file.value.clone(), file.place.clone()))
                    .collect();
                self.packer(
                    template,
                    (source, source_place),
                    &variables,
                    places,
                    &var_files,
                )
            }
            (
                Builder::Container {
                    file,
                    target,
                    arguments,
                    ..
                },
                WrittenBuilder::Container {
                    context,
                    file: file_place,
                },
            ) => {
                self.container(context, (file, file_place), target.as_deref(), arguments);
                Recipe::Plain
            }
            _ => Recipe::Plain,
        }
    }

    fn packer(
        &mut self,
        template: &crate::yaml::Spanned<TreePath>,
        (source, source_place): (&str, &Place),
        variables: &BTreeMap<String, serde_json::Value>,
        places: &BTreeMap<String, Place>,
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
                self.findings.extend(faults.iter().cloned());
                return Recipe::Plain;
            }
        };
        for file in parsed.files() {
            self.add(file, Kind::Build, Role::Template, &template.place);
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
        let request = packer::Request {
            source,
            variables,
            var_files: &files,
        };
        match parsed.evaluate(&self.view, &request) {
            Ok(evaluation) => {
                for input in evaluation.inputs {
                    let role = match input.role {
                        InputRole::Script => Role::Script,
                        InputRole::Upload => Role::Upload,
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
                for unresolved in evaluation.unresolved {
                    self.unless_waived(unresolved.diagnostic);
                }
                self.findings.extend(evaluation.warnings);
                Recipe::Packer(evaluation.fingerprint)
            }
            Err(faults) => {
                self.findings
                    .extend(faults.into_iter().map(|fault| placed(fault, source_place)));
                Recipe::Plain
            }
        }
    }

    fn container(
        &mut self,
        context: &crate::yaml::Spanned<TreePath>,
        (file, place): (&str, &Place),
        target: Option<&str>,
        arguments: &BTreeMap<String, String>,
    ) {
        match containers::inputs(&self.view, &context.value, file, target, arguments) {
            Ok(found) => {
                self.add(&found.dockerfile, Kind::Build, Role::Dockerfile, place);
                if let Some(ignore) = &found.ignore_file {
                    self.add(ignore, Kind::Build, Role::IgnoreFile, &context.place);
                }
                for (path, at) in found.files {
                    self.add(&path, Kind::Build, Role::Context, &at);
                }
                self.findings.extend(found.warnings);
            }
            Err(faults) => {
                self.findings.extend(
                    faults
                        .into_iter()
                        .map(|fault| placed(fault, &context.place)),
                );
            }
        }
    }

    /// Walks from the scripts that run to all that they read, and asks of each whether it can be followed.
    fn follow_scripts(&mut self) {
        let mut seen: BTreeSet<TreePath> = BTreeSet::new();
        let mut queue: VecDeque<TreePath> = std::mem::take(&mut self.run)
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        while let Some(path) = queue.pop_front() {
            if !seen.insert(path.clone()) {
                continue;
            }
            let script = self.shared.scripts.get(&self.view, &path);
            queue.extend(
                script
                    .reads
                    .iter()
                    .filter(|(_, role, _)| *role != Role::NamedBy)
                    .map(|(path, ..)| path.clone()),
            );
            self.findings.extend(script.findings.iter().cloned());
            for fault in &script.unresolved {
                self.unless_waived(fault.clone());
            }
            for (target, glob, span) in &script.on_image {
                self.on_image(&path, target, *glob, *span);
            }
        }
    }

    /// A path of the machine below a folder that was uploaded must be one of the files uploaded.
    fn on_image(
        &mut self,
        script: &TreePath,
        target: &str,
        glob: bool,
        span: crate::diagnostic::Span,
    ) {
        if glob
            || self
                .uploads
                .iter()
                .any(|(destination, _)| same_path(destination, target))
        {
            return;
        }
        let Some(folder) = target.rsplit_once('/').map(|(folder, _)| folder) else {
            return;
        };
        let beside = |destination: &str| {
            destination
                .rsplit_once('/')
                .is_some_and(|(parent, _)| same_path(parent, folder))
        };
        // A folder on the image may hold more than was uploaded there, unless scripts are sourced from it.
        let names: Vec<&str> = self
            .uploads
            .iter()
            .filter(|(destination, _)| beside(destination))
            .filter_map(|(destination, _)| destination.rsplit('/').next())
            .collect();
        let name = target.rsplit('/').next().unwrap_or_default();
        if let Some(near) = crate::diagnostic::nearest(name, names.iter().copied()) {
            let place = Place {
                path: script.clone(),
                span,
            };
            let fault = Diagnostic::warning(
                "not-uploaded",
                format!("`{target}` is not among the files uploaded there"),
            )
            .at(place)
            .hint(format!("did you mean `{near}`?"));
            self.findings.push(fault);
        }
    }

    fn unless_waived(&mut self, fault: Diagnostic) {
        let waived = fault.place.as_ref().is_some_and(|place| {
            self.image.written.waivers.iter().any(|waiver| {
                Glob::parse(&waiver.value).is_ok_and(|glob| glob.matches(&place.path))
            })
        });
        if !waived {
            self.findings.push(fault);
        }
    }
}

/// The fault with a place, if it has none.
fn placed(fault: Diagnostic, place: &Place) -> Diagnostic {
    if fault.place.is_some() {
        fault
    } else {
        fault.at(place.clone())
    }
}

/// Whether two paths of a machine are the same: Windows' are compared without case.
fn same_path(a: &str, b: &str) -> bool {
    let windows = |path: &str| path.as_bytes().get(1) == Some(&b':');
    if windows(a) && windows(b) {
        a.eq_ignore_ascii_case(b)
    } else {
        a == b
    }
}
