//! Temporary.
use super::preview::PreviewJson;
/// Graph.
pub fn graph(_: &PreviewJson) -> String {
    String::new()
}
