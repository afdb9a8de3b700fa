//! [`Shape`]: whose configuration repository it is, by its files.

use crate::diagnostic::Diagnostic;
use crate::tree::{FileKind, Files, TreePath};

/// The shapes of configuration repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// fxci-config: `worker-images.yml` and `worker-pools.yml`.
    Fxci,
    /// community-tc-config: `imagesets.yml` and `projects/`, in `config/`.
    Community,
}

impl Shape {
    /// The shape, and the directory that holds its files.
    pub(super) fn detect(
        files: &dyn Files,
        root: &TreePath,
    ) -> Result<(Self, TreePath), Diagnostic> {
        let is_file = |path: &TreePath| matches!(files.kind(path), Ok(FileKind::File));
        if is_file(&root.child("worker-images.yml")) && is_file(&root.child("worker-pools.yml")) {
            return Ok((Self::Fxci, root.clone()));
        }
        for directory in [root.child("config"), root.clone()] {
            if is_file(&directory.child("imagesets.yml")) {
                return Ok((Self::Community, directory));
            }
        }
        let place = if root.is_root() {
            "the root".to_owned()
        } else {
            format!("`{root}`")
        };
        Err(Diagnostic::error(
            "no-ci-config",
            format!("{place} holds no configuration of worker pools"),
        )
        .hint(
            "expected `worker-images.yml` and `worker-pools.yml` (fxci-config), or `imagesets.yml`, maybe in `config/` \
             (community-tc-config)",
        ))
    }
}
