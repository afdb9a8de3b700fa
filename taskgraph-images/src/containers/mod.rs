//! Temporary.
use crate::diagnostic::{Diagnostic, Place};
use crate::tree::{Files, TreePath};
use std::collections::BTreeMap;
/// Inputs.
#[derive(Debug)]
pub struct ContainerInputs {
    /// d
    pub dockerfile: TreePath,
    /// i
    pub ignore_file: Option<TreePath>,
    /// f
    pub files: Vec<(TreePath, Place)>,
    /// w
    pub warnings: Vec<Diagnostic>,
}
/// Inputs.
pub fn inputs(
    files: &dyn Files,
    context: &TreePath,
    file: &str,
    _: Option<&str>,
    _: &BTreeMap<String, String>,
) -> Result<ContainerInputs, Vec<Diagnostic>> {
    let dockerfile = context.child(file);
    let list = files
        .list(context, true)
        .map_err(|e| vec![Diagnostic::error("unreadable", e.to_string())])?;
    let at = Place::file(dockerfile.clone());
    Ok(ContainerInputs {
        ignore_file: None,
        files: list.into_iter().map(|p| (p, at.clone())).collect(),
        dockerfile,
        warnings: vec![],
    })
}
