//! The guard refuses whatever a splice breaks, without knowing splices.

use serde_json::json;

use super::super::Change;
use super::super::events::events;
use super::super::guard::check;
use super::super::shape::Document;
use super::{path, plain, text};

fn guard(before: &str, after: &str, at: &str, change: &Change) -> String {
    let document = |text: &str| {
        let events = events(text).map_err(|fault| fault.refusal.to_string())?;
        Ok::<_, String>(Document::new(&events, text).unwrap())
    };
    let after = match document(after) {
        Ok(after) => after,
        Err(fault) => return fault,
    };
    match check(&document(before).unwrap(), &after, &[(&path(at), change)]) {
        Ok(()) => "passes".to_owned(),
        Err(what) => what,
    }
}

#[test]
fn settings() {
    let before = "# head\na: &n 'x' # one\nb: [1, !t 2]\nc: {d: *n, e: y}\n";
    let good = "# head\na: &n 'new' # one\nb: [1, !t 2]\nc: {d: *n, e: y}\n";
    assert_eq!(guard(before, good, "a", &text("new")), "passes");
    let breaks = |from: &str, to: &str| guard(before, &good.replace(from, to), "a", &text("new"));
    let found = [
        breaks("'new'", "'old'"),
        breaks("'new'", "12"),
        breaks("&n ", "&m "),
        breaks("[1,", "['1',"),
        breaks("[1, !t 2]", "[1, 2]"),
        breaks("[1, !t 2]", "[1, !t 2, 3]"),
        breaks("b: [1, !t 2]", "b:\n- 1\n- !t 2"),
        breaks("e: y", "f: y"),
        breaks("e: y", "e: \"y\""),
        breaks("{d: *n, e: y}", "{e: y, d: *n}"),
        breaks(" # one", ""),
        breaks("# head\n", "# other\n"),
        breaks(" # one\nb: [1, !t 2]", "\nb: [1, !t 2] # one"),
        breaks("# head", "---\n# head"),
        breaks("e: y}\n", "e: y}\n# more\n"),
    ];
    insta::assert_snapshot!(found.join("\n"), @r#"
    the value of `a`
    the value of `a`
    the file is not YAML: while parsing node, found unknown anchor; correct it by hand first
    the quotes of `b[0]`
    the tag of `b[1]`
    the value of `b`
    the value of `b`
    the value of `c.e`
    the quotes of `c.e`
    the value of `c.d`
    the number of comments
    the comment `# head`
    the comment `# one`
    where the document begins or ends
    the number of comments
    "#);
}

#[test]
fn settings_keep_type_and_place() {
    assert_eq!(guard("a: 1\n", "a: 2\n", "a", &plain("2")), "passes");
    assert_eq!(
        guard("a: 1\n", "a: '2'\n", "a", &plain("2")),
        "the quotes of `a`"
    );
    assert_eq!(
        guard("a: 1\n", "a: 2\n", "a", &text("2")),
        "the type of `a`"
    );
    assert_eq!(guard("a:\nb:\n", "a: x\nb:\n", "a", &text("x")), "passes");
    assert_eq!(
        guard("a:\nb:\n", "a:\nb: x\n", "a", &text("x")),
        "the value of `a`"
    );
}

#[test]
fn additions() {
    let added = Change::Insert {
        key: "k".to_owned(),
        value: json!({"l": [1, "2"]}),
        after: None,
    };
    let before = "a:\n  b: 1 # one\n# about c\nc: 2\n";
    assert_eq!(
        guard(
            before,
            "a:\n  b: 1 # one\n  k:\n    l: [1, '2']\n# about c\nc: 2\n",
            "a",
            &added
        ),
        "passes"
    );
    let found = [
        // The classic: the new entry's keys as its siblings.
        guard(
            before,
            "a:\n  b: 1 # one\n  k:\n  l: [1, '2']\n# about c\nc: 2\n",
            "a",
            &added,
        ),
        guard(
            before,
            "a:\n  b: 1 # one\n  k:\n    l: ['1', '2']\n# about c\nc: 2\n",
            "a",
            &added,
        ),
        guard(
            before,
            "a:\n  b: 1 # one\n  k:\n    l: [1, 2]\n# about c\nc: 2\n",
            "a",
            &added,
        ),
        guard(
            before,
            "a:\n  b: 1\n  k: # one\n    l: [1, '2']\n# about c\nc: 2\n",
            "a",
            &added,
        ),
        guard(
            before,
            "a:\n  b: 1 # one\n# about c\nc: 2\nk:\n  l: [1, '2']\n",
            "a",
            &added,
        ),
        guard(
            before,
            "a:\n  k:\n    l: [1, '2']\n  b: 1 # one\n# about c\nc: 2\n",
            "a",
            &added,
        ),
    ];
    insta::assert_snapshot!(found.join("\n"), @r#"
    the value of `a`
    the value of `a.k.l[0]`
    the type of `a.k.l[1]`
    the comment `# one`
    the value of `.`
    the value of `a.b`
    "#);
}

#[test]
fn removals() {
    let before = "z: 1 # z\n# about a\na: # here\n  b: 1 # b\n  # deep\n# about c\nc: 2 # c\n";
    let goes = |after: &str| guard(before, after, "a", &Change::Remove);
    assert_eq!(goes("z: 1 # z\n# about c\nc: 2 # c\n"), "passes");
    // A comment more that stays does no harm.
    assert_eq!(goes("z: 1 # z\n# about a\n# about c\nc: 2 # c\n"), "passes");
    let found = [
        goes("z: 1 # z\nc: 2 # c\n"),
        goes("z: 1\n# about c\nc: 2 # c\n"),
        goes("z: 1 # z\n# about c\nc: 2\n"),
        goes("z: 1 # z\n# about c\n# b\nc: 2 # c\n"),
        goes("z: 1 # z\n# about c\n"),
        goes(before),
    ];
    insta::assert_snapshot!(found.join("\n"), @r#"
    the comment `# about a`
    the comment `# z`
    the comment `# about a`
    the comment `# about a`
    the value of `.`
    the value of `.`
    "#);
}
