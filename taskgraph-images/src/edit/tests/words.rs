//! What is written is read back as the string that it is, by every reader.

use super::super::{Change, Scalar};
use super::{edit, run, set};
use crate::tree::TreePath;
use crate::yaml::read;

/// Texts that some reader takes for something else, or that quotes must protect.
const VALUES: [&str; 76] = [
    "1.2.3",
    "24.04.1",
    "10.0.0.1",
    "word",
    "a/b-c_d.e",
    "v1.2.3",
    "yes",
    "Yes",
    "no",
    "NO",
    "on",
    "Off",
    "y",
    "N",
    "true",
    "False",
    "TRUE",
    "null",
    "Null",
    "~",
    "",
    "1234567",
    "0123456",
    "12e4567",
    "82415e4",
    "1_000",
    "012",
    "0o17",
    "0x1F",
    "0b101",
    "1.5",
    "24.10",
    ".5",
    "5.",
    "1e3",
    "+7",
    "-7",
    "12:30:45",
    "2026-09-01",
    "2026-09-01T10:00:00Z",
    "2026-09-01 10:00:00",
    "=",
    "<<",
    "- a",
    "-",
    "a: b",
    "a:",
    "a #b",
    "#x",
    "it's",
    "say \"hi\"",
    "back\\slash",
    "line\nbreak",
    "two\n\nlines\n",
    "cr\r\nlf",
    "tab\tstop",
    " lead",
    "trail ",
    "é–中😀",
    "*alias",
    "&anchor",
    "!tag",
    "%dir",
    "@at",
    "`tick",
    "[a]",
    "{a}",
    "a,b",
    "? q",
    "---",
    ".inf",
    ".NaN",
    "\u{7}bell",
    "\u{85}\u{2028}",
    "\u{feff}x",
    "several words",
];

#[test]
fn every_value_in_every_style_is_read_as_its_text() {
    let path = TreePath::parse("x.yml").unwrap();
    for value in VALUES {
        for old in [
            "k: old",
            "k: 'old'",
            "k: \"old\"",
            "k:",
            "{k: old, z: 1}",
            "{k: 'old'}",
            "k: 12  # c",
            "k:\n  old",
        ] {
            let new = set(old, "k", value);
            let node =
                read(&path, new.as_bytes()).unwrap_or_else(|faults| panic!("{new:?}: {faults:?}"));
            assert_eq!(node.get("k").unwrap().to_json(), *value, "{new:?}");
            let other: serde_yaml::Value = serde_yaml::from_str(&new).unwrap();
            assert_eq!(other["k"].as_str(), Some(value), "{new:?}");
        }
    }
}

#[test]
fn plain_only_where_no_reader_can_err() {
    let style = |value: &str| set("k: old", "k", value);
    for word in [
        "y",
        "Y",
        "n",
        "N",
        "yes",
        "Yes",
        "YES",
        "no",
        "No",
        "NO",
        "on",
        "On",
        "ON",
        "off",
        "Off",
        "OFF",
        "true",
        "True",
        "TRUE",
        "false",
        "False",
        "FALSE",
        "null",
        "Null",
        "NULL",
        "~",
        "inf",
        "nan",
        "NaN",
        ".inf",
        "-.INF",
        ".nan",
        "=",
        "<<",
        "0",
        "7",
        "-7",
        "+7",
        "007",
        "1_000",
        "0b1",
        "0o7",
        "0x1f",
        "1.5",
        "1.",
        ".5",
        "1e5",
        "1E+5",
        "685_230.15",
        "190:20:30",
        "190:20:30.15",
        "2026-01-02",
        "2026-1-2",
        "2001-12-14t21:59:43.10-05:00",
        "1,000",
        "1234567",
        "12e4567",
        "24.04",
        "a b",
        "a,b",
        "a:b",
        "-a",
        "_a",
    ] {
        assert_eq!(style(word), format!("k: \"{word}\""));
    }
    for word in [
        "1.2.3",
        "106.0.0",
        "20.4.0.1",
        "word",
        "a1234567",
        "projects/x/global/images/y-2026",
        "None",
        "v1",
    ] {
        assert_eq!(style(word), format!("k: {word}"));
    }
}

#[test]
fn quotes_stay_and_escape_what_they_must() {
    insta::assert_snapshot!(set("k: 'old'", "k", "it's a \"b\" \\ c"), @r#"k: 'it''s a "b" \ c'"#);
    insta::assert_snapshot!(set("k: \"old\"", "k", "it's a \"b\" \\ c é"), @r#"k: "it's a \"b\" \\ c é""#);
    insta::assert_snapshot!(set("k: 'old'", "k", "two\nlines\u{1b}"), @r#"k: "two\nlines\x1B""#);
    insta::assert_snapshot!(set("k: 'old'", "k", "106.0.0"), @"k: '106.0.0'");
    insta::assert_snapshot!(set("k: old", "k", "\0\u{2029}\u{feff}\u{9f}"), @r#"k: "\0\u2029\uFEFF\x9F""#);
}

#[test]
fn plain_on_purpose() {
    let plain = |old: &str, value: &str| {
        run(
            old,
            &[edit("k", Change::Set(Scalar::Plain(value.to_owned())))],
        )
    };
    insta::assert_snapshot!(plain("k: '1'  # n", "2"), @"k: 2  # n");
    insta::assert_snapshot!(plain("{k: 1}", "true"), @"{k: true}");
    insta::assert_snapshot!(plain("k: 1", "several words, too"), @"k: several words, too");
    insta::assert_snapshot!(plain("k: 1", "~"), @"k: ~");
    for (old, bad) in [
        ("k: 1", ""),
        ("k: 1", "a: b"),
        ("k: 1", "a #b"),
        ("k: 1", "[x]"),
        ("k: 1", "'x'"),
        ("k: 1", " x"),
        ("k: 1", "x "),
        ("k: 1", "a\nb"),
        ("k: 1", "*x"),
        ("k: 1", "&x y"),
        ("k: 1", "!x y"),
        ("k: 1", "| x"),
        ("k: 1", "- x"),
        ("{k: 1}", "a, b"),
        ("{k: 1}", "a}"),
        ("{k: 1}", "a, k: b"),
        ("k: 1", "#"),
        ("k: 1", "a\tb"),
    ] {
        let refused = plain(old, bad);
        assert!(
            refused.contains("cannot be written without quotes"),
            "{bad:?}: {refused}"
        );
    }
}

#[test]
fn what_is_set_already_stays_as_it_is() {
    for document in [
        "k: several words",
        "k: \"a\\x41\"",
        "k: two\n  lines",
        "k: 'x'",
        "k: &a x",
    ] {
        let value = match document {
            "k: several words" => "several words",
            "k: two\n  lines" => "two lines",
            "k: \"a\\x41\"" => "aA",
            _ => "x",
        };
        assert_eq!(set(document, "k", value), document);
    }
    // It was a number; now it is that text.
    insta::assert_snapshot!(set("k: 1234567", "k", "1234567"), @r#"k: "1234567""#);
}
