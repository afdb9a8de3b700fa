//! Scalars that are set.

use super::{edit, plain, run, set, text};

#[test]
fn leaves_every_other_byte() {
    for (before, at, after) in [
        ("a: x\r\nb: y # c\r\n", "b", "a: x\r\nb: new # c\r\n"),
        ("\u{feff}a: x\n", "a", "\u{feff}a: new\n"),
        ("é: 'ü'\nb: ä # ö\n", "b", "é: 'ü'\nb: new # ö\n"),
        ("a: x\t# tab\n", "a", "a: new\t# tab\n"),
        ("a:\tx\n", "a", "a:\tnew\n"),
        ("\"a\" : x\n", "a", "\"a\" : new\n"),
        ("'a b': x\n", "a b", "'a b': new\n"),
        ("? a\n: x\n", "a", "? a\n: new\n"),
        ("a: x", "a", "a: new"),
        ("a: x\n\n\n", "a", "a: new\n\n\n"),
        ("a:\nb: 1\n", "a", "a: new\nb: 1\n"),
        ("a:   # c\nb: 1\n", "a", "a: new   # c\nb: 1\n"),
        ("a:", "a", "a: new"),
        ("- \n- x\n", "[0]", "- new \n- x\n"),
        ("-\n- x\n", "[0]", "- new\n- x\n"),
        ("{a: x, b: y}\n", "a", "{a: new, b: y}\n"),
        ("{a: x, b: y}\n", "b", "{a: x, b: new}\n"),
        ("{\"a\":\"x\",\"b\":1}\n", "a", "{\"a\":\"new\",\"b\":1}\n"),
        ("{a, b: y}\n", "a", "{a: new, b: y}\n"),
        ("{a: , b: y}\n", "a", "{a: new , b: y}\n"),
        ("[x: y]\n", "[0].x", "[x: new]\n"),
        ("a: one two\n  three # c\nb: 1\n", "a", "a: new # c\nb: 1\n"),
        ("a:\n  one\n  two\nb: 1\n", "a", "a:\n  new\nb: 1\n"),
        ("a: \"one\n\n  two\" # c\n", "a", "a: \"new\" # c\n"),
        ("a: 'one\n  two'\nb: 1\n", "a", "a: 'new'\nb: 1\n"),
        ("a: &n x # c\n", "a", "a: &n new # c\n"),
        ("a: &n # c\nb: 1\n", "a", "a: &n new # c\nb: 1\n"),
        ("a: !x y\n", "a", "a: !x new\n"),
        ("a: !!str 12\n", "a", "a: !!str new\n"),
        (
            "%YAML 1.2\n---\na: x\n...\n",
            "a",
            "%YAML 1.2\n---\na: new\n...\n",
        ),
        ("--- # c\na: x\n", "a", "--- # c\na: new\n"),
        ("--- x\n", "", "--- new\n"),
        ("'x'\n", "", "'new'\n"),
        ("1: x\n", "1", "1: new\n"),
        ("<<: &b {a: x}\na: y\n", "a", "<<: &b {a: x}\na: new\n"),
        (
            "a: |\n  text\n  b: c\nb: x\n",
            "b",
            "a: |\n  text\n  b: c\nb: new\n",
        ),
        ("- - x\n  - y\n", "[0][1]", "- - x\n  - new\n"),
    ] {
        assert_eq!(set(before, at, "new"), after, "{before:?}");
    }
}

#[test]
fn many_at_once() {
    let edits = [
        edit("b[1]", text("y")),
        edit("a", plain("7")),
        edit("b[0]", text("10.0.1")),
        edit("c", text("z")),
    ];
    let document = "a: 1 # one\nb: [x, \"x\"]\nc:\n";
    insta::assert_snapshot!(run(document, &edits), @r#"
    a: 7 # one
    b: [10.0.1, "y"]
    c: z
    "#);
    assert_eq!(run(document, &[]), document);
    // The same twice is one edit; two values are none.
    assert_eq!(
        run("a: 1", &[edit("a", text("x")), edit("a", text("x"))]),
        "a: x"
    );
    insta::assert_snapshot!(run("a: 1", &[edit("a", text("x")), edit("a", text("y"))]), @"x.yml:1:4: cannot edit `a`: another edit of the same call changes or removes this; ask for one of them");
}
