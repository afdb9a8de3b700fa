//! [`TaskKind`]: the kind of any task, be it about an image or about the fleet.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{Kind, Label, MaintenanceKind};

/// The kind of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskKind {
    /// It is about an image.
    Image(Kind),
    /// It is about the fleet.
    Maintenance(MaintenanceKind),
}

impl TaskKind {
    /// All of them, those of images first.
    pub fn all() -> impl Iterator<Item = Self> {
        let images = Kind::ALL.iter().copied().map(Self::Image);
        let fleet = MaintenanceKind::ALL.iter().copied().map(Self::Maintenance);
        images.chain(fleet)
    }

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image(kind) => kind.as_str(),
            Self::Maintenance(kind) => kind.as_str(),
        }
    }

    /// The kind, if it is one of images' tasks.
    pub const fn image(self) -> Option<Kind> {
        match self {
            Self::Image(kind) => Some(kind),
            Self::Maintenance(_) => None,
        }
    }

    /// The kind, if it is one of tasks about the fleet.
    pub const fn maintenance(self) -> Option<MaintenanceKind> {
        match self {
            Self::Image(_) => None,
            Self::Maintenance(kind) => Some(kind),
        }
    }
}

impl MaintenanceKind {
    /// Whether a cron job of its own starts it. What deletes images only its action starts, for a plan that a person has
    /// reviewed.
    pub const fn is_scheduled(self) -> bool {
        !matches!(self, Self::CleanupApply)
    }

    /// The label of its task: there is one of a kind in a graph.
    pub fn label(self) -> Label {
        Label::new(self.as_str()).expect("the kinds' words are made of a label's characters")
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for TaskKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl From<Kind> for TaskKind {
    fn from(kind: Kind) -> Self {
        Self::Image(kind)
    }
}

impl From<MaintenanceKind> for TaskKind {
    fn from(kind: MaintenanceKind) -> Self {
        Self::Maintenance(kind)
    }
}

impl PartialEq<Kind> for TaskKind {
    fn eq(&self, kind: &Kind) -> bool {
        *self == Self::Image(*kind)
    }
}

impl PartialEq<MaintenanceKind> for TaskKind {
    fn eq(&self, kind: &MaintenanceKind) -> bool {
        *self == Self::Maintenance(*kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_kinds_share_a_word() {
        let words: std::collections::BTreeSet<&str> =
            TaskKind::all().map(TaskKind::as_str).collect();
        assert_eq!(words.len(), Kind::ALL.len() + MaintenanceKind::ALL.len());
        assert_eq!(MaintenanceKind::Upgrade.label().as_str(), "upgrade");
    }
}
