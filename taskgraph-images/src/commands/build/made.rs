//! [`Made`]: what a builder left, as a manifest tells of it.

use taskgraph_images::manifest::{Artifact, File};

/// What a builder left.
pub(super) struct Made {
    pub(super) artifacts: Vec<Artifact>,
    pub(super) sbom: Option<File>,
    pub(super) files: Vec<File>,
}
