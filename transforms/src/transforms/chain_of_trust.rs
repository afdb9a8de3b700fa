//! Names the tasks whose signed results a task at level 3 trusts. Needs the dependencies.
//!
//! Before: `dependencies: {build: build-a-aws}` at level 3.
//! After: `extra.chainOfTrust.inputs: {build: {"task-reference": "<build>"}}`.

use super::Origin;
use crate::definition::Level;
use crate::error::TransformErrorKind;
use crate::task::{ChainOfTrustExtra, Task, TaskString};

#[expect(
    clippy::unnecessary_wraps,
    reason = "all transforms have one signature"
)]
pub(super) fn apply(origin: &Origin<'_>, task: &mut Task) -> Result<(), TransformErrorKind> {
    if origin.run.parameters.level == Level::Three && !task.dependencies.is_empty() {
        task.task.extra.chain_of_trust = Some(ChainOfTrustExtra {
            inputs: task
                .dependencies
                .keys()
                .map(|edge| (edge.clone(), TaskString::task(edge)))
                .collect(),
        });
    }
    Ok(())
}
