//! [`settled`]: the file of pins with what floating ones stand for.

use std::collections::BTreeMap;

use crate::edit::{self, Change, Edit, EditError, Path, Scalar};

/// The file of pins in which each pin that floats has the version that a build takes, by the pins' names.
///
/// # Errors
/// Every edit that cannot be made exactly.
pub fn settled(
    file: &str,
    text: &str,
    versions: &BTreeMap<String, String>,
) -> Result<String, Vec<EditError>> {
    let edits: Vec<Edit> = versions
        .iter()
        .map(|(pin, version)| Edit {
            path: Path::root().join("pins").join(pin.as_str()).join("value"),
            change: Change::Set(Scalar::Text(version.clone())),
        })
        .collect();
    edit::apply(file, text, &edits)
}
