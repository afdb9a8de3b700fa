//! PowerShell scripts, modules and manifests.
use super::{Analysis, Unreadable};
pub(super) fn analyse(_text: &str) -> Result<Analysis, Unreadable> { Ok(Analysis::default()) }
