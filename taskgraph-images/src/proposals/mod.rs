//! What is proposed to the owners of a repository: edits of its files, and the words that explain them.
//!
//! ```text
//! edits, words ─▶ Proposal ─ Rules::check ─▶ Branch     or every fault
//!                          ─ body_text    ─▶ text with its Marker, which is all the state that there is
//! ```
//!
//! Pure: which forge a proposal goes to, and how, is in `forges/`. A proposal names no repository, so that no data can
//! send it elsewhere; what it may touch is in [`Rules`], which come from reviewed configuration. What a marker in some
//! text says is anybody's claim: it is read within bounds, exactly, or not at all.

mod allowance;
mod body;
mod branch;
mod fault;
mod group;
mod hunks;
mod marker;
mod rules;
mod scalars;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

pub use allowance::Allowance;
pub use body::{body_hash, body_text, content_hash, escape_comments};
pub use branch::{Branch, BranchError, BranchName, Branches, Prefix};
pub use fault::Fault;
pub use group::{Group, GroupError};
pub use hunks::{Hunk, hunks};
pub use marker::{Marked, Marker, Step};
pub use rules::Rules;
pub use scalars::{Part, check_scalars, dotted};

/// A change of a repository's files that a person is asked to approve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What it is about: there is one open proposal of a group, and it is updated in place.
    pub group: Group,
    /// Its title, which names the versions: a title that was declined is not proposed again.
    pub title: String,
    /// What it says, in Markdown, without its marker. Text of strangers in it is escaped already.
    pub body: String,
    /// The edits, by the files' paths from the root of the repository.
    pub files: BTreeMap<String, FileEdit>,
    /// Labels that it gets, once.
    pub labels: Vec<String>,
    /// Who is asked to review it, once.
    pub reviewers: Vec<Reviewer>,
    /// What a program reads of it.
    pub marker: Marker,
    /// The branch that it is for.
    pub base: BranchName,
}

/// The edit of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEdit {
    /// What the edit was made from. Absent for a new file.
    pub old: Option<String>,
    /// What the file is to hold.
    pub new: String,
}

impl FileEdit {
    /// Whether it changes anything.
    pub fn is_change(&self) -> bool {
        self.old.as_deref() != Some(&self.new)
    }
}

/// Who is asked to review a proposal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reviewer {
    /// A person, by the name on the forge.
    User(String),
    /// A team of the repository's organisation on GitHub, a project's slug on Phabricator.
    Team(String),
}

impl Proposal {
    /// The title as one line of at most 256 characters, which is what forges take.
    pub fn title_line(&self) -> String {
        let line = one_line(&self.title);
        match line.char_indices().nth(256) {
            Some(_) => line.chars().take(255).chain(['…']).collect(),
            None => line,
        }
    }

    /// The edits that change something.
    pub fn changes(&self) -> impl Iterator<Item = (&str, &FileEdit)> {
        let edits = self.files.iter().filter(|(_, edit)| edit.is_change());
        edits.map(|(path, edit)| (path.as_str(), edit))
    }
}

/// The words of a text with one space between them, and nothing that would end a line or hide one.
fn one_line(text: &str) -> String {
    let is_hidden = |c: &char| {
        // Marks that turn the order of what is shown, or show nothing.
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let text: String = text
        .chars()
        .filter(|c| !is_hidden(c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
