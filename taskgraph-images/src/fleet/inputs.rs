//! [`derive`]: the files that go into one image, and the values that count.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, RwLock};

use serde_json::json;
use taskgraph_images_transforms::{Builder, Kind};

use super::files::{Expansion, Expansions, Folder};
use super::values::{self, Recipe};
use super::{Image, Input, Role, ScriptIndex};
use crate::containers;
use crate::definitions::{DefinitionFile, Layout, Pins, ResolvedImage, WrittenBuilder};
use crate::diagnostic::{Diagnostic, Place};
use crate::glob::Glob;
use crate::packer::{self, InlineScript, InputRole, ParsedTemplate, Shell, VarFile};
use crate::scripts::{self, Language, Resolution, Target};
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
        followed: BTreeSet::new(),
        shared_looks: Vec::new(),
        used_waivers: BTreeSet::new(),
    };
    let values = work.all();
    let Derivation {
        view,
        mut inputs,
        findings,
        mut looks,
        followed,
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
        scripts: followed.into_iter().collect(),
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
    followed: BTreeSet<TreePath>,
    shared_looks: Vec<Arc<[Look]>>,
    used_waivers: BTreeSet<usize>,
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
        for (at, waiver) in image.written.waivers.iter().enumerate() {
            if !self.used_waivers.contains(&at) {
                self.findings.push(
                    Diagnostic::warning(
                        "dead-key",
                        format!("nothing in `{}` needs this", waiver.value),
                    )
                    .at(waiver.place.clone())
                    .hint("remove it"),
                );
            }
        }
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
            Err(failed) => {
                let (fault, looks) = *failed;
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
                self.packer(template, (source, source_place), &variables, &var_files)
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
        let request = packer::Request {
            source,
            variables,
            var_files: &files,
        };
        match parsed.evaluate(&self.view, &request) {
            Ok(evaluation) => {
                for input in evaluation.inputs {
                    let role = match input.role {
                        InputRole::Template => Role::Template,
                        InputRole::Script => Role::Script,
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
                for inline in &evaluation.inline {
                    self.inline(inline);
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

    /// Scripts that the builder passes over are a mistake that nobody would notice.
    fn scripts_never_run(&mut self, why: &str) {
        if let Some(script) = self.image.written.scripts.first() {
            self.findings.push(
                Diagnostic::warning("dead-key", format!("these scripts never run: {why}"))
                    .at(script.place.clone())
                    .hint("remove them, or make the builder run them"),
            );
        }
    }

    /// A script that stands in the template: its text counts there, what it reads is found here.
    fn inline(&mut self, inline: &InlineScript) {
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

    fn container(
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

    /// Walks from the scripts that run to all that they read, and asks of each whether it can be followed.
    fn follow_scripts(&mut self) {
        let mut queue: VecDeque<TreePath> = std::mem::take(&mut self.run)
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        while let Some(path) = queue.pop_front() {
            if !self.followed.insert(path.clone()) {
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
                let uploaded = self.uploaded(target);
                if uploaded.is_empty() && !glob {
                    self.not_uploaded(&path, target, *span);
                }
                queue.extend(uploaded);
            }
        }
    }

    /// The files that were uploaded to where a script looks for one: itself, or what a module is made of.
    fn uploaded(&self, target: &str) -> Vec<TreePath> {
        let name = target.rsplit('/').next().unwrap_or_default();
        let places = [
            target.to_owned(),
            format!("{target}.psd1"),
            format!("{target}.psm1"),
            format!("{target}/{name}.psd1"),
            format!("{target}/{name}.psm1"),
        ];
        self.uploads
            .iter()
            .filter(|(destination, _)| places.iter().any(|place| same_path(destination, place)))
            .map(|(_, path)| path.clone())
            .collect()
    }

    /// A name that is nearly one of the files uploaded beside it is a mistake; others may be the machine's own.
    fn not_uploaded(&mut self, script: &TreePath, target: &str, span: crate::diagnostic::Span) {
        let Some(folder) = target.rsplit_once('/').map(|(folder, _)| folder) else {
            return;
        };
        let beside = |destination: &str| {
            destination
                .rsplit_once('/')
                .is_some_and(|(parent, _)| same_path(parent, folder))
        };
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
        let waiver = fault.place.as_ref().and_then(|place| {
            self.image.written.waivers.iter().position(|waiver| {
                Glob::parse(&waiver.value).is_ok_and(|glob| glob.matches(&place.path))
            })
        });
        match waiver {
            Some(waiver) => {
                self.used_waivers.insert(waiver);
            }
            None => self.findings.push(fault),
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
