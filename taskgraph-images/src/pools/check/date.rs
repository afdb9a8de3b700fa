//! [`date_in`]: the day that the name of an image tells.

use chrono::NaiveDate;

/// The first day that a name tells: `2026-05-04`, with or without a time behind it, or `20260504`, between signs that
/// are no digits.
pub fn date_in(name: &str) -> Option<NaiveDate> {
    let bytes = name.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        let part = name.get(range)?;
        part.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| part.parse::<u32>().ok())?
    };
    let bounded = |from: usize, to: usize| {
        let before = from.checked_sub(1).and_then(|at| bytes.get(at));
        [before, bytes.get(to)]
            .into_iter()
            .flatten()
            .all(|byte| !byte.is_ascii_digit())
    };
    (0..bytes.len()).find_map(|at| {
        let (month, day, end) = match bytes.get(at + 4)? {
            b'-' if bytes.get(at + 7) == Some(&b'-') => (at + 5, at + 8, at + 10),
            _ => (at + 4, at + 6, at + 8),
        };
        if !bounded(at, end) {
            return None;
        }
        let (year, month, day) = (
            digits(at..at + 4)?,
            digits(month..month + 2)?,
            digits(day..day + 2)?,
        );
        // A number that happens to look like a day of another century is none.
        let year = i32::try_from(year)
            .ok()
            .filter(|year| (2000..2100).contains(year))?;
        NaiveDate::from_ymd_opt(year, month, day)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_days_between_other_signs() {
        for (name, expect) in [
            (
                "docker-googlecompute-2025-06-13t18-31-38z",
                Some("2025-06-13"),
            ),
            ("headless-20260504", Some("2026-05-04")),
            ("2026-05-04", Some("2026-05-04")),
            ("headless-2026-13-04", None),
            ("headless-12026-05-04", None),
            ("ubuntu-2404-amd64", None),
            ("ubuntu-2204-2025-01-02", Some("2025-01-02")),
            ("ami-00000000020260504", None),
            ("naïve-2026-05-04", Some("2026-05-04")),
            ("", None),
        ] {
            assert_eq!(
                date_in(name).map(|date| date.to_string()).as_deref(),
                expect,
                "{name}"
            );
        }
    }

    proptest! {
        #[test]
        fn takes_any_text(name in ".*") {
            let _ = date_in(&name);
        }

        #[test]
        fn finds_any_day(days in 0_u64..36_000, before in "[a-z_]{0,5}", after in "[a-z-]{0,5}") {
            let date = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + chrono::Days::new(days);
            prop_assert_eq!(date_in(&format!("{before}-{date}{after}")), Some(date));
            prop_assert_eq!(date_in(&format!("{before}{}{after}", date.format("%Y%m%d"))), Some(date));
        }
    }
}
