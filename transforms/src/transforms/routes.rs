//! Tells GitHub of a task's outcome.
//!
//! Before: a head repository on GitHub. After: the route `checks`.

use super::Origin;
use crate::error::TransformErrorKind;
use crate::task::Task;

#[expect(
    clippy::unnecessary_wraps,
    reason = "all transforms have one signature"
)]
pub(super) fn apply(origin: &Origin<'_>, task: &mut Task) -> Result<(), TransformErrorKind> {
    let repository = &origin.run.parameters.head_repository;
    if [
        "https://github.com/",
        "git@github.com:",
        "ssh://git@github.com/",
    ]
    .iter()
    .any(|start| repository.starts_with(start))
    {
        task.task.routes.push("checks".to_owned());
    }
    Ok(())
}
