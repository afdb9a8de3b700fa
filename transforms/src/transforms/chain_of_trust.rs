//! Names the tasks whose signed results a task at level 3 trusts. Needs the dependencies.
//!
//! Before: `dependencies: {build: build-a-aws}` at level 3.
//! After: `extra.chainOfTrust.inputs: {build: {"task-reference": "<build>"}}`; without the build, if it is root on its worker,
//! which then signs nothing.

use super::Origin;
use crate::definition::Level;
use crate::error::TransformErrorKind;
use crate::task::{ChainOfTrustExtra, Task, TaskString};

#[expect(
    clippy::unnecessary_wraps,
    reason = "all transforms have one signature"
)]
pub(super) fn apply(origin: &Origin<'_>, task: &mut Task) -> Result<(), TransformErrorKind> {
    if origin.run.parameters.level != Level::Three {
        return Ok(());
    }
    let definition = origin.image.definition;
    let is_signed = |edge: &str| {
        let built = match edge {
            "build" => Some(&definition.id),
            "parent" => definition.parent.as_ref(),
            _ => None,
        };
        built.is_none_or(|built| !origin.run.unsigned.contains(built))
    };
    let inputs: std::collections::BTreeMap<_, _> = task
        .dependencies
        .keys()
        .filter(|edge| is_signed(edge))
        .map(|edge| (edge.clone(), TaskString::task(edge)))
        .collect();
    if !inputs.is_empty() {
        task.task.extra.chain_of_trust = Some(ChainOfTrustExtra { inputs });
    }
    Ok(())
}
