//! Days with a serial or a time: `20260501`, `20260501.1`, `2026-05-04`, `v20251205`, `20251112-2294`,
//! `2023-09-22t17-39-37z`.
//!
//! On one day, a bare day comes first, and serials of one form follow each other. A serial after a dot and one after a
//! hyphen, or a time, count different things: such two of one day have no order.

use std::cmp::Ordering;

use chrono::{NaiveDate, NaiveTime};

use crate::taskcluster::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Date {
    day: NaiveDate,
    rest: Rest,
}

/// What tells versions of one day apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    None,
    Dot(u64),
    Hyphen(u64),
    Time(NaiveTime),
}

const EXPECTED: &str = "a day such as `20260501` or `2026-05-01`, with a serial (`.1`, `-2294`) or a time (`t17-39-37z`) if need be";

pub(super) fn parse(text: &str) -> Result<Date, &'static str> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (day, rest) = split(text).ok_or(EXPECTED)?;
    Ok(Date {
        day,
        rest: read_rest(rest).ok_or(EXPECTED)?,
    })
}

/// The moment at which the day of a version of this scheme begins.
pub(crate) fn day(text: &str) -> Option<Timestamp> {
    let day = parse(text).ok()?.day;
    let start = day.and_time(NaiveTime::MIN).and_utc();
    Some(Timestamp::from_millis(start.timestamp_millis()))
}

/// The day, and what follows it. All text is ASCII here or fails to be cut.
fn split(text: &str) -> Option<(NaiveDate, &str)> {
    let hyphens = text.get(4..5) == Some("-");
    let (day, format) = if hyphens {
        (text.get(..10)?, "%Y-%m-%d")
    } else {
        (text.get(..8)?, "%Y%m%d")
    };
    // chrono also takes signs and spaces, and leaves zeros out.
    if !day
        .bytes()
        .all(|b| b.is_ascii_digit() || hyphens && b == b'-')
    {
        return None;
    }
    let parsed = NaiveDate::parse_from_str(day, format).ok()?;
    // What is a number of another kind is not taken for a day of the middle ages.
    (day.get(..4)? >= "1970").then_some((parsed, text.get(day.len()..)?))
}

fn read_rest(rest: &str) -> Option<Rest> {
    let serial = |digits: &str| {
        let is_number = digits.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten()
    };
    match rest.split_at_checked(1) {
        None => Some(Rest::None),
        Some((".", digits)) => serial(digits).map(Rest::Dot),
        Some(("-", digits)) => serial(digits).map(Rest::Hyphen),
        Some(("t" | "T", time)) => {
            let time = time.strip_suffix(['z', 'Z'])?;
            let is_separated = time.len() == 8
                && time
                    .char_indices()
                    .all(|(place, c)| matches!(place, 2 | 5) == "-:".contains(c));
            if time.len() != 6 && !is_separated {
                return None;
            }
            let digits: String = time.chars().filter(|c| !"-:".contains(*c)).collect();
            let is_time = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
            let time = NaiveTime::parse_from_str(&digits, "%H%M%S").ok()?;
            is_time.then_some(Rest::Time(time))
        }
        Some(_) => None,
    }
}

impl Date {
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        let rest = match (self.rest, other.rest) {
            (Rest::None, Rest::None) => Some(Ordering::Equal),
            (Rest::None, _) => Some(Ordering::Less),
            (_, Rest::None) => Some(Ordering::Greater),
            (Rest::Dot(a), Rest::Dot(b)) | (Rest::Hyphen(a), Rest::Hyphen(b)) => Some(a.cmp(&b)),
            (Rest::Time(a), Rest::Time(b)) => Some(a.cmp(&b)),
            _ => None,
        };
        match self.day.cmp(&other.day) {
            Ordering::Equal => rest,
            order => Some(order),
        }
    }
}
