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

use std::collections::BTreeMap;
use std::sync::Arc;

use taskgraph_images_transforms::{ImageId, Kind, KindTemplates};

pub use canonical::canonical;
pub use role::{Role, Where};
pub(crate) use scripts::ScriptIndex;

use crate::definitions::{Config, DefinitionFile, Layout, Pins, ResolvedImage};
use crate::diagnostic::{Diagnostic, Place};
use crate::formats::Choice;
use crate::graph::Digest;
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
    pub config: Option<Config>,
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
        let resolved = image.resolved();
        let expansions = files::Expansions::default();
        let folder = files::Folder::Scripts(resolved.definition.os);
        let entries = resolved.written.scripts.iter();
        entries
            .filter_map(|entry| expansions.get(&self.tree, entry, folder).ok())
            .flat_map(|expansion| expansion.files.clone())
            .collect()
    }
}
