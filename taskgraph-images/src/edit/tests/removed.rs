//! Entries and items that are taken away, with the comments that belong to them.

use super::remove;

#[test]
fn from_blocks() {
    for (before, at, after) in [
        // What follows keeps its heading.
        (
            "a:\n  x: 1\n  y: 2\n\n# Heading.\nb: 1\n",
            "a",
            "# Heading.\nb: 1\n",
        ),
        (
            "z: 1\na:\n  x: 1\n\n# Heading.\nb: 1\n",
            "a",
            "z: 1\n\n# Heading.\nb: 1\n",
        ),
        (
            "z: 1\n\n# About a.\n# More.\na: 1 # here\n\n# Heading.\nb: 1\n",
            "a",
            "z: 1\n\n# Heading.\nb: 1\n",
        ),
        (
            "z: 1\n# Apart.\n\na: 1\nb: 1\n",
            "a",
            "z: 1\n# Apart.\n\nb: 1\n",
        ),
        (
            "z:\n  y: 1\n  # x: 2\na: 1\nb: 1\n",
            "a",
            "z:\n  y: 1\n  # x: 2\nb: 1\n",
        ),
        ("z: 1\na:\n  x: 1\n  # y: 2\nb: 1\n", "a", "z: 1\nb: 1\n"),
        ("a: 1\nb: 2\n", "b", "a: 1\n"),
        ("a: 1\n\nb: 2\n", "b", "a: 1\n"),
        ("a: 1\n\n\n# About b.\nb: 2\n", "b", "a: 1\n"),
        ("a: 1\nb: 2", "b", "a: 1"),
        ("a: 1\r\n\r\nb: 2", "b", "a: 1"),
        ("a: 1\r\nb: 2\r\nc: 3\r\n", "b", "a: 1\r\nc: 3\r\n"),
        ("\u{feff}a: 1\nb: 2\n", "a", "\u{feff}b: 2\n"),
        ("a: 1\n\nb: 2\n\nc: 3\n", "b", "a: 1\n\nc: 3\n"),
        ("a: |+\n  x\n\nb: 2\n", "b", "a: |+\n  x\n\n"),
        ("a: |+\n  x\n\nb: 2\n", "a", "b: 2\n"),
        (
            "a: |\n  # no comment\nb: 2\n",
            "b",
            "a: |\n  # no comment\n",
        ),
        ("a:\n  b: 1 # one\nc: 2\n", "a.b", "a: {}\nc: 2\n"),
        ("a: # keep\n  # go\n  b: 1\n", "a.b", "a: {} # keep\n"),
        ("a:\n  b: 1", "a.b", "a: {}"),
        ("a: &n\n  b: 1\n", "a.b", "a: &n {}\n"),
        ("a:\n- x\nb: 1\n", "a[0]", "a: []\nb: 1\n"),
        ("a: 1\n", "a", "{}\n"),
        (
            "# Head.\n\na: 1\n# Foot.\n",
            "a",
            "# Head.\n\n{}\n# Foot.\n",
        ),
        ("a: 1", "a", "{}"),
        ("- a: 1\n  b: 2\n", "[0].a", "- b: 2\n"),
        (
            "- a: 1 # one\n  # two\n  b: 2\n",
            "[0].a",
            "- # two\n  b: 2\n",
        ),
        ("- a: 1\n", "[0].a", "- {}\n"),
        ("- a: 1\n- b: 2\n- c: 3\n", "[1]", "- a: 1\n- c: 3\n"),
        (
            "a:\n  - x\n  # about y\n  - y # here\n  # about z\n  - z\n",
            "a[1]",
            "a:\n  - x\n  # about z\n  - z\n",
        ),
        ("-\n  a: 1\n- b\n", "[0]", "- b\n"),
        ("- # a\n  a: 1\n- b\n", "[0]", "- b\n"),
        ("- - a\n  - b\n", "[0][0]", "- - b\n"),
        ("a: 1 # one\nb: 2\n", "b", "a: 1 # one\n"),
        ("? a\n: 1\nb: 2\n", "a", "b: 2\n"),
        ("a:\nb: 2\n", "a", "b: 2\n"),
        ("---\na: 1\nb: 2\n...\n", "b", "---\na: 1\n...\n"),
        ("a: &n 1\nb: 2\n", "a", "b: 2\n"),
        ("a: &n 1\nb: *n\nc: 2\n", "b", "a: &n 1\nc: 2\n"),
        ("a: one\n  two\n  # no\nb: 2\n", "a", "b: 2\n"),
    ] {
        assert_eq!(remove(before, at), after, "{before:?}");
    }
}

#[test]
fn from_braces_and_brackets() {
    for (before, at, after) in [
        ("{a: x, b: y}\n", "a", "{b: y}\n"),
        ("{a: x, b: y}\n", "b", "{a: x}\n"),
        ("{a: x, b: y,}\n", "b", "{a: x,}\n"),
        ("{ a: x }\n", "a", "{ }\n"),
        ("k: [a] # c\n", "k[0]", "k: [] # c\n"),
        ("k: [a, b, c] # c\n", "k[1]", "k: [a, c] # c\n"),
        (
            "k: [\n  a, # one\n  # about b\n  b, # two\n  # about c\n  c\n]\n",
            "k[1]",
            "k: [\n  a, # one\n  # about c\n  c\n]\n",
        ),
        (
            "k: [\n  a, # one\n  b # two\n]\n",
            "k[1]",
            "k: [\n  a # one\n]\n",
        ),
        ("k: [\n  a,\n  b,\n]\n", "k[1]", "k: [\n  a,\n]\n"),
        (
            "k: [a, # one\n    # about b\n    b]\n",
            "k[0]",
            "k: [\n    # about b\n    b]\n",
        ),
        ("k: [a, # one\n    b]\n", "k[1]", "k: [a # one\n    ]\n"),
        (
            "k: [{a: 1, b: 2}, {a: 3}]\n",
            "k[0].a",
            "k: [{b: 2}, {a: 3}]\n",
        ),
        ("{\"a\":1,\"b\":2}\n", "a", "{\"b\":2}\n"),
    ] {
        assert_eq!(remove(before, at), after, "{before:?}");
    }
}
