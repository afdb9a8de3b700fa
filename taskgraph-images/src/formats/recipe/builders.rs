//! [`Builders`]: images whose definition is a builder file, and whose Packer template is rendered from it.

use std::collections::BTreeMap;

use taskgraph_images_transforms::Os;

use super::{Pattern, RecipeInput};
use crate::definitions::Parsed;
use crate::diagnostic::{Diagnostic, Place};
use crate::formats::expression::{Condition, Expression};
use crate::tree::TreePath;
use crate::yaml::{OneOrMany, Spanned, record};

record! {
    /// Builder files: a template's name, files of variables, variables, folders of scripts.
    pub struct Builders {
        /// The folder of the builder files, or the names that it had. A builder's key is its path in there, without
        /// extension.
        pub folder / "folder": OneOrMany<TreePath>,
        /// The extension of builder files and files of variables.
        pub extension / "extension": String,
        /// The folder of the files of variables. Later files win.
        pub var_files / "var-files": TreePath,
        /// What becomes of maps that two files have: they are merged in depth (`deep`, if absent), with their values
        /// replaced (`maps`), or replaced (`keys`). Lists and scalars always are replaced.
        pub merge / "merge": Option<Expression>,
        /// The folder of the Jinja templates, whose rendered text is a YAML list of Packer builders.
        pub templates / "templates": TreePath,
        /// The extension of Jinja templates.
        pub template_extension / "template-extension": String,
        /// The folder of the folders of scripts.
        pub scripts / "scripts": TreePath,
        /// The extensions of scripts. Those of one folder run in the order of their names.
        pub script_extensions / "script-extensions": Vec<String>,
        /// A Jinja template of the whole Packer template. While it stands there, `provisioners` and
        /// `post-processors` are not looked at. It knows `builders`, `linux_builders` and `windows_builders`, and the
        /// variables by their names.
        pub whole / "whole-template": Option<TreePath>,
        /// Packer templates that were written out, before builders were rendered. Each of their builders is an image.
        pub written / "written": Option<Written>,
        /// What renders the templates: code of the repository, which changed and may change.
        pub tool / "tool": Option<Tool>,
        /// What the builder file calls its parts.
        pub keys / "keys": BuilderKeys,
        /// The operating system of builder files that name none.
        pub platform / "platform": Option<Expression>,
        /// Filters of the templates: each replaces texts by others.
        pub filters / "filters": BTreeMap<String, BTreeMap<String, String>>,
        /// The variable whose map becomes a list of `KEY=value`, with what is added to it.
        pub environment / "environment": Option<Environment>,
        /// A YAML list of files with secrets, known to steps as `secrets`. It counts by its values, where it is used.
        pub secrets / "secrets": Option<Spanned<TreePath>>,
        /// Archives that are packed before Packer runs, by the name that steps have for them as their `source`.
        pub archives / "archives": BTreeMap<String, Archive>,
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
        /// What is appended to the list, if there is one; nothing for an empty text.
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
    }
}

record! {
    /// An archive that is packed before Packer runs. Its contents count, not the archive.
    pub struct Archive {
        /// The folder that is packed; the files with secrets if absent.
        pub folder / "folder": Option<TreePath>,
        /// The folder in the archive that its files are in.
        pub under / "under": Option<TreePath>,
        /// What stands in the place of a step's `source`: what counts of the step.
        pub means / "means": Expression,
    }
}

record! {
    /// Packer templates of an early form of such a repository: JSON's structure, written as YAML.
    pub struct Written {
        /// The files; those that are not there are left out.
        pub files / "files": Vec<TreePath>,
        /// The operating system of the images.
        pub platform / "platform": Parsed<Os>,
        /// Variables of the template that list files: globs. They are left out of templates that do not declare them.
        pub variables / "variables": BTreeMap<String, Spanned<String>>,
    }
}

record! {
    /// Code of the repository that renders templates. Expressions know what it does as `tool`.
    pub struct Tool {
        /// Globs of its files.
        pub code / "code": Vec<Spanned<String>>,
        /// Globs of those files whose text the facts are about. Where there are none, all facts are false.
        pub text / "text": Vec<Spanned<String>>,
        /// What it does, as its text tells.
        pub facts / "facts": BTreeMap<String, Fact>,
        /// Why it renders no builder file, where it does not; empty where it does.
        pub fails / "fails": Option<Expression>,
        /// The SHA-256 of contents that this recipe is right for, or the first digits of it. Code that is none of these
        /// may do anything: it counts by its bytes for every image.
        pub known / "known": Vec<Spanned<String>>,
    }
}

record! {
    /// Something that code does.
    pub struct Fact {
        /// A text that says so.
        pub holds / "holds": Option<String>,
        /// A text instead without which it is so.
        pub lacks / "lacks": Option<String>,
        /// A regular expression instead, whose first group is the fact's value.
        pub captures / "captures": Option<Pattern>,
    }
}

/// The fewest digits of a digest that are taken for it.
const DIGITS: usize = 12;

impl Builders {
    /// Every glob of it.
    pub(super) fn globs(&self) -> impl Iterator<Item = &Spanned<String>> {
        let code = self
            .tool
            .iter()
            .flat_map(|tool| tool.code.iter().chain(&tool.text));
        let written = self
            .written
            .iter()
            .flat_map(|written| written.variables.values());
        code.chain(written)
    }

    /// What no type says.
    pub(super) fn check(&self, place: &Place, faults: &mut Vec<Diagnostic>) {
        if self.secrets.is_none() {
            for (name, archive) in &self.archives {
                if archive.folder.is_none() {
                    let message = format!(
                        "the archive `{name}` has no `folder`, and there are no `secrets` to pack"
                    );
                    faults.push(Diagnostic::error("missing-key", message).at(place.clone()));
                }
            }
        }
        for known in self.tool.iter().flat_map(|tool| &tool.known) {
            let text = &known.value;
            if !(DIGITS..=64).contains(&text.len())
                || !text
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            {
                let message =
                    format!("`{text}` is no SHA-256, nor its first {DIGITS} digits or more");
                faults.push(Diagnostic::error("bad-value", message).at(known.place.clone()));
            }
        }
    }
}
