//! [`Foreign`]: what an image has besides a native definition's parts when a recipe read it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::diagnostic::Place;
use crate::fleet::Role;
use crate::tree::TreePath;
use crate::yaml::Spanned;

/// What a recipe knows of an image that no native definition says.
#[derive(Debug, Default)]
pub struct Foreign {
    /// The kind of image, in the recipe's words.
    pub kind: Arc<str>,
    /// The values that were read, by the keys that the definition's files have for them.
    pub read: BTreeMap<String, ReadKey>,
    /// Files that count by the values made of them, besides the definition's own.
    pub sources: Vec<(TreePath, Role, Place)>,
    /// Values that count although the template does not see them.
    pub values: BTreeMap<String, Json>,
    /// Revisions of other repositories.
    pub pins: BTreeMap<String, ExternalPin>,
    /// Files that neither definition nor template names.
    pub inputs: Vec<(Spanned<String>, Role)>,
    /// The Packer template, where it is made from the definition.
    pub rendered: Option<Rendered>,
}

/// A value that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadKey {
    /// The value.
    pub value: Json,
    /// Where it was written.
    pub place: Place,
}

/// A revision of another repository that goes into an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalPin {
    /// The repository.
    pub repository: String,
    /// The revision, branch or tag.
    pub revision: String,
    /// Whether what it means changes without a change here.
    pub floats: bool,
    /// The keys that say the revision.
    pub keys: Vec<String>,
}

/// What an image uses of a folder that its template uploads.
#[derive(Debug, Clone)]
pub struct UsedFolder {
    /// The folder.
    pub folder: TreePath,
    /// Globs of the files used, from the root of the tree.
    pub uses: Vec<Spanned<String>>,
    /// The key that lists them; empty where none does.
    pub key: String,
}

/// A Packer template that was made from a definition.
#[derive(Debug)]
pub struct Rendered {
    /// The template as Packer reads it.
    pub template: Json,
    /// The template with the files that archives hold in their archives' place: what counts.
    pub means: Json,
    /// The archives that it names, which have to be packed before Packer runs.
    pub archives: Vec<Packed>,
    /// Where each file that it names was named.
    pub named: BTreeMap<TreePath, Place>,
}

/// An archive that is packed before Packer runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// What the template calls it, as the `source` of a step.
    pub name: String,
    /// What goes into it.
    pub holds: Holds,
}

/// What goes into an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// The files of a folder, in a folder of the archive.
    Folder {
        /// The folder.
        folder: TreePath,
        /// The folder in the archive.
        under: Option<TreePath>,
    },
    /// The files with secrets.
    Secrets {
        /// The repository's own list of them.
        file: TreePath,
    },
}
