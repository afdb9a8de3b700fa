//! What is known of a string while a script runs: the domain of the constant propagation.
//!
//! A [`Value`] is text whose unknown parts are named for what they are: the script's folder, the working
//! directory, a wildcard, or something that nobody can know. A variable holds a few of them ([`super::values::Values`]).

mod paths;

/// Text longer than this is no path.
const LONGEST_TEXT: usize = 4096;

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Known text.
    Text(String),
    /// A wildcard, in the syntax of `globset`.
    Wild(String),
    /// The path of the script itself.
    ScriptFile,
    /// The folder so many levels above the script's own folder, as an absolute path without `..`.
    ScriptFolder(u32),
    /// The root of the repository.
    Root,
    /// The working directory that the script is started in.
    StartFolder,
    /// A file that is made while the script runs.
    Made,
    /// Not known, and why.
    Unknown(String),
}

/// A string, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Value(pub(super) Vec<Piece>);

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Self(if text.is_empty() {
            Vec::new()
        } else {
            vec![Piece::Text(text)]
        })
    }

    pub(super) fn piece(piece: Piece) -> Self {
        Self(vec![piece])
    }

    pub(super) fn unknown(reason: impl Into<String>) -> Self {
        Self::piece(Piece::Unknown(reason.into()))
    }

    /// The text, if all of it is known.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The known text at its end.
    pub(super) fn tail(&self) -> &str {
        match self.0.last() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether it leads to the script's folder or the repository's root, and on from there.
    pub(super) fn is_anchored(&self) -> bool {
        matches!(
            self.0.as_slice(),
            [
                Piece::ScriptFolder(_) | Piece::Root,
                Piece::Text(_) | Piece::Wild(_),
                ..
            ]
        ) && self.reason().is_none()
            && !self.is_made()
    }

    /// Why it is not known, if it is not.
    pub(super) fn reason(&self) -> Option<&str> {
        self.0.iter().find_map(|piece| match piece {
            Piece::Unknown(reason) => Some(reason.as_str()),
            _ => None,
        })
    }

    /// Whether the script makes it while it runs.
    pub(super) fn is_made(&self) -> bool {
        self.0.contains(&Piece::Made)
    }

    pub(super) fn push(&mut self, piece: Piece) {
        let has_room = self.0.len() < 64;
        match (self.0.last_mut(), piece) {
            (Some(Piece::Text(last)), Piece::Text(more)) => {
                if last.len() + more.len() > LONGEST_TEXT {
                    *self = Self::unknown("the text is longer than a path");
                } else {
                    last.push_str(&more);
                }
            }
            (Some(Piece::Wild(last)), Piece::Wild(more)) => last.push_str(&more),
            (_, Piece::Text(text)) if text.is_empty() => {}
            (_, piece) if has_room => self.0.push(piece),
            _ => *self = Self::unknown("the text has too many parts"),
        }
    }

    pub(super) fn push_text(&mut self, text: &str) {
        self.push(Piece::Text(text.to_owned()));
    }

    pub(super) fn append(&mut self, other: &Self) {
        for piece in &other.0 {
            self.push(piece.clone());
        }
    }

    /// Whether it starts at a folder rather than with text.
    pub(super) fn starts_at_folder(&self) -> bool {
        matches!(
            self.0.first(),
            Some(Piece::ScriptFolder(_) | Piece::StartFolder | Piece::Root | Piece::ScriptFile)
        )
    }

    /// Its text with the wildcards that quotes do not protect, where a language expands them late.
    #[must_use]
    pub(super) fn with_wildcards(self) -> Self {
        let mut expanded = Self::default();
        for piece in self.0 {
            let Piece::Text(text) = piece else {
                expanded.push(piece);
                continue;
            };
            let mut plain = String::new();
            let mut rest = text.as_str();
            while let Some(first) = rest.chars().next() {
                let length = match first {
                    '*' | '?' => 1,
                    '[' => rest.find(']').map_or(0, |end| end + 1),
                    _ => 0,
                };
                if length == 0 {
                    plain.push(first);
                    rest = &rest[first.len_utf8()..];
                } else {
                    expanded.push(Piece::Text(std::mem::take(&mut plain)));
                    expanded.push(Piece::Wild(rest[..length].to_owned()));
                    rest = &rest[length..];
                }
            }
            expanded.push(Piece::Text(plain));
        }
        expanded
    }
}
