//! Formats: how a tree's image definitions are read. The native one is [`crate::definitions`]; all others are recipes.
//!
//! ```text
//! tree ─ choose ─▶ native, or a Recipe ─ Format ─▶ DefinitionFile (ResolvedImage) ─ fleet ─▶ the same as ever
//! ```
//!
//! A recipe is data: it comes with the program or stands in the repository. The code knows two shapes:
//!
//! - **templates**: YAML files with defaults below them, a Packer template of the repository, a source chosen by a
//!   rule, variables made from keys (`templates.rs`);
//! - **builders**: a file that names a Jinja template, files of variables and folders of scripts, from which a Packer
//!   template is rendered (`jinja/`).
//!
//! Both end in a [`ResolvedImage`](crate::definitions::ResolvedImage) with places, so that inputs, digests and
//! explanations are worked out as for native definitions.

mod build;
mod choose;
mod cloud;
mod context;
mod expression;
mod inherit;
mod jinja;
mod recipe;
mod templates;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rayon::prelude::*;

pub(crate) use build::named as named_build_values;
pub use build::{BuildValues, REVISION};
pub(crate) use choose::{Choice, choose};
pub use recipe::{Recipe, shipped_names, shipped_text};

use crate::definitions::{DefinitionFile, Loader, Settings};
use crate::diagnostic::Diagnostic;
use crate::tree::{FileError, Files, Tree, TreePath, View};

/// Where native definitions are said to be.
pub const NATIVE: &str = "native";

/// A way to read definitions.
pub(crate) trait Format: Sync {
    /// Every file that defines images.
    ///
    /// What is looked at to know is noted by the view.
    fn files(&self, view: &View<'_>) -> Result<Vec<TreePath>, FileError>;

    /// Reads one of them.
    fn file(&self, path: &TreePath) -> DefinitionFile;

    /// What is wrong with files that definitions share.
    fn shared_faults(&self, _: &View<'_>) -> Vec<Diagnostic> {
        Vec::new()
    }
}

/// Reads all definitions that `known` does not already have.
pub(crate) fn load(
    format: &dyn Format,
    files: &[TreePath],
    known: &(dyn Fn(&TreePath) -> Option<Arc<DefinitionFile>> + Sync),
) -> Vec<Arc<DefinitionFile>> {
    files
        .par_iter()
        .with_min_len(16)
        .map(|path| known(path).unwrap_or_else(|| Arc::new(format.file(path))))
        .collect()
}

impl Format for Loader<'_> {
    fn files(&self, view: &View<'_>) -> Result<Vec<TreePath>, FileError> {
        Loader::files(self, view)
    }

    fn file(&self, path: &TreePath) -> DefinitionFile {
        Loader::file(self, path)
    }

    fn shared_faults(&self, view: &View<'_>) -> Vec<Diagnostic> {
        self.fragment_faults(view)
    }
}

/// Reads definitions as a recipe says.
pub(crate) struct RecipeFormat<'a> {
    tree: &'a Tree,
    recipe: &'a Recipe,
    /// Where it stands, if it is the repository's own.
    path: Option<&'a TreePath>,
    settings: Settings<'a>,
}

impl<'a> RecipeFormat<'a> {
    pub(crate) fn new(
        tree: &'a Tree,
        recipe: &'a Recipe,
        path: Option<&'a TreePath>,
        settings: Settings<'a>,
    ) -> Self {
        Self {
            tree,
            recipe,
            path,
            settings,
        }
    }
}

impl Format for RecipeFormat<'_> {
    fn files(&self, view: &View<'_>) -> Result<Vec<TreePath>, FileError> {
        let mut files = templates::files(self.recipe, view)?;
        if let Some(builders) = &self.recipe.builders {
            files.extend(jinja::files(&builders.value, view)?);
        }
        files.sort_unstable();
        files.dedup();
        Ok(files)
    }

    fn file(&self, path: &TreePath) -> DefinitionFile {
        let view = View::new(self.tree);
        let mut faults = Vec::new();
        let mut images = templates::images(self.recipe, &view, path, self.settings, &mut faults);
        if let Some(builders) = &self.recipe.builders {
            images.extend(jinja::images(
                &builders.value,
                &view,
                path,
                self.settings,
                &mut faults,
            ));
        }
        let foreign = images.iter_mut().filter_map(|image| image.foreign.as_mut());
        for (foreign, recipe) in foreign.zip(std::iter::repeat(self.path)) {
            foreign.sources.extend(recipe.map(|recipe| {
                let place = crate::diagnostic::Place::file(recipe.clone());
                (recipe.clone(), crate::fleet::Role::Settings, place)
            }));
        }
        faults.sort_unstable();
        faults.dedup();
        DefinitionFile {
            path: path.clone(),
            images,
            faults,
            looks: view.into_looks(),
        }
    }
}

/// What stands at `path`, as YAML that is a map.
fn map(
    view: &View<'_>,
    path: &TreePath,
    faults: &mut Vec<Diagnostic>,
) -> Option<crate::yaml::Node> {
    let place = || crate::diagnostic::Place::file(path.clone());
    match crate::definitions::read(view, path) {
        Ok(Some(node)) if node.entries().is_some() => Some(node),
        Ok(Some(node)) => {
            let message = format!("expected a map, found {}", node.describe());
            faults.push(Diagnostic::error("wrong-type", message).at(node.place()));
            None
        }
        Ok(None) => {
            faults.push(
                Diagnostic::error("missing-file", format!("`{path}` does not exist")).at(place()),
            );
            None
        }
        Err(more) => {
            faults.extend(more);
            None
        }
    }
}

/// Whether something stands there.
fn exists(files: &dyn Files, path: &TreePath) -> bool {
    files.kind(path).is_ok()
}

/// The files that a recipe names itself, with how they go in. What need not be there and is not, is left out.
fn inputs(
    inputs: &[recipe::RecipeInput],
    view: &View<'_>,
    place: &crate::diagnostic::Place,
) -> Vec<(crate::yaml::Spanned<String>, crate::fleet::Role)> {
    use crate::fleet::Role;
    let there = |text: &str| {
        let glob = crate::glob::Glob::parse(text.trim_end_matches('/'));
        glob.is_ok_and(|glob| {
            exists(view, glob.literal_prefix())
                && match TreePath::parse(text) {
                    Ok(path) if glob.is_literal() => exists(view, &path),
                    _ => glob.expand(view).is_ok_and(|found| !found.is_empty()),
                }
        })
    };
    inputs
        .iter()
        .filter(|input| input.optional != Some(true) || there(&input.path.value))
        .map(|input| {
            let role = match input.host {
                Some(true) => Role::Host,
                _ => Role::Declared,
            };
            let entry = crate::yaml::Spanned {
                value: input.path.value.clone(),
                place: place.clone(),
            };
            (entry, role)
        })
        .collect()
}
