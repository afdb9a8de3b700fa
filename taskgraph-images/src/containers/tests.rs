//! Dockerfiles in, files out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::tree::MemoryTree;

const FILES: [&str; 10] = [
    "c/a.txt",
    "c/b.txt",
    "c/src/main.rs",
    "c/src/lib/x.rs",
    "c/etc/conf.json",
    "c/.hidden",
    "c/deep/er/file",
    "c/x y",
    "other/z",
    "c/v1.2/tool",
];

fn run(
    dockerfile: &str,
    ignore: &[(&str, &str)],
    target: Option<&str>,
    arguments: &[(&str, &str)],
) -> String {
    let mut files: Vec<(&str, &str)> = FILES.iter().map(|path| (*path, "")).collect();
    files.push(("c/Dockerfile", dockerfile));
    files.extend(ignore);
    let tree = MemoryTree::new(files);
    let arguments: BTreeMap<String, String> = arguments
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let build = Build {
        context: &TreePath::parse("c").unwrap(),
        dockerfile: &TreePath::parse("c/Dockerfile").unwrap(),
        target,
        arguments: &arguments,
    };
    let inputs = inputs(&tree, &build).unwrap();
    let mut by_place: BTreeMap<Role, Vec<&str>> = BTreeMap::new();
    for input in &inputs.files {
        by_place
            .entry(input.role)
            .or_default()
            .push(input.path.as_str());
    }
    let mut shown = String::new();
    for (role, paths) in by_place {
        let place = match role {
            Role::Dockerfile => continue,
            Role::IgnoreFile => "ignore file",
            Role::Copied(span) => &dockerfile[span.range()],
        };
        let _ = writeln!(shown, "{place} -> {}", paths.join(" "));
    }
    for (_, reason) in &inputs.widened {
        let _ = writeln!(shown, "widened: {reason}");
    }
    for (_, text) in &inputs.missing {
        let _ = writeln!(shown, "missing: {text}");
    }
    shown
}

fn copies(dockerfile: &str) -> String {
    run(dockerfile, &[], None, &[])
}

#[test]
fn copies_and_adds() {
    assert_snapshot!(copies("FROM x\nCOPY a.txt /\ncopy --chown=1:1 src/ b.txt \\\n  # comment\n  etc /\n"), @"
    a.txt -> c/a.txt
    src/ -> c/src/lib/x.rs c/src/main.rs
    b.txt -> c/b.txt
    etc -> c/etc/conf.json
    ");
    assert_snapshot!(copies("FROM x\nCOPY [\"x y\", \"./a.txt\", \"/\"]\nADD *.txt ./src/*/ /y/\n"), @"
    x y -> c/x y
    ./a.txt -> c/a.txt
    *.txt -> c/a.txt c/b.txt
    ./src/*/ -> c/src/lib/x.rs c/src/main.rs
    ");
    assert_snapshot!(copies("FROM x\nADD https://example.org/x.tar.gz git@example.org:a/b.git /\nCOPY <<EOF /y\nCOPY a.txt /\nEOF\n"), @"");
    assert_snapshot!(copies("FROM x\nCOPY . /\n"), @". -> c/.hidden c/Dockerfile c/a.txt c/b.txt c/deep/er/file c/etc/conf.json c/src/lib/x.rs c/src/main.rs c/v1.2/tool c/x y");
    assert_snapshot!(copies("FROM x\nCOPY /etc ../a.txt deep/../b.txt /\nCOPY gone /\n"), @"
    /etc -> c/etc/conf.json
    ../a.txt -> c/a.txt
    deep/../b.txt -> c/b.txt
    missing: gone
    ");
    assert_snapshot!(copies("FROM x\nRUN --mount=type=bind,source=src,target=/s --mount=type=cache,target=/c make\nRUN --mount=target=/all ls"), @"
    type=bind,source=src,target=/s -> c/src/lib/x.rs c/src/main.rs
    target=/all -> c/.hidden c/Dockerfile c/a.txt c/b.txt c/deep/er/file c/etc/conf.json c/src/lib/x.rs c/src/main.rs c/v1.2/tool c/x y
    ");
    assert_snapshot!(copies("FROM x\nRUN echo 'COPY a.txt /'\n# COPY b.txt /\nLABEL a=\"COPY b.txt /\""), @"");
    assert_snapshot!(copies("FROM x\nONBUILD COPY a.txt /"), @"a.txt -> c/a.txt");
}

#[test]
fn variables() {
    assert_snapshot!(copies("ARG V=1.2\nFROM x:$V\nARG V\nARG F=tool\nCOPY v${V}/$F /\nENV N=a.txt M=\"b.txt\"\nCOPY ${N} \"$M\" ${O:-etc} /\n"), @r#"
    v${V}/$F -> c/v1.2/tool
    ${N} -> c/a.txt
    "$M" -> c/b.txt
    ${O:-etc} -> c/.hidden c/Dockerfile c/a.txt c/b.txt c/deep/er/file c/etc/conf.json c/src/lib/x.rs c/src/main.rs c/v1.2/tool c/x y
    widened: `$O` is not set in the Dockerfile
    "#);
    assert_snapshot!(copies("FROM x\nARG F\nCOPY ${F:-a.txt} ${F:+b.txt}/src /\nENV K a.txt\nCOPY $K /\nCOPY \\$K /"), @"
    ${F:-a.txt} -> c/a.txt
    ${F:+b.txt}/src -> c/src/lib/x.rs c/src/main.rs
    $K -> c/a.txt
    missing: $K
    ");
    assert_snapshot!(copies("FROM x\nARG TARGETARCH\nCOPY tool-$TARGETARCH /\n"), @"
    tool-$TARGETARCH -> c/.hidden c/Dockerfile c/a.txt c/b.txt c/deep/er/file c/etc/conf.json c/src/lib/x.rs c/src/main.rs c/v1.2/tool c/x y
    widened: `TARGETARCH` depends on the platform
    ");
    assert_snapshot!(run("FROM x\nARG F=a.txt\nCOPY $F /", &[], None, &[("F", "b.txt")]), @"$F -> c/b.txt");
    assert_snapshot!(copies("FROM x AS base\nENV F=a.txt\nARG G=b.txt\nFROM base\nCOPY $F /\nCOPY $G /"), @"
    $F -> c/a.txt
    $G -> c/b.txt
    ");
}

#[test]
fn stages() {
    let text = "FROM x AS one\nCOPY a.txt /\nFROM y AS two\nCOPY b.txt /\nFROM one AS three\nCOPY --from=x/y:z /a /b\nCOPY etc /\nFROM z\nCOPY --from=two /b /b\nCOPY --from=0 /a /a\n";
    assert_snapshot!(copies(text), @"
    a.txt -> c/a.txt
    b.txt -> c/b.txt
    ");
    assert_snapshot!(run(text, &[], Some("three"), &[]), @"
    a.txt -> c/a.txt
    etc -> c/etc/conf.json
    ");
    assert_snapshot!(run(text, &[], Some("TWO"), &[]), @"b.txt -> c/b.txt");
    assert_snapshot!(run(text, &[], Some("four"), &[]), @"
     -> c/.hidden c/Dockerfile c/a.txt c/b.txt c/deep/er/file c/etc/conf.json c/src/lib/x.rs c/src/main.rs c/v1.2/tool c/x y
    widened: the Dockerfile has no stage `four`
    ");
    assert_snapshot!(copies("ARG B=two\nFROM x AS one\nCOPY a.txt /\nFROM x AS two\nCOPY b.txt /\nFROM $B\nRUN --mount=from=one,target=/x ls"), @"
    a.txt -> c/a.txt
    b.txt -> c/b.txt
    ");
}

#[test]
fn ignore_files() {
    let everything = "FROM x\nCOPY . /\n";
    assert_snapshot!(run(everything, &[("c/.dockerignore", "*\n!src\n")], None, &[]), @"
    ignore file -> c/.dockerignore
    . -> c/src/lib/x.rs c/src/main.rs
    ");
    assert_snapshot!(run(everything, &[("c/.dockerignore", "*"), ("c/Dockerfile.dockerignore", "**/*.rs")], None, &[]), @"
    ignore file -> c/Dockerfile.dockerignore
    . -> c/.dockerignore c/.hidden c/Dockerfile c/Dockerfile.dockerignore c/a.txt c/b.txt c/deep/er/file c/etc/conf.json c/v1.2/tool c/x y
    ");
    assert_snapshot!(run("FROM x\nCOPY a.txt b.txt /", &[("c/.dockerignore", "a.txt")], None, &[]), @"
    ignore file -> c/.dockerignore
    b.txt -> c/b.txt
    missing: a.txt
    ");
}

#[test]
fn cannot_be_parsed() {
    assert_snapshot!(copies("COPY a /\n"), @"
     -> c/.hidden c/Dockerfile c/a.txt c/b.txt c/deep/er/file c/etc/conf.json c/src/lib/x.rs c/src/main.rs c/v1.2/tool c/x y
    widened: the Dockerfile cannot be parsed: expected FROM at line 1 column 1
    ");
    assert_snapshot!(copies("\u{FEFF}FROM x\nCOPY a.txt /"), @"a.txt -> c/a.txt");
    assert_snapshot!(copies("# escape=`\nFROM x\nCOPY a.txt `\n b.txt /"), @"
    a.txt -> c/a.txt
    b.txt -> c/b.txt
    ");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_panics(pieces in prop::collection::vec(prop::sample::select(vec![
        "FROM x", " AS a", "\n", "COPY ", "ADD ", "--from=a ", "a.txt ", "$X", "${X:-y}", "ARG X=1", "ENV X=", "\"", "'", "\\\n",
        "[", "]", "<<EOF", "EOF\n", "RUN --mount=type=bind ", "é", "*", "/", "# syntax=x\n", "ONBUILD ",
    ]), 0..24)) {
        let text = format!("FROM x\n{}", pieces.concat());
        for source in dockerfile::sources(&text, None, &BTreeMap::new()) {
            prop_assert!(text.get(source.span.range()).is_some());
        }
    }
}
