//! Names the tasks that a task needs.
//!
//! Before: an image with a parent `base@aws`, verified and published.
//! After: `build` needs `{parent: build-base-aws}`, `verify` needs `{build: …}`, `publish` needs `{build: …, verify: …}`.

use super::Origin;
use crate::definition::Kind;
use crate::error::TransformErrorKind;
use crate::task::Task;

pub(super) fn apply(origin: &Origin<'_>, task: &mut Task) -> Result<(), TransformErrorKind> {
    let image = origin.image.definition;
    for &edge in &origin.shape.edges {
        let label = match (edge, &image.parent) {
            ("parent", Some(parent)) if !origin.run.images.contains(parent) => {
                return Err(TransformErrorKind::UnknownParent(parent.clone()));
            }
            ("parent", Some(parent)) => parent.label(Kind::Build),
            ("verify", _) => image.id.label(Kind::Verify),
            _ => image.id.label(Kind::Build),
        };
        task.dependencies.insert(edge.to_owned(), label);
    }
    Ok(())
}
