//! [`Duration`]: a length of time as people and Taskgraph write it, such as `30 minutes`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A whole number of one unit; it reads back as it was written.
///
/// A month is 30 days and a year 365, as in Taskgraph's relative datestamps. Equality is that of what was written;
/// order is by length first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Duration {
    count: u32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Year,
}

/// Some text is no length of time; whoever wrote it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no length of time: expected a whole number and a unit, such as `30 minutes`, `2 hours`, `28 days`, \
     `1 month` or `1 year`"
)]
pub struct DurationError(pub String);

/// More than any deadline or expiry, and small enough that a century of it fits a timestamp.
const LONGEST: u64 = 1000 * 365 * 86_400;

impl Duration {
    /// Some seconds.
    pub const fn seconds(count: u32) -> Self {
        Self {
            count,
            unit: Unit::Second,
        }
    }

    /// Some minutes.
    pub const fn minutes(count: u32) -> Self {
        Self {
            count,
            unit: Unit::Minute,
        }
    }

    /// Some hours.
    pub const fn hours(count: u32) -> Self {
        Self {
            count,
            unit: Unit::Hour,
        }
    }

    /// Some days.
    pub const fn days(count: u32) -> Self {
        Self {
            count,
            unit: Unit::Day,
        }
    }

    /// Some years.
    pub const fn years(count: u32) -> Self {
        Self {
            count,
            unit: Unit::Year,
        }
    }

    /// Its length in seconds.
    pub const fn as_seconds(self) -> u64 {
        self.count as u64 * self.unit.seconds()
    }
}

impl Unit {
    const fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 86_400,
            Self::Month => 30 * 86_400,
            Self::Year => 365 * 86_400,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.count == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.count, self.unit.word())
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let fault = || DurationError(text.to_owned());
        let trimmed = text.trim();
        let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = trimmed.split_at(digits);
        let count: u32 = count.parse().map_err(|_| fault())?;
        let unit = match unit.trim_start() {
            "s" | "sec" | "second" | "seconds" => Unit::Second,
            "min" | "minute" | "minutes" => Unit::Minute,
            "h" | "hour" | "hours" => Unit::Hour,
            "d" | "day" | "days" => Unit::Day,
            "mo" | "month" | "months" => Unit::Month,
            "y" | "year" | "years" => Unit::Year,
            _ => return Err(fault()),
        };
        let duration = Self { count, unit };
        if duration.as_seconds() > LONGEST {
            return Err(fault());
        }
        Ok(duration)
    }
}

impl TryFrom<String> for Duration {
    type Error = DurationError;

    fn try_from(text: String) -> Result<Self, DurationError> {
        text.parse()
    }
}

impl From<Duration> for String {
    fn from(duration: Duration) -> Self {
        duration.to_string()
    }
}

impl PartialOrd for Duration {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Duration {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.as_seconds(), self.unit).cmp(&(other.as_seconds(), other.unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, seconds, shown) in [
            ("30 minutes", 1800, "30 minutes"),
            ("1 day", 86_400, "1 day"),
            ("28 days", 28 * 86_400, "28 days"),
            ("1 year", 365 * 86_400, "1 year"),
            (" 2h ", 7200, "2 hours"),
            ("90s", 90, "90 seconds"),
            ("1mo", 30 * 86_400, "1 month"),
        ] {
            let duration: Duration = text.parse().unwrap();
            assert_eq!(
                (duration.as_seconds(), &*duration.to_string()),
                (seconds, shown)
            );
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "1",
            "day",
            "1.5 hours",
            "-1 day",
            "1 fortnight",
            "1 day 2 hours",
            "99999999999 s",
            "4000 years",
        ] {
            assert!(text.parse::<Duration>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn orders_by_length() {
        assert!(Duration::hours(25) > Duration::days(1));
        assert!(Duration::days(28) < Duration::years(1));
    }
}
