//! `replay`: a history, as one JSON document or as a table; each commit by itself, so that a long one need not be held.

use std::fmt::Write as _;

use serde::Serialize;
use taskgraph_images_transforms::ImageId;

use super::affected::{Image, UnresolvedJson, images, unresolved_json};
use super::text::{count, headline};
use super::{Locator, VERSION};
use crate::affected::{AffectedImage, Unresolved};
use crate::diagnostic::{Diagnostic, Severity};
use crate::replay::{Compared, Entry, Outcome};
use crate::taskcluster::Timestamp;
use crate::tree::TreePath;

/// Which images are asked about.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// All, and files that go into none.
    All,
    /// Those of a name: `name`, or `name@cloud`.
    Named(&'a str),
}

impl Wanted<'_> {
    /// Whether an image is asked about.
    pub fn image(self, id: &ImageId) -> bool {
        match self {
            Self::All => true,
            Self::Named(name) => id.name.as_str() == name || id.to_string() == name,
        }
    }

    /// The affected images that are asked about.
    fn images(self, compared: &Compared) -> impl Iterator<Item = (&ImageId, &AffectedImage)> {
        let images = compared.affected.images.iter();
        images.filter(move |(id, _)| self.image(id))
    }

    /// Whether an image that cannot be resolved is asked about, or may be.
    fn knows(self, unresolved: &Unresolved) -> bool {
        unresolved.image.as_ref().is_none_or(|id| self.image(id))
    }

    /// The unclaimed files, where they are asked about.
    fn unclaimed(self, compared: &Compared) -> &[TreePath] {
        match self {
            Self::All => &compared.affected.unclaimed,
            Self::Named(_) => &[],
        }
    }
}

/// What the document starts with, before the commits.
pub fn json_start() -> String {
    format!("{{\"version\": {VERSION}, \"commits\": [\n")
}

/// What the document ends with.
pub const JSON_END: &str = "\n]}\n";

/// A commit, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// Its id.
    pub commit: String,
    /// The ids of the commits that it was made from, first parent first.
    pub parents: Vec<String>,
    /// When it was committed.
    pub time: Timestamp,
    /// The first line of its message.
    pub subject: String,
    /// Whether it could be compared.
    pub outcome: &'static str,
    /// What it was compared with.
    pub base: Option<String>,
    /// The affected images, sorted by name, then cloud.
    pub images: Vec<Image>,
    /// Changed files of provisioning folders that go into no image.
    pub unclaimed: Vec<String>,
    /// Images of which nothing can be said, because their definitions are at fault; only where a recipe reads them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unresolved: Vec<UnresolvedJson>,
    /// What is wrong with it, of a commit that is at fault.
    pub faults: Vec<Fault>,
}

/// Something that is wrong with a commit's definitions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// How bad it is.
    pub severity: Severity,
    /// Its stable name, such as `unknown-key`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where, as `file:line`, or the file alone; absent where no file holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Commit {
    /// What is known of a commit, as far as it is asked about.
    pub fn new(entry: &Entry, wanted: Wanted<'_>) -> Self {
        let commit = &entry.commit;
        let mut json = Self {
            commit: commit.id.clone(),
            parents: commit.parents.clone(),
            time: Timestamp::from_millis(commit.time.saturating_mul(1000)),
            subject: commit.subject.clone(),
            outcome: "compared",
            base: None,
            images: Vec::new(),
            unclaimed: Vec::new(),
            unresolved: Vec::new(),
            faults: Vec::new(),
        };
        match &entry.outcome {
            Outcome::Compared(compared) => {
                let locate = Locator::new([&compared.tree, &compared.base_tree]);
                json.base = Some(compared.base.clone());
                json.images = images(wanted.images(compared), &locate);
                let unclaimed = wanted.unclaimed(compared).iter();
                json.unclaimed = unclaimed.map(ToString::to_string).collect();
                let unresolved = compared.affected.unresolved.iter();
                let unresolved = unresolved.filter(|one| wanted.knows(one));
                json.unresolved = unresolved
                    .map(|one| unresolved_json(one, &locate))
                    .collect();
            }
            Outcome::AtFault(faults, tree) => {
                let locate = Locator::new([tree]);
                json.outcome = "at-fault";
                json.faults = faults.iter().map(|fault| one(fault, &locate)).collect();
            }
            Outcome::CutOff => json.outcome = "cut-off",
        }
        json
    }

    /// The commit on one line.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("the published types are maps, lists and text")
    }
}

fn one(fault: &Diagnostic, locate: &Locator<'_>) -> Fault {
    Fault {
        severity: fault.severity,
        code: fault.code,
        message: fault.message.clone(),
        at: fault.place.as_ref().map(|place| locate.line(place)),
        hint: fault.hint.clone(),
    }
}

/// A commit and, indented, what it affected: as far as it is asked about.
pub fn row(entry: &Entry, wanted: Wanted<'_>) -> String {
    let commit = &entry.commit;
    let time = Timestamp::from_millis(commit.time.saturating_mul(1000)).to_string();
    let day = time.split('T').next().unwrap_or_default();
    let mut text = format!(
        "{}  {day}  {}\n",
        short(&commit.id),
        printable(&commit.subject)
    );
    match &entry.outcome {
        Outcome::Compared(compared) => {
            text += &how(entry, compared);
            text += &affected_rows(wanted.images(compared).collect());
            for path in wanted.unclaimed(compared) {
                let _ = writeln!(text, "  unclaimed: {path}");
            }
            let unresolved = compared.affected.unresolved.iter();
            for one in unresolved.filter(|one| wanted.knows(one)) {
                let faults = count(one.faults.len(), "fault");
                let _ = match &one.image {
                    Some(id) => writeln!(text, "  unresolved: {id}: {faults} ({})", one.definition),
                    None => writeln!(text, "  unresolved: {faults} ({})", one.definition),
                };
            }
        }
        Outcome::AtFault(faults, tree) => {
            let locate = Locator::new([tree]);
            let errors = || {
                faults
                    .iter()
                    .filter(|fault| fault.severity == Severity::Error)
            };
            let _ = write!(text, "  at fault: {}", count(errors().count(), "error"));
            if let Some(first) = errors().next() {
                let _ = write!(text, ": {}", first.message);
                if let Some(place) = &first.place {
                    let _ = write!(text, " ({})", locate.line(place));
                }
            }
            text.push('\n');
        }
        Outcome::CutOff => text += "  not compared: this clone does not hold what was before\n",
    }
    text
}

/// With what a commit was compared, where that is not plain.
fn how(entry: &Entry, compared: &Compared) -> String {
    let mut text = String::new();
    let parents = &entry.commit.parents;
    if let [_, merged @ ..] = &parents[..]
        && !merged.is_empty()
    {
        let merged: Vec<&str> = merged.iter().map(|id| short(id)).collect();
        let _ = writeln!(text, "  merge of {}: what it brought", merged.join(", "));
    }
    if parents
        .first()
        .is_some_and(|parent| *parent != compared.base)
    {
        let _ = match compared.base_tree.name() {
            "nothing" => writeln!(
                text,
                "  compared with nothing: no commit before it is sound"
            ),
            base => writeln!(
                text,
                "  compared with {}, the last sound commit before it",
                short(base)
            ),
        };
    }
    text
}

fn affected_rows(affected: Vec<(&ImageId, &AffectedImage)>) -> String {
    let rows: Vec<(String, String)> = affected
        .into_iter()
        .map(|(id, image)| (id.to_string(), headline(image)))
        .collect();
    let width = rows
        .iter()
        .map(|(id, _)| id.len())
        .max()
        .unwrap_or_default();
    rows.into_iter()
        .map(|(id, tasks)| format!("  {id:width$}  {tasks}\n"))
        .collect()
}

/// A commit's id, as short as people know it.
pub fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// A text of somebody's as one line of a terminal.
fn printable(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}
