//! [`EndOfLife`]: until when something that images are made of is supported.

use chrono::NaiveDate;
use regex::Regex;

/// The day from which something is no longer supported, and how it shows in the names of images.
#[derive(Debug, Clone)]
pub struct EndOfLife {
    /// What it is.
    pub what: String,
    /// The last day of support.
    pub date: NaiveDate,
    pattern: Regex,
}

/// A pattern that cannot be read; whoever declared it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pattern {pattern:?} of `{what}` cannot be read: {reason}")]
pub struct EndOfLifeError {
    /// What its support ends of.
    pub what: String,
    /// The pattern.
    pub pattern: String,
    /// Why.
    pub reason: String,
}

/// Base systems: what, the last day that everybody gets updates for free, and the pattern. Editions of Windows are the
/// ones that clouds have: Enterprise and Server.
const BASES: &[(&str, (i32, u32, u32), &str)] = &[
    ("Debian 10", (2024, 6, 30), r"debian[-_]?(10|buster)"),
    ("Debian 11", (2026, 8, 31), r"debian[-_]?(11|bullseye)"),
    ("Debian 12", (2028, 6, 30), r"debian[-_]?(12|bookworm)"),
    (
        "Ubuntu 18.04",
        (2023, 5, 31),
        r"(ubuntu[-_]?)?1804|ubuntu[-_]?18[-_.]04",
    ),
    (
        "Ubuntu 20.04",
        (2025, 5, 31),
        r"(ubuntu[-_]?)?2004|ubuntu[-_]?20[-_.]04",
    ),
    (
        "Ubuntu 22.04",
        (2027, 4, 30),
        r"(ubuntu[-_]?)?2204|ubuntu[-_]?22[-_.]04",
    ),
    (
        "Ubuntu 24.04",
        (2029, 4, 30),
        r"(ubuntu[-_]?)?2404|ubuntu[-_]?24[-_.]04",
    ),
    ("Windows 10", (2025, 10, 14), r"win(dows)?[-_]?10"),
    (
        "Windows 11 22H2",
        (2025, 10, 14),
        r"win(dows)?[-_]?11.*[-_]22h2",
    ),
    (
        "Windows 11 23H2",
        (2026, 11, 10),
        r"win(dows)?[-_]?11.*[-_]23h2",
    ),
    (
        "Windows 11 24H2",
        (2027, 10, 12),
        r"win(dows)?[-_]?11.*[-_]24h2",
    ),
    (
        "Windows Server 2012",
        (2023, 10, 10),
        r"win(dows)?[-_]?(server)?[-_]?2012(r2)?",
    ),
    (
        "Windows Server 2016",
        (2027, 1, 12),
        r"win(dows)?[-_]?(server)?[-_]?2016",
    ),
    (
        "Windows Server 2019",
        (2029, 1, 9),
        r"win(dows)?[-_]?(server)?[-_]?2019",
    ),
    (
        "Windows Server 2022",
        (2031, 10, 14),
        r"win(dows)?[-_]?(server)?[-_]?2022",
    ),
];

impl EndOfLife {
    /// Declares an end of life. The pattern is a regular expression that must match whole words of a name, whatever
    /// their case: what stands before and after it is no letter and no digit.
    ///
    /// # Errors
    /// When the pattern is none.
    pub fn new(
        what: impl Into<String>,
        date: NaiveDate,
        pattern: &str,
    ) -> Result<Self, EndOfLifeError> {
        let what = what.into();
        match Regex::new(&format!("(?i)(^|[^a-z0-9])({pattern})($|[^a-z0-9])")) {
            Ok(pattern) => Ok(Self {
                what,
                date,
                pattern,
            }),
            Err(error) => Err(EndOfLifeError {
                what,
                pattern: pattern.to_owned(),
                reason: error.to_string(),
            }),
        }
    }

    /// The ends of life of base systems that are known to this program.
    pub fn of_bases() -> Vec<Self> {
        BASES
            .iter()
            .filter_map(|(what, (year, month, day), pattern)| {
                let date = NaiveDate::from_ymd_opt(*year, *month, *day)?;
                Self::new(*what, date, pattern).ok()
            })
            .collect()
    }

    /// Whether a name tells that it is made of this.
    pub fn is_in(&self, name: &str) -> bool {
        self.pattern.is_match(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_bases_by_whole_words() {
        let bases = EndOfLife::of_bases();
        assert_eq!(bases.len(), BASES.len());
        for (name, expect) in [
            ("generic-2204-wayland-vm-2023-09-22", "Ubuntu 22.04"),
            ("gw-ubuntu-24-04-arm64", "Ubuntu 24.04"),
            ("example_t_windows10_64_2009", "Windows 10"),
            ("win10_64_2009", "Windows 10"),
            ("win2022_64", "Windows Server 2022"),
            ("win11_64_24h2", "Windows 11 24H2"),
            ("plain-2022-04-05", ""),
            ("build-12204", ""),
        ] {
            let found: Vec<&str> = bases
                .iter()
                .filter(|base| base.is_in(name))
                .map(|base| base.what.as_str())
                .collect();
            assert_eq!(found.join(", "), expect, "{name}");
        }
        let date = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let error = EndOfLife::new("it", date, "(").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the pattern \"(\" of `it` cannot be read")
        );
    }
}
