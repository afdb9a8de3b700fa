//! [`Allowance`]: which files proposals may touch.

use super::{Fault, Proposal};
use crate::glob::{Glob, GlobError};
use crate::tree::TreePath;

/// Which files proposals may touch. Comes from reviewed configuration, never from what is proposed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowance {
    files: Vec<Glob>,
    structure: bool,
}

impl Allowance {
    /// Reads the exact paths and patterns of the files that may be edited. With `structure`, files and keys may be
    /// added and removed, too; without it only values change.
    ///
    /// # Errors
    /// Every pattern that is none.
    pub fn new<S: AsRef<str>>(files: &[S], structure: bool) -> Result<Self, Vec<GlobError>> {
        let (mut globs, mut faults) = (Vec::new(), Vec::new());
        for text in files {
            match Glob::parse(text.as_ref()) {
                Ok(glob) => globs.push(glob),
                Err(fault) => faults.push(fault),
            }
        }
        match faults.is_empty() {
            true => Ok(Self {
                files: globs,
                structure,
            }),
            false => Err(faults),
        }
    }

    /// Whether keys and files may be added and removed.
    pub fn structure(&self) -> bool {
        self.structure
    }

    /// Checks which files a proposal touches.
    ///
    /// # Errors
    /// Every fault of every file.
    pub fn check(&self, proposal: &Proposal) -> Result<(), Vec<Fault>> {
        let mut faults = Vec::new();
        for (path, edit) in &proposal.files {
            let owned = || path.clone();
            if let Some(why) = path_fault(path) {
                faults.push(Fault::Path { path: owned(), why });
                continue;
            }
            if let Some(why) = forbidden(path) {
                faults.push(Fault::Forbidden { path: owned(), why });
            } else if !self.is_listed(path) {
                faults.push(Fault::NotListed(owned()));
            }
            if edit.old.is_none() && !self.structure {
                faults.push(Fault::NewFile(owned()));
            }
            if [edit.old.as_deref(), Some(edit.new.as_str())]
                .into_iter()
                .flatten()
                .any(|text| text.contains('\0'))
            {
                faults.push(Fault::NotText {
                    path: owned(),
                    why: "holds a NUL",
                });
            }
            let folder = format!("{path}/");
            let within = |other: &&String| other.starts_with(&folder);
            if let Some(other) = proposal.files.keys().find(within) {
                faults.push(Fault::Clash(owned(), other.clone()));
            }
        }
        match faults.is_empty() {
            true => Ok(()),
            false => Err(faults),
        }
    }

    fn is_listed(&self, path: &str) -> bool {
        let path = TreePath::from_git(path);
        self.files.iter().any(|glob| glob.matches(&path))
    }
}

/// Why a text is no path of a file inside of the repository that all systems agree on.
fn path_fault(path: &str) -> Option<&'static str> {
    let bytes = path.as_bytes();
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.starts_with('/') || bytes.get(1) == Some(&b':') {
        return Some("it is absolute");
    }
    // Some file systems leave characters out of names, so `.g<U+200C>it` would be `.git`.
    if bytes
        .iter()
        .any(|b| !(b' '..=b'~').contains(b) || b"\\\":*?<>|".contains(b))
    {
        return Some("it holds a control character, one of `\\\":*?<>|`, or no ASCII");
    }
    path.split('/').find_map(|part| match part {
        "" => Some("a component is empty"),
        "." | ".." => Some("it has the component `.` or `..`"),
        _ if part.ends_with(['.', ' ']) || part.starts_with(' ') => {
            Some("a component begins with a space, or ends with a space or dot")
        }
        _ if part.contains('~') => Some("a component holds `~`, as short names of Windows do"),
        _ => None,
    })
}

/// What a file does that no proposal may change: it decides what runs, with which rights, or who approves. In any folder
/// and any case, because a file system or a forge may not tell them apart.
fn forbidden(path: &str) -> Option<&'static str> {
    let path = path.to_ascii_lowercase();
    path.split('/').find_map(|part| match part {
        ".github" => Some("what is in `.github` runs on GitHub, and decides who reviews"),
        ".taskcluster.yml" | ".taskcluster.yaml" => Some("it says which tasks run for a push"),
        ".cron.yml" | ".cron.yaml" => Some("it says which tasks run by themselves"),
        "codeowners" => Some("it says who approves"),
        part if part.starts_with(".git") => Some("git and its forges read it"),
        _ => None,
    })
}
