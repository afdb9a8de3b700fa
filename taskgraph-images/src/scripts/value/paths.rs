//! A value as a path: joined to another, its parent, its last component, what is listed in it.

use super::{Piece, Value};

impl Value {
    /// Both, with a slash between them.
    pub(in crate::scripts) fn join(&self, child: &Self) -> Self {
        if child.is_rooted() || self.0.is_empty() {
            return child.clone();
        }
        let mut joined = self.clone();
        if child.0.is_empty() {
            return joined;
        }
        if !joined.tail().ends_with('/') && !child.starts_with_slash() {
            joined.push_text("/");
        }
        joined.append(child);
        joined
    }

    /// As PowerShell's `Join-Path` does: the child counts as relative even if it starts with a slash.
    pub(in crate::scripts) fn join_below(&self, child: &Self) -> Self {
        let mut joined = self.clone();
        let mut child = child.clone();
        if let Some(Piece::Text(text)) = child.0.first_mut() {
            let cut = text.trim_start_matches('/').len();
            text.drain(..text.len() - cut);
        }
        child.0.retain(|piece| *piece != Piece::Text(String::new()));
        if child.0.is_empty() {
            return joined;
        }
        if !joined.tail().ends_with('/') {
            joined.push_text("/");
        }
        joined.append(&child);
        joined
    }

    /// What `dirname` prints.
    #[must_use]
    pub(in crate::scripts) fn parent(&self) -> Self {
        let mut parent = self.clone();
        match parent.0.pop() {
            None => Self::text("."),
            Some(Piece::ScriptFile) if parent.0.is_empty() => Self::piece(Piece::ScriptFolder(0)),
            Some(Piece::ScriptFolder(up)) if parent.0.is_empty() => {
                Self::piece(Piece::ScriptFolder(up.saturating_add(1)))
            }
            Some(Piece::Text(text)) => {
                let trimmed = text.trim_end_matches('/');
                if trimmed.is_empty() {
                    return if parent.0.is_empty() {
                        Self::text("/")
                    } else {
                        parent.parent()
                    };
                }
                match trimmed.rfind('/') {
                    Some(at) => {
                        let kept = trimmed[..at].trim_end_matches('/');
                        if kept.is_empty() && parent.0.is_empty() {
                            return Self::text("/");
                        }
                        parent.push_text(kept);
                        parent
                    }
                    None if parent.0.is_empty() => Self::text("."),
                    None => parent.parent_of_tail(),
                }
            }
            Some(Piece::Wild(_)) => parent.parent_of_tail(),
            Some(Piece::Made) => Self::piece(Piece::Made),
            Some(Piece::Unknown(reason)) => Self::unknown(reason),
            Some(Piece::Root | Piece::StartFolder | Piece::ScriptFile | Piece::ScriptFolder(_)) => {
                Self::unknown("a folder above the one that the script starts in is not known")
            }
        }
    }

    /// The parent of a path whose last component goes on beyond what `self` holds.
    fn parent_of_tail(&self) -> Self {
        match self.0.last() {
            None => Self::text("."),
            Some(Piece::Text(text)) if text.ends_with('/') => {
                let mut parent = self.clone();
                if let Some(Piece::Text(text)) = parent.0.last_mut() {
                    let kept = text.trim_end_matches('/').len();
                    text.truncate(kept);
                }
                parent
                    .0
                    .retain(|piece| *piece != Piece::Text(String::new()));
                parent
            }
            Some(Piece::Text(_) | Piece::Wild(_)) => self.parent(),
            Some(_) => Self::unknown("the folder's name is put together from parts"),
        }
    }

    /// What `pwd` or `realpath` prints: an absolute path without `..`.
    #[must_use]
    pub(in crate::scripts) fn canonical(&self) -> Self {
        let [Piece::ScriptFolder(up), Piece::Text(rest), tail @ ..] = self.0.as_slice() else {
            return self.clone();
        };
        if !rest.starts_with('/') {
            return self.clone();
        }
        let mut up = *up;
        let mut parts: Vec<&str> = Vec::new();
        for part in rest.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if parts.pop().is_none() {
                        up += 1;
                    }
                }
                name => parts.push(name),
            }
        }
        let mut canonical = Self::piece(Piece::ScriptFolder(up));
        for part in parts {
            canonical.push_text("/");
            canonical.push_text(part);
        }
        if !tail.is_empty() && rest.ends_with('/') {
            canonical.push_text("/");
        }
        for piece in tail {
            canonical.push(piece.clone());
        }
        canonical
    }

    /// The last component, if it is known.
    pub(in crate::scripts) fn file_name(&self) -> Option<&str> {
        self.tail()
            .trim_end_matches('/')
            .rsplit_once('/')
            .map(|(_, name)| name)
            .or_else(|| self.as_text())
            .filter(|name| !name.is_empty())
    }

    /// What follows the last slash, known or not.
    pub(in crate::scripts) fn last_component(&self) -> Option<Self> {
        let mut last = Self::default();
        let at = self
            .0
            .iter()
            .rposition(|piece| matches!(piece, Piece::Text(text) if text.contains('/')));
        let rest = match at.map(|at| (&self.0[at], &self.0[at + 1..])) {
            Some((Piece::Text(text), rest)) => {
                last.push_text(&text[text.rfind('/')? + 1..]);
                rest
            }
            _ => &self.0[..],
        };
        for piece in rest {
            if !matches!(piece, Piece::Text(_) | Piece::Wild(_)) {
                return None;
            }
            last.push(piece.clone());
        }
        (!last.0.is_empty()).then_some(last)
    }

    /// The files in a folder or those that match, as PowerShell lists them.
    pub(in crate::scripts) fn listing(&self, filter: Option<&str>, recursive: bool) -> Self {
        let path = self.clone().with_wildcards();
        let is_pattern = path.0.iter().any(|piece| matches!(piece, Piece::Wild(_)));
        let (mut folder, name) = match path.last_component() {
            Some(name) if is_pattern && filter.is_none() => (path.parent(), name),
            _ => (path, Self::text(filter.unwrap_or("*")).with_wildcards()),
        };
        folder.push_text("/");
        if recursive {
            folder.push(Piece::Wild("**/".to_owned()));
        }
        folder.append(&name);
        folder
    }

    /// Whether it is an absolute path (or unknown in its beginning), so that a working directory does not matter.
    pub(in crate::scripts) fn is_rooted(&self) -> bool {
        match self.0.first() {
            Some(Piece::Text(text)) => is_absolute(text),
            Some(Piece::Wild(_)) | None => false,
            Some(_) => true,
        }
    }

    fn starts_with_slash(&self) -> bool {
        matches!(self.0.first(), Some(Piece::Text(text)) if text.starts_with('/'))
    }

    /// Cuts a part off its beginning that is not known and ends at a slash, as ShellCheck does for `source-path`.
    pub(in crate::scripts) fn without_unknown_folder(&self) -> Option<Self> {
        match self.0.as_slice() {
            [
                Piece::Unknown(_) | Piece::Made,
                Piece::Text(text),
                rest @ ..,
            ] if text.starts_with('/') => {
                let mut cut = Self::text(text.trim_start_matches('/'));
                for piece in rest {
                    cut.push(piece.clone());
                }
                cut.reason().is_none().then_some(cut)
            }
            _ if !self.is_rooted() && self.reason().is_none() => Some(self.clone()),
            _ => None,
        }
    }
}

/// Whether a path does not depend on the working directory: a root, a drive, a home, a variable of Windows.
fn is_absolute(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.starts_with(['/', '~', '$', '\\'])
        || (bytes.len() > 1 && bytes[1] == b':' && bytes[0].is_ascii_alphabetic())
        || (text.starts_with('%') && text[1..].contains('%'))
}
