//! [`Layout`]: where the files of the definitions stand.

use taskgraph_images_transforms::TaskKind;

use crate::tree::TreePath;

/// Where the definitions of a tree stand, relative to its root.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The folder of the definitions.
    pub root: TreePath,
    /// The settings, where they stand elsewhere.
    pub settings: Option<TreePath>,
}

impl Default for Layout {
    fn default() -> Self {
        Self::at(TreePath::from_git("image-defs"))
    }
}

impl Layout {
    /// Definitions that stand in a folder, with their settings.
    pub fn at(root: TreePath) -> Self {
        Self {
            root,
            settings: None,
        }
    }

    /// The settings.
    pub fn config(&self) -> TreePath {
        self.settings
            .clone()
            .unwrap_or_else(|| self.root.child("config.yml"))
    }

    /// The pins.
    pub fn pins(&self) -> TreePath {
        self.root.child("pins.yml")
    }

    /// The folder of the image definitions.
    pub fn images(&self) -> TreePath {
        self.root.child("images")
    }

    /// A fragment's file.
    ///
    /// # Errors
    /// When the name leaves the tree.
    pub fn fragment(&self, name: &str) -> Result<TreePath, crate::tree::PathError> {
        self.root.child("fragments").join(&format!("{name}.yml"))
    }

    /// The folder of the fragments.
    pub fn fragments(&self) -> TreePath {
        self.root.child("fragments")
    }

    /// The folder of the kinds that override the embedded ones.
    pub fn kinds(&self) -> TreePath {
        self.root.child("kinds")
    }

    /// The file that overrides an embedded kind.
    pub fn kind(&self, kind: impl Into<TaskKind>) -> TreePath {
        self.kinds().child(&format!("{}.yml", kind.into()))
    }
}
