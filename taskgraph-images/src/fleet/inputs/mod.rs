//! [`derive`]: the files that go into one image, and the values that count.
//!
//! What each builder brings in has a file of its own; here is what all images have in common.

mod container;
mod follow;
mod foreign;
mod packer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;
use taskgraph_images_transforms::{Builder, Kind};

pub(crate) use self::packer::Templates;
use super::files::{Expansion, Expansions, Folder};
use super::values::{self, Recipe};
use super::{Image, Input, Role, ScriptIndex};
use crate::definitions::{DefinitionFile, Layout, Pins, ResolvedImage, WrittenBuilder};
use crate::diagnostic::{Diagnostic, Place};
use crate::glob::Glob;
use crate::tree::{Look, Tree, TreePath, View};

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
        used: BTreeMap::new(),
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
    /// Files of uploaded folders that the image uses, and where they are named.
    used: BTreeMap<TreePath, Place>,
}

impl Derivation<'_> {
    fn all(&mut self) -> BTreeMap<Kind, crate::graph::Digest> {
        let image = self.image;
        let definition = &image.definition;
        self.by_value();
        if let Some(foreign) = &image.foreign {
            self.foreign(foreign);
        }
        self.check_uploads();
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
        let foreign = image.foreign.as_ref();
        values::digests(definition, recipe, &scripts, &checks, foreign)
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
        let foreign = self.image.foreign.as_ref();
        if let Some(rendered) = foreign.and_then(|foreign| foreign.rendered.as_ref()) {
            return self.rendered(rendered);
        }
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
