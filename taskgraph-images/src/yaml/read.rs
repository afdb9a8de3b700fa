//! [`read`]: bytes of a YAML file to a [`Node`], with bounded work.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Options, Parser, ScalarStyle};

use super::node::{Key, Node, Value};
use crate::diagnostic::{Diagnostic, Place, Span};
use crate::tree::{FileError, TreePath, View};

/// The largest YAML file that is read, in bytes. The largest known configuration file is an eighth of it.
pub const MAX_YAML: usize = 1024 * 1024;

/// How deep values may nest. Definitions nest eight deep.
const MAX_DEPTH: usize = 64;

/// How many values a file may hold with its aliases written out.
const MAX_NODES: usize = 100_000;

/// Up to how many entries a map is searched in order for duplicate keys.
const SMALL_MAP: usize = 32;

/// Reads one document. An empty file is an empty map.
///
/// # Errors
/// One diagnostic for the first thing that is no YAML, or all keys that stand twice; also for what is refused:
/// tags, merge keys, several documents, keys that are no scalars, and files that are too large, too deep, or grow
/// too much by aliases.
pub fn read(path: &TreePath, bytes: &[u8]) -> Result<Node, Vec<Diagnostic>> {
    read_with(path, bytes, MergeKeys::Refused)
}

/// Reads one document of somebody else's, in which merge keys (`<<`) mean what they do to YAML 1.1 readers: what is
/// merged stands first, what the map says itself wins, and of several merged maps the first.
///
/// # Errors
/// Like [`read`], but for merge keys: those are refused only where they name no map.
pub fn read_merging(path: &TreePath, bytes: &[u8]) -> Result<Node, Vec<Diagnostic>> {
    read_with(path, bytes, MergeKeys::Merged)
}

/// What to do with `<<`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MergeKeys {
    Refused,
    Merged,
}

fn read_with(
    path: &TreePath,
    bytes: &[u8],
    merge_keys: MergeKeys,
) -> Result<Node, Vec<Diagnostic>> {
    let one = |diagnostic: Diagnostic| vec![diagnostic];
    if bytes.len() > MAX_YAML {
        let message = format!(
            "the file holds {} bytes; at most {MAX_YAML} are read",
            bytes.len()
        );
        return Err(one(
            Diagnostic::error("too-large", message).at(Place::file(path.clone()))
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        one(Diagnostic::error("not-utf-8", "the file is not UTF-8")
            .at(Place::new(path.clone(), at..at + 1))
            .hint("save it as UTF-8"))
    })?;
    let mut reader = Reader {
        path,
        text,
        parser: Parser::new_from_str_with_options(text, options()),
        anchors: HashMap::new(),
        nodes: 0,
        faults: Vec::new(),
        merge_keys,
    };
    let node = reader.document().map_err(one)?;
    if reader.faults.is_empty() {
        Ok(node)
    } else {
        Err(reader.faults)
    }
}

/// Reads the document that a file of a tree holds; of the same content, once.
///
/// # Errors
/// When the file cannot be read.
pub fn load(
    view: &View<'_>,
    path: &TreePath,
) -> Result<Arc<Result<Node, Vec<Diagnostic>>>, FileError> {
    view.parse(path, |content| read(path, content))
}

fn options() -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    options
}

struct Reader<'a> {
    path: &'a TreePath,
    text: &'a str,
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    /// What each anchor stands for, and how many values that is written out.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    faults: Vec<Diagnostic>,
    merge_keys: MergeKeys,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Node, Diagnostic> {
        let mut document = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if document.is_some() => {
                    return Err(Diagnostic::error(
                        "many-documents",
                        "a second document starts here",
                    )
                    .at(self.place(span))
                    .hint("keep one document a file"));
                }
                Event::DocumentStart(..) => {}
                Event::StreamEnd => break,
                event => document = Some(self.node(event, span, 0)?),
            }
        }
        let empty = || Node {
            path: self.path.clone(),
            span: Span::default(),
            value: Value::Map(Arc::from([])),
        };
        Ok(match document {
            Some(node) if node.is_null() => empty(),
            Some(node) => node,
            None => empty(),
        })
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Diagnostic> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.span(&span))),
            Some(Err(error)) => {
                let at = error
                    .marker()
                    .byte_offset()
                    .unwrap_or(self.text.len())
                    .min(self.text.len());
                Err(Diagnostic::error("yaml-syntax", error.info()).at(self.place((at..at).into())))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        span.byte_range().unwrap_or_default().into()
    }

    fn place(&self, span: Span) -> Place {
        Place {
            path: self.path.clone(),
            span,
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Diagnostic> {
        self.nodes += 1;
        let before = self.nodes;
        if self.nodes > MAX_NODES {
            let message = format!(
                "the file holds more than {MAX_NODES} values once its aliases are written out"
            );
            return Err(Diagnostic::error("too-large", message).at(self.place(span)));
        }
        if depth > MAX_DEPTH {
            let message = format!("values nest more than {MAX_DEPTH} deep");
            return Err(Diagnostic::error("too-deep", message).at(self.place(span)));
        }
        if let Some(tag) = event.tag() {
            return Err(Diagnostic::error(
                "yaml-tag",
                format!("the tag `{}` is not allowed", tag.original()),
            )
            .at(self.place(span))
            .hint("remove the tag; quote the value if it must be a string"));
        }
        let anchor = event.anchor_id().filter(|id| *id != 0);
        let (span, value) = match event {
            Event::Alias(id) => {
                let (node, size) = self.anchors.get(&id).cloned().ok_or_else(|| {
                    Diagnostic::error(
                        "yaml-syntax",
                        "the alias stands inside the value that it names",
                    )
                    .at(self.place(span))
                })?;
                self.nodes += size;
                return Ok(node);
            }
            Event::Scalar(text, style, ..) => (
                span,
                Value::Scalar(Arc::from(&*text), style == ScalarStyle::Plain),
            ),
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, end) => {
                            let end = end
                                .end
                                .max(items.last().map_or(span.end, |last: &Node| last.span.end));
                            break (
                                Span {
                                    start: span.start,
                                    end,
                                },
                                Value::List(items.into()),
                            );
                        }
                        (event, span) => items.push(self.node(event, span, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(..) => self.map(span, depth)?,
            _ => {
                return Err(
                    Diagnostic::error("yaml-syntax", "expected a value").at(self.place(span))
                );
            }
        };
        let node = Node {
            path: self.path.clone(),
            span,
            value,
        };
        if let Some(anchor) = anchor {
            self.anchors
                .insert(anchor, (node.clone(), self.nodes - before));
        }
        Ok(node)
    }

    /// Adds the maps that a merge key names: one, or a list of them.
    fn merged(&mut self, value: Node, merged: &mut Vec<Node>) {
        match &value.value {
            Value::Map(_) => merged.push(value),
            Value::List(items) if items.iter().all(|item| item.entries().is_some()) => {
                merged.extend(items.iter().cloned());
            }
            _ => self.faults.push(
                Diagnostic::error(
                    "merge-key",
                    format!(
                        "expected a map or a list of maps to merge, found {}",
                        value.describe()
                    ),
                )
                .at(value.place()),
            ),
        }
    }

    fn map(&mut self, span: Span, depth: usize) -> Result<(Span, Value), Diagnostic> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        // Maps that people write are small, and fastest searched in order; large ones get an index.
        let mut index: HashMap<Arc<str>, usize> = HashMap::new();
        let mut merged: Vec<Node> = Vec::new();
        loop {
            let (event, at) = self.next()?;
            let key = match event {
                Event::MappingEnd => {
                    let end = at
                        .end
                        .max(entries.last().map_or(span.end, |(_, last)| last.span.end));
                    if !merged.is_empty() {
                        entries = merge(&merged, entries);
                    }
                    return Ok((
                        Span {
                            start: span.start,
                            end,
                        },
                        Value::Map(entries.into()),
                    ));
                }
                Event::Scalar(text, style, ..) => {
                    let merge_key = &*text == "<<" && style == ScalarStyle::Plain;
                    if merge_key && self.merge_keys == MergeKeys::Merged {
                        let (event, value_at) = self.next()?;
                        let value = self.node(event, value_at, depth + 1)?;
                        self.merged(value, &mut merged);
                        continue;
                    }
                    if merge_key {
                        self.faults.push(
                            Diagnostic::error(
                                "merge-key",
                                "merge keys (`<<`) are not part of YAML 1.2",
                            )
                            .at(self.place(at))
                            .hint("put what is shared into a fragment and name it under `extends`"),
                        );
                    }
                    Key {
                        text: Arc::from(&*text),
                        path: self.path.clone(),
                        span: at,
                    }
                }
                _ => {
                    return Err(Diagnostic::error(
                        "yaml-key",
                        "a key must be a plain word or a string",
                    )
                    .at(self.place(at)));
                }
            };
            let (event, at) = self.next()?;
            let value = self.node(event, at, depth + 1)?;
            let twin = if entries.len() < SMALL_MAP {
                entries.iter().position(|(other, _)| other.text == key.text)
            } else {
                if index.is_empty() {
                    index.extend(
                        entries
                            .iter()
                            .enumerate()
                            .map(|(at, (key, _))| (key.text.clone(), at)),
                    );
                }
                index.get(&key.text).copied()
            };
            if let Some(twin) = twin {
                self.faults.push(duplicate(&key, entries[twin].0.place()));
                continue;
            }
            if !index.is_empty() {
                index.insert(key.text.clone(), entries.len());
            }
            entries.push((key, value));
        }
    }
}

/// What a map holds: the entries of merged maps, of which the first to have a key wins, under its own.
fn merge(merged: &[Node], own: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
    let mut entries: Vec<(Key, Node)> = Vec::new();
    let mut index: HashMap<Arc<str>, usize> = HashMap::new();
    for (key, value) in merged.iter().filter_map(Node::entries).flatten() {
        if !index.contains_key(&key.text) {
            index.insert(key.text.clone(), entries.len());
            entries.push((key.clone(), value.clone()));
        }
    }
    for (key, value) in own {
        match index.get(&key.text) {
            Some(at) => entries[*at] = (key, value),
            None => entries.push((key, value)),
        }
    }
    entries
}

fn duplicate(key: &Key, first: Place) -> Diagnostic {
    Diagnostic::error(
        "duplicate-key",
        format!("the key `{}` stands twice", key.text),
    )
    .at(key.place())
    .note(first, "it stands here first")
    .hint("keep one of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> String {
        let path = TreePath::parse("x.yml").unwrap();
        match read(&path, text.as_bytes()) {
            Ok(node) => node.to_json().to_string(),
            Err(faults) => faults
                .iter()
                .map(|fault| {
                    let span = fault.place.as_ref().unwrap().span;
                    format!(
                        "{}..{} {}: {}",
                        span.start, span.end, fault.code, fault.message
                    )
                })
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }

    #[test]
    fn keeps_text_that_json_would_change() {
        insta::assert_snapshot!(
            check("{a: 24.10, b: 82415e4, c: 1.5, d: 007, e: yes, f: ~, g: [1, true], h: '3', i: 2026-01-02}"),
            @r#"{"a":"24.10","b":"82415e4","c":1.5,"d":"007","e":"yes","f":null,"g":[1,true],"h":"3","i":"2026-01-02"}"#
        );
        insta::assert_snapshot!(check("\u{feff}---\r\na: b\r\nc:\r\n  - d\r\n"), @r#"{"a":"b","c":["d"]}"#);
        insta::assert_snapshot!(check(""), @"{}");
        insta::assert_snapshot!(check("a: &x {b: 1}\nc: *x"), @r#"{"a":{"b":1},"c":{"b":1}}"#);
    }

    #[test]
    fn refuses_with_a_place() {
        insta::assert_snapshot!(check("a: 1\nb: 2\na: 3"), @"10..11 duplicate-key: the key `a` stands twice");
        insta::assert_snapshot!(check("a: b\n  - c"), @r#"{"a":"b - c"}"#);
        insta::assert_snapshot!(check("a: !!str b"), @"9..10 yaml-tag: the tag `!!str` is not allowed");
        insta::assert_snapshot!(check("a: 1\n---\nb: 2"), @"5..8 many-documents: a second document starts here");
        insta::assert_snapshot!(check("<<: {a: 1}"), @"0..2 merge-key: merge keys (`<<`) are not part of YAML 1.2");
        insta::assert_snapshot!(check("? [a, b]\n: c"), @"2..3 yaml-key: a key must be a plain word or a string");
        insta::assert_snapshot!(check("a: *missing"), @"3..3 yaml-syntax: while parsing node, found unknown anchor");
        insta::assert_snapshot!(check(&"[".repeat(20_000)), @"64..64 yaml-syntax: recursion limit exceeded");
        insta::assert_snapshot!(check(&"a: ".repeat(100)), @"4..4 yaml-syntax: mapping values are not allowed in this context");
    }

    #[test]
    fn merges_as_yaml_1_1_does() {
        let check = |text: &str| match read_merging(&TreePath::root(), text.as_bytes()) {
            Ok(node) => node.to_json().to_string(),
            Err(faults) => faults[0].message.clone(),
        };
        insta::assert_snapshot!(
            check("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  z: 3\n  <<: [*a, *b]\n"),
            @r#"{"a":{"x":1,"y":1},"b":{"y":2,"z":2},"c":{"x":1,"y":1,"z":3}}"#
        );
        insta::assert_snapshot!(check("'<<': {a: 1}"), @r#"{"<<":{"a":1}}"#);
        insta::assert_snapshot!(check("<<: 1"), @"expected a map or a list of maps to merge, found an integer");
        insta::assert_snapshot!(check("<<: {a: 1}\nb: 1\nb: 2"), @"the key `b` stands twice");
    }

    #[test]
    fn bounds_what_aliases_make() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let previous = format!("*a{}", level - 1);
            bomb += &format!("a{level}: &a{level} [{}]\n", vec![previous; 10].join(", "));
        }
        insta::assert_snapshot!(check(&bomb), @"265..268 too-large: the file holds more than 100000 values once its aliases are written out");
        let many: String = (0..200_000).map(|_| "- x\n").collect();
        insta::assert_snapshot!(check(&many), @"399998..399999 too-large: the file holds more than 100000 values once its aliases are written out");
    }

    #[test]
    fn finds_duplicates_in_large_maps() {
        let mut text: String = (0..100).map(|key| format!("k{key}: 1\n")).collect();
        text += "k7: 2\nk99: 2\n";
        insta::assert_snapshot!(check(&text), @"
        690..692 duplicate-key: the key `k7` stands twice
        696..699 duplicate-key: the key `k99` stands twice
        ");
    }
}
