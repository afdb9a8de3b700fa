//! Proposals: one for each group of pins, with what a person has to know to approve it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use taskgraph_images_transforms::ImageId;

use super::{Found, Upgrade, edited};
use crate::datasources::{escape_line, render};
use crate::proposals::{BranchName, FileEdit, Group, Marker, Proposal, Reviewer, Step};

/// How many characters of its makers' notes a pin gets.
const MOST_NOTES: usize = 12_000;
/// How many images are named before the rest is counted.
const MOST_IMAGES: usize = 60;

/// What is the same in all proposals.
#[derive(Debug, Clone)]
pub struct Words {
    /// The branch that they are for.
    pub base: BranchName,
    /// Labels that they get.
    pub labels: Vec<String>,
    /// Who is asked to review them.
    pub reviewers: Vec<Reviewer>,
}

/// Makes the proposals: one for each group of which a pin has something newer. `file` and `text` are the file of pins;
/// `images` are those that the upgrades of a group rebuild.
///
/// # Errors
/// Every edit that cannot be made exactly, and every group that is no name of a branch.
pub fn proposals(
    upgrades: &[Upgrade],
    (file, text): (&str, &str),
    images: &dyn Fn(&str) -> Vec<ImageId>,
    words: &Words,
) -> Result<Vec<Proposal>, Vec<String>> {
    let mut groups: BTreeMap<&str, Vec<&Upgrade>> = BTreeMap::new();
    for upgrade in upgrades.iter().filter(|upgrade| upgrade.to().is_some()) {
        groups.entry(&upgrade.group).or_default().push(upgrade);
    }
    let (mut proposals, mut faults) = (Vec::new(), Vec::new());
    for (name, upgrades) in groups {
        let group = match Group::new(name) {
            Ok(group) => group,
            Err(error) => {
                faults.push(error.to_string());
                continue;
            }
        };
        let new = match edited(file, text, &upgrades) {
            Ok(new) => new,
            Err(errors) => {
                faults.extend(errors.iter().map(ToString::to_string));
                continue;
            }
        };
        let edit = FileEdit {
            old: Some(text.to_owned()),
            new,
        };
        let subjects = upgrades
            .iter()
            .filter_map(|upgrade| Some((upgrade.pin.clone(), step(upgrade)?)));
        proposals.push(Proposal {
            title: title(name, &upgrades),
            body: body(&upgrades, &images(name)),
            files: BTreeMap::from([(file.to_owned(), edit)]),
            labels: words.labels.clone(),
            reviewers: words.reviewers.clone(),
            marker: Marker {
                group: group.clone(),
                subjects: subjects.collect(),
            },
            group,
            base: words.base.clone(),
        });
    }
    if faults.is_empty() {
        Ok(proposals)
    } else {
        Err(faults)
    }
}

fn step(upgrade: &Upgrade) -> Option<Step> {
    let to = upgrade.to()?;
    Some(Step {
        from: upgrade.from.clone(),
        to: to.version.clone(),
        digest: None,
    })
}

fn title(group: &str, upgrades: &[&Upgrade]) -> String {
    match upgrades {
        [one] => {
            let to = one.to().map_or("", |to| to.version.as_str());
            format!("chore: upgrade {} to {to}", one.pin)
        }
        many => {
            let each: Vec<String> = many
                .iter()
                .filter_map(|one| Some(format!("{} {}", one.pin, one.to()?.version)))
                .collect();
            format!("chore: upgrade {group}: {}", each.join(", "))
        }
    }
}

fn body(upgrades: &[&Upgrade], images: &[ImageId]) -> String {
    let mut text = "| pin | from | to | released |\n| --- | --- | --- | --- |\n".to_owned();
    for upgrade in upgrades {
        let Some(to) = upgrade.to() else { continue };
        // A version holds nothing that means something in Markdown: its scheme has read it.
        let version = &to.version;
        let version = match &to.url {
            // Only an address that can be nothing else is a link.
            Some(url) if is_plain_address(url) => format!("[`{version}`]({url})"),
            _ => format!("`{version}`"),
        };
        let major = match &upgrade.found {
            Found::Answer(answer) if answer.choice.major => " **major**",
            _ => "",
        };
        let released = to
            .released
            .map_or_else(|| "unknown".to_owned(), |time| time.to_string());
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {version}{major} | {released} |",
            upgrade.pin, upgrade.from
        );
    }
    for upgrade in upgrades {
        if let Some(reason) = &upgrade.reason {
            let _ = writeln!(
                text,
                "\n`{}` was held: {}",
                upgrade.pin,
                escape_line(reason, 500)
            );
        }
    }
    let _ = match images.len() {
        0 => writeln!(text, "\nNo image changes with it."),
        1 => writeln!(text, "\n### One image is rebuilt\n"),
        count => writeln!(text, "\n### {count} images are rebuilt\n"),
    };
    for image in images.iter().take(MOST_IMAGES) {
        let _ = writeln!(text, "- `{image}`");
    }
    if images.len() > MOST_IMAGES {
        let _ = writeln!(text, "- and {} more", images.len() - MOST_IMAGES);
    }
    for upgrade in upgrades {
        let Found::Answer(answer) = &upgrade.found else {
            continue;
        };
        if !answer.notes.is_empty() {
            let _ = writeln!(
                text,
                "\n<details><summary>What <code>{}</code> says to worker deployers</summary>\n\n{}\n</details>",
                upgrade.pin,
                render(&answer.notes, MOST_NOTES)
            );
        }
        let digests = answer.choice.newest.iter().flat_map(|to| &to.digests);
        let digests: Vec<String> = digests
            .map(|(asset, digest)| format!("{digest}  {}", escape_line(asset, 100)))
            .collect();
        if !digests.is_empty() {
            let _ = writeln!(
                text,
                "\n<details><summary>SHA-256</summary>\n\n```\n{}\n```\n</details>",
                digests.join("\n")
            );
        }
    }
    text += "\nMerging it builds, verifies and publishes these images; nothing uses them before another proposal moves worker pools to them.\n";
    text
}

fn is_plain_address(url: &str) -> bool {
    url.starts_with("https://")
        && url.len() < 300
        && url
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#=&%+".contains(&byte))
}
