//! What a Packer template means for one image: the files that go into it, and a fingerprint of everything else.
//!
//! [`ParsedTemplate::parse`] reads a template once: HCL, HCL's JSON syntax, a folder of both, or legacy JSON.
//! [`ParsedTemplate::evaluate`] then answers for one source and one set of variables. The [`Evaluation`] holds
//!
//! - the **inputs**: every file of the repository that the build reads for this source, where the template names it,
//!   and how it goes in. Their *contents* are the caller's to hash.
//! - the **fingerprint**: canonical JSON of the blocks that apply to this source with their values. Comments, white
//!   space, the order of attributes, other sources' blocks, variables and locals that nothing uses, and the
//!   machine's environment leave no trace in it. Whatever can change the image does.
//! - the **unresolved** references: text that names a file which only a run of Packer knows, or which is not in the
//!   repository. They are errors unless the caller waives them or widens them to [`Unresolved::within`].
//!
//! How it works: syntax trees are made ready once (`compile`): references become indices and constants values.
//! An evaluation (`image`) resolves the blocks that apply, and evaluates on demand (`eval`) what they refer to. What
//! only a run of Packer can know (`timestamp()`, data sources, `build.ID`) stays in the fingerprint as the operation
//! and what it is given. Attributes that name files are data (`kinds`).
//!
//! It does not run Packer, know plugins' schemas, or look into the files it finds: scripts are analysed elsewhere.
//! Packer is taken to run in the repository's root, with the template's *absolute* path, so that `path.root` works
//! in attributes and functions alike. A relative path is relative to the root in attributes, as Packer has it, and
//! to the template's folder in `file()` and its kind.
//!
//! ```
//! use std::collections::BTreeMap;
//! use taskgraph_images::packer::{ParsedTemplate, Request};
//! use taskgraph_images::tree::{MemoryTree, TreePath};
//!
//! let tree = MemoryTree::new([
//!     ("a.pkr.hcl", "source \"null\" \"x\" {}\nbuild {\n  sources = [\"null.x\"]\n  provisioner \"shell\" {\n    script = \"a.sh\"\n  }\n}\n"),
//!     ("a.sh", "true\n"),
//! ]);
//! let template = ParsedTemplate::parse(&tree, &TreePath::from_git("a.pkr.hcl")).expect("it is HCL");
//! let request = Request { source: "null.x", variables: &BTreeMap::new(), var_files: &[] };
//! let evaluation = template.evaluate(&tree, &request).expect("it is complete");
//! let scripts: Vec<&str> = evaluation.scripts().map(|input| input.path.as_str()).collect();
//! assert_eq!(scripts, ["a.sh"]);
//! ```

mod body;
mod collect;
mod compile;
mod eval;
mod expr;
mod functions;
mod image;
mod json;
mod kinds;
mod legacy;
mod parse;
mod paths;
mod resolve;
mod template;
mod types;
mod value;
mod variables;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::template::ParsedTemplate;
pub use self::variables::VarFile;
use crate::diagnostic::{Diagnostic, Place};
use crate::tree::TreePath;

/// Which image a template is evaluated for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The one source that is built: `type.name`, `source.type.name`, `build-name.type.name`, or the name of a legacy
    /// template's builder.
    pub source: &'a str,
    /// The variables' values. One named `scripts` is ignored by templates that do not declare it.
    pub variables: &'a BTreeMap<String, serde_json::Value>,
    /// Files of values, in order: later ones win, `variables` win over all.
    pub var_files: &'a [Arc<VarFile>],
}

/// How a file goes into an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputRole {
    /// It is (part of) the template. The fingerprint says what it means: its content need not be hashed.
    Template,
    /// It gives values to variables. The fingerprint says what it means: its content need not be hashed.
    VarFile,
    /// A provisioner or post-processor runs it.
    Script,
    /// The `file` provisioner uploads it.
    Upload,
    /// It configures the machine's first boot.
    UserData,
    /// It is served over HTTP, or on a disk, while the machine is installed.
    Media,
    /// A configuration manager or post-processor reads it.
    Configuration,
    /// A function such as `file()` or `templatefile()` reads it.
    Function,
    /// An attribute that is not known to name files holds its path.
    Mentioned,
}

impl InputRole {
    /// Whether the file's content is part of the image: a change of it is a change of the image.
    pub fn content_matters(self) -> bool {
        !matches!(self, Self::Template | Self::VarFile)
    }
}

/// A file that goes into an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateInput {
    /// The file.
    pub path: TreePath,
    /// How it goes in.
    pub role: InputRole,
    /// Where the template names it, or the directory that it is in.
    pub at: Place,
    /// Whether it is run as a script.
    pub executable: bool,
    /// Whether it is run on the machine that runs Packer, not on the image's.
    pub local: bool,
    /// Where an uploaded file ends up on the image's machine, when that is known.
    pub uploaded_to: Option<String>,
}

impl TemplateInput {
    pub(crate) fn new(path: TreePath, role: InputRole, at: Place) -> Self {
        Self {
            path,
            role,
            at,
            executable: role == InputRole::Script,
            local: false,
            uploaded_to: None,
        }
    }
}

/// The language of an inline script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shell {
    /// A POSIX shell or bash.
    Bash,
    /// PowerShell.
    PowerShell,
    /// The Windows command interpreter.
    Batch,
}

/// A script that stands in the template itself. Its text is part of the fingerprint; what it refers to is not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InlineScript {
    /// Where it stands.
    pub at: Place,
    /// Its lines. Values that only a run of Packer knows are written `${PACKER_UNKNOWN}`.
    pub text: String,
    /// Its language.
    pub shell: Shell,
    /// Whether it is run on the machine that runs Packer, in the repository, and not on the image's.
    pub local: bool,
}

/// A reference to a file that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unresolved {
    /// What is unresolved, where, and why: an error unless it is waived.
    pub diagnostic: Diagnostic,
    /// The folder that the file must be in, where that much is known.
    pub within: Option<TreePath>,
}

/// What a template means for one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Canonical JSON, keys sorted. Sensitive values are in it: it is for hashing.
    pub fingerprint: serde_json::Value,
    /// The files that go into the image, sorted.
    pub inputs: Vec<TemplateInput>,
    /// The scripts in the template itself, in the order in which they run.
    pub inline: Vec<InlineScript>,
    /// References that cannot be followed.
    pub unresolved: Vec<Unresolved>,
    /// Findings that stop nobody.
    pub warnings: Vec<Diagnostic>,
}

impl Evaluation {
    /// The inputs that are run as scripts.
    pub fn scripts(&self) -> impl Iterator<Item = &TemplateInput> {
        self.inputs.iter().filter(|input| input.executable)
    }
}

/// Of a folder's files, the templates and the files of values that Packer reads by itself, each in Packer's order.
fn folder(files: &[TreePath]) -> (Vec<TreePath>, Vec<TreePath>) {
    let ending = |endings: [&str; 2]| {
        endings
            .iter()
            .flat_map(|ending| {
                files
                    .iter()
                    .filter(move |file| file.as_str().ends_with(ending))
            })
            .cloned()
            .collect()
    };
    (
        ending([".pkr.hcl", ".pkr.json"]),
        ending([".auto.pkrvars.hcl", ".auto.pkrvars.json"]),
    )
}
