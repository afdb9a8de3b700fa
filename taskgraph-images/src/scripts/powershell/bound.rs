//! [`Bound`]: a command's arguments by name and position.

use std::ops::Range;

use super::lex::Argument;

/// Parameters that take no value, of the commands that are evaluated or followed.
pub(super) const SWITCHES: &[&str] = &[
    "resolve",
    "parent",
    "leaf",
    "leafbase",
    "extension",
    "qualifier",
    "noqualifier",
    "isabsolute",
    "recurse",
    "file",
    "directory",
    "force",
    "name",
    "hidden",
    "readonly",
    "system",
    "verbose",
    "debug",
    "passthru",
];

/// The arguments of a command by name and position.
#[derive(Debug)]
pub(super) struct Bound<'a> {
    named: Vec<(&'a str, &'a [Range<usize>])>,
    positional: Vec<&'a [Range<usize>]>,
}

impl<'a> Bound<'a> {
    pub(super) fn new(text: &str, arguments: &'a [Argument], switches: &[&str]) -> Self {
        let mut bound = Self {
            named: Vec::new(),
            positional: Vec::new(),
        };
        let mut rest = arguments.iter().peekable();
        while let Some(argument) = rest.next() {
            match argument {
                Argument::Values(values) => bound.positional.push(values),
                Argument::Parameter(name) => {
                    let mut values: &[Range<usize>] = &[];
                    // `-Force:$true` gives even a switch a value.
                    let follows = rest.peek();
                    if let Some(Argument::Values(next)) = follows
                        && (!switches.contains(&name.as_str())
                            || next
                                .first()
                                .is_some_and(|next| text[..next.start].ends_with(':')))
                    {
                        values = next;
                        rest.next();
                    }
                    bound.named.push((name, values));
                }
            }
        }
        bound
    }

    /// The argument of one of the names, else the one at a position.
    pub(super) fn get(&self, names: &[&str], position: usize) -> Option<&'a [Range<usize>]> {
        self.named
            .iter()
            .find(|(name, values)| names.contains(name) && !values.is_empty())
            .map(|(_, values)| *values)
            .or_else(|| {
                let before = self
                    .named
                    .iter()
                    .filter(|(name, _)| is_path_name(name))
                    .count();
                // A named path moves the positions of the others.
                self.positional.get(position.checked_sub(before)?).copied()
            })
    }

    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.named.iter().any(|(name, _)| names.contains(name))
    }

    pub(super) fn positional(&self) -> usize {
        self.positional.len()
    }
}

fn is_path_name(name: &str) -> bool {
    matches!(name, "path" | "literalpath" | "pspath")
}
