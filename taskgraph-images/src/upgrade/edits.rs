//! [`edited`]: the file of pins with new values, and nothing else changed.

use super::Upgrade;
use crate::edit::{self, Change, Edit, EditError, Path, Scalar};

/// The file of pins with the values and digests of upgrades.
///
/// # Errors
/// Every edit that cannot be made exactly.
pub fn edited(file: &str, text: &str, upgrades: &[&Upgrade]) -> Result<String, Vec<EditError>> {
    let mut edits = Vec::new();
    for upgrade in upgrades {
        let Some(to) = upgrade.to() else { continue };
        let pin = Path::root().join("pins").join(upgrade.pin.as_str());
        let mut set = |path: Path, text: &str| {
            edits.push(Edit {
                path,
                change: Change::Set(Scalar::Text(text.to_owned())),
            });
        };
        set(pin.join("value"), &to.version);
        for (asset, digest) in &to.digests {
            set(pin.join("sha256").join(asset.as_str()), digest);
        }
    }
    edit::apply(file, text, &edits)
}
