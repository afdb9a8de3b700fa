//! [`TreePath`]: a checked path of a file in a repository.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// A path relative to the repository's root: `/` between components, no `.` or `..`, no leading or trailing slash.
///
/// The root itself is the empty path. Bytes of a name in git that are not UTF-8 are written as `\xNN`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct TreePath(Arc<str>);

/// Why some text is not a path inside the tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The path starts with `/`, a drive letter or `\\`.
    #[error("`{0}` is absolute; paths are relative to the root of the repository")]
    Absolute(String),
    /// The path has more `..` than components before them.
    #[error("`{0}` leaves the repository")]
    Escapes(String),
    /// The path holds a NUL or a control character.
    #[error("{0:?} holds a control character")]
    Control(String),
}

impl TreePath {
    /// The root of the repository.
    pub fn root() -> Self {
        Self(Arc::from(""))
    }

    /// Reads a path that somebody wrote, relative to the root: `.` and `..` are resolved by name.
    ///
    /// # Errors
    /// When the path is absolute or leaves the tree.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Self::root().join(text)
    }

    /// A path whose components are known to be plain, as they come out of git.
    pub fn from_git(path: &str) -> Self {
        debug_assert!(
            !path.starts_with('/') && !path.ends_with('/'),
            "`{path}` is not a path of git's"
        );
        Self(Arc::from(path))
    }

    /// Reads `text` relative to this directory: `.` and `..` are resolved by name.
    ///
    /// # Errors
    /// When the result would lie outside the tree, or `text` is absolute.
    pub fn join(&self, text: &str) -> Result<Self, PathError> {
        let bytes = text.as_bytes();
        if text.starts_with('/')
            || text.starts_with('\\')
            || (bytes.len() > 1 && bytes[1] == b':' && bytes[0].is_ascii_alphabetic())
        {
            return Err(PathError::Absolute(text.to_owned()));
        }
        if text.contains('\0') {
            return Err(PathError::Control(text.to_owned()));
        }
        if self.is_root() && !text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Ok(Self(Arc::from(text)));
        }
        let mut parts: Vec<&str> = self.components().collect();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts
                        .pop()
                        .ok_or_else(|| PathError::Escapes(text.to_owned()))?;
                }
                name => parts.push(name),
            }
        }
        Ok(Self(Arc::from(parts.join("/"))))
    }

    /// This directory's child of a plain name.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        if self.is_root() {
            Self(Arc::from(name))
        } else {
            Self(Arc::from(format!("{}/{name}", self.0)))
        }
    }

    /// The directory that holds it; the root's is the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        self.0
            .rsplit_once('/')
            .map_or_else(Self::root, |(parent, _)| Self(Arc::from(parent)))
    }

    /// The last component; empty for the root.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The file name's extension, without the dot, if there is one.
    pub fn extension(&self) -> Option<&str> {
        self.file_name()
            .rsplit_once('.')
            .filter(|(stem, _)| !stem.is_empty())
            .map(|(_, extension)| extension)
    }

    /// The file name without its extension.
    pub fn stem(&self) -> &str {
        let name = self.file_name();
        name.rsplit_once('.')
            .map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem })
    }

    /// The components, first to last.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is `directory` itself or below it.
    pub fn is_within(&self, directory: &Self) -> bool {
        directory.is_root()
            || self
                .0
                .strip_prefix(&*directory.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// What remains of it below `directory`, without a leading slash.
    pub fn strip_prefix(&self, directory: &Self) -> Option<&str> {
        if directory.is_root() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(&*directory.0)?;
        if rest.is_empty() {
            Some("")
        } else {
            rest.strip_prefix('/')
        }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl std::borrow::Borrow<str> for TreePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_by_name() {
        let scripts = TreePath::parse("image-defs/./scripts/").unwrap();
        assert_eq!(scripts.as_str(), "image-defs/scripts");
        assert_eq!(
            scripts.join("../checks//a.sh").unwrap().as_str(),
            "image-defs/checks/a.sh"
        );
        assert_eq!(scripts.join("..").unwrap().parent(), TreePath::root());
        assert!(scripts.is_within(&TreePath::parse("image-defs").unwrap()));
        assert!(!scripts.is_within(&TreePath::parse("image-def").unwrap()));
    }

    #[test]
    fn refuses_what_leaves_the_tree() {
        for (text, expect) in [
            (
                "/etc/passwd",
                "`/etc/passwd` is absolute; paths are relative to the root of the repository",
            ),
            (
                "C:\\x",
                "`C:\\x` is absolute; paths are relative to the root of the repository",
            ),
            (
                "\\\\host\\share",
                "`\\\\host\\share` is absolute; paths are relative to the root of the repository",
            ),
            ("a/../../b", "`a/../../b` leaves the repository"),
            ("a\0b", "\"a\\0b\" holds a control character"),
        ] {
            assert_eq!(TreePath::parse(text).unwrap_err().to_string(), expect);
        }
    }

    #[test]
    fn takes_names_apart() {
        let path = TreePath::parse("a/b.pkr.hcl").unwrap();
        assert_eq!(
            (path.stem(), path.extension(), path.file_name()),
            ("b.pkr", Some("hcl"), "b.pkr.hcl")
        );
        let hidden = TreePath::parse("a/.dockerignore").unwrap();
        assert_eq!((hidden.stem(), hidden.extension()), (".dockerignore", None));
    }
}
