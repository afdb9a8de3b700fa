//! [`Clock`]: the server's time, which tests can move; and times as the services write them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat, Utc};

/// The machine's clock and an offset, in milliseconds.
#[derive(Default)]
pub(crate) struct Clock(AtomicI64);

impl Clock {
    pub(crate) fn now(&self) -> i64 {
        machine().saturating_add(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, now: i64) {
        self.0
            .store(now.saturating_sub(machine()), Ordering::Relaxed);
    }
}

fn machine() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|time| i64::try_from(time.as_millis()).ok())
        .unwrap_or_default()
}

/// Reads a time; what is finer than a millisecond is cut.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.timestamp_millis())
}

/// Writes a time.
pub(crate) fn format(millis: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(millis)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The same day and time a year later, as JavaScript has it: 29 February becomes 1 March.
pub(crate) fn year_after(millis: i64) -> i64 {
    use chrono::{Datelike as _, Days};
    let time = DateTime::<Utc>::from_timestamp_millis(millis).unwrap_or_default();
    let later = time.with_year(time.year() + 1).or_else(|| {
        time.checked_add_days(Days::new(1))
            .and_then(|time| time.with_year(time.year() + 1))
    });
    later.unwrap_or(time).timestamp_millis()
}
