//! What is refused, and with which words.

use serde_json::json;

use super::super::{Change, scalars};
use super::{append, edit, insert, remove, run, set, text};

#[test]
fn what_is_ambiguous() {
    let cases = [
        ("a: &d x\nb: *d\n", "b"),
        ("a: &d x\nb: *d\n", "a"),
        ("a: &d {x: 1}\nb: *d\n", "a.x"),
        ("a: &d {x: 1}\nb: *d\n", "b.x"),
        ("a: x\nb: 1\na: y\n", "a"),
        ("a:\n  '1': x\n  1: y\n", "a.1"),
        ("image: x\n", "imag"),
        ("a: [x]\n", "a[1]"),
        ("a: [x]\n", "a.b"),
        ("a: {b: x}\n", "a[0]"),
        ("a:\n  b: 1\n", "a"),
        ("a: [x]\n", "a"),
        ("a: |\n  x\n", "a"),
        ("a: >-\n  x\n", "a"),
        ("a: x\n---\na: y\n", "a"),
        ("base: &b {x: 1}\na:\n  <<: *b\n  y: 2\n", "a.x"),
        ("base: &b {x: 1}\nc: &c\n  <<: [*b]\na:\n  <<: *c\n", "a.x"),
        ("a: !!int 3\n", "a"),
        ("a:\n\t- x\n", "a[0]"),
        ("a: {\n\tx: 1}\n", "a.x"),
        ("a: x\rb: y\n", "a"),
        ("? a\n? b\n", "a"),
        ("# nothing\n", "a"),
        ("a: [x\n", "a"),
        ("x", "a"),
    ];
    let found: Vec<_> = cases
        .iter()
        .map(|(document, at)| set(document, at, "new"))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @"");
}

#[test]
fn additions_and_removals() {
    let base = "base: &b {x: 1}\na:\n  <<: *b\n  x: 2\n";
    let found = [
        insert("a: 1\n", "", "a", json!(2)),
        insert("a: 1\n", "a", "b", json!(2)),
        insert("a:\n", "a", "b", json!(2)),
        insert("a: [1]\n", "a", "b", json!(2)),
        append("a: {x: 1}\n", "a", json!(2)),
        append("a: &l [1]\nb: *l\n", "a", json!(2)),
        append("a: &l [1]\nb: *l\n", "b", json!(2)),
        insert("[a: 1]\n", "[0]", "b", json!(2)),
        insert(
            "a: 1\n",
            "",
            "b",
            (0..40).fold(json!(1), |value, _| json!([value])),
        ),
        remove(base, "a.x"),
        remove(base, "base"),
        remove("a: 1\n", ""),
        remove("[a: 1]\n", "[0].a"),
        remove("a: 1\na: 2\n", "a"),
        run(
            "a: 1\n",
            &[edit(
                "",
                Change::Insert {
                    key: "b".to_owned(),
                    value: json!(1),
                    after: Some("c".to_owned()),
                },
            )],
        ),
    ];
    insta::assert_snapshot!(found.join("\n"), @"");
    // What overrides a merged value may be added.
    assert_eq!(
        insert("a: &b {x: 1}\nc:\n  <<: *b\n", "c", "x", json!(2)),
        "a: &b {x: 1}\nc:\n  <<: *b\n  x: 2\n"
    );
}

#[test]
fn every_fault_is_reported_and_nothing_applied() {
    let edits = [
        edit("a", text("new")),
        edit("b", text("x")),
        edit("c", Change::Remove),
        edit("a.b", Change::Remove),
    ];
    insta::assert_snapshot!(run("a: 1\nbb: 2\n", &edits), @"");
}

#[test]
fn edits_of_the_same() {
    let removed = |at: &str| edit(at, Change::Remove);
    let found = [
        run(
            "a: {b: 1, c: 2}\nd: 1\n",
            &[removed("a"), edit("a.b", text("x"))],
        ),
        run("a: [x, y, z]\n", &[removed("a[0]"), removed("a[0]")]),
        run("a: 1\nb: 2\n", &[removed("a"), removed("a")]),
    ];
    insta::assert_snapshot!(found.join("\n"), @"");
}

#[test]
fn bounds() {
    let deep = format!("a: {}x{}\n", "[".repeat(70), "]".repeat(70));
    let wide: String = (0..210_000).map(|_| "- x\n").collect();
    let large = format!("a: {}\n", "x".repeat(1024 * 1024));
    let found = [
        set(&deep, "a", "x"),
        set(&wide, "[0]", "x"),
        set(&large, "a", "x"),
        set("a: b\n", "a", &"x".repeat(1024 * 1024)),
    ];
    insta::assert_snapshot!(found.join("\n"), @"");
}

#[test]
fn scalars_tell_what_there_is() {
    let document = "a: x\nb:\n  - &n 'y' # c\n  - *n\n  - |\n    z\nc: {d: 1, e: }\n? [k]\n: v\nf: &m {g: 1}\nh: *m\n\"i.j\": \"\\u00e9\"\n";
    let found = scalars("x.yml", document).unwrap();
    let lines: Vec<_> = found
        .iter()
        .map(|(path, at)| {
            let marks = format!(
                "{}{}",
                if at.is_alias { " alias" } else { "" },
                if at.has_anchor { " anchor" } else { "" }
            );
            format!(
                "{}:{} {path} = {:?} {:?}{marks}",
                at.line, at.column, at.text, at.style
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"");
    insta::assert_snapshot!(scalars("x.yml", "a: [").unwrap_err(), @"");
}
