//! Loading a [`Fleet`], from nothing or like another one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use taskgraph_images_transforms::{ImageId, KindTemplates, TaskKind};

use super::files::Expansions;
use super::inputs::{Shared, Templates, derive};
use super::{Fleet, Image, ScriptIndex};
use crate::definitions::{
    Config, DefinitionFile, Layout, Loader, Pins, Settings, by_id, read_settings,
};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::formats::{self, Choice, Format, RecipeFormat, choose};
use crate::payloads::KnownPayloads;
use crate::tree::{Change, FileError, Files, Look, Touched, Tree, TreePath, View};
use crate::yaml::Node;

impl Fleet {
    /// Reads all of a tree. What is wrong is in [`Fleet::findings`]; the images without faults are there all the same.
    pub fn load(tree: &Tree, layout: &Layout) -> Self {
        Loading {
            tree,
            layout,
            other: None,
        }
        .load()
    }

    /// Reads a tree that differs from `other`'s by `changes`: what they cannot have altered is taken over.
    pub fn load_like(tree: &Tree, other: &Self, changes: &[(TreePath, Change)]) -> Self {
        Loading {
            tree,
            layout: &other.layout,
            other: Some(Other::new(other, tree, changes)),
        }
        .load()
    }
}

struct Loading<'a> {
    tree: &'a Tree,
    layout: &'a Layout,
    other: Option<Other<'a>>,
}

/// What holds for all images, and what was looked at to know it.
struct Common {
    choice: Choice,
    config: Option<Arc<Config>>,
    pins: Arc<Pins>,
    kinds: Arc<KindTemplates>,
    payloads: Arc<KnownPayloads>,
    findings: Vec<Diagnostic>,
    looks: Vec<Look>,
}

/// A fleet to take over from.
struct Other<'a> {
    fleet: &'a Fleet,
    touched: Touched,
    files: HashMap<&'a TreePath, &'a Arc<DefinitionFile>>,
    images: HashMap<(&'a TreePath, usize), &'a Arc<Image>>,
}

impl<'a> Other<'a> {
    fn new(fleet: &'a Fleet, tree: &Tree, changes: &[(TreePath, Change)]) -> Self {
        let images = fleet
            .images
            .values()
            .map(|image| ((&image.file.path, image.at), image))
            .collect();
        let files = fleet.files.iter().map(|file| (&file.path, file)).collect();
        Self {
            fleet,
            touched: Touched::new(&fleet.tree, tree, changes),
            files,
            images,
        }
    }

    /// Whether none of the changes can have altered what these looks saw.
    fn untouched(&self, looks: &[Look]) -> bool {
        self.touched.spares(looks)
    }
}

impl Loading<'_> {
    fn load(&self) -> Fleet {
        let view = View::new(self.tree);
        let Common {
            choice,
            config,
            pins,
            kinds,
            payloads,
            findings: settings_findings,
            looks: settings_looks,
        } = self.common();
        let layout = &choice.layout;
        let mut findings = settings_findings.clone();
        let settings = Settings {
            config: config.as_deref(),
            pins: &pins,
        };
        let format: Box<dyn Format + '_> = match &choice.recipe {
            None => Box::new(Loader::new(
                self.tree,
                layout,
                settings.config,
                settings.pins,
            )),
            Some(recipe) => Box::new(RecipeFormat::new(
                self.tree,
                recipe,
                choice.path.as_ref(),
                settings,
            )),
        };
        let paths = format.files(&view).unwrap_or_else(|error| {
            findings.push(Diagnostic::error("unreadable", error.to_string()));
            Vec::new()
        });
        // Settings decide which aliases exist and what templates render; a change there means reading all again.
        let same_settings = self.other.as_ref().filter(|other| {
            let same = match (&other.fleet.config, &config) {
                (Some(before), Some(now)) => Arc::ptr_eq(before, now),
                // A recipe needs no settings.
                (None, None) => other.fleet.is_foreign(),
                _ => false,
            };
            same && other.untouched(&other.fleet.choice.looks)
                && other.fleet.format() == choice.name()
        });
        let changed_pins = self
            .other
            .as_ref()
            .map(|other| changed_pins(&other.fleet.pins, &pins));
        let known = |path: &TreePath| {
            let (other, changed_pins) = (same_settings?, changed_pins.as_ref()?);
            let file = *other.files.get(path)?;
            let reusable = file.faults.is_empty()
                && other.untouched(&file.looks)
                && file
                    .images
                    .iter()
                    .all(|image| image.pins.is_disjoint(changed_pins));
            reusable.then(|| file.clone())
        };
        let files = formats::load(&*format, &paths, &known);
        findings.extend(format.shared_faults(&view));
        drop(format);
        for file in &files {
            findings.extend(file.faults.iter().cloned());
        }
        let (scripts, changed_scripts) =
            self.other.as_ref().map_or_else(Default::default, |other| {
                ScriptIndex::like(&other.fleet.scripts, |looks| other.untouched(looks))
            });
        let (templates, expansions) = self.other.as_ref().map_or_else(Default::default, |other| {
            let (fleet, touched) = (other.fleet, &other.touched);
            (
                Templates::like(&fleet.templates, touched),
                Expansions::like(&fleet.expansions, touched),
            )
        });
        let shared = Shared {
            tree: self.tree,
            layout,
            pins: &pins,
            scripts: &scripts,
            templates: &templates,
            expansions: &expansions,
        };
        let wanted: Vec<(&Arc<DefinitionFile>, usize)> = files
            .iter()
            .flat_map(|file| (0..file.images.len()).map(move |at| (file, at)))
            .collect();
        let images: Vec<Arc<Image>> = wanted
            .par_iter()
            .with_min_len(16)
            .map(|(file, at)| {
                let known = self.other.as_ref().and_then(|other| {
                    let image = *other.images.get(&(&file.path, *at))?;
                    let same = Arc::ptr_eq(file, &image.file)
                        && !image
                            .scripts
                            .iter()
                            .any(|script| changed_scripts.contains(script))
                        && image
                            .shared_looks
                            .iter()
                            .all(|looks| other.untouched(looks))
                        && other.untouched(&image.looks);
                    same.then(|| image.clone())
                });
                known.unwrap_or_else(|| Arc::new(derive(&shared, file, *at)))
            })
            .collect();
        for image in &images {
            findings.extend(image.findings.iter().cloned());
        }
        findings.extend(identity(&files));
        findings.sort_unstable();
        findings.dedup();
        let images = images
            .into_iter()
            .map(|image| (image.resolved().definition.id.clone(), image))
            .collect();
        Fleet {
            tree: self.tree.clone(),
            layout: choice.layout.clone(),
            choice,
            config,
            pins,
            kinds,
            images,
            findings,
            files,
            scripts,
            payloads,
            templates,
            expansions,
            looks: view.into_looks(),
            settings_looks,
            settings_findings,
            seen: OnceLock::new(),
            was_asked: AtomicBool::new(false),
            run: OnceLock::new(),
        }
    }

    /// The format, settings, pins and kinds. What no change can have altered is the other fleet's own, so that it can be told
    /// to be the same.
    fn common(&self) -> Common {
        let known = self.other.as_ref();
        if let Some(other) = known.filter(|other| other.untouched(&other.fleet.settings_looks)) {
            return Common {
                choice: other.fleet.choice.clone(),
                config: other.fleet.config.clone(),
                pins: other.fleet.pins.clone(),
                kinds: other.fleet.kinds.clone(),
                payloads: other.fleet.payloads.clone(),
                findings: other.fleet.settings_findings.clone(),
                looks: other.fleet.settings_looks.clone(),
            };
        }
        let view = View::new(self.tree);
        let choice = choose(self.tree, self.layout);
        let layout = &choice.layout;
        let (config, pins, mut findings) = read_settings(&view, layout, choice.recipe.is_none());
        findings.extend(choice.faults.iter().cloned());
        let mut config = config.map(Arc::new);
        let mut kinds = self.kinds(&view, &mut findings);
        let without_fault = |other: &&Other<'_>| other.fleet.settings_findings.is_empty();
        if let Some(other) = known.filter(without_fault).filter(|_| findings.is_empty()) {
            let same = |paths: &[TreePath]| {
                let view = View::new(&other.fleet.tree);
                for path in paths {
                    let _ = view.find(path);
                }
                other.untouched(&view.into_looks())
            };
            let same_format = other.untouched(&other.fleet.choice.looks);
            if config.is_some() && same_format && same(&[layout.config()]) {
                config.clone_from(&other.fleet.config);
            }
            let templates: Vec<TreePath> =
                TaskKind::all().map(|kind| self.layout.kind(kind)).collect();
            if same(&templates) {
                kinds = other.fleet.kinds.clone();
            }
        }
        let is_same = |other: &&Other<'_>| {
            let before = other.fleet.config.as_ref();
            let config = config.as_ref().zip(before);
            config.is_some_and(|(now, before)| Arc::ptr_eq(now, before))
                && Arc::ptr_eq(&kinds, &other.fleet.kinds)
        };
        let payloads = known
            .filter(is_same)
            .map(|other| other.fleet.payloads.clone());
        let mut looks = view.into_looks();
        looks.extend(choice.looks.iter().cloned());
        Common {
            choice,
            config,
            pins,
            kinds,
            payloads: payloads.unwrap_or_default(),
            findings,
            looks,
        }
    }

    /// The embedded kinds, with the repository's own over them.
    fn kinds(&self, view: &View<'_>, findings: &mut Vec<Diagnostic>) -> Arc<KindTemplates> {
        let mut kinds = KindTemplates::embedded();
        for kind in TaskKind::all() {
            let path = self.layout.kind(kind);
            let content = match view.read(&path) {
                Ok(content) => content,
                Err(FileError::Missing(_)) => continue,
                Err(error) => {
                    findings.push(
                        Diagnostic::error("unreadable", error.to_string()).at(Place::file(path)),
                    );
                    continue;
                }
            };
            let text = String::from_utf8_lossy(&content);
            match kinds.clone().with_override(kind, &text) {
                Ok(with) => kinds = with,
                Err(error) => findings
                    .push(Diagnostic::error("kind", error.to_string()).at(Place::file(path))),
            }
        }
        Arc::new(kinds)
    }
}

/// Names of pins whose value differs.
fn changed_pins(before: &Pins, after: &Pins) -> BTreeSet<String> {
    let names = before.pins.keys().chain(after.pins.keys());
    names
        .filter(
            |name| match (before.pins.get(*name), after.pins.get(*name)) {
                (Some(old), Some(new)) => {
                    old.value.value.value != new.value.value.value
                        || old.value.sha256 != new.value.sha256
                }
                _ => true,
            },
        )
        .cloned()
        .collect()
}

/// What is wrong among the images: names that stand twice, parents that do not exist or lead back.
fn identity(files: &[Arc<DefinitionFile>]) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let images = by_id(files);
    for (id, same) in &images {
        for twin in same.iter().skip(1) {
            let first = same[0].written.name.clone();
            let mut fault = Diagnostic::error(
                "duplicate-image",
                format!("the image `{id}` is defined twice"),
            )
            .at(twin.written.name.clone());
            if first == twin.written.name {
                fault = fault.hint("give each variant a name of its own: `name: …-{{level}}`");
            } else {
                fault = fault.note(first, "it is defined here first");
            }
            findings.push(fault);
        }
    }
    let mut parents: BTreeMap<&ImageId, &ImageId> = BTreeMap::new();
    for (id, same) in &images {
        let image = same[0];
        let (Some(parent), Some(place)) = (&image.definition.parent, &image.written.parent) else {
            continue;
        };
        if images.contains_key(parent) {
            parents.insert(id, parent);
        } else {
            let known: Vec<String> = images.keys().map(ToString::to_string).collect();
            let mut fault =
                Diagnostic::error("unknown-parent", format!("there is no image `{parent}`"))
                    .at(place.clone());
            if let Some(near) = nearest(&parent.to_string(), known.iter().map(String::as_str)) {
                fault = fault.hint(format!("did you mean `{near}`?"));
            }
            findings.push(fault);
        }
    }
    findings.extend(parent_cycles(&images, &parents));
    findings
}

/// Each cycle among parents once, from its first image by name.
fn parent_cycles(
    images: &BTreeMap<&ImageId, Vec<&crate::definitions::ResolvedImage>>,
    parents: &BTreeMap<&ImageId, &ImageId>,
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut done: BTreeSet<&ImageId> = BTreeSet::new();
    for start in parents.keys() {
        let mut path: Vec<&ImageId> = Vec::new();
        let mut at = *start;
        while !done.contains(at) {
            if let Some(first) = path.iter().position(|id| *id == at) {
                let cycle = &path[first..];
                let words: Vec<String> = cycle
                    .iter()
                    .chain([&at])
                    .map(|id| format!("`{id}`"))
                    .collect();
                let mut fault = Diagnostic::error(
                    "cycle",
                    format!("images are built from one another: {}", words.join(" → ")),
                );
                fault.place = images[at][0].written.parent.clone();
                findings.push(fault);
                break;
            }
            path.push(at);
            match parents.get(at) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        done.extend(path);
    }
    findings
}

impl Fleet {
    /// Whether no change can have altered anything that was looked at to load the fleet, so that another tree holds
    /// the same one.
    pub(crate) fn untouched(&self, touched: &Touched) -> bool {
        if let Some(seen) = self.seen.get() {
            return touched.spares(seen);
        }
        // Most fleets of a history are asked once: by the commit that changes them, which one of the looks tells at once.
        if !self.was_asked.swap(true, Ordering::Relaxed) {
            return self.untouched_at_once(touched);
        }
        touched.spares(self.seen.get_or_init(|| self.all_looks()))
    }

    /// The same, without gathering the looks.
    fn untouched_at_once(&self, touched: &Touched) -> bool {
        let mut known: HashSet<*const Look, foldhash::fast::RandomState> = HashSet::default();
        touched.spares(self.settings_looks.iter().chain(&self.looks))
            && self.scripts.are_untouched(|looks| touched.spares(looks))
            && self.files.iter().all(|file| touched.spares(&file.looks))
            && self.images.values().all(|image| {
                let mut shared = image.shared_looks.iter();
                touched.spares(&image.looks)
                    && shared.all(|looks| !known.insert(looks.as_ptr()) || touched.spares(&**looks))
            })
    }

    /// All that was looked at, each once, in no order that matters.
    fn all_looks(&self) -> Box<[Look]> {
        let mut seen: HashSet<&Look, foldhash::fast::RandomState> = HashSet::default();
        seen.extend(self.settings_looks.iter().chain(&self.looks));
        seen.extend(self.files.iter().flat_map(|file| &file.looks));
        // What images have in common is noted once, and shared.
        let mut known: HashSet<*const Look, foldhash::fast::RandomState> = HashSet::default();
        for image in self.images.values() {
            seen.extend(&image.looks);
            for looks in &image.shared_looks {
                if known.insert(looks.as_ptr()) {
                    seen.extend(&**looks);
                }
            }
        }
        let scripts = self.scripts.looks();
        seen.extend(&scripts);
        seen.into_iter().cloned().collect()
    }

    /// What an image was decoded from: its values, each with the place where it was written.
    pub(crate) fn written(&self, id: &ImageId) -> Option<Node> {
        let image = self.images.get(id)?;
        if image.resolved().foreign.is_some() {
            return None;
        }
        Loader::new(&self.tree, &self.layout, self.config.as_deref(), &self.pins)
            .written(image.resolved())
    }
}
