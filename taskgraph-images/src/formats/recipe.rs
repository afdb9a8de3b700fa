//! [`Recipe`]: how the image definitions of one sort of repository are read, as data.

use std::collections::BTreeMap;

use taskgraph_images_transforms::{Arch, Cloud, Os};

use super::expression::{Condition, Expression};
use crate::definitions::Parsed;
use crate::diagnostic::{Diagnostic, Place};
use crate::glob::Glob;
use crate::tree::{Files, TreePath};
use crate::yaml::{self, Decode, Decoder, Node, OneOrMany, Phase, Spanned, record};

record! {
    /// How the image definitions of one sort of repository are read.
    pub struct Recipe {
        /// What `format` and `images` call it.
        pub name / "name": String,
        /// Globs that each match some file in such a repository. A recipe without any is only used by name.
        pub detect / "detect": Vec<Spanned<String>>,
        /// Folders in which every file should go into some image.
        pub provisioning / "provisioning": Vec<TreePath>,
        /// Globs of files in those folders that are never reported.
        pub unclaimed_ok / "unclaimed-ok": Vec<Spanned<String>>,
        /// Words in texts that stand for what differs with each build, such as a date: no definition knows it.
        pub placeholders / "placeholders": Vec<String>,
        /// Images whose definition is a YAML file, and whose Packer template stands in the repository.
        pub images / "images": Vec<Spanned<TemplateKind>>,
        /// Images whose definition is a builder file, and whose Packer template is rendered from it.
        pub builders / "builders": Option<Spanned<Builders>>,
    }
}

record! {
    /// One kind of image: a YAML file with defaults below it, a Packer template, a source, variables.
    pub struct TemplateKind {
        /// The kind's name, for people.
        pub kind / "kind": String,
        /// Globs of the definitions. A definition's key is its file's stem.
        pub files / "files": Vec<Spanned<String>>,
        /// Globs of files that are none.
        pub except / "except": Vec<Spanned<String>>,
        /// What must hold for a file to be of this kind; it always is, if absent.
        pub when / "when": Option<Condition>,
        /// Values below the definition's own.
        pub defaults / "defaults": Option<Defaults>,
        /// The image's name; the definition's key if absent. What names cannot hold becomes `-`.
        pub name / "name": Option<Expression>,
        /// The cloud it runs on.
        pub cloud / "cloud": Parsed<Cloud>,
        /// Its operating system.
        pub os / "os": Parsed<Os>,
        /// Its architecture: `amd64` or `arm64` in any case; `amd64` if absent or empty.
        pub arch / "arch": Option<Expression>,
        /// The Packer template: a file or a folder.
        pub template / "template": Expression,
        /// The one source that is built.
        pub source / "source": Expression,
        /// Values of the template's variables. Empty text and `null` give a variable no value; neither does a
        /// variable that the template does not declare.
        pub variables / "variables": BTreeMap<String, Expression>,
        /// What else of the definition counts: values that are read on the way or on the machine.
        pub values / "values": BTreeMap<String, Expression>,
        /// Revisions of other repositories that go into the image.
        pub pins / "pins": BTreeMap<String, RecipePin>,
        /// Files that go into the image although neither definition nor template names them.
        pub inputs / "inputs": Vec<RecipeInput>,
        /// What the image uses of the folders that the template uploads. Of others it uses everything.
        pub uploads / "uploads": Vec<UploadRule>,
    }
}

record! {
    /// Values below a definition's own. Maps are merged; a list of the definition replaces.
    pub struct Defaults {
        /// The file.
        pub file / "file": Spanned<TreePath>,
        /// Texts that say as little as an absent key does, in any case: `""`, `default`. `null` always does.
        pub inherit / "inherit": Vec<String>,
    }
}

record! {
    /// A revision of another repository.
    pub struct RecipePin {
        /// The repository.
        pub repository / "repository": Expression,
        /// The revision that is used.
        pub revision / "revision": Expression,
        /// Whether what the revision means changes without a change here.
        pub floats / "floats": Option<Condition>,
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

record! {
    /// What an image uses of an uploaded folder. The other files merely travel with it: they count for nothing.
    pub struct UploadRule {
        /// The folder.
        pub folder / "folder": TreePath,
        /// Globs relative to the folder; none of them may match nothing. Absent: nothing is used.
        pub uses / "uses": Option<Expression>,
        /// Why that is all, for the reader.
        pub reason / "reason": String,
    }
}

record! {
    /// Builder files: a template's name, files of variables, variables, folders of scripts.
    pub struct Builders {
        /// The folder of the builder files. A builder's key is its path in there, without extension.
        pub folder / "folder": TreePath,
        /// The extension of builder files and files of variables.
        pub extension / "extension": String,
        /// The folder of the files of variables. Later files win; maps are merged, lists and scalars replaced.
        pub var_files / "var-files": TreePath,
        /// The folder of the Jinja templates, whose rendered text is a YAML list of Packer builders.
        pub templates / "templates": TreePath,
        /// The extension of Jinja templates.
        pub template_extension / "template-extension": String,
        /// The folder of the folders of scripts.
        pub scripts / "scripts": TreePath,
        /// The extensions of scripts. Those of one folder run in the order of their names.
        pub script_extensions / "script-extensions": Vec<String>,
        /// What the builder file calls its parts.
        pub keys / "keys": BuilderKeys,
        /// Filters of the templates: each replaces texts by others.
        pub filters / "filters": BTreeMap<String, BTreeMap<String, String>>,
        /// The variable whose map becomes a list of `KEY=value`, with what is added to it.
        pub environment / "environment": Option<Environment>,
        /// A YAML list of files with secrets, known to steps as `secrets`. It counts by its values.
        pub secrets / "secrets": Option<Spanned<TreePath>>,
        /// The architecture; `amd64` if absent or empty.
        pub arch / "arch": Option<Expression>,
        /// The provisioners, in order.
        pub provisioners / "provisioners": Vec<Step>,
        /// The post-processors, in order.
        pub post_processors / "post-processors": Vec<Step>,
        /// Files that go into every image although nothing names them.
        pub inputs / "inputs": Vec<RecipeInput>,
    }
}

record! {
    /// The keys of a builder file. Of several names for one, the first that stands there counts.
    pub struct BuilderKeys {
        /// The template's name.
        pub template / "template": OneOrMany<String>,
        /// The operating system.
        pub platform / "platform": OneOrMany<String>,
        /// The names of files of variables.
        pub var_files / "var-files": OneOrMany<String>,
        /// Variables that win over all files.
        pub vars / "vars": OneOrMany<String>,
        /// The names of folders of scripts.
        pub scripts / "scripts": OneOrMany<String>,
    }
}

record! {
    /// A map of variables that becomes a list of `KEY=value`.
    pub struct Environment {
        /// The variable.
        pub key / "key": String,
        /// What is appended to the list, if there is one.
        pub adds / "adds": Vec<Expression>,
    }
}

record! {
    /// A provisioner or post-processor of a rendered template.
    pub struct Step {
        /// The operating systems that have it; all if absent.
        pub platforms / "platforms": Vec<Parsed<Os>>,
        /// What must hold for it to be there.
        pub when / "when": Option<Condition>,
        /// A list: the step is there for each of its items, which it knows as `item`, and the one before as `previous`.
        pub each / "for": Option<Condition>,
        /// The step as Packer reads it.
        pub step / "step": Expression,
        /// What it comes to, where it names an archive that is packed before Packer runs: the same step with what
        /// the archive holds. It is what counts.
        pub means / "means": Option<Expression>,
    }
}

/// The recipes that come with the program: name and text.
const SHIPPED: &[(&str, &str)] = &[
    ("monopacker", include_str!("recipes/monopacker.yml")),
    ("worker-images", include_str!("recipes/worker-images.yml")),
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
        for glob in self.detect.iter().chain(&self.unclaimed_ok).chain(kinds) {
            if let Err(error) = Glob::parse(&glob.value) {
                faults.push(Diagnostic::error("path", error.to_string()).at(glob.place.clone()));
            }
        }
    }

    /// Whether a tree looks like such a repository.
    pub(super) fn fits(&self, files: &dyn Files) -> bool {
        !self.detect.is_empty()
            && self.detect.iter().all(|glob| {
                Glob::parse(&glob.value)
                    .is_ok_and(|glob| glob.expand(files).is_ok_and(|found| !found.is_empty()))
            })
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

impl OneOrMany<String> {
    /// The first of the names that a map has, with its value; else the first name.
    pub(super) fn first_of<'a>(&'a self, node: &'a Node) -> (&'a str, Option<&'a Node>) {
        let names: &[String] = match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
            Self::None => &[],
        };
        let found = names
            .iter()
            .find_map(|name| node.get(name).map(|value| (name.as_str(), Some(value))));
        found.unwrap_or((names.first().map_or("", String::as_str), None))
    }
}
