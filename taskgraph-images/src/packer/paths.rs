//! Paths as a template writes them, made paths of the tree.

use std::fmt;

use super::eval::CWD;
use super::value::Value;
use crate::tree::{PathError, TreePath};

/// Why a written path is none of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    Empty,
    /// Packer renders it only when it runs.
    BuildTime(String),
    Home(String),
    Outside(PathError),
}

impl Problem {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty-path",
            Self::BuildTime(_) => "unresolved-path",
            Self::Home(_) | Self::Outside(_) => "outside-repository",
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Empty => {
                Some("a variable that has no value, or reads the environment, is empty".to_owned())
            }
            Self::BuildTime(_) => None,
            Self::Home(_) | Self::Outside(_) => {
                Some("name a file of the repository, or waive the reference".to_owned())
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the path is empty"),
            Self::BuildTime(text) => {
                write!(f, "only a run of Packer knows what file `{text}` names")
            }
            Self::Home(text) => write!(f, "`{text}` lies in the home directory of whoever builds"),
            Self::Outside(error) => error.fmt(f),
        }
    }
}

/// Reads a path, relative to `base` unless it starts with `path.cwd` or `path.root`.
pub(super) fn resolve(base: &TreePath, text: &str) -> Result<TreePath, Problem> {
    if text.is_empty() {
        return Err(Problem::Empty);
    }
    if text.contains("{{") {
        return Err(Problem::BuildTime(text.replace(CWD, ".")));
    }
    if text == "~" || text.starts_with("~/") {
        return Err(Problem::Home(text.to_owned()));
    }
    let (base, rest) = match text.strip_prefix(CWD) {
        Some("") => return Ok(TreePath::root()),
        Some(rest) if rest.starts_with('/') => (TreePath::root(), rest.trim_start_matches('/')),
        _ => (base.clone(), text),
    };
    base.join(rest).map_err(Problem::Outside)
}

/// The folder that a path with an unknown part must be in, if its beginning is known.
pub(super) fn known_folder(base: &TreePath, value: &Value) -> Option<TreePath> {
    let Value::Unknown(residual) = value else {
        return None;
    };
    if &*residual.what != "text" {
        return None;
    }
    let start = residual.of.first()?.as_text()?;
    // What follows could hold `..`: whoever widens to the folder takes that upon them.
    let (folder, _) = start.rsplit_once('/')?;
    resolve(base, folder).ok()
}
