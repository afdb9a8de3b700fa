//! [`Glob`]: a pattern of paths in the tree, as people write them in definitions.
//!
//! `*` and `?` match within a component, `**` any number of components, `[…]` one character, `{a,b}` either. As in
//! git's `:(glob)` pathspecs a wildcard also matches a dot at the beginning of a name: a hidden file that lies among
//! an image's inputs is an input. A backslash takes the next character literally.

use std::fmt;
use std::sync::OnceLock;

use globset::{GlobBuilder, GlobMatcher};

use crate::tree::{FileError, FileKind, Files, TreePath};

/// A pattern relative to the root of the repository.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    glob: globset::Glob,
    /// Compiled when something is first matched: most patterns that people write are plain paths, and a regular
    /// expression costs more than everything else that is done with them.
    matcher: OnceLock<GlobMatcher>,
    prefix: TreePath,
    is_literal: bool,
}

/// Why some text is no pattern. Its author can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GlobError {
    /// It says nothing.
    #[error("the pattern is empty")]
    Empty,
    /// It starts with a slash or a drive.
    #[error("`{0}` is absolute; patterns are relative to the root of the repository")]
    Absolute(String),
    /// It has a component `..`, `.` or nothing.
    #[error(
        "`{0}` has the component `{1}`; patterns name paths from the root of the repository downwards"
    )]
    Component(String, String),
    /// Brackets or braces do not close, or a range is reversed.
    #[error("`{0}` is no pattern: {1}")]
    Syntax(String, String),
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it could match outside of the tree, or is not well formed.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        let bytes = text.as_bytes();
        if text.is_empty() {
            return Err(GlobError::Empty);
        }
        if text.starts_with('/')
            || (bytes.len() > 1 && bytes[1] == b':' && bytes[0].is_ascii_alphabetic())
        {
            return Err(GlobError::Absolute(text.to_owned()));
        }
        if text.contains('\0') {
            return Err(GlobError::Syntax(
                text.to_owned(),
                "it holds a NUL".to_owned(),
            ));
        }
        // Braces may hold whole components, so their alternatives are looked at like components.
        for part in text.split(['/', '{', '}', ',']) {
            if matches!(part, "." | "..") {
                return Err(GlobError::Component(text.to_owned(), part.to_owned()));
            }
        }
        if text.ends_with('/') || text.contains("//") {
            return Err(GlobError::Component(text.to_owned(), String::new()));
        }
        let glob = GlobBuilder::new(text)
            .literal_separator(true)
            .backslash_escape(true)
            .empty_alternates(true)
            .build()
            .map_err(|error| GlobError::Syntax(text.to_owned(), error.kind().to_string()))?;
        let wild = text.find(['*', '?', '[', '{', '\\']);
        let literal = &text[..wild.unwrap_or(text.len())];
        Ok(Self {
            text: text.to_owned(),
            glob,
            matcher: OnceLock::new(),
            prefix: TreePath::from_git(literal.rsplit_once('/').map_or("", |(folder, _)| folder)),
            is_literal: wild.is_none(),
        })
    }

    /// Whether it can match no other path than its own text.
    pub fn is_literal(&self) -> bool {
        self.is_literal
    }

    /// The deepest directory that holds all matches, as far as the text tells.
    pub fn literal_prefix(&self) -> &TreePath {
        &self.prefix
    }

    /// Whether a path matches.
    pub fn matches(&self, path: &TreePath) -> bool {
        if self.is_literal {
            return path.as_str() == self.text;
        }
        self.matcher
            .get_or_init(|| self.glob.compile_matcher())
            .is_match(path.as_str())
    }

    /// The files that match, sorted by the bytes of their paths. Directories never match.
    ///
    /// # Errors
    /// When the tree cannot be read there. That nothing matches is no error.
    pub fn expand(&self, files: &dyn Files) -> Result<Vec<TreePath>, FileError> {
        if self.is_literal {
            let path = TreePath::from_git(&self.text);
            return match files.kind(&path) {
                Ok(FileKind::Directory) => Ok(Vec::new()),
                Ok(FileKind::File | FileKind::Submodule) => Ok(vec![path]),
                Err(error) => nothing(error),
            };
        }
        let is_deep = match self.prefix.is_root() {
            true => self.text.contains('/'),
            false => self.text[self.prefix.as_str().len() + 1..].contains('/'),
        };
        // Alone, `**` has no slash and yet is deep.
        let listed = match files.list(&self.prefix, is_deep || self.text.contains("**")) {
            Ok(listed) => listed,
            Err(error) => return nothing(error),
        };
        let mut matches: Vec<TreePath> = listed
            .into_iter()
            .filter(|path| self.matches(path))
            .collect();
        matches.sort();
        Ok(matches)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

/// What is not there matches nothing.
fn nothing(error: FileError) -> Result<Vec<TreePath>, FileError> {
    match error {
        FileError::Missing(_) | FileError::NotADirectory(_) => Ok(Vec::new()),
        error => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tree::MemoryTree;

    fn expand(pattern: &str) -> String {
        let tree = MemoryTree::new(
            [
                "a/1.sh",
                "a/2.ps1",
                "a/.hidden.sh",
                "a/b/3.sh",
                "a/b/c/4.sh",
                "a-b/5.sh",
                "top.sh",
                "a/x{y}.sh",
                "a/B.sh",
            ]
            .map(|path| (path, "")),
        );
        let paths = Glob::parse(pattern).unwrap().expand(&tree).unwrap();
        paths
            .iter()
            .map(TreePath::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn expands() {
        for (pattern, expect) in [
            ("a/*.sh", "a/.hidden.sh a/1.sh a/B.sh a/x{y}.sh"),
            ("a/?.*", "a/1.sh a/2.ps1 a/B.sh"),
            (
                "a/**/*.sh",
                "a/.hidden.sh a/1.sh a/B.sh a/b/3.sh a/b/c/4.sh a/x{y}.sh",
            ),
            ("**/[34].sh", "a/b/3.sh a/b/c/4.sh"),
            ("a/b/**", "a/b/3.sh a/b/c/4.sh"),
            ("{a,a-b}/{1,5}.sh", "a-b/5.sh a/1.sh"),
            ("a/{b/3,1}.sh", "a/1.sh a/b/3.sh"),
            ("a/x\\{y\\}.sh", "a/x{y}.sh"),
            ("*.sh", "top.sh"),
            ("top.sh", "top.sh"),
            ("a/b", ""),
            ("a/*", "a/.hidden.sh a/1.sh a/2.ps1 a/B.sh a/x{y}.sh"),
            ("none/*", ""),
            ("top.sh/*", ""),
            ("a[!x]1.sh", ""),
            ("a/[!1]*.sh", "a/.hidden.sh a/B.sh a/x{y}.sh"),
        ] {
            assert_eq!(expand(pattern), expect, "{pattern}");
        }
        assert_eq!(expand("**").split(' ').count(), 9);
    }

    #[test]
    fn knows_its_folder() {
        for (pattern, prefix, literal) in [
            ("a/b/*.sh", "a/b", false),
            ("a/b/c.sh", "a/b", true),
            ("a/b*/c.sh", "a", false),
            ("a{/b,/c}/d", "", false),
            ("**", "", false),
            ("x", "", true),
        ] {
            let glob = Glob::parse(pattern).unwrap();
            assert_eq!(
                (glob.literal_prefix().as_str(), glob.is_literal()),
                (prefix, literal),
                "{pattern}"
            );
        }
    }

    #[test]
    fn refuses() {
        for (pattern, expect) in [
            ("", "the pattern is empty"),
            (
                "/a",
                "`/a` is absolute; patterns are relative to the root of the repository",
            ),
            (
                "C:\\a",
                "`C:\\a` is absolute; patterns are relative to the root of the repository",
            ),
            (
                "a/../b",
                "`a/../b` has the component `..`; patterns name paths from the root of the repository downwards",
            ),
            (
                "{a,..}/b",
                "`{a,..}/b` has the component `..`; patterns name paths from the root of the repository downwards",
            ),
            (
                "a/",
                "`a/` has the component ``; patterns name paths from the root of the repository downwards",
            ),
            (
                "a[",
                "`a[` is no pattern: unclosed character class; missing ']'",
            ),
            (
                "a{b",
                "`a{b` is no pattern: unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)",
            ),
        ] {
            assert_eq!(
                Glob::parse(pattern).unwrap_err().to_string(),
                expect,
                "{pattern}"
            );
        }
    }

    proptest! {
        #[test]
        fn matches_lie_in_the_folder(pattern in "[ab*?{},/\\[\\]]{1,10}", path in "[ab]{1,2}(/[ab]{1,2}){0,3}") {
            if let Ok(glob) = Glob::parse(&pattern) {
                let path = TreePath::from_git(&path);
                if glob.matches(&path) {
                    prop_assert!(path.is_within(glob.literal_prefix()));
                }
            }
        }
    }
}
