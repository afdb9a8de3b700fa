//! [`IgnoreFile`]: which files of a build context Docker leaves out.
//!
//! The rules are Docker's, not git's: patterns start at the context's root, the last one that matches a file or a
//! folder above it decides, and an exception also brings back what lies in an ignored folder.

use super::pattern::Pattern;
use crate::diagnostic::Span;

/// The patterns of an ignore file, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IgnoreFile {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    pattern: Pattern,
    is_exception: bool,
}

/// A line that Docker refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoreFault {
    /// The line.
    pub span: Span,
    /// What is wrong with it.
    pub message: String,
}

impl IgnoreFile {
    /// Reads an ignore file, and says which lines are wrong; those are skipped, so that more files count as inputs.
    pub fn parse(text: &str) -> (Self, Vec<IgnoreFault>) {
        let mut file = Self::default();
        let mut faults = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let span = start..start + line.trim_end().len();
            start += line.len();
            // A comment starts in the first column, before blanks are cut.
            let line = line.trim_start_matches('\u{FEFF}');
            if line.starts_with('#') {
                continue;
            }
            let line = line.trim();
            let (is_exception, pattern) = match line.strip_prefix('!') {
                Some(pattern) => (true, pattern.trim()),
                None => (false, line),
            };
            if line.is_empty() {
                continue;
            }
            let mut fault = |message: &str| {
                faults.push(IgnoreFault {
                    span: span.clone().into(),
                    message: message.to_owned(),
                });
            };
            if pattern.is_empty() {
                fault("the exception `!` names nothing");
                continue;
            }
            let clean = clean(pattern);
            // The context itself cannot be left out.
            if clean.is_empty() || clean == ".." || clean.starts_with("../") {
                continue;
            }
            match Pattern::parse(&clean) {
                Some(pattern) => file.rules.push(Rule {
                    pattern,
                    is_exception,
                }),
                None => fault("the pattern's bracket does not close"),
            }
        }
        (file, faults)
    }

    /// Whether Docker leaves out the file at a path relative to the context.
    pub fn ignores(&self, path: &str) -> bool {
        let mut ignored = false;
        for rule in &self.rules {
            // Only a rule that changes the answer needs to be tried.
            if rule.is_exception == ignored && rule.pattern.matches_within(path) {
                ignored = !rule.is_exception;
            }
        }
        ignored
    }
}

/// A path as Go's `filepath.Clean` gives it, without a leading slash: empty for the root.
pub(super) fn clean(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(last) if *last != ".." => {
                    parts.pop();
                }
                _ if is_absolute => {}
                _ => parts.push(part),
            },
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The files that an ignore file leaves out.
    fn ignored(text: &str) -> String {
        let (file, faults) = IgnoreFile::parse(text);
        let files = [
            "Dockerfile",
            "README.md",
            "a.txt",
            "a/b.txt",
            "a/b/c.txt",
            "a/b/d.md",
            "b/a.txt",
            "ab/x",
            ".git/config",
            "x y/z",
            "a/.env",
        ];
        let mut ignored: Vec<String> = files
            .into_iter()
            .filter(|path| file.ignores(path))
            .map(str::to_owned)
            .collect();
        ignored.extend(
            faults
                .iter()
                .map(|fault| format!("({}: {})", &text[fault.span.range()], fault.message)),
        );
        ignored.join(" ")
    }

    #[test]
    fn docker_rules() {
        for (text, expect) in [
            ("", ""),
            ("# a.txt\n\n   \n", ""),
            ("a", "a/b.txt a/b/c.txt a/b/d.md a/.env"),
            ("a/", "a/b.txt a/b/c.txt a/b/d.md a/.env"),
            ("/a/./b/", "a/b/c.txt a/b/d.md"),
            ("a.txt", "a.txt"),
            ("*.txt", "a.txt"),
            ("*/*.txt", "a/b.txt b/a.txt"),
            ("**/*.txt", "a.txt a/b.txt a/b/c.txt b/a.txt"),
            ("**/a.txt", "a.txt b/a.txt"),
            ("a/**", "a/b.txt a/b/c.txt a/b/d.md a/.env"),
            ("**/b", "a/b/c.txt a/b/d.md b/a.txt"),
            ("a/**/c.txt", "a/b/c.txt"),
            ("**c.txt", "a/b/c.txt"),
            (
                "*\n!*.md",
                "Dockerfile a.txt a/b.txt a/b/c.txt a/b/d.md b/a.txt ab/x .git/config x y/z a/.env",
            ),
            (
                "*\n!**/*.md",
                "Dockerfile a.txt a/b.txt a/b/c.txt b/a.txt ab/x .git/config x y/z a/.env",
            ),
            ("a\n!a/b", "a/b.txt a/.env"),
            ("!a/b\na", "a/b.txt a/b/c.txt a/b/d.md a/.env"),
            (
                "a\n! a/b/c.txt\na/b/c*",
                "a/b.txt a/b/c.txt a/b/d.md a/.env",
            ),
            ("  x y  \r\n.git\r\n", ".git/config x y/z"),
            (" # a", ""),
            ("?.txt", "a.txt"),
            ("[a-b].txt\n[^a]/*", "a.txt b/a.txt"),
            (".", ""),
            ("\u{FEFF}a.txt", "a.txt"),
            (
                "!\na[",
                "(!: the exception `!` names nothing) (a[: the pattern's bracket does not close)",
            ),
            ("\\a.txt", "a.txt"),
            ("{a,b}", ""),
        ] {
            assert_eq!(ignored(text), expect, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[ab*?!#/\\[\\]\\\\^. \n-]{0,24}", path in "[ab.]{1,3}(/[ab.]{1,3}){0,3}") {
            let (file, faults) = IgnoreFile::parse(&text);
            let _ = file.ignores(&path);
            for fault in faults {
                prop_assert!(text.get(fault.span.range()).is_some());
            }
        }
    }
}
