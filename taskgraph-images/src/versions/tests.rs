//! Schemes, their order and their limits: examples, then laws.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::{Constraint, Scheme, Version, compare, is_major};
use crate::taskcluster::Timestamp;

fn version(scheme: Scheme, text: &str) -> Version {
    scheme.parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The versions are each newer than the one before.
fn ascending(scheme: Scheme, texts: &str) {
    let versions: Vec<Version> = texts.split(' ').map(|text| version(scheme, text)).collect();
    for (place, earlier) in versions.iter().enumerate() {
        for later in &versions[place + 1..] {
            assert_eq!(
                compare(earlier, later),
                Some(Ordering::Less),
                "{earlier} {later}"
            );
            assert_eq!(
                compare(later, earlier),
                Some(Ordering::Greater),
                "{earlier} {later}"
            );
        }
    }
}

/// The versions are all as new as each other.
fn equal(scheme: Scheme, texts: &str) {
    let versions: Vec<Version> = texts.split(' ').map(|text| version(scheme, text)).collect();
    for other in &versions {
        assert_eq!(
            compare(&versions[0], other),
            Some(Ordering::Equal),
            "{other}"
        );
    }
}

fn order(scheme: Scheme, a: &str, b: &str) -> Option<Ordering> {
    compare(&version(scheme, a), &version(scheme, b))
}

#[test]
fn orders() {
    ascending(
        Scheme::Semver,
        "1.0.0-alpha 1.0.0-rc.1 v1.0.0 1.9.0 v1.10.0 46.1.0 106.0.0 v999.0.0",
    );
    equal(Scheme::Semver, "v1.2.3 1.2.3 1.2.3+build.7");
    ascending(
        Scheme::Dotted,
        "0 1.9 1.10 v1.10.1 2 26100.3775.250406 26100.8246.260413 26200.1.1 99999999999999999999999.1",
    );
    equal(Scheme::Dotted, "1.3 1.3.0 01.3");
    ascending(
        Scheme::Date,
        "v20251112-2293 20251112-2294 20260501 20260501.1 20260501.2 20260501.10 2026-05-04 v20270101",
    );
    ascending(
        Scheme::Date,
        "2023-09-22 2023-09-22t17-39-36z 2023-09-22t17-39-37z 2023-09-22T173938Z",
    );
    equal(Scheme::Date, "20260501 2026-05-01 v20260501");
    ascending(
        Scheme::Debian,
        "1.0~rc1-1 1.0~rc1-1ubuntu1 1.0 1.0-1 1.0-1+b1 1.0a 1.0+b 1.9 1.10 1:0.1 1:2.0~rc1-3ubuntu1",
    );
    equal(Scheme::Debian, "1.0 1.0-0 0:1.0 1.00");
    // `dpkg` takes a number that is not there for zero.
    equal(Scheme::Debian, "1. 1.0");
}

#[test]
fn what_has_no_order() {
    // A dot's serial and a hyphen's count different things.
    assert_eq!(order(Scheme::Date, "20260501.1", "20260501-2"), None);
    assert_eq!(order(Scheme::Date, "20260501.1", "20260501t010203z"), None);
    assert_eq!(
        order(Scheme::Date, "20260501.1", "20260502-2"),
        Some(Ordering::Less)
    );
    let (a, b) = ("a".repeat(40), "b".repeat(40));
    assert_eq!(order(Scheme::Git, &a, &b), None);
    assert_eq!(order(Scheme::Git, &a, &a), Some(Ordering::Equal));
    assert_eq!(order(Scheme::Git, &a[..7], &a), None);
    assert_eq!(
        compare(
            &version(Scheme::Semver, "1.0.0"),
            &version(Scheme::Dotted, "1.0.0")
        ),
        None
    );
}

#[test]
fn opaque_ids_are_ordered_by_their_creation() {
    let at = |text, millis: Option<i64>| {
        version(Scheme::Opaque, text).created(millis.map(Timestamp::from_millis))
    };
    let cases = [
        (
            at("ami-a", Some(1)),
            at("ami-b", Some(2)),
            Some(Ordering::Less),
        ),
        (at("ami-a", Some(1)), at("ami-b", Some(1)), None),
        (at("ami-a", None), at("ami-b", Some(1)), None),
        (
            at("ami-a", None),
            at("ami-a", Some(1)),
            Some(Ordering::Equal),
        ),
        // A name that was made again is another thing.
        (at("ami-a", Some(2)), at("ami-a", Some(1)), None),
    ];
    for (a, b, expected) in cases {
        assert_eq!(compare(&a, &b), expected, "{a:?} {b:?}");
    }
}

#[test]
fn what_is_no_version_is_said() {
    let error = |scheme: Scheme, text: &str| scheme.parse(text).unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            error(Scheme::Semver, "2.55"),
            error(Scheme::Dotted, "1..2"),
            error(Scheme::Date, "20261301"),
            error(Scheme::Debian, "rc1"),
            error(Scheme::Git, "82415F4"),
            error(Scheme::Opaque, "--help"),
            error(Scheme::Opaque, "a`id`"),
        ]
        .join("\n"),
        @r#"
    "2.55" is no version of the scheme `semver`: expected three numbers such as `106.0.0`, with `v` before or `-rc.1` behind if need be; the scheme `dotted` takes any count of numbers
    "1..2" is no version of the scheme `dotted`: expected numbers with dots between, such as `26100.8655.260607`
    "20261301" is no version of the scheme `date`: expected a day such as `20260501` or `2026-05-01`, with a serial (`.1`, `-2294`) or a time (`t17-39-37z`) if need be
    "rc1" is no version of the scheme `debian`: expected Debian's form, `[epoch:]upstream[-revision]` with a digit first, such as `1:2.0~rc1-3`
    "82415F4" is no version of the scheme `git`: expected the id of a commit in lower case: 40 hexadecimal digits, or at least 7 of them
    "--help" is no version of the scheme `opaque`: expected an id that begins with a letter, a digit or `/`
    "a`id`" is no version of the scheme `opaque`: expected 1 to 256 letters, digits and characters of `._:/@+~-`
    "#
    );
    for (scheme, texts) in [
        (Scheme::Semver, "1 vv1.0.0 latest 1.0.0.0 01.0.0"),
        (Scheme::Dotted, ". 1. .1 -1 1.x +1"),
        (
            Scheme::Date,
            "2026 202605 20260230 2026-5-1 00010101 20260501. 20260501.x 20260501t250000z 20260501t1-7-3937z 20260501-",
        ),
        (Scheme::Debian, "1:2:3- :1 a:1 1- 1.0-1_2 -1"),
        (Scheme::Git, "abcdef 82415g4"),
    ] {
        for text in texts.split(' ') {
            assert!(scheme.parse(text).is_err(), "{scheme} {text}");
        }
    }
    for scheme in Scheme::ALL {
        for text in [
            "",
            " ",
            "1.0.0\n",
            "1.0.0 ",
            "$(id)",
            "1.0.0\u{202e}",
            "é",
            "1\u{0}",
        ] {
            assert!(scheme.parse(text).is_err(), "{scheme} {text:?}");
        }
        assert!(scheme.parse(&"1".repeat(257)).is_err());
        assert_eq!(scheme.to_string().parse(), Ok(scheme));
        assert_eq!(serde_json::to_value(scheme).unwrap(), scheme.as_str());
    }
}

#[test]
fn limits() {
    let cases = [
        (
            Scheme::Semver,
            "^88",
            "88.0.0 88.9.9 v88.1.0 88.1.0-rc.1",
            "87.9.9 89.0.0 89.0.0-rc.1",
        ),
        (
            Scheme::Semver,
            ">=1.2, <2",
            "1.2.0 1.99.0",
            "1.1.9 2.0.0 2.0.0-rc.1",
        ),
        (Scheme::Semver, "none", "0.0.1 999.0.0", ""),
        (
            Scheme::Dotted,
            "26100.",
            "26100.1.1 26100 26100.8246.260413",
            "26200.1.1 2610 261001.1",
        ),
        (Scheme::Dotted, "1.0.*", "1.0.5 1 1.0", "1.3.5"),
        (Scheme::Dotted, ">=1.2, <2", "1.2 1.10", "1.1 2.0 2.0.1"),
        (
            Scheme::Date,
            "<2026-06-01",
            "20260501 20260501.1",
            "20260601 20260601.1",
        ),
        (
            Scheme::Debian,
            ">=1:2.0~, <1:3",
            "1:2.0~rc1-3 1:2.9",
            "2.5 1:3",
        ),
        (Scheme::Dotted, "=1.2", "1.2 1.2.0", "1.2.1"),
    ];
    for (scheme, text, within, outside) in cases {
        let constraint = Constraint::parse(scheme, text).unwrap();
        assert_eq!(constraint.to_string(), text);
        for inside in within.split_terminator(' ') {
            assert!(
                constraint.matches(&version(scheme, inside)),
                "{constraint} {inside}"
            );
        }
        for other in outside.split_terminator(' ') {
            assert!(
                !constraint.matches(&version(scheme, other)),
                "{constraint} {other}"
            );
        }
        assert!(!constraint.matches(&version(Scheme::Opaque, "x")));
    }
    let error = |scheme, text| Constraint::parse(scheme, text).unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            error(Scheme::Semver, "88."),
            error(Scheme::Dotted, "26100"),
            error(Scheme::Date, ">=2026"),
            error(Scheme::Git, "^1"),
            error(Scheme::Debian, ""),
        ]
        .join("\n"),
        @r#"
    "88." is no constraint of the scheme `semver`: expected a range such as `^88` or `>=1.2, <2` (unexpected end of input while parsing minor version number), or `none`
    "26100" is no constraint of the scheme `dotted`: expected what they begin with, such as `26100.`, or comparisons such as `>=1.2, <2`, or `none`
    constraint ">=2026": "2026" is no version of the scheme `date`: expected a day such as `20260501` or `2026-05-01`, with a serial (`.1`, `-2294`) or a time (`t17-39-37z`) if need be
    "^1" is no constraint of the scheme `git`: expected nothing, as its versions have no ranges, or `none`
    "" is no constraint of the scheme `debian`: expected comparisons such as `>=1.2, <2`, or `none`
    "#
    );
}

#[test]
fn what_is_a_major_step() {
    let step = |scheme, a, b| is_major(&version(scheme, a), &version(scheme, b));
    assert!(step(Scheme::Semver, "88.1.0", "v999.0.0"));
    assert!(!step(Scheme::Semver, "88.1.0", "88.2.0"));
    assert!(step(Scheme::Dotted, "26100.1", "26200.1"));
    assert!(!step(Scheme::Date, "20260101", "20270101"));
}

/// A version of a scheme, of few enough kinds that some are equal.
fn any_version(scheme: Scheme) -> BoxedStrategy<Version> {
    let texts = match scheme {
        Scheme::Semver => "v?[0-2]\\.[0-9]{1,2}\\.[1-3](-(rc|beta)\\.[1-3])?(\\+[ab])?",
        Scheme::Dotted => "v?[0-9]{1,3}(\\.0{0,2}[0-9]{1,2}){0,4}",
        Scheme::Date => {
            "v?20(25|26)(-0[1-2]-0[1-2]|0[1-2]0[1-2])((\\.|-)[0-9]{1,2}|t0[1-2]-03-04z)?"
        }
        Scheme::Debian => "([0-2]:)?[0-9]{1,2}([.~+a-c]{1,2}[0-9]{0,2}){0,3}(-[0-9a-c~+.]{1,3})?",
        Scheme::Git => "[a-b]{40}",
        Scheme::Opaque => "(ami|image)-[a-c]",
    };
    let text = proptest::string::string_regex(texts).unwrap();
    let time = proptest::option::of((0..4_i64).prop_map(Timestamp::from_millis));
    (text, time)
        .prop_filter_map("a version", move |(text, time)| {
            Some(scheme.parse(&text).ok()?.created(time))
        })
        .boxed()
}

fn some_versions() -> impl Strategy<Value = (Version, Version, Version)> {
    let schemes = proptest::sample::select(Scheme::ALL.to_vec());
    schemes.prop_flat_map(|scheme| {
        (
            any_version(scheme),
            any_version(scheme),
            any_version(scheme),
        )
    })
}

proptest! {
    #[test]
    fn written_as_it_is_read((a, _, _) in some_versions()) {
        let read = a.scheme().parse(&a.to_string()).unwrap();
        prop_assert_eq!(read.as_str(), a.as_str());
        prop_assert_eq!(compare(&a, &a), Some(Ordering::Equal));
    }

    #[test]
    fn orders_are_antisymmetric_and_transitive((a, b, c) in some_versions()) {
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).map(Ordering::reverse));
        if let (Some(ab), Some(bc)) = (compare(&a, &b), compare(&b, &c)) {
            // An id is equal to itself, whenever it is said to have been made.
            let is_told = a.scheme() != Scheme::Opaque || (ab.is_ne() && a.as_str() != c.as_str());
            if ab == bc && is_told {
                prop_assert_eq!(compare(&a, &c), Some(ab));
            }
        }
    }

    #[test]
    fn numbers_and_debian_have_a_total_order((a, b, _) in some_versions()) {
        if matches!(a.scheme(), Scheme::Semver | Scheme::Dotted | Scheme::Debian) {
            prop_assert!(compare(&a, &b).is_some());
        }
    }

    /// What lies between two versions that are within the limits is within them, too.
    #[test]
    fn limits_have_no_holes(
        (a, b, c) in some_versions(),
        comparison in "(>=|<=|>|<|=)",
        prefix in proptest::bool::ANY,
    ) {
        let mut sorted = [a, b, c];
        sorted.sort_by(|a, b| compare(a, b).unwrap_or(Ordering::Equal));
        let [a, b, c] = sorted;
        let is_between = matches!(compare(&a, &b), Some(Ordering::Less | Ordering::Equal))
            && matches!(compare(&b, &c), Some(Ordering::Less | Ordering::Equal));
        // A prerelease is where its release is.
        let is_plain = [&a, &b, &c].iter().all(|version| !version.is_prerelease());
        let text = match (a.scheme(), prefix) {
            (Scheme::Dotted, true) => "1.".to_owned(),
            (Scheme::Semver, true) => "^1".to_owned(),
            _ => format!("{comparison}{}", b.as_str().trim_start_matches('v')),
        };
        if let Ok(limit) = Constraint::parse(a.scheme(), &text)
            && is_between && is_plain && limit.matches(&a) && limit.matches(&c)
        {
            prop_assert!(limit.matches(&b), "{} {} {}: {}", a, b, c, limit);
        }
    }

    #[test]
    fn no_text_is_a_panic(text in "\\PC{0,40}|[v0-9:.~+-]{0,20}") {
        for scheme in Scheme::ALL {
            let _ = scheme.parse(&text).map(|version| compare(&version, &version));
            let _ = Constraint::parse(scheme, &text);
        }
    }
}
