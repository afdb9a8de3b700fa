//! Patches on disk, ready for `git am`: what a proposal is without credentials.
//!
//! The same proposal, author and date make the same bytes.

mod mail;
#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::dry_run::Writes;
use super::{Author, Forge, ForgeError, ForgeErrorKind, KnownProposal, Outcome};
use crate::proposals::{Group, Marker, Proposal, Rules};

pub use mail::mail;

/// A folder of patches, one a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patches {
    /// The folder. It is made when something is written.
    pub out: PathBuf,
    /// Whom they name.
    pub author: Author,
    /// When they are made.
    pub date: DateTime<Utc>,
    /// What they may be.
    pub rules: Rules,
    /// Whether it is only told what would be written.
    pub dry_run: bool,
}

impl Patches {
    fn path(&self, group: &Group) -> PathBuf {
        self.out.join(format!("{group}.patch"))
    }

    fn error(&self, kind: ForgeErrorKind) -> ForgeError {
        ForgeError::new(&self.out.display().to_string(), kind)
    }

    fn io(&self, path: &Path) -> impl FnOnce(std::io::Error) -> ForgeError {
        let (path, place) = (path.to_owned(), self.out.display().to_string());
        move |error| ForgeError::new(&place, ForgeErrorKind::Io { path, error })
    }

    /// What a file holds, if it is there.
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, ForgeError> {
        match std::fs::read(path) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.io(path)(error)),
        }
    }
}

impl Forge for Patches {
    fn propose(&self, proposal: &Proposal) -> Result<Outcome, ForgeError> {
        let checked = self.rules.check_edits(proposal);
        checked.map_err(|faults| self.error(ForgeErrorKind::Rules(faults)))?;
        if proposal.changes().next().is_none() {
            return self.withdraw(&proposal.group, "");
        }
        let path = self.path(&proposal.group);
        let text = mail(proposal, &self.author, self.date);
        if self.read(&path)?.as_deref() == Some(text.as_bytes()) {
            let url = path.display().to_string();
            return Ok(Outcome::Unchanged { url });
        }
        let writes = Writes::new(self.dry_run);
        if writes.allows(|| format!("write {}", path.display())) {
            std::fs::create_dir_all(&self.out).map_err(self.io(&self.out))?;
            // Whoever reads the folder meanwhile sees a whole patch or none.
            let mut file =
                tempfile::NamedTempFile::new_in(&self.out).map_err(self.io(&self.out))?;
            file.write_all(text.as_bytes()).map_err(self.io(&path))?;
            let persisted = file.persist(&path);
            persisted.map_err(|error| self.io(&path)(error.error))?;
        }
        Ok(writes.outcome(Outcome::Written { files: vec![path] }))
    }

    fn withdraw(&self, group: &Group, _why: &str) -> Result<Outcome, ForgeError> {
        let path = self.path(group);
        if self.read(&path)?.is_none() {
            return Ok(Outcome::NotNeeded);
        }
        let writes = Writes::new(self.dry_run);
        if writes.allows(|| format!("remove {}", path.display())) {
            std::fs::remove_file(&path).map_err(self.io(&path))?;
        }
        Ok(writes.outcome(Outcome::Withdrawn))
    }

    fn open(&self) -> Result<Vec<KnownProposal>, ForgeError> {
        let listed = match std::fs::read_dir(&self.out) {
            Ok(listed) => listed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.io(&self.out)(error)),
        };
        let mut found = Vec::new();
        for entry in listed {
            let path = entry.map_err(self.io(&self.out))?.path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let Some(Ok(group)) = name.strip_suffix(".patch").map(Group::new) else {
                continue;
            };
            let Some(content) = self.read(&path)? else {
                continue;
            };
            let text = String::from_utf8_lossy(&content);
            let (title, text) = mail::read(&text);
            if let Some(marked) = Marker::read(&text).filter(|marked| marked.marker.group == group)
            {
                found.push(KnownProposal {
                    group,
                    title,
                    url: path.display().to_string(),
                    marker: marked.marker,
                });
            }
        }
        found.sort_by(|a, b| a.group.cmp(&b.group));
        Ok(found)
    }

    /// Nobody can decline a patch on disk.
    fn declined(&self) -> Result<Vec<KnownProposal>, ForgeError> {
        Ok(Vec::new())
    }
}
