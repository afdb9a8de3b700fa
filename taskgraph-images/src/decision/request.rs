//! [`Request`]: what a commit message, a pull request's label or a comment asks for instead of what the event implies.
//!
//! It may choose which images are built, and ask that they be built anew. It cannot widen what the run may do: levels
//! and scopes come from elsewhere.

use std::fmt;

use taskgraph_images_transforms::{ImageId, ImageName};

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which images.
    pub images: Wanted,
    /// Whether they are made anew, whatever the index has.
    pub force: bool,
}

/// Which images somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// What the event implies.
    Implied,
    /// No image.
    Nothing,
    /// Every image.
    All,
    /// These, by name, or by name and cloud.
    Images(Vec<Selector>),
}

/// An image by its name, on one cloud or on all that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// On all its clouds.
    Name(ImageName),
    /// On one cloud.
    Id(ImageId),
}

impl Selector {
    /// Reads `name` or `name@cloud`.
    pub fn of_word(word: &str) -> Option<Self> {
        if word.contains('@') {
            word.parse().ok().map(Self::Id)
        } else {
            ImageName::new(word).ok().map(Self::Name)
        }
    }

    /// Whether it selects an image.
    pub fn selects(&self, id: &ImageId) -> bool {
        match self {
            Self::Name(name) => *name == id.name,
            Self::Id(selected) => selected == id,
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// A word that asks for nothing known; whoever wrote it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{word:?} in {line:?} asks for nothing known: expected images (`name` or `name@cloud`), `all`, `none` or `--force`"
)]
pub struct RequestError {
    /// The word.
    pub word: String,
    /// The line that holds it.
    pub line: String,
}

/// What a line or label starts with that asks for something.
const START: &str = "taskgraph-images:";

impl Request {
    /// Finds a request in a commit message: a line of its own, such as `taskgraph-images: ubuntu-2404 --force`.
    ///
    /// `DONTBUILD` anywhere asks for nothing, where `dontbuild` says that it counts, as Taskgraph has it for pushes.
    /// Several lines add up.
    ///
    /// # Errors
    /// Every word that asks for nothing known.
    pub fn in_message(message: &str, dontbuild: bool) -> Result<Option<Self>, Vec<RequestError>> {
        if dontbuild && message.contains("DONTBUILD") {
            return Ok(Some(Self {
                images: Wanted::Nothing,
                force: false,
            }));
        }
        Self::in_lines(message.lines())
    }

    /// Finds a request among a pull request's labels, such as `taskgraph-images: none`.
    ///
    /// # Errors
    /// Every word that asks for nothing known.
    pub fn in_labels(labels: &[String]) -> Result<Option<Self>, Vec<RequestError>> {
        Self::in_lines(labels.iter().map(String::as_str))
    }

    /// Reads the words of a request: images, `all`, `none`, `--force`.
    ///
    /// # Errors
    /// Every word that asks for nothing known.
    pub fn of_words(words: &str) -> Result<Self, Vec<RequestError>> {
        let mut request = Self {
            images: Wanted::Implied,
            force: false,
        };
        let mut faults = Vec::new();
        for word in words
            .split([' ', '\t', ','])
            .filter(|word| !word.is_empty())
        {
            match word {
                "--force" | "force" => request.force = true,
                "all" => request.images = Wanted::All,
                "none" | "nothing" => request.images = Wanted::Nothing,
                image => match Selector::of_word(image) {
                    Some(selector) => match &mut request.images {
                        Wanted::Images(images) => images.push(selector),
                        Wanted::All => {}
                        other => *other = Wanted::Images(vec![selector]),
                    },
                    None => faults.push(RequestError {
                        word: image.to_owned(),
                        line: words.trim().to_owned(),
                    }),
                },
            }
        }
        if faults.is_empty() {
            Ok(request)
        } else {
            Err(faults)
        }
    }

    fn in_lines<'a>(
        lines: impl Iterator<Item = &'a str>,
    ) -> Result<Option<Self>, Vec<RequestError>> {
        let mut words = String::new();
        let mut found = false;
        for line in lines {
            let line = line.trim();
            // People write a label's or trailer's name as they like.
            if line
                .get(..START.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(START))
            {
                found = true;
                words.push(' ');
                words.push_str(&line[START.len()..]);
            }
        }
        if found {
            Self::of_words(&words).map(Some)
        } else {
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(message: &str) -> String {
        match Request::in_message(message, true) {
            Ok(None) => "-".to_owned(),
            Ok(Some(Request { images, force })) => {
                let images = match images {
                    Wanted::Implied => "implied".to_owned(),
                    Wanted::Nothing => "nothing".to_owned(),
                    Wanted::All => "all".to_owned(),
                    Wanted::Images(images) => images
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join(" "),
                };
                format!("{images}{}", if force { " anew" } else { "" })
            }
            Err(faults) => faults
                .iter()
                .map(|fault| format!("? {}", fault.word))
                .collect::<Vec<_>>()
                .join("; "),
        }
    }

    #[test]
    fn messages() {
        for (message, expect) in [
            ("Fix a typo", "-"),
            ("Fix the taskgraph-images: of others", "-"),
            ("Fix\n\ntaskgraph-images: none", "nothing"),
            (
                "Fix\n\nTaskgraph-Images: a@aws, b --force\n",
                "a@aws b anew",
            ),
            ("x\ntaskgraph-images: a\ntaskgraph-images: b", "a b"),
            ("x\ntaskgraph-images: --force", "implied anew"),
            ("x\ntaskgraph-images: all a", "all"),
            (
                "x\ntaskgraph-images: a@moon --level=3 $(id)",
                "? a@moon; ? --level=3; ? $(id)",
            ),
            ("Fix DONTBUILD", "nothing"),
        ] {
            assert_eq!(of(message), expect, "{message:?}");
        }
        let pull_request = Request::in_message("Fix DONTBUILD", false);
        assert_eq!(pull_request, Ok(None));
    }

    #[test]
    fn labels() {
        let labels = ["bug", "taskgraph-images: all"].map(str::to_owned);
        let request = Request::in_labels(&labels).unwrap().unwrap();
        assert_eq!(request.images, Wanted::All);
    }
}
