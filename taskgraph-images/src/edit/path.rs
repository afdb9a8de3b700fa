//! [`Path`]: where in a document.

use std::fmt;

/// One step from a node to one of its children.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// To the value under a key of a map.
    Key(String),
    /// To an item of a sequence, counted from 0.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<String> for Step {
    fn from(key: String) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// A place in a document, as the way from its root; shown as `images.base.google[0]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

impl Path {
    /// The root of the document.
    pub fn root() -> Self {
        Self::default()
    }

    /// Goes one step further.
    pub fn push(&mut self, step: impl Into<Step>) {
        self.0.push(step.into());
    }

    /// The place one step further.
    #[must_use]
    pub fn join(&self, step: impl Into<Step>) -> Self {
        let mut path = self.clone();
        path.push(step);
        path
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Where the place stands after an item or entry at `removed` was taken away; `None` when it went with it.
    pub(super) fn without(&self, removed: &Self) -> Option<Self> {
        if self.0.starts_with(&removed.0) {
            return None;
        }
        let mut path = self.clone();
        if let Some((Step::Index(gone), parent)) = removed.0.split_last()
            && path.0.starts_with(parent)
            && let Some(Step::Index(index)) = path.0.get_mut(parent.len())
            && *index > *gone
        {
            *index -= 1;
        }
        Some(path)
    }
}

impl<S: Into<Step>, const N: usize> From<[S; N]> for Path {
    fn from(steps: [S; N]) -> Self {
        Self(steps.into_iter().map(Into::into).collect())
    }
}

impl From<Vec<Step>> for Path {
    fn from(steps: Vec<Step>) -> Self {
        Self(steps)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(".");
        }
        let bare = |key: &str| {
            !key.is_empty()
                && key
                    .chars()
                    .all(|c| c.is_alphanumeric() || "-_/+<>*".contains(c))
        };
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    // A key with a dot in it would read as two.
                    if bare(key) {
                        f.write_str(key)?;
                    } else {
                        write!(f, "{key:?}")?;
                    }
                }
            }
        }
        Ok(())
    }
}
