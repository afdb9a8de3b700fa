//! From what is known of a path to the file that it means.

use super::value::{Piece, Value};
use super::{Base, Candidate, Target};

impl Value {
    /// What the path means, for a script that may be in any of `folders` when it uses it.
    ///
    /// Nothing when no file of the repository can be meant: the script itself, its folder, a file that it makes.
    pub(super) fn targets(&self, folders: &[Self]) -> Vec<Target> {
        if self.is_made() || self.0.is_empty() {
            return Vec::new();
        }
        if let Some(reason) = self.reason() {
            return vec![Target::Unresolved(reason.to_owned())];
        }
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut pattern: Option<String> = None;
        let mut unknown: Option<String> = None;
        let full: Vec<Self> = if self.is_rooted() {
            vec![self.clone()]
        } else {
            folders.iter().map(|folder| folder.join(self)).collect()
        };
        let mut targets: Vec<Target> = Vec::new();
        for path in full {
            if path.is_made() {
                continue;
            }
            if let Some(reason) = path.reason() {
                unknown = Some(reason.to_owned());
                continue;
            }
            let (folder, wild) = path.split_pattern();
            let (bases, rest): (&[Base], &[Piece]) = match folder.0.split_first() {
                Some((Piece::ScriptFolder(_), rest)) => (&[Base::Script], rest),
                Some((Piece::StartFolder, rest)) => (&[Base::Script, Base::Root], rest),
                Some((Piece::Root, rest)) => (&[Base::Root], rest),
                Some((Piece::Text(_), [])) | None => {
                    let folder = folder.as_text().unwrap_or_default();
                    if folder == "/dev"
                        || folder.starts_with("/dev/")
                        || folder.starts_with("/proc/")
                    {
                        continue;
                    }
                    let glob = wild.is_some();
                    let path = wild.map_or_else(
                        || folder.to_owned(),
                        |wild| format!("{}/{wild}", folder.trim_end_matches('/')),
                    );
                    let target = Target::OnImage {
                        path: tidy_absolute(&path),
                        glob,
                    };
                    if !targets.contains(&target) {
                        targets.push(target);
                    }
                    continue;
                }
                _ => continue,
            };
            let mut text = String::new();
            if let Some(Piece::ScriptFolder(up)) = folder.0.first() {
                // No repository is this deep: the path leads out of it either way.
                text.push_str(&"../".repeat((*up).min(256) as usize));
            }
            match rest {
                [] => {}
                [Piece::Text(rest)] if rest.starts_with('/') => text.push_str(&rest[1..]),
                _ => {
                    unknown =
                        Some("text is appended to a folder's name without a slash".to_owned());
                    continue;
                }
            }
            let text = tidy(&text);
            if wild.is_none() && (text.is_empty() || text.split('/').all(|part| part == "..")) {
                continue;
            }
            pattern = wild;
            for base in bases {
                let candidate = Candidate {
                    base: *base,
                    path: text.clone(),
                };
                if !candidates.contains(&candidate) {
                    candidates.push(candidate);
                }
            }
        }
        if let Some(reason) = unknown {
            return vec![Target::Unresolved(reason)];
        }
        if !candidates.is_empty() {
            targets.push(match pattern {
                None => Target::Relative { candidates },
                Some(pattern) => Target::Glob {
                    folders: candidates,
                    pattern,
                },
            });
        }
        targets
    }

    /// The folder that holds every match, and the pattern below it; known text in the pattern is escaped.
    fn split_pattern(&self) -> (Self, Option<String>) {
        let Some(first) = self
            .0
            .iter()
            .position(|piece| matches!(piece, Piece::Wild(_)))
        else {
            return (self.clone(), None);
        };
        let mut folder = Self(self.0[..first].to_vec());
        let mut pattern = String::new();
        if let Some(Piece::Text(text)) = folder.0.last_mut() {
            let at = text.rfind('/').map_or(0, |at| at + 1);
            pattern.push_str(&escape(&text[at..]));
            // The slash goes, unless it is the root.
            text.truncate(if at > 1 { at - 1 } else { at });
        }
        folder
            .0
            .retain(|piece| *piece != Piece::Text(String::new()));
        for piece in &self.0[first..] {
            match piece {
                Piece::Text(text) => pattern.push_str(&escape(text)),
                Piece::Wild(text) => pattern.push_str(text),
                _ => pattern.push('*'),
            }
        }
        (folder, Some(pattern))
    }
}

/// The text as a pattern that matches nothing else.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if "*?[]{}\\!,".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// The relative path without `.`, without empty components, and with `..` at its beginning only.
pub(super) fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// The absolute path without `.` and empty components, and without `..` where a component precedes it.
fn tidy_absolute(path: &str) -> String {
    let root = if path.starts_with("//") {
        "//"
    } else if path.starts_with('/') {
        "/"
    } else {
        ""
    };
    format!("{root}{}", tidy(path))
}
