//! The proposal to a project: its own tree, moved to newer pools.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Listed, Move, ProjectPlan};
use crate::edit::{self, Change, Edit, Path, Scalar};
use crate::proposals::{BranchName, FileEdit, Group, Marker, Proposal, Reviewer, Step};

/// Makes the proposal to a project, if anything in its tree moves. `file` and `text` are where it names worker types.
///
/// # Errors
/// Every edit that cannot be made exactly.
pub fn proposal(
    project: &Listed,
    plan: &ProjectPlan,
    (file, text): (&str, &str),
    base: BranchName,
    (labels, reviewers): (Vec<String>, Vec<Reviewer>),
) -> Result<Option<Proposal>, Vec<String>> {
    if plan.moves.is_empty() {
        return Ok(None);
    }
    let edits: Vec<Edit> = plan
        .moves
        .iter()
        .map(|step| Edit {
            path: step
                .name
                .path
                .iter()
                .fold(Path::root(), |path, key| path.join(key.as_str())),
            change: Change::Set(Scalar::Text(step.to.clone())),
        })
        .collect();
    let new = edit::apply(file, text, &edits)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let group = Group::new("worker-pools").map_err(|error| vec![error.to_string()])?;
    let subjects = plan.moves.iter().map(|step| {
        let step_of = Step {
            from: step.name.worker_type.clone(),
            to: step.to.clone(),
            digest: None,
        };
        (
            format!("{} {}", step.name.alias, step.name.path.join(".")),
            step_of,
        )
    });
    let old = Some(text.to_owned());
    Ok(Some(Proposal {
        title: title(&plan.moves),
        body: body(project, plan),
        files: BTreeMap::from([(file.to_owned(), FileEdit { old, new })]),
        labels,
        reviewers,
        marker: Marker {
            group: group.clone(),
            subjects: subjects.collect(),
        },
        group,
        base,
    }))
}

fn title(moves: &[Move]) -> String {
    let to: BTreeSet<&str> = moves.iter().map(|step| step.to.as_str()).collect();
    let to: Vec<&str> = to.into_iter().collect();
    format!("chore: use the worker pools {}", to.join(", "))
}

fn body(project: &Listed, plan: &ProjectPlan) -> String {
    let mut text = "Newer machine images are there for these workers.\n\n| alias | from | to | image | tasks |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for step in &plan.moves {
        let tasks = step
            .tasks
            .map_or_else(|| "unknown".to_owned(), |tasks| tasks.to_string());
        let _ = writeln!(
            text,
            "| `{}` | `{}` | `{}` | {} | {tasks} |",
            step.name.alias.replace('|', "\\|"),
            step.name.worker_type,
            step.to,
            step.image
        );
    }
    if !plan.by_hand.is_empty() {
        text += "\n### By hand\n\nNothing was edited for these:\n\n";
        for stay in &plan.by_hand {
            let _ = writeln!(text, "- {}: {}", stay.what, stay.why);
        }
    }
    if project.is_silent() {
        text += "\nTasks of this repository do not start for robots: a collaborator starts them, for example by a comment.\n";
    }
    text += "\nTo go back, revert this change: the older pools stay as long as their images do.\n";
    text
}
