//! Proposals: one for each family and cloud, with what a person has to know to approve it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use taskgraph_images_transforms::Cloud;

use super::candidate::label;
use super::{Left, Move, ScalarEdit, Updates};
use crate::edit::{self, Change, Edit, Scalar};
use crate::inventory::{Origin, Published};
use crate::manifest::{Changes, Packages, Recorded};
use crate::output::manifest::{Style, changes};
use crate::output::markdown::cell;
use crate::proposals::{BranchName, FileEdit, Group, Marker, Proposal, Reviewer, Step};

/// How many pools are named before the rest is counted.
const MOST_POOLS: usize = 30;

/// What is the same in all proposals to a repository.
#[derive(Debug, Clone)]
pub struct Words {
    /// The branch that they are for.
    pub base: BranchName,
    /// Labels that they get.
    pub labels: Vec<String>,
    /// Who is asked to review them.
    pub reviewers: Vec<Reviewer>,
    /// What to do before and after merging, as lines of a checklist.
    pub checklist: Vec<String>,
}

/// What is proposed at once: the entries of one family in one cloud.
#[derive(Debug, Clone, Copy)]
pub struct Family<'a> {
    /// The family.
    pub name: &'a str,
    /// The cloud.
    pub cloud: Cloud,
}

/// Makes the proposals. `texts` has the files as they are, by their path; `packages` the SBOM of what is published, where
/// it can be had.
///
/// # Errors
/// Every edit that cannot be made exactly.
pub fn proposals(
    updates: &Updates,
    family_of: &dyn Fn(&str) -> String,
    texts: &BTreeMap<String, String>,
    packages: &dyn Fn(&Published) -> Option<Packages>,
    words: &Words,
) -> Result<Vec<Proposal>, Vec<String>> {
    let mut families: BTreeMap<(String, Cloud), Vec<&Move>> = BTreeMap::new();
    for step in updates.moves.values().flatten() {
        families
            .entry((family_of(&step.key), step.cloud))
            .or_default()
            .push(step);
    }
    let (mut proposals, mut faults) = (Vec::new(), Vec::new());
    for ((name, cloud), moves) in &families {
        let family = Family {
            name,
            cloud: *cloud,
        };
        let left: Vec<&Left> = updates
            .left
            .iter()
            .filter(|left| family_of(&left.key) == *name)
            .collect();
        match proposal(family, moves, &left, texts, packages, words) {
            Ok(proposal) => proposals.push(proposal),
            Err(errors) => faults.extend(errors),
        }
    }
    if faults.is_empty() {
        Ok(proposals)
    } else {
        Err(faults)
    }
}

fn proposal(
    family: Family<'_>,
    moves: &[&Move],
    left: &[&Left],
    texts: &BTreeMap<String, String>,
    packages: &dyn Fn(&Published) -> Option<Packages>,
    words: &Words,
) -> Result<Proposal, Vec<String>> {
    let group = group(family).map_err(|error| vec![error])?;
    let files = edited(moves, texts)?;
    let subjects = moves
        .iter()
        .map(|step| {
            let what = format!("{} {}", step.key, step.provider);
            let step = Step {
                from: step.from.to_string(),
                to: names(&step.to).join(", "),
                digest: Some(step.to.sha256.to_string()),
            };
            (what, step)
        })
        .collect();
    Ok(Proposal {
        title: title(family, moves),
        body: body(moves, left, packages, words),
        files,
        labels: words.labels.clone(),
        reviewers: words.reviewers.clone(),
        marker: Marker {
            group: group.clone(),
            subjects,
        },
        group,
        base: words.base.clone(),
    })
}

fn group(family: Family<'_>) -> Result<Group, String> {
    let text = format!("{}-{}", family.name, family.cloud).to_lowercase();
    let text: String = text
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .collect();
    Group::new(text.trim_matches('-')).map_err(|error| error.to_string())
}

/// The files with the edits made.
fn edited(
    moves: &[&Move],
    texts: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, FileEdit>, Vec<String>> {
    // Two locations may share a scalar, such as an entry's provenance.
    let mut by_file: BTreeMap<&str, BTreeMap<&[String], &ScalarEdit>> = BTreeMap::new();
    let mut faults = Vec::new();
    for edit in moves.iter().flat_map(|step| &step.edits) {
        let known = by_file
            .entry(&edit.file)
            .or_default()
            .insert(&edit.path, edit);
        if let Some(other) = known
            && other.to != edit.to
        {
            faults.push(format!(
                "`{}`: `{}` would become both `{}` and `{}`",
                edit.file,
                edit.path.join("."),
                other.to,
                edit.to
            ));
        }
    }
    let mut files = BTreeMap::new();
    for (file, edits) in by_file {
        let Some(old) = texts.get(file) else {
            faults.push(format!("`{file}` is not there any more"));
            continue;
        };
        let edits: Vec<Edit> = edits
            .into_values()
            .map(|one| Edit {
                path: one
                    .path
                    .iter()
                    .fold(edit::Path::root(), |path, key| path.join(key.as_str())),
                change: Change::Set(Scalar::Text(one.to.clone())),
            })
            .collect();
        match edit::apply(file, old, &edits) {
            Ok(new) => {
                let old = Some(old.clone());
                files.insert(file.to_owned(), FileEdit { old, new });
            }
            Err(errors) => faults.extend(errors.iter().map(ToString::to_string)),
        }
    }
    if faults.is_empty() {
        Ok(files)
    } else {
        Err(faults)
    }
}

/// What the image is called where it is published, without its region.
fn names(published: &Published) -> Vec<String> {
    let names: BTreeSet<String> = published
        .identities()
        .map(|identity| label(&identity))
        .collect();
    names.into_iter().collect()
}

fn title(family: Family<'_>, moves: &[&Move]) -> String {
    let days: BTreeSet<String> = moves
        .iter()
        .map(|step| step.to.manifest.finished.to_string()[..10].to_owned())
        .collect();
    let days: Vec<String> = days.into_iter().collect();
    let days = days.join(", ");
    let goes_on = moves.iter().any(|step| {
        let before = step.before.as_ref();
        before.is_some_and(|before| before.manifest.finished < step.to.manifest.finished)
    });
    match family.name.strip_prefix("rollback-") {
        // Off an image that is revoked, to a newer one.
        Some(key) if goes_on => {
            format!("fix({}): take {key} to the image of {days}", family.cloud)
        }
        Some(key) => format!(
            "revert({}): take {key} back to the image of {days}",
            family.cloud
        ),
        None => format!(
            "chore({}): bump {} images to {days}",
            family.cloud, family.name
        ),
    }
}

fn body(
    moves: &[&Move],
    left: &[&Left],
    packages: &dyn Fn(&Published) -> Option<Packages>,
    words: &Words,
) -> String {
    let mut text = "| entry | provider | from | to | published | manifest |\n| --- | --- | --- | --- | --- | --- |\n".to_owned();
    for step in moves {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            cell(&step.key),
            cell(&step.provider),
            cell(&step.from.to_string()),
            cell(&names(&step.to).join(", ")),
            step.to.manifest.finished,
            origin(&step.to)
        );
    }
    for step in moves.iter().filter(|step| step.before.is_none()) {
        let _ = writeln!(
            text,
            "\n**`{}` of `{}`**: what it is now is not among the published images, so nothing says what changes.",
            step.provider, step.key
        );
    }
    for step in moves {
        let Some(before) = &step.before else { continue };
        let recorded = |published: &Published| Recorded {
            manifest: published.manifest.clone(),
            packages: packages(published),
        };
        let changed = Changes::between(&recorded(before), &recorded(&step.to));
        let _ = write!(
            text,
            "\n<details><summary>What changes in <code>{}</code> of <code>{}</code></summary>\n\n{}\n</details>\n",
            step.key,
            step.provider,
            changes(&changed, Style::Markdown, false).trim_end()
        );
    }
    text += "\n### Pools\n\n";
    for step in moves {
        let _ = match step.pools.len() {
            0 => writeln!(
                text,
                "- `{}` of `{}`: no pool boots it",
                step.provider, step.key
            ),
            count => {
                let shown: Vec<String> = step
                    .pools
                    .iter()
                    .take(MOST_POOLS)
                    .map(|pool| format!("`{pool}`"))
                    .collect();
                let more = match count.saturating_sub(MOST_POOLS) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                writeln!(
                    text,
                    "- `{}` of `{}`: {}{more}",
                    step.provider,
                    step.key,
                    shown.join(", ")
                )
            }
        };
    }
    if !left.is_empty() {
        text += "\n### Left out\n\n";
        for one in left {
            let _ = writeln!(
                text,
                "- `{}` of `{}`: {}",
                one.provider,
                one.key,
                one.why.join("; ")
            );
        }
    }
    text += "\n### Before and after\n\n";
    for line in &words.checklist {
        let _ = writeln!(text, "- [ ] {line}");
    }
    let keys: BTreeSet<&str> = moves.iter().map(|step| step.key.as_str()).collect();
    text += "\nTo roll back, revert this change, or run one of\n\n```sh\n";
    for key in keys {
        let _ = writeln!(text, "taskgraph-images pools rollback {key}");
    }
    text += "```\n\nWhat is rolled back is not proposed again; the next image is.\n";
    text
}

fn origin(published: &Published) -> String {
    let short = &published.sha256.as_str()[..12];
    match &published.origin {
        Origin::Task { id, .. } => format!("`{short}` of the task `{id}`"),
        Origin::File(_) => format!("`{short}`"),
    }
}
