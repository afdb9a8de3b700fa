//! Shows a task in Treeherder, when the settings name a group and the definition a platform.
//!
//! Before: `treeherder: {platform: linux-image/opt, symbol: u24h}`.
//! After: the symbol `u24h-B` on `linux-image opt`, and the route `tc-treeherder.v2.<project>.<revision>.<push>`.

use std::collections::BTreeMap;

use super::{Origin, index};
use crate::definition::Kind;
use crate::error::TransformErrorKind;
use crate::task::{Task, TreeherderExtra, TreeherderMachine};

#[expect(
    clippy::unnecessary_wraps,
    reason = "all transforms have one signature"
)]
pub(super) fn apply(origin: &Origin<'_>, task: &mut Task) -> Result<(), TransformErrorKind> {
    let (Some(group), Some(shown)) = (
        &origin.run.config.treeherder,
        &origin.image.definition.treeherder,
    ) else {
        return Ok(());
    };
    let parameters = origin.run.parameters;
    let (suffix, job_kind) = match origin.kind {
        Kind::Validate => ("T", "test"),
        Kind::Build => ("B", "build"),
        Kind::Verify => ("V", "test"),
        Kind::Publish => ("P", "other"),
    };
    task.task.extra.treeherder = Some(TreeherderExtra {
        machine: TreeherderMachine {
            platform: shown.machine().to_owned(),
        },
        collection: BTreeMap::from([(shown.collection().to_owned(), true)]),
        group_symbol: group.symbol.clone(),
        group_name: group.name.clone(),
        symbol: format!("{}-{suffix}", shown.symbol()),
        job_kind,
        tier: 1,
    });
    task.task.extra.treeherder_platform = Some(shown.platform().to_owned());
    // Treeherder keeps the pull requests of a project apart from its pushes.
    let apart = if parameters.is_pull_request() {
        "-pr"
    } else {
        ""
    };
    task.task.routes.push(format!(
        "tc-treeherder.v2.{}{apart}.{}.{}",
        index::word(&parameters.project),
        index::word(&parameters.head_rev),
        index::word(&parameters.pushlog_id)
    ));
    Ok(())
}
