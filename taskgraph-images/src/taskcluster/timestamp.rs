//! [`Timestamp`]: a moment, as Taskcluster writes it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use taskgraph_images_transforms::Duration;

/// A moment in UTC with milliseconds, written `2026-11-25T17:00:00.000Z`.
///
/// The services compare times in milliseconds and cut what is finer, so nothing finer is kept here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// Some text is no moment; whoever wrote it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time: expected one such as `2026-11-25T17:00:00.000Z`")]
pub struct TimestampError(String);

impl Timestamp {
    /// The moment so many milliseconds after 1970 began; beyond the years that can be written, the nearest that can.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(
            DateTime::<Utc>::MIN_UTC.timestamp_millis(),
            DateTime::<Utc>::MAX_UTC.timestamp_millis(),
        ))
    }

    /// Milliseconds since 1970 began.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Seconds since 1970 began.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment some time later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_seconds().saturating_mul(1000)).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// The moment as `%Y%m%d%H%M%S`, as `moz_build_date` has it.
    pub fn compact(self) -> String {
        self.utc().format("%Y%m%d%H%M%S").to_string()
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        DateTime::parse_from_rfc3339(text)
            .map(|time| Self(time.timestamp_millis()))
            .map_err(|_| TimestampError(text.to_owned()))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;

    fn try_from(text: String) -> Result<Self, TimestampError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_it_is_read() {
        let time: Timestamp = "2026-11-25T17:00:00.123Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-25T17:00:00.123Z");
        assert_eq!(time.compact(), "20261125170000");
        assert_eq!(
            time.after(Duration::days(1)).to_string(),
            "2026-11-26T17:00:00.123Z"
        );
        // What is finer than a millisecond is cut, as the queue does.
        assert_eq!("2026-11-25T18:00:00.123999+01:00".parse(), Ok(time));
        assert!("2026-11-25".parse::<Timestamp>().is_err());
    }
}
