//! [`TemplateKind`]: images whose definition is a YAML file, and whose Packer template stands in the repository.

use std::collections::BTreeMap;

use taskgraph_images_transforms::{Cloud, Os};

use super::RecipeInput;
use crate::definitions::Parsed;
use crate::formats::expression::{Condition, Expression};
use crate::tree::TreePath;
use crate::yaml::{Spanned, record};

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
