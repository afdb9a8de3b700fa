//! [`Fleet`]: every image of a tree, with the files that it is made of.
//!
//! ```text
//! Tree ─ definitions ─▶ ResolvedImage ─ inputs ─▶ Image (files, values) ─┐
//!      ─ scripts ─────▶ which script reads which ────────────────────────┴▶ Fleet ─ graph ─▶ ImageGraph
//! ```
//!
//! A second tree is loaded [like](Fleet::load_like) the first: what none of the differing paths can have changed is
//! taken over, not read again.

mod canonical;
mod files;
mod inputs;
mod load;
mod role;
mod scripts;
mod values;

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use taskgraph_images_transforms::{ImageId, Kind, KindTemplates};

pub use canonical::canonical;
pub use role::{Role, Where};
pub(crate) use scripts::ScriptIndex;

use self::files::Expansions;
use self::inputs::Templates;
use crate::definitions::{Config, DefinitionFile, Layout, Pins, ResolvedImage};
use crate::diagnostic::{Diagnostic, Place};
use crate::formats::Choice;
use crate::graph::Digest;
use crate::payloads::KnownPayloads;
use crate::tree::{Look, Tree, TreePath};
use crate::yaml::Spanned;

/// Every image of a tree.
#[derive(Debug)]
pub struct Fleet {
    /// The tree.
    pub tree: Tree,
    /// Where its definitions stand.
    pub layout: Layout,
    /// How its definitions are read.
    pub(crate) choice: Choice,
    /// The settings; absent when they are at fault.
    pub config: Option<Arc<Config>>,
    /// The pins.
    pub pins: Arc<Pins>,
    /// The kinds' templates.
    pub kinds: Arc<KindTemplates>,
    /// The images.
    pub images: BTreeMap<ImageId, Arc<Image>>,
    /// Everything that is wrong, each once, in order of files and places. Errors make the fleet unusable.
    pub findings: Vec<Diagnostic>,
    pub(crate) files: Vec<Arc<DefinitionFile>>,
    pub(crate) scripts: ScriptIndex,
    pub(crate) payloads: Arc<KnownPayloads>,
    templates: Templates,
    expansions: Expansions,
    /// What was looked at to know the settings, pins and kinds.
    settings_looks: Vec<Look>,
    settings_findings: Vec<Diagnostic>,
    /// What else was looked at, besides what files, images and scripts note themselves.
    looks: Vec<Look>,
    /// All that was looked at, gathered when somebody asks again what a change can have altered.
    seen: OnceLock<Box<[Look]>>,
    /// Whether somebody asked.
    was_asked: AtomicBool,
    /// The scripts that some image runs, gathered when somebody asks for one.
    run: OnceLock<HashSet<TreePath, foldhash::fast::RandomState>>,
}

/// An image and what goes into it.
#[derive(Debug)]
pub struct Image {
    pub(crate) file: Arc<DefinitionFile>,
    pub(crate) at: usize,
    /// The files that the definition names, by any way but through other scripts.
    pub inputs: Vec<Input>,
    /// What the tasks depend on besides files.
    pub(crate) values: BTreeMap<Kind, Digest>,
    pub(crate) findings: Vec<Diagnostic>,
    /// The scripts whose references were followed, sorted.
    pub(crate) scripts: Vec<TreePath>,
    /// What was looked at for this image alone.
    looks: Vec<Look>,
    /// What was looked at for whatever it has in common with others.
    shared_looks: Vec<Arc<[Look]>>,
}

impl Image {
    /// The definition.
    pub fn resolved(&self) -> &ResolvedImage {
        &self.file.images[self.at]
    }

    /// The kinds of tasks that the image has.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.values.keys().copied()
    }
}

/// A file that goes into a task of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// The file.
    pub path: TreePath,
    /// The task that it goes into.
    pub kind: Kind,
    /// How it goes in.
    pub role: Role,
    /// Where that was written.
    pub at: Place,
}

impl Fleet {
    /// The images that are not the very same in another fleet, which one of the two was loaded like. Of the others, all
    /// that was looked at is the same there; only what the settings or a parent make of them may differ.
    pub(crate) fn not_shared<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a ImageId> {
        let mut theirs = other.images.iter().peekable();
        let mine = self.images.iter().filter(move |(id, image)| {
            while theirs.next_if(|(their_id, _)| their_id < id).is_some() {}
            !theirs
                .peek()
                .is_some_and(|(their_id, their)| their_id == id && Arc::ptr_eq(image, their))
        });
        mine.map(|(id, _)| id)
    }

    /// Whether the settings and the kinds' templates are the very same in another fleet.
    pub(crate) fn shares_settings(&self, other: &Self) -> bool {
        let config = match (&self.config, &other.config) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            _ => false,
        };
        config && Arc::ptr_eq(&self.kinds, &other.kinds)
    }

    /// Whether some image runs a script. What the index of scripts knows may be more: what another fleet asked for, or
    /// what nobody runs any more.
    pub(crate) fn is_run(&self, script: &TreePath) -> bool {
        let gather = || {
            let images = self.images.values();
            images.flat_map(|image| &image.scripts).cloned().collect()
        };
        self.run.get_or_init(gather).contains(script)
    }

    /// Whether the fleet can be used: nothing found is an error.
    pub fn is_sound(&self) -> bool {
        !self
            .findings
            .iter()
            .any(|finding| finding.severity == crate::diagnostic::Severity::Error)
    }

    /// The name of the format of its definitions.
    pub fn format(&self) -> &str {
        self.choice.name()
    }

    /// Whether a recipe reads its definitions.
    pub fn is_foreign(&self) -> bool {
        self.choice.recipe.is_some()
    }

    /// Folders in which every file must go into some image: the settings', else the recipe's.
    pub(crate) fn claimed_folders(&self) -> &[TreePath] {
        let own = self.config.as_ref().map(|config| &*config.provisioning);
        match (own, &self.choice.recipe) {
            (Some(own), _) if !own.is_empty() => own,
            (_, Some(recipe)) => &recipe.provisioning,
            _ => &[],
        }
    }

    /// Globs of files that need not go into any image.
    pub(crate) fn unclaimed_ok(&self) -> impl Iterator<Item = &Spanned<String>> {
        let own = self.config.iter().flat_map(|config| &config.unclaimed_ok);
        let recipe = self.choice.recipe.iter();
        own.chain(recipe.flat_map(|recipe| &recipe.unclaimed_ok))
    }

    /// The provisioning scripts of an image, in the order they run. Entries that are at fault, which findings tell of,
    /// mean nothing.
    pub fn provisioning(&self, image: &Image) -> Vec<TreePath> {
        self.expanded(image, &image.resolved().written.scripts)
    }

    /// The checks of an image, in the order they run.
    pub fn checks(&self, image: &Image) -> Vec<TreePath> {
        self.expanded(image, &image.resolved().written.checks)
    }

    fn expanded(&self, image: &Image, entries: &[crate::yaml::Spanned<String>]) -> Vec<TreePath> {
        let expansions = files::Expansions::default();
        let folder = files::Folder::Scripts(image.resolved().definition.os);
        entries
            .iter()
            .filter_map(|entry| expansions.get(&self.tree, entry, folder).ok())
            .flat_map(|expansion| expansion.files.clone())
            .collect()
    }
}
