//! [`insert`] and [`append`]: a new entry or item, written like its neighbours.

use serde_json::Value as Json;

use super::Path;
use super::error::{Fault, Refusal};
use super::find::{entry, find, wrong_kind};
use super::source::{Kind, Node, Source, is_blank, skip_trivia};
use super::splice::Splice;
use super::write::{Model, Writer, child};

/// How deep a value that is added may nest.
const MAX_DEPTH: usize = 32;

/// The splices that add an entry to a map.
pub(super) fn insert(
    source: &Source,
    path: &Path,
    key: &str,
    value: &Json,
    after: Option<&str>,
) -> Result<Vec<Splice>, Fault> {
    let map = find(source, path)?.node;
    let Kind::Map { flow, entries } = &map.kind else {
        return Err(not_that(source, map, "a map"));
    };
    if let Some(twin) = entries.iter().find(|entry| entry.name() == Some(key)) {
        return Err(Refusal::Exists(key.to_owned()).at(twin.start));
    }
    bounded(value, map)?;
    let index = match after {
        Some(after) => Some(entry(source, map, entries, after)?),
        None => entries.len().checked_sub(1),
    };
    let writer = Writer::new(source);
    let name = writer.key(key, Some(map));
    let near = index
        .map(|index| &entries[index].value)
        .filter(|near| is_same_kind(near, value));
    let model = near.or_else(|| child(map, Some(key), value));
    if *flow {
        let value = writer.flow(value, model.or_else(|| child(map, None, value)));
        return add_to_flow(source, map, index, &format!("{name}: {value}"));
    }
    let Some(index) = index else {
        return Err(Refusal::Form("the map is empty").at(map.start));
    };
    let column = column(source, map)?;
    let model = model.map(|node| Model { node, column });
    let value = writer.after_key(value, column, model);
    Ok(vec![add_line(
        source,
        entries[index].value.end,
        column,
        &format!("{name}:{value}"),
    )?])
}

/// The splices that add an item to a sequence.
pub(super) fn append(source: &Source, path: &Path, value: &Json) -> Result<Vec<Splice>, Fault> {
    let list = find(source, path)?.node;
    let Kind::List { flow, items } = &list.kind else {
        return Err(not_that(source, list, "a list"));
    };
    bounded(value, list)?;
    let writer = Writer::new(source);
    let model = child(list, None, value);
    let last = items.len().checked_sub(1);
    if *flow {
        return add_to_flow(source, list, last, &writer.flow(value, model));
    }
    let Some(last) = last else {
        return Err(Refusal::Form("the list is empty").at(list.start));
    };
    let column = column(source, list)?;
    let value = writer.after_dash(value, column, model.map(|node| Model { node, column }));
    Ok(vec![add_line(
        source,
        items[last].value.end,
        column,
        &format!("-{value}"),
    )?])
}

fn is_same_kind(node: &Node, value: &Json) -> bool {
    match &node.kind {
        Kind::Map { entries, .. } => value.is_object() && !entries.is_empty(),
        Kind::List { items, .. } => value.is_array() && !items.is_empty(),
        _ => false,
    }
}

fn not_that(source: &Source, node: &Node, expected: &'static str) -> Fault {
    match node.kind {
        Kind::Alias(_) => {
            Refusal::Alias(source.text[node.start..node.end].to_owned()).at(node.start)
        }
        _ => wrong_kind(expected, node),
    }
}

/// Refuses a value that would make the file too deep to read.
fn bounded(value: &Json, node: &Node) -> Result<(), Fault> {
    let mut level = vec![value];
    for _ in 0..MAX_DEPTH {
        level = level
            .into_iter()
            .flat_map(|value| match value {
                Json::Array(items) => items.iter().collect::<Vec<_>>(),
                Json::Object(entries) => entries.values().collect(),
                _ => Vec::new(),
            })
            .collect();
    }
    let what = "levels in what is added";
    if level.is_empty() {
        Ok(())
    } else {
        Err(Refusal::TooLarge {
            limit: MAX_DEPTH,
            what,
        }
        .at(node.start))
    }
}

/// The column of a block collection, if it is spaces or dashes that lead to it.
pub(super) fn column(source: &Source, node: &Node) -> Result<usize, Fault> {
    let line = source.line_start(node.start);
    if source.text[line..node.start].contains('\t') {
        return Err(Refusal::Tab.at(node.start));
    }
    Ok(source.column(node.start))
}

/// Adds lines below the one where something in a block collection ends.
fn add_line(source: &Source, end: usize, column: usize, text: &str) -> Result<Splice, Fault> {
    let at = body_end(source, end, column);
    if at == source.text.len() && source.blocks.iter().any(|block| block.end == at) {
        // Readers disagree on whether its value ends in one, too.
        return Err(Refusal::Form("the file ends in a block scalar without a line break").at(at));
    }
    let line_break = source.line_break(at);
    let text = format!("\n{}{text}", " ".repeat(column)).replace('\n', line_break);
    Ok(Splice::insert(at, text))
}

/// The end of the last line of something in a block collection at `column`: with the comments that are indented
/// below it.
pub(super) fn body_end(source: &Source, end: usize, column: usize) -> usize {
    let mut end = source.line_end(end);
    loop {
        let next = source.next_line(end);
        match source.comment_line(next) {
            Some(comment) if next > end && source.column(comment.start) > column => {
                end = source.line_end(next)
            }
            _ => return end,
        }
    }
}

/// Adds to a collection in braces or brackets, after the child `index`.
fn add_to_flow(
    source: &Source,
    node: &Node,
    index: Option<usize>,
    text: &str,
) -> Result<Vec<Splice>, Fault> {
    if !matches!(source.byte(node.start), Some(b'{' | b'[')) {
        return Err(Refusal::Form("the map is a pair without braces").at(node.start));
    }
    let Some(index) = index else {
        let inner = &source.text[node.start + 1..node.end - 1];
        let pad = if inner.bytes().all(|byte| byte == b' ') {
            inner
        } else {
            ""
        };
        return Ok(vec![Splice::insert(node.start + 1, format!("{pad}{text}"))]);
    };
    let children = node.children();
    let near = &children[index];
    // Some readers take `a:,` for a word.
    let separator = if source.text[..near.end].ends_with(':') {
        " ,"
    } else {
        ","
    };
    let comma = skip_trivia(&source.text, near.end);
    let comma = (source.byte(comma) == Some(b',')).then_some(comma);
    let end = comma.map_or(near.end, |comma| comma + 1);
    let line_end = source.line_end(end);
    let rest_end = source
        .comment_in(end..line_end)
        .map_or(line_end, |comment| comment.start);
    let has_lines = source.is_first(near.start) && source.line_start(near.start) > node.start;
    if has_lines && is_blank(&source.text[end..rest_end]) {
        // One a line: below the comment of the one before.
        let comma = if comma.is_some() { "," } else { "" };
        let line = source.line_start(near.start);
        let indent = &source.text[line..near.start];
        let line_break = source.line_break(line_end);
        let mut splices = Vec::new();
        if comma.is_empty() {
            splices.push(Splice::insert(near.end, separator));
        }
        let line = format!("{line_break}{indent}{text}{comma}");
        splices.push(Splice::insert(line_end, line));
        return Ok(splices);
    }
    if has_lines && index + 1 == children.len() {
        let line = source.line_start(near.start);
        let indent = &source.text[line..near.start];
        let line_break = source.line_break(line_end);
        return Ok(vec![Splice::insert(
            near.end,
            format!("{separator}{line_break}{indent}{text}"),
        )]);
    }
    Ok(vec![Splice::insert(
        near.end,
        format!("{separator} {text}"),
    )])
}
