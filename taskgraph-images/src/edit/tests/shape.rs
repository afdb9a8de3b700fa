//! Entries and items that are added.

use serde_json::json;

use super::super::Change;
use super::{append, edit, insert, insert_after, run};

#[test]
fn entries_of_block_maps() {
    for (before, at, after) in [
        ("a: 1\n", "", "a: 1\nk: v\n"),
        ("a: 1", "", "a: 1\nk: v"),
        ("a: 1\r\n", "", "a: 1\r\nk: v\r\n"),
        ("\u{feff}a: 1\n", "", "\u{feff}a: 1\nk: v\n"),
        ("a: 1 # c\n\n# end\n", "", "a: 1 # c\nk: v\n\n# end\n"),
        (
            "m:\n    a: 1\n\nn: 2\n",
            "m",
            "m:\n    a: 1\n    k: v\n\nn: 2\n",
        ),
        (
            "m:\n  a: 1\n  # about n\nn: 2\n",
            "m",
            "m:\n  a: 1\n  k: v\n  # about n\nn: 2\n",
        ),
        (
            "m:\n  a:\n    b: 1\n    # c: 2\nn: 2\n",
            "m",
            "m:\n  a:\n    b: 1\n    # c: 2\n  k: v\nn: 2\n",
        ),
        ("- a: 1\n- b: 2\n", "[0]", "- a: 1\n  k: v\n- b: 2\n"),
        ("- - a: 1\n", "[0][0]", "- - a: 1\n    k: v\n"),
        ("a: |\n  text\n\n", "", "a: |\n  text\nk: v\n\n"),
        ("a: |+\n  text\n\n", "", "a: |+\n  text\n\nk: v\n"),
        ("a: one\n  two\n", "", "a: one\n  two\nk: v\n"),
        ("a:\n- 1\n- 2\n", "", "a:\n- 1\n- 2\nk: v\n"),
        ("a: [1,\n  2]\n", "", "a: [1,\n  2]\nk: v\n"),
        ("a:\n", "", "a:\nk: v\n"),
        ("'a': 1\n'b': 2\n", "", "'a': 1\n'b': 2\n'k': v\n"),
        ("? a\n: 1\n", "", "? a\n: 1\nk: v\n"),
        ("---\na: 1\n...\n", "", "---\na: 1\nk: v\n...\n"),
    ] {
        assert_eq!(insert(before, at, "k", json!("v")), after, "{before:?}");
    }
    assert_eq!(
        insert_after("a: 1 # c\n# about b\nb: 2\n", "", "a", "k", json!(1)),
        "a: 1 # c\nk: 1\n# about b\nb: 2\n"
    );
    assert_eq!(
        insert("a: 1\n", "", "on", json!("24.10")),
        "a: 1\n\"on\": \"24.10\"\n"
    );
}

#[test]
fn entries_of_flow_maps() {
    for (before, at, after) in [
        ("{}\n", "", "{k: v}\n"),
        ("a: {} # c\n", "a", "a: {k: v} # c\n"),
        ("a: { }\n", "a", "a: { k: v }\n"),
        ("{a: x, b: y}\n", "", "{a: x, b: y, k: v}\n"),
        ("a: { b: 1 }\n", "a", "a: { b: 1, k: v }\n"),
        ("a: {b: 1,}\n", "a", "a: {b: 1, k: v,}\n"),
        ("{\"a\": \"x\"}\n", "", "{\"a\": \"x\", \"k\": v}\n"),
        (
            "a: {\n  b: 1, # one\n  c: 2 # two\n}\n",
            "a",
            "a: {\n  b: 1, # one\n  c: 2, # two\n  k: v\n}\n",
        ),
        (
            "a: {\n  b: 1,\n  c: 2, # two\n  # end\n}\n",
            "a",
            "a: {\n  b: 1,\n  c: 2, # two\n  k: v,\n  # end\n}\n",
        ),
        (
            "a: {b: 1,\n    c: 2}\n",
            "a",
            "a: {b: 1,\n    c: 2,\n    k: v}\n",
        ),
    ] {
        assert_eq!(insert(before, at, "k", json!("v")), after, "{before:?}");
    }
    assert_eq!(
        insert_after("{a: 1, b: 2}", "", "a", "k", json!(1)),
        "{a: 1, k: 1, b: 2}"
    );
    assert_eq!(
        insert_after("{\n  a: 1, # c\n  b: 2\n}", "", "a", "k", json!(1)),
        "{\n  a: 1, # c\n  k: 1,\n  b: 2\n}"
    );
}

#[test]
fn items() {
    for (before, at, after) in [
        ("a: [x, y]\n", "a", "a: [x, y, v]\n"),
        ("a: []\n", "a", "a: [v]\n"),
        ("a: ['x']\n", "a", "a: ['x', 'v']\n"),
        ("a:\n- x\nb: 1\n", "a", "a:\n- x\n- v\nb: 1\n"),
        ("a:\n  - x # c\nb: 1\n", "a", "a:\n  - x # c\n  - v\nb: 1\n"),
        ("a:\n  - x", "a", "a:\n  - x\n  - v"),
        ("- - x\n- y\n", "[0]", "- - x\n  - v\n- y\n"),
        ("-\n", "", "-\n- v\n"),
        ("a: [\n  x,\n  y,\n]\n", "a", "a: [\n  x,\n  y,\n  v,\n]\n"),
    ] {
        assert_eq!(append(before, at, json!("v")), after, "{before:?}");
    }
}

#[test]
fn values_are_written_like_their_neighbours() {
    let pools = "\
pools:
    - pool_id: example/one
      regions: [us, eu]
      image: 'images/one'
      config:
          disks:
          - size: 10
          labels: {a: x}
";
    let value = json!({
        "pool_id": "example/two", "regions": ["us", "asia"], "image": "images/two",
        "config": {"disks": [{"size": 20, "kind": null}, {}], "labels": {"a": "y", "b": 1.5}, "more": {"x": {"y": true}}},
        "note": "two\nlines", "big": 1e100, "list": [[1, 2], []]
    });
    insta::assert_snapshot!(append(pools, "pools", value.clone()), @r#"
    pools:
        - pool_id: example/one
          regions: [us, eu]
          image: 'images/one'
          config:
              disks:
              - size: 10
              labels: {a: x}
        - pool_id: example/two
          regions: [us, asia]
          image: 'images/two'
          config:
              disks:
              - size: 20
                kind: null
              - {}
              labels: {a: "y", b: 1.5}
              more: {x: {"y": true}}
          note: "two\nlines"
          big: 1.0e+100
          list: [[1, 2], []]
    "#);
    insta::assert_snapshot!(insert("a:\n  b: 1\nl:\n- x\n", "", "k", value.clone()), @r#"
    a:
      b: 1
    l:
    - x
    k:
      pool_id: example/two
      regions:
      - us
      - asia
      image: images/two
      config:
        disks:
        - size: 20
          kind: null
        - {}
        labels:
          a: "y"
          b: 1.5
        more:
          x:
            "y": true
      note: "two\nlines"
      big: 1.0e+100
      list:
      - - 1
        - 2
      - []
    "#);
    insta::assert_snapshot!(insert("{a: {b: 1}}\n", "", "k", json!({"c": [1, {"d": "24.04"}]})), @r#"{a: {b: 1}, k: {c: [1, {d: "24.04"}]}}"#);
    insta::assert_snapshot!(insert("azure:\n  westus: {image: 'x', id: y}\n", "azure", "eastus", json!({"image": "z", "id": "w"})), @r#"
    azure:
      westus: {image: 'x', id: y}
      eastus: {image: 'z', id: w}
    "#);
    // However it is written, it is that value.
    for document in [
        "a: 1\n",
        "a:\n- x\n",
        "{}\n",
        "a: {x: [1]}\n",
        "- a: 1\n  b:\n     c: 1\n",
    ] {
        let edits = if document.starts_with('-') {
            append(document, "", value.clone())
        } else {
            insert(document, "", "k", value.clone())
        };
        let read: serde_json::Value = serde_yaml::from_str(&edits).unwrap();
        let found = if read.is_array() {
            &read[1]
        } else {
            &read["k"]
        };
        assert_eq!(*found, value, "{edits}");
    }
}

#[test]
fn several_in_order() {
    let added = |at: &str, key: &str, after: Option<&str>| {
        edit(
            at,
            Change::Insert {
                key: key.to_owned(),
                value: json!(1),
                after: after.map(str::to_owned),
            },
        )
    };
    let removed = |at: &str| edit(at, Change::Remove);
    assert_eq!(
        run(
            "a: 1\nb: 2\n",
            &[added("", "c", Some("a")), added("", "d", Some("c"))]
        ),
        "a: 1\nc: 1\nd: 1\nb: 2\n"
    );
    // Paths are those of the text as it was given.
    assert_eq!(
        run(
            "[a, b, c, d]\n",
            &[
                removed("[0]"),
                removed("[2]"),
                edit("[3]", super::text("z"))
            ]
        ),
        "[b, z]\n"
    );
    assert_eq!(
        run(
            "- a\n- b\n- c\n",
            &[removed("[2]"), removed("[1]"), removed("[0]")]
        ),
        "[]\n"
    );
    assert_eq!(
        run("a: 1\n", &[removed("a"), added("", "a", None)]),
        "{a: 1}\n"
    );
}
