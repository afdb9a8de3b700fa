//! [`Level`]: how much a repository and its tasks are trusted; [`ByLevel`]: a value for each.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How much a run, or the worker pools that an image serves, are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Level {
    /// Pull requests, and anything that anybody may push.
    One,
    /// What was reviewed.
    Three,
}

/// A number that is no level; whoever wrote it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no level: expected 1 or 3")]
pub struct LevelError(pub String);

impl Level {
    /// Both, lowest first.
    pub const ALL: [Self; 2] = [Self::One, Self::Three];

    /// The number.
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Three => 3,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.number(), f)
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.number()
    }
}

impl TryFrom<u8> for Level {
    type Error = LevelError;

    fn try_from(number: u8) -> Result<Self, LevelError> {
        match number {
            1 => Ok(Self::One),
            3 => Ok(Self::Three),
            _ => Err(LevelError(number.to_string())),
        }
    }
}

impl FromStr for Level {
    type Err = LevelError;

    /// Takes `1` and `3` and nothing that merely looks like them: `03`, ` 3` and `3.0` are refused.
    fn from_str(text: &str) -> Result<Self, LevelError> {
        match text {
            "1" => Ok(Self::One),
            "3" => Ok(Self::Three),
            _ => Err(LevelError(text.to_owned())),
        }
    }
}

/// A value for each level of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ByLevel<T> {
    /// At level 1.
    #[serde(rename = "1")]
    pub one: T,
    /// At level 3.
    #[serde(rename = "3")]
    pub three: T,
}

impl<T> ByLevel<T> {
    /// A value for each.
    pub const fn new(one: T, three: T) -> Self {
        Self { one, three }
    }

    /// The same value at both.
    pub fn same(value: T) -> Self
    where
        T: Clone,
    {
        Self {
            one: value.clone(),
            three: value,
        }
    }

    /// The value that `make` gives for each.
    ///
    /// # Errors
    /// The first error of `make`'s.
    pub fn try_from_fn<E>(mut make: impl FnMut(Level) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self {
            one: make(Level::One)?,
            three: make(Level::Three)?,
        })
    }

    /// The value at a level.
    pub const fn at(&self, level: Level) -> &T {
        match level {
            Level::One => &self.one,
            Level::Three => &self.three,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plain_digits_are_levels() {
        assert_eq!("3".parse(), Ok(Level::Three));
        for text in ["03", "3.0", " 3", "2", "", "three", "３"] {
            assert!(text.parse::<Level>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_value_for_each() {
        let days = ByLevel::new(28, 365);
        assert_eq!((days.at(Level::One), days.at(Level::Three)), (&28, &365));
    }
}
