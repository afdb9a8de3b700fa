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
    insta::assert_snapshot!(found.join("\n"), @r#"
    x.yml:2:4: cannot edit `b`: the value is the alias `*d`; edit what it names
    x.yml:1:7: cannot edit `a`: through the anchor `&d` other places would change too (1); edit it by hand
    x.yml:1:7: cannot edit `a.x`: through the anchor `&d` other places would change too (1); edit it by hand
    x.yml:2:4: cannot edit `b.x`: the value is the alias `*d`; edit what it names
    x.yml:3:1: cannot edit `a`: the key `a` stands twice, first in line 1; keep one of them
    x.yml:3:3: cannot edit `a.1`: the key `1` stands twice, first in line 2; keep one of them
    x.yml:1:1: cannot edit `imag`: the map has no key `imag` (there is `image`); correct the path, or insert it
    x.yml:1:4: cannot edit `a[1]`: the list has 1 items, no item 1; correct the path
    x.yml:1:4: cannot edit `a.b`: expected a map, found a list; correct the path
    x.yml:1:4: cannot edit `a[0]`: expected a list, found a map; correct the path
    x.yml:2:3: cannot edit `a`: expected a scalar, found a map; correct the path
    x.yml:1:4: cannot edit `a`: expected a scalar, found a list; correct the path
    x.yml:1:4: cannot edit `a`: the value is a block scalar (`|` or `>`); edit it by hand
    x.yml:1:4: cannot edit `a`: the value is a block scalar (`|` or `>`); edit it by hand
    x.yml:2:1: cannot edit `.`: a second document starts here; keep one document a file
    x.yml:3:3: cannot edit `a.x`: the key `x` comes from elsewhere through the merge key `<<`; edit it there, or insert it here
    x.yml:5:3: cannot edit `a.x`: the key `x` comes from elsewhere through the merge key `<<`; edit it there, or insert it here
    x.yml:1:10: cannot edit `a`: the tag `!!int` gives the value another type; remove it by hand
    x.yml:2:2: cannot edit `.`: the file is not YAML: tabs disallowed within this context (block indentation); correct it by hand first
    x.yml:2:2: cannot edit `.`: the file is not YAML: tabs disallowed within this context (block indentation); correct it by hand first
    x.yml:1:5: cannot edit `.`: a carriage return without a line feed stands here; save the file with one kind of line ends
    x.yml:1:1: cannot edit `a`: the key stands without a colon; edit it by hand
    x.yml:2:1: cannot edit `a`: the file holds no value; write a first entry by hand
    x.yml:1:4: cannot edit `.`: the file is not YAML: unclosed bracket '['; correct it by hand first
    x.yml:1:1: cannot edit `a`: expected a map, found a scalar; correct the path
    "#);
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
        insert("a: |\n  text", "", "b", json!(2)),
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
    insta::assert_snapshot!(found.join("\n"), @r#"
    x.yml:1:1: cannot edit `.`: the key `a` is there already; set it instead
    x.yml:1:4: cannot edit `a`: expected a map, found a scalar; correct the path
    x.yml:1:3: cannot edit `a`: expected a map, found nothing; correct the path
    x.yml:1:4: cannot edit `a`: expected a map, found a list; correct the path
    x.yml:1:4: cannot edit `a`: expected a list, found a map; correct the path
    x.yml:1:7: cannot edit `a`: through the anchor `&l` other places would change too (1); edit it by hand
    x.yml:2:4: cannot edit `b`: the value is the alias `*l`; edit what it names
    x.yml:1:2: cannot edit `[0]`: the map is a pair without braces; edit it by hand
    x.yml:2:7: cannot edit `.`: the file ends in a block scalar without a line break; edit it by hand
    x.yml:1:1: cannot edit `.`: more than 32 levels in what is added; split it
    x.yml:3:3: cannot edit `a.x`: without this entry the key `x` would come from elsewhere through the merge key `<<`; edit that by hand
    x.yml:1:10: cannot edit `base`: it holds the anchor `&b`, which is used elsewhere; remove those aliases first
    x.yml:1:1: cannot edit `.`: the root of a document cannot be removed; edit it by hand
    x.yml:1:2: cannot edit `[0].a`: the entry is a pair without braces; edit it by hand
    x.yml:2:1: cannot edit `a`: the key `a` stands twice, first in line 1; keep one of them
    x.yml:1:1: cannot edit `.`: the map has no key `c` (there is `a`); correct the path, or insert it
    "#);
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
    insta::assert_snapshot!(run("a: 1\nbb: 2\n", &edits), @r#"
    x.yml:1:1: cannot edit `b`: the map has no key `b` (there is `a`); correct the path, or insert it
    x.yml:1:1: cannot edit `c`: the map has no key `c` (there is `a`); correct the path, or insert it
    x.yml:1:4: cannot edit `a.b`: expected a map, found a scalar; correct the path
    "#);
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
    insta::assert_snapshot!(found.join("\n"), @r#"
    x.yml:1:8: cannot edit `a.b`: another edit of the same call changes or removes this; ask for one of them
    x.yml:1:5: cannot edit `a[0]`: another edit of the same call changes or removes this; ask for one of them
    x.yml:1:4: cannot edit `a`: another edit of the same call changes or removes this; ask for one of them
    "#);
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
    insta::assert_snapshot!(found.join("\n"), @r#"
    x.yml:1:68: cannot edit `.`: the file is not YAML: recursion limit exceeded; correct it by hand first
    x.yml:199998:3: cannot edit `.`: more than 200000 values and comments in the file; split it
    x.yml:1:1048577: cannot edit `.`: more than 1048576 bytes in the file; split it
    x.yml:1:4: cannot edit `a`: more than 1048576 bytes in the file; split it
    "#);
}

/// Work grows with the size of a file, not faster.
#[test]
fn long_lines_and_many_aliases() {
    let line = format!("a: [{}]\n", vec!["x"; 90_000].join(", "));
    assert_eq!(scalars("x.yml", &line).unwrap().len(), 90_000);
    assert!(set(&line, "a[1]", "new").starts_with("a: [x, new, x"));
    let aliases = format!("a: &a x\nb: [{}]\n", vec!["*a"; 90_000].join(", "));
    assert_eq!(scalars("x.yml", &aliases).unwrap().len(), 90_001);
    assert!(set(&aliases, "b[1]", "new").contains("alias"));
    let mut merges = "m0: &m0 {x: 1}\n".to_owned();
    for level in 1..30 {
        let below = vec![format!("*m{}", level - 1); 10].join(", ");
        merges += &format!("m{level}: &m{level}\n  <<: [{below}]\n");
    }
    merges += "last:\n  <<: *m29\n";
    assert!(set(&merges, "last.y", "new").contains("has no key"));
    assert!(set(&merges, "last.x", "new").contains("merge key"));
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
    insta::assert_snapshot!(lines.join("\n"), @r#"
    1:4 a = "x" Plain
    3:8 b[0] = "y" Single anchor
    4:5 b[1] = "y" Single alias
    5:5 b[2] = "z\n" Literal
    7:8 c.d = "1" Plain
    7:13 c.e = "" Empty
    10:11 f.g = "1" Plain
    12:8 "i.j" = "é" Double
    "#);
    insta::assert_snapshot!(scalars("x.yml", "a: [").unwrap_err(), @"x.yml:1:4: cannot edit `.`: the file is not YAML: unclosed bracket '['; correct it by hand first");
}
