//! Laws over documents made up here.

use proptest::prelude::*;
use serde_json::json;

use super::super::build::build;
use super::super::events::events;
use super::super::source::{Kind, Node};
use super::super::{Change, Edit, Path, Refusal, Scalar, Step, Style, apply, scalars};

/// A value to be written at some indentation.
#[derive(Debug, Clone)]
enum Tree {
    /// As it stands.
    Scalar(&'static str),
    /// A block scalar: its header, and its lines.
    Block(&'static str, &'static str),
    List(Vec<(Trivia, Self)>),
    Map(Vec<(Trivia, Self)>),
    /// Flow style; whether it goes over several lines.
    FlowList(bool, Vec<Self>),
    FlowMap(bool, Vec<Self>),
}

/// What stands around an entry.
#[derive(Debug, Clone)]
struct Trivia {
    above: &'static str,
    behind: &'static str,
    dash: usize,
}

const SCALARS: [&str; 16] = [
    "x",
    "several words",
    "12",
    "1.5",
    "true",
    "~",
    "",
    "''",
    "'it''s # x'",
    "\"a\\tb\"",
    "\"\"",
    "2026-01-02",
    "é ü",
    "a/b:c",
    "&anchor x",
    "!tag 'y'",
];

fn trivia() -> impl Strategy<Value = Trivia> {
    let above = prop::sample::select(vec![
        "",
        "",
        "",
        "\n",
        "# above\n",
        "# one\n# two\n",
        "\n# apart\n\n",
        "# odd\n\n",
    ]);
    let behind = prop::sample::select(vec!["", "", "", " # behind", "   # 'far'", "  "]);
    (above, behind, 0..3_usize).prop_map(|(above, behind, dash)| Trivia {
        above,
        behind,
        dash,
    })
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        8 => prop::sample::select(SCALARS.to_vec()).prop_map(Tree::Scalar),
        1 => prop::sample::select(vec![("|", "one\n"), (">-", "one\ntwo\n"), ("|+", "one\n\n"), ("|", "# no comment\n\n")])
            .prop_map(|(header, lines)| Tree::Block(header, lines)),
        1 => Just(Tree::FlowList(false, vec![])),
        1 => Just(Tree::FlowMap(false, vec![])),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let children = prop::collection::vec((trivia().boxed(), inner.clone()), 1..4);
        let flow = prop::collection::vec(inner, 1..4);
        prop_oneof![
            3 => children.clone().prop_map(Tree::Map),
            2 => children.prop_map(Tree::List),
            1 => (any::<bool>(), flow.clone()).prop_map(|(lines, items)| Tree::FlowList(lines, items)),
            1 => (any::<bool>(), flow).prop_map(|(lines, items)| Tree::FlowMap(lines, items)),
        ]
    })
}

/// Writes trivia above an entry, indented.
fn above(out: &mut String, trivia: &Trivia, indent: usize) {
    for line in trivia.above.lines() {
        if !line.is_empty() {
            *out += &" ".repeat(indent);
        }
        *out += line;
        out.push('\n');
    }
}

/// Writes a value after a colon or dash, and the line's end.
fn after(out: &mut String, tree: &Tree, indent: usize, trivia: &Trivia) {
    match tree {
        Tree::List(items) => {
            *out += trivia.behind;
            out.push('\n');
            block(out, &Tree::List(items.clone()), indent + trivia.dash);
        }
        Tree::Map(_) => {
            *out += trivia.behind;
            out.push('\n');
            block(out, tree, indent + 1 + trivia.dash);
        }
        Tree::Block(header, lines) => {
            *out += &format!(" {header}{}\n", trivia.behind);
            for line in lines.lines() {
                *out += &if line.is_empty() {
                    "\n".to_owned()
                } else {
                    format!("{}{line}\n", " ".repeat(indent + 2))
                };
            }
        }
        _ => {
            let text = flow(tree, indent + 2);
            if !text.is_empty() {
                *out += &format!(" {text}");
            }
            *out += trivia.behind;
            out.push('\n');
        }
    }
}

fn block(out: &mut String, tree: &Tree, indent: usize) {
    let pad = " ".repeat(indent);
    match tree {
        Tree::Map(entries) => {
            for (at, (trivia, value)) in entries.iter().enumerate() {
                above(out, trivia, indent);
                *out += &format!("{pad}{}:", ["a", "'b c'", "c-1"][at]);
                after(out, value, indent, trivia);
            }
        }
        Tree::List(items) => {
            for (trivia, value) in items {
                above(out, trivia, indent);
                *out += &format!("{pad}-");
                match value {
                    // The first entry on the dash's line.
                    Tree::Map(_) if trivia.dash > 0 => {
                        let mut inner = String::new();
                        block(&mut inner, value, indent + 2);
                        let first = inner
                            .lines()
                            .next()
                            .unwrap_or_default()
                            .trim_start()
                            .to_owned();
                        if first.is_empty() || first.starts_with('#') {
                            out.push('\n');
                            *out += &inner;
                        } else {
                            *out += &format!(" {}", inner.trim_start());
                        }
                    }
                    Tree::List(_) => after(out, value, indent + 1, trivia),
                    _ => after(out, value, indent, trivia),
                }
            }
        }
        _ => {
            *out += &flow(tree, indent);
            out.push('\n');
        }
    }
}

fn flow(tree: &Tree, indent: usize) -> String {
    let (open, close, lines, children): (_, _, _, Vec<String>) = match tree {
        Tree::Scalar(text) => return (*text).to_owned(),
        Tree::Block(..) => return "'block'".to_owned(),
        Tree::List(items) => {
            return flow(
                &Tree::FlowList(false, items.iter().map(|(_, item)| item.clone()).collect()),
                indent,
            );
        }
        Tree::Map(items) => {
            return flow(
                &Tree::FlowMap(false, items.iter().map(|(_, item)| item.clone()).collect()),
                indent,
            );
        }
        Tree::FlowList(lines, items) => {
            let item = |item: &Tree| match flow(item, indent + 2) {
                text if text.is_empty() => "''".to_owned(),
                text => text,
            };
            ('[', ']', *lines, items.iter().map(item).collect())
        }
        Tree::FlowMap(lines, items) => {
            let entry = |(at, item): (usize, &Tree)| {
                format!("{}: {}", ["a", "'b c'", "c-1"][at], flow(item, indent + 2))
            };
            (
                '{',
                '}',
                *lines,
                items.iter().enumerate().map(entry).collect(),
            )
        }
    };
    if lines && !children.is_empty() {
        let pad = format!("\n{}", " ".repeat(indent + 2));
        let last = format!("\n{}", " ".repeat(indent));
        format!(
            "{open}{pad}{}{last}{close}",
            children.join(&format!(", # c{pad}"))
        )
    } else {
        format!("{open}{}{close}", children.join(", "))
    }
}

/// A document, with several kinds of line ends, beginnings and ends.
fn document() -> impl Strategy<Value = String> {
    let head = prop::sample::select(vec!["", "", "# Head.\n\n", "---\n", "\u{feff}"]);
    let foot = prop::sample::select(vec!["", "", "\n", "# Foot.\n", "\n# Foot.\n"]);
    (tree(), head, foot, any::<bool>(), any::<bool>()).prop_map(|(tree, head, foot, crlf, cut)| {
        let mut text = head.to_owned();
        block(&mut text, &tree, 0);
        text += foot;
        if cut && text.ends_with('\n') && !text.ends_with("\n\n") {
            text.pop();
        }
        if crlf {
            text.replace('\n', "\r\n")
        } else {
            text
        }
    })
}

/// The places of collections, with how many children each has; the second tells maps.
fn collections(text: &str) -> Vec<(Path, bool, Vec<Path>)> {
    fn walk(node: &Node, path: &Path, found: &mut Vec<(Path, bool, Vec<Path>)>) {
        let children: Vec<(Path, &Node)> = match &node.kind {
            Kind::Map { entries, .. } => entries
                .iter()
                .map(|entry| (path.join(entry.name().unwrap()), &entry.value))
                .collect(),
            Kind::List { items, .. } => items
                .iter()
                .enumerate()
                .map(|(at, item)| (path.join(at), &item.value))
                .collect(),
            _ => return,
        };
        let paths = children.iter().map(|(path, _)| path.clone()).collect();
        found.push((path.clone(), matches!(node.kind, Kind::Map { .. }), paths));
        children
            .iter()
            .for_each(|(path, child)| walk(child, path, found));
    }
    let mut found = Vec::new();
    let source = build(text, &events(text).unwrap()).unwrap();
    if let Some(root) = &source.root {
        walk(root, &Path::root(), &mut found);
    }
    found
}

fn one(path: &Path, change: Change) -> [Edit; 1] {
    [Edit {
        path: path.clone(),
        change,
    }]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn set_and_back_is_the_same(text in document()) {
        let parses = scalars("x.yml", &text);
        prop_assert!(parses.is_ok(), "{text:?} {parses:?}");
        for (path, at) in parses.unwrap() {
            for value in ["word", "12", "2026-09-01", "some words: # é"] {
                let new = apply("x.yml", &text, &one(&path, Change::Set(Scalar::Text(value.to_owned()))));
                if matches!(at.style, Style::Literal | Style::Folded) {
                    prop_assert_eq!(&new.unwrap_err()[0].refusal, &Refusal::BlockScalar);
                    break;
                }
                prop_assert!(new.is_ok(), "{text:?} {new:?}");
                let new = new.unwrap();
                let back = match at.style {
                    Style::Plain => Scalar::Plain(at.text.clone()),
                    Style::Empty => break,
                    _ => Scalar::Text(at.text.clone()),
                };
                let back = apply("x.yml", &new, &one(&path, Change::Set(back)));
                prop_assert_eq!(back, Ok(text.clone()), "{:?}", new);
            }
        }
    }

    #[test]
    fn add_and_remove_is_the_same(text in document(), nested in any::<bool>()) {
        let value = if nested { json!({"x": [1, "two words"], "y": {"z": null}}) } else { json!("v") };
        for (path, is_map, children) in collections(&text) {
            let (change, added) = if is_map {
                (Change::Insert { key: "new".to_owned(), value: value.clone(), after: None }, path.join("new"))
            } else {
                (Change::Append(value.clone()), path.join(children.len()))
            };
            let new = apply("x.yml", &text, &one(&path, change));
            if let Err(errors) = &new
                && matches!(errors[0].refusal, Refusal::Form("the file ends in a block scalar without a line break"))
            {
                continue;
            }
            prop_assert!(new.is_ok(), "{text:?} {new:?}");
            let new = new.unwrap();
            let read: Result<serde_yaml::Value, _> = serde_yaml::from_str(new.trim_start_matches('\u{feff}'));
            prop_assert!(read.is_ok(), "{text:?} {new:?} {read:?}");
            let back = apply("x.yml", &new, &one(&added, Change::Remove));
            prop_assert_eq!(back, Ok(text.clone()), "{:?}", new);
        }
    }

    #[test]
    fn whatever_is_removed_nothing_else_goes(text in document()) {
        for (_, _, children) in collections(&text) {
            for child in children {
                let new = apply("x.yml", &text, &one(&child, Change::Remove));
                prop_assert!(new.is_ok(), "{text:?} {child} {new:?}");
            }
        }
    }

    #[test]
    fn any_text_is_written_and_read(value in any::<String>(), old in prop::sample::select(vec!["k: x", "k: 'x'", "k: \"x\"", "{k: x}"])) {
        let new = apply("x.yml", old, &one(&["k"].into(), Change::Set(Scalar::Text(value.clone()))));
        prop_assert!(new.is_ok(), "{new:?}");
        let read: serde_yaml::Value = serde_yaml::from_str(&new.unwrap()).unwrap();
        prop_assert_eq!(read["k"].as_str(), Some(&*value));
    }

    #[test]
    fn no_text_panics_or_is_misread(text in "[-a:?{}\\[\\], \n#&*!|>'\"\r\t]{0,40}") {
        let new = || Change::Set(Scalar::Text("new".to_owned()));
        let insert = Change::Insert { key: "k".to_owned(), value: json!("new"), after: None };
        let mut edits = vec![
            (Path::root().join("k"), Path::root(), insert),
            (Path::root().join(0), Path::root(), Change::Append(json!("new"))),
        ];
        for (path, _) in scalars("x.yml", &text).unwrap_or_default() {
            edits.push((path.clone(), path.clone(), new()));
            edits.push((path.clone(), path, Change::Remove));
        }
        for (at, path, change) in edits {
            let is_set = change == new();
            let Ok(after) = apply("x.yml", &text, &one(&path, change)) else { continue };
            // A reader that shares nothing with the guard sees the value there, where it can read the file.
            if is_set
                && serde_yaml::from_str::<serde_yaml::Value>(&text).is_ok()
                && let Ok(read) = serde_yaml::from_str::<serde_yaml::Value>(&after)
                && !after.contains(['!', '&', '*'])
            {
                let found = at.steps().iter().try_fold(&read, |value, step| match step {
                    Step::Index(index) => value.get(index),
                    Step::Key(key) => {
                        let text = |found: &serde_yaml::Value| match found {
                            serde_yaml::Value::Null => Some(String::new()),
                            other => other.as_str().map(str::to_owned),
                        };
                        let mut entries = value.as_mapping()?.iter();
                        entries.find(|(name, _)| text(name).as_deref() == Some(key)).map(|(_, value)| value)
                    }
                });
                prop_assert_eq!(found.and_then(serde_yaml::Value::as_str), Some("new"), "{:?} {:?}", text, after);
            }
        }
    }
}
