//! [`EndOfLife`]: until when something that images are made of is supported.

use chrono::NaiveDate;
use regex::Regex;
use serde::{Deserialize, Serialize};

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

/// Base systems: what, the last day that everybody gets security updates for free, and the pattern.
///
/// The dates are those of the data of endoflife.date (`products/{debian,ubuntu,windows,windows-server}.md`) in August 2026:
/// of Debian the end of its long-term support, of Ubuntu the end of standard security maintenance (Ubuntu Pro goes on), of
/// Windows the end of support of the editions that clouds have, Enterprise and Server. A mapping can say other ones.
const BASES: &[(&str, (i32, u32, u32), &str)] = &[
    ("Debian 9", (2022, 7, 1), r"debian[-_]?(9|stretch)"),
    ("Debian 10", (2024, 6, 30), r"debian[-_]?(10|buster)"),
    ("Debian 11", (2026, 8, 31), r"debian[-_]?(11|bullseye)"),
    ("Debian 12", (2028, 6, 30), r"debian[-_]?(12|bookworm)"),
    ("Debian 13", (2030, 6, 30), r"debian[-_]?(13|trixie)"),
    (
        "Ubuntu 16.04",
        (2021, 4, 2),
        r"(ubuntu[-_]?)?1604|ubuntu[-_]?(16[-_.]04|xenial)",
    ),
    (
        "Ubuntu 18.04",
        (2023, 5, 31),
        r"(ubuntu[-_]?)?1804|ubuntu[-_]?(18[-_.]04|bionic)",
    ),
    (
        "Ubuntu 20.04",
        (2025, 5, 31),
        r"(ubuntu[-_]?)?2004|ubuntu[-_]?(20[-_.]04|focal)",
    ),
    (
        "Ubuntu 22.04",
        (2027, 4, 1),
        r"(ubuntu[-_]?)?2204|ubuntu[-_]?(22[-_.]04|jammy)",
    ),
    (
        "Ubuntu 24.04",
        (2029, 5, 31),
        r"(ubuntu[-_]?)?2404|ubuntu[-_]?(24[-_.]04|noble)",
    ),
    (
        "Ubuntu 26.04",
        (2031, 4, 30),
        r"(ubuntu[-_]?)?2604|ubuntu[-_]?26[-_.]04",
    ),
    ("Windows 10", (2025, 10, 14), r"win(dows)?[-_]?10"),
    (
        "Windows 11 21H2",
        (2024, 10, 8),
        r"win(dows)?[-_]?11.*[-_]21h2",
    ),
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
        "Windows 11 25H2",
        (2028, 10, 10),
        r"win(dows)?[-_]?11.*[-_]25h2",
    ),
    (
        "Windows 11 26H1",
        (2029, 3, 13),
        r"win(dows)?[-_]?11.*[-_]26h1",
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
    (
        "Windows Server 2025",
        (2034, 11, 14),
        r"win(dows)?[-_]?(server)?[-_]?2025",
    ),
];

/// An end of life, as the mapping declares it.
///
/// One that is called as a base that is known takes its place: its date, and its pattern if it has one. Any other needs a
/// pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeclaredEnd {
    /// What it is, such as `Ubuntu 22.04`.
    pub what: String,
    /// The last day of support.
    pub date: NaiveDate,
    /// How it shows in the names of images: a regular expression that must match whole words, whatever their case.
    #[serde(default)]
    pub pattern: Option<String>,
}

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

    /// The ends of life that hold: those that are known, and what a mapping declares besides or instead.
    ///
    /// # Errors
    /// Every pattern that is missing or is none.
    pub fn with(declared: &[DeclaredEnd]) -> Result<Vec<Self>, Vec<String>> {
        let mut ends = Self::of_bases();
        let mut faults = Vec::new();
        for one in declared {
            let known = ends.iter_mut().find(|end| end.what == one.what);
            match (known, &one.pattern) {
                (Some(known), None) => known.date = one.date,
                (None, None) => {
                    let names: Vec<&str> = BASES.iter().map(|(what, ..)| *what).collect();
                    faults.push(format!(
                        "`{}` has no `pattern`, and is none of those that are known: {}",
                        one.what,
                        names.join(", ")
                    ));
                }
                (known, Some(pattern)) => match Self::new(&one.what, one.date, pattern) {
                    Ok(end) => match known {
                        Some(known) => *known = end,
                        None => ends.push(end),
                    },
                    Err(error) => faults.push(error.to_string()),
                },
            }
        }
        if faults.is_empty() {
            Ok(ends)
        } else {
            Err(faults)
        }
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
            ("win11_64_25h2", "Windows 11 25H2"),
            ("win2025_64_24h2", "Windows Server 2025"),
            ("ubuntu-jammy-gw", "Ubuntu 22.04"),
            ("debian-13-base", "Debian 13"),
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
    }

    #[test]
    fn takes_other_dates_and_more_systems() {
        let date = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let declared = |what: &str, pattern: Option<&str>| DeclaredEnd {
            what: what.to_owned(),
            date,
            pattern: pattern.map(str::to_owned),
        };
        let ends = EndOfLife::with(&[
            declared("Ubuntu 22.04", None),
            declared("FreeBSD 13", Some("freebsd[-_]?13")),
            declared("Windows 10", Some("win10-ltsc")),
        ])
        .unwrap();
        let of = |name: &str| {
            let found = ends.iter().filter(|end| end.is_in(name));
            let found: Vec<String> = found
                .map(|end| format!("{} {}", end.what, end.date))
                .collect();
            found.join(", ")
        };
        assert_eq!(of("ubuntu-2204"), "Ubuntu 22.04 2026-01-01");
        assert_eq!(of("generic-worker-freebsd-13"), "FreeBSD 13 2026-01-01");
        assert_eq!(of("win10-64"), "");
        assert_eq!(of("ubuntu-2404"), "Ubuntu 24.04 2029-05-31");
        let faults = EndOfLife::with(&[declared("BeOS", None), declared("it", Some("("))]);
        let faults = faults.unwrap_err();
        assert!(
            faults[0].starts_with("`BeOS` has no `pattern`"),
            "{faults:?}"
        );
        assert!(
            faults[1].starts_with("the pattern \"(\" of `it`"),
            "{faults:?}"
        );
    }

    #[test]
    fn says_what_pattern_cannot_be_read() {
        let date = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let error = EndOfLife::new("it", date, "(").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the pattern \"(\" of `it` cannot be read")
        );
    }
}
