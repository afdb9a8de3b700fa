//! [`Recipe`]: how the image definitions of one sort of repository are read, as data.

mod builders;
mod templates;
mod text;

use taskgraph_images_transforms::Arch;

pub(in crate::formats) use builders::{Archive, Builders, Fact, Step, Tool, Written};
pub(in crate::formats) use templates::TemplateKind;
pub(in crate::formats) use text::{Detect, Pattern};

use crate::diagnostic::{Diagnostic, Place};
use crate::glob::Glob;
use crate::tree::{Files, TreePath};
use crate::yaml::{self, Decode, Decoder, Node, OneOrMany, Phase, Spanned, record};

record! {
    /// How the image definitions of one sort of repository are read.
    pub struct Recipe {
        /// What `format` and `images` call it.
        pub name / "name": String,
        /// Globs that each match some file in such a repository; or several such lists, of which one has to. A recipe
        /// without any is only used by name.
        pub detect / "detect": Detect,
        /// Folders in which every file should go into some image.
        pub provisioning / "provisioning": Vec<TreePath>,
        /// Globs of files in those folders that are never reported.
        pub unclaimed_ok / "unclaimed-ok": Vec<Spanned<String>>,
        /// Images whose definition is a YAML file, and whose Packer template stands in the repository.
        pub images / "images": Vec<Spanned<TemplateKind>>,
        /// Images whose definition is a builder file, and whose Packer template is rendered from it.
        pub builders / "builders": Option<Spanned<Builders>>,
    }
}

record! {
    /// Files that neither definition nor template names.
    pub struct RecipeInput {
        /// A file, a glob, or a folder (ending in `/`).
        pub path / "path": Spanned<String>,
        /// Whether it is code that runs on the machine that builds.
        pub host / "host": Option<bool>,
        /// Whether it need not be there.
        pub optional / "optional": Option<bool>,
        /// How they go in, for the reader.
        pub reason / "reason": String,
    }
}

/// The recipes that come with the program: name and text.
const SHIPPED: &[(&str, &str)] = &[
    ("monopacker", include_str!("../recipes/monopacker.yml")),
    (
        "worker-images",
        include_str!("../recipes/worker-images.yml"),
    ),
];

/// How many recipes come with the program.
pub(super) const SHIPPED_COUNT: usize = SHIPPED.len();

/// The names of the recipes that come with the program.
pub fn shipped_names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// The text of a recipe that comes with the program.
pub fn shipped_text(name: &str) -> Option<&'static str> {
    SHIPPED
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

/// Where a shipped recipe stands, for messages: in no tree.
pub(super) fn shipped_path(name: &str) -> TreePath {
    TreePath::from_git(&format!("(recipe {name})"))
}

impl Recipe {
    /// Reads a recipe.
    ///
    /// # Errors
    /// Every fault of the file.
    pub fn read(path: &TreePath, content: &[u8]) -> Result<Self, Vec<Diagnostic>> {
        let node = yaml::read(path, content)?;
        let mut decoder = Decoder::new(Phase::Resolved);
        let recipe = Self::decode(&node, &mut decoder);
        let mut faults = decoder.faults;
        if let Some(recipe) = &recipe {
            recipe.check(&node.place(), &mut faults);
        }
        match recipe {
            Some(recipe) if faults.is_empty() => Ok(recipe),
            _ => Err(faults),
        }
    }

    fn check(&self, place: &Place, faults: &mut Vec<Diagnostic>) {
        if self.images.is_empty() && self.builders.is_none() {
            faults.push(
                Diagnostic::error("missing-key", "the recipe describes no images")
                    .at(place.clone())
                    .hint("give it `images` or `builders`"),
            );
        }
        let kinds = self
            .images
            .iter()
            .flat_map(|kind| kind.value.files.iter().chain(&kind.value.except));
        let builders = self
            .builders
            .iter()
            .flat_map(|builders| builders.value.globs());
        let detect = self.detect.0.iter().flatten();
        for glob in detect
            .chain(&self.unclaimed_ok)
            .chain(kinds)
            .chain(builders)
        {
            if let Err(error) = Glob::parse(&glob.value) {
                faults.push(Diagnostic::error("path", error.to_string()).at(glob.place.clone()));
            }
        }
        if let Some(builders) = &self.builders {
            builders.value.check(&builders.place, faults);
        }
    }

    /// Whether a tree looks like such a repository.
    pub(super) fn fits(&self, files: &dyn Files) -> bool {
        let matches = |glob: &Spanned<String>| {
            Glob::parse(&glob.value)
                .is_ok_and(|glob| glob.expand(files).is_ok_and(|found| !found.is_empty()))
        };
        let mut alternatives = self.detect.0.iter();
        alternatives.any(|globs| !globs.is_empty() && globs.iter().all(matches))
    }
}

/// The architecture that some text names.
pub(super) fn arch(text: &str) -> Option<Arch> {
    match text.to_ascii_lowercase().as_str() {
        "" | "amd64" | "x64" | "x86_64" => Some(Arch::Amd64),
        "arm64" | "a64" | "aarch64" => Some(Arch::Arm64),
        _ => None,
    }
}

/// Whether one of the globs matches.
pub(super) fn matches(globs: &[Spanned<String>], path: &TreePath) -> bool {
    globs
        .iter()
        .any(|glob| Glob::parse(&glob.value).is_ok_and(|glob| glob.matches(path)))
}

impl<T> OneOrMany<T> {
    /// The values, however they were written.
    pub(super) fn values(&self) -> &[T] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
            Self::None => &[],
        }
    }
}

impl OneOrMany<String> {
    /// The first of the names that a map has, with its value; else the first name.
    pub(super) fn first_of<'a>(&'a self, node: &'a Node) -> (&'a str, Option<&'a Node>) {
        let names = self.values();
        let found = names
            .iter()
            .find_map(|name| node.get(name).map(|value| (name.as_str(), Some(value))));
        found.unwrap_or((names.first().map_or("", String::as_str), None))
    }
}
