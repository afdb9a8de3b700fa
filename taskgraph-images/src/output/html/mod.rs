//! Temporary.
use super::preview::PreviewJson;
/// Page.
pub fn page(_: &PreviewJson) -> String {
    String::new()
}
