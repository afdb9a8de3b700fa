//! [`GraphError`]: why tasks do not form a graph.

use std::fmt;

use crate::definition::Label;

/// Tasks do not form a graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// Two tasks have one label; two definitions give one image.
    #[error("two tasks have the label `{0}`; rename one of the images")]
    DuplicateLabel(Label),
    /// A task needs one that does not exist.
    #[error("`{label}`: the dependency `{edge}` names the unknown task `{missing}`")]
    UnknownDependency {
        /// Who needs it.
        label: Label,
        /// By which edge.
        edge: String,
        /// What is missing.
        missing: Label,
    },
    /// Tasks need each other in a circle.
    #[error("tasks need each other in a circle: {}", Path(.0))]
    Cycle(Vec<Label>),
    /// A label that no task has was asked for.
    #[error("unknown task `{0}`")]
    UnknownLabel(Label),
}

struct Path<'a>(&'a [Label]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for label in self.0 {
            write!(f, "`{label}` → ")?;
        }
        match self.0.first() {
            Some(first) => write!(f, "`{first}`"),
            None => Ok(()),
        }
    }
}
