//! Names of branches, and which of them a proposal may have.

use std::fmt;

use super::{Fault, Group};
use crate::wildcard::matches;

/// The name of a branch: what git takes (`git check-ref-format --branch`), in printable ASCII, as Taskcluster has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BranchName(String);

/// What the branches of proposals begin with, before `/` and the group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(BranchName);

/// The branch of a proposal, `<prefix>/<group>`. Only [`Rules::check`](super::Rules::check) and
/// [`Prefix::branch`] make one, so whatever writes branches takes this type, and can reach no other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Branch(String);

/// The branches of a project with the levels of their pushes, as `projects.yml` lists them. A `*` stands for any text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Branches(pub Vec<(String, u8)>);

/// Some text is no name of a branch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}: {why}")]
pub struct BranchError {
    what: &'static str,
    text: String,
    why: &'static str,
}

impl BranchName {
    /// Checks a text.
    ///
    /// # Errors
    /// When git would not take it as a branch, or it is no printable ASCII.
    pub fn new(text: &str) -> Result<Self, BranchError> {
        match ref_fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(BranchError {
                what: "name of a branch",
                text: text.chars().take(120).collect(),
                why,
            }),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Prefix {
    /// Checks a text: a name of a branch in lower case letters, digits, `.`, `_`, `-` and `/`, so that no shell of
    /// anybody's CI sees more in it than a word.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(text: &str) -> Result<Self, BranchError> {
        let error = |why| BranchError {
            what: "prefix of branches",
            text: text.chars().take(120).collect(),
            why,
        };
        let is_legal = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-/".contains(&byte)
        };
        if text.len() > 100 || !text.bytes().all(is_legal) {
            return Err(error(
                "expected up to 100 lower case letters, digits, `.`, `_`, `-` and `/`",
            ));
        }
        match ref_fault(text) {
            None => Ok(Self(BranchName(text.to_owned()))),
            Some(why) => Err(error(why)),
        }
    }

    /// The branch of a group.
    pub fn branch(&self, group: &Group) -> Branch {
        Branch(format!("{}/{group}", self.0.0))
    }

    /// The group of a branch, if it is one of this prefix.
    pub fn group(&self, branch: &str) -> Option<Group> {
        Group::new(branch.strip_prefix(&self.0.0)?.strip_prefix('/')?).ok()
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self(BranchName("taskgraph-images".to_owned()))
    }
}

impl Branch {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Branches {
    /// The faults of a branch: a pattern of level 3 that it matches gives it what only people's branches may have.
    /// Whether another pattern of a lower level matches better does not matter.
    pub fn faults(&self, branch: &Branch) -> Vec<Fault> {
        let is_hit = |(pattern, level): &&(String, u8)| *level >= 3 && matches(pattern, &branch.0);
        let fault = |(pattern, level): &(String, u8)| Fault::Level {
            branch: branch.0.clone(),
            pattern: pattern.clone(),
            level: *level,
        };
        self.0.iter().filter(is_hit).map(fault).collect()
    }
}

/// Why git would not take a text as the name of a branch.
fn ref_fault(text: &str) -> Option<&'static str> {
    let is_bad = |byte: u8| !byte.is_ascii_graphic() || b"~^:?*[\\".contains(&byte);
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > 200 {
        return Some("it is longer than 200 bytes");
    }
    if text.bytes().any(is_bad) {
        return Some("it holds a space, a control character, one of `~^:?*[\\`, or no ASCII");
    }
    if text.starts_with('-') || text == "@" || text == "HEAD" || text.starts_with("refs/") {
        return Some("it could be taken for something else");
    }
    if text.contains("..") || text.contains("@{") || text.ends_with('.') {
        return Some("it holds `..` or `@{`, or ends with `.`");
    }
    text.split('/')
        .any(|part| part.is_empty() || part.starts_with('.') || part.ends_with(".lock"))
        .then_some("a part of it is empty, begins with `.`, or ends with `.lock`")
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.0)
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
