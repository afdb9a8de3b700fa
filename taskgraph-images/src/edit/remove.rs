//! [`remove`]: an entry or item goes, with the comments that belong to it.

use std::ops::Range;

use super::Path;
use super::error::{Fault, Refusal};
use super::find::{Way, find_removed, merge};
use super::insert::{body_end, column};
use super::source::{Kind, Node, Source, is_blank, skip_trivia};
use super::splice::Splice;

/// The splices that take something away.
pub(super) fn remove(source: &Source, path: &Path) -> Result<Vec<Splice>, Fault> {
    let way = find_removed(source, path)?;
    let Some((owner, index)) = way.above.last().copied() else {
        return Ok(Vec::new());
    };
    let children = owner.children();
    let child = children[index].clone();
    not_used(source, &way, &child)?;
    if let Some(entries) = owner.entries()
        && let Some(key) = entries[index].name()
        && !entries[index].is_merge()
        && let Some(merge) = merge(source, entries, key)
    {
        return Err(Refusal::StillMerged(key.to_owned()).at(merge.start));
    }
    if owner.is_flow() {
        return from_flow(source, owner, &children, index);
    }
    let column = column(source, owner)?;
    if !source.is_first(child.start) {
        return Ok(vec![from_dash(source, owner, &children, index, column)]);
    }
    let lines = lines(source, child.start..child.end, column);
    if children.len() > 1 {
        return Ok(vec![Splice::delete(tidy(source, lines))]);
    }
    if way.above.len() == 1 {
        // The root: what is empty stands where it stood.
        let end = source.line_end(body_end(source, child.end, column));
        return Ok(vec![Splice::replace(lines.start..end, empty(owner))]);
    }
    let lead = Splice::insert(owner.lead, format!(" {}", empty(owner)));
    Ok(vec![lead, Splice::delete(tidy(source, lines))])
}

fn empty(node: &Node) -> &'static str {
    if matches!(node.kind, Kind::List { .. }) {
        "[]"
    } else {
        "{}"
    }
}

/// Refuses to take away an anchor that is used elsewhere.
fn not_used(source: &Source, way: &Way<'_>, removed: &Range<usize>) -> Result<(), Fault> {
    let mut used = None;
    let mut see = |node: &Node| {
        let outside = |at: &usize| !removed.contains(at);
        if let Some((id, name)) = &node.anchor
            && used.is_none()
            && source
                .uses
                .get(id)
                .is_some_and(|uses| uses.iter().any(outside))
        {
            used = Some(Refusal::Anchored(name.clone()).at(node.start));
        }
    };
    way.node.visit(&mut |node| see(node));
    if let Some((owner, index)) = way.above.last()
        && let Some(entries) = owner.entries()
    {
        entries[*index].key.visit(&mut |node| see(node));
    }
    used.map_or(Ok(()), Err)
}

/// The lines of a child that begins its line, with the comments directly above and those indented below.
fn lines(source: &Source, child: Range<usize>, column: usize) -> Range<usize> {
    let mut start = source.line_start(child.start);
    while start > source.mark() {
        let above = source.line_start(start - 1);
        match source.comment_line(above) {
            Some(comment) if source.column(comment.start) == column => start = above,
            _ => break,
        }
    }
    start..source.next_line(body_end(source, child.end, column))
}

/// Lines that are taken away, with the blank ones that would stand double or at the ends of the file.
fn tidy(source: &Source, lines: Range<usize>) -> Range<usize> {
    let Range { mut start, mut end } = lines;
    let mut above = Vec::new();
    let mut line = start;
    while line > source.mark() {
        line = source.line_start(line - 1);
        if !source.is_blank_line(line) {
            break;
        }
        above.push(line);
    }
    let mut below = Vec::new();
    let mut line = end;
    while source.is_blank_line(line) {
        line = source.next_line(line);
        below.push(line);
    }
    let is_last = below.last().map_or(end, |line| *line) == source.text.len();
    let is_first = start == source.mark();
    let is_kept = |block: &Range<usize>| {
        let header = source.text[block.clone()].split_whitespace().next();
        source.next_line(block.end) == start && header.is_some_and(|header| header.contains('+'))
    };
    if source.blocks.iter().any(is_kept) {
        // Blank lines would become that block's.
        end = below.last().copied().unwrap_or(end);
    } else if is_last {
        start = above.last().copied().unwrap_or(start);
    } else if is_first {
        end = below.last().copied().unwrap_or(end);
    } else if let Some(double) = above.len().min(below.len()).checked_sub(1) {
        end = below[double];
    }
    // A file that ended without a line break still does, unless that would be a block scalar's.
    if end == source.text.len() && !source.text.ends_with('\n') && start > source.mark() {
        let before = &source.text[..start];
        let before = before
            .strip_suffix("\r\n")
            .or_else(|| before.strip_suffix('\n'))
            .unwrap_or(before);
        if !source.blocks.iter().any(|block| block.end == before.len()) {
            start = before.len();
        }
    }
    start..end
}

/// Takes away the first child of a block collection, which stands behind a dash: the next takes its place.
fn from_dash(
    source: &Source,
    owner: &Node,
    children: &[Range<usize>],
    index: usize,
    column: usize,
) -> Splice {
    let start = children[index].start;
    let body = body_end(source, children[index].end, column);
    match children.get(index + 1) {
        Some(next) => {
            let kept = source
                .comment_in(body..next.start)
                .map_or(next.start, |comment| comment.start);
            Splice::delete(start..kept)
        }
        None => Splice::replace(start..body, empty(owner)),
    }
}

fn from_flow(
    source: &Source,
    owner: &Node,
    children: &[Range<usize>],
    index: usize,
) -> Result<Vec<Splice>, Fault> {
    if !matches!(source.byte(owner.start), Some(b'{' | b'[')) {
        return Err(Refusal::Form("the entry is a pair without braces").at(owner.start));
    }
    let child = &children[index];
    let comma = |end| {
        let at = skip_trivia(&source.text, end);
        (source.byte(at) == Some(b',')).then_some(at)
    };
    let end = comma(child.end).map_or(child.end, |comma| comma + 1);
    let before = index.checked_sub(1).map(|before| &children[before]);
    let line_end = source.line_end(end);
    let own = source.comment_in(end..line_end);
    let rest = &source.text[end..own.map_or(line_end, |comment| comment.start)];
    let has_lines = source.is_first(child.start) && source.line_start(child.start) > owner.start;
    if has_lines && is_blank(rest) {
        let lines = lines(source, child.start..end, source.column(child.start));
        let mut splices = vec![Splice::delete(tidy(source, lines))];
        if index + 1 == children.len()
            && comma(child.end).is_none()
            && let Some(before) = before
            && let Some(comma) = comma(before.end)
        {
            splices.push(Splice::delete(before.end..comma + 1));
        }
        return Ok(splices);
    }
    let blanks = |text: &str| text.len() - text.trim_start_matches(' ').len();
    if let Some(next) = children.get(index + 1) {
        // The comment on its line goes along; those of the next stay, in a line of their own.
        let behind = own.map_or(end, |comment| comment.end);
        let kept = source
            .comment_in(behind..next.start)
            .map_or(next.start, |_| behind);
        return Ok(vec![Splice::delete(child.start..kept)]);
    }
    let Some(before) = before else {
        let open = &source.text[owner.start + 1..child.start];
        let close = if open.is_empty() {
            0
        } else {
            blanks(&source.text[end..])
        };
        return Ok(vec![Splice::delete(child.start..end + close)]);
    };
    let first = comma(before.end);
    if let (Some(first), Some(_)) = (first, comma(child.end)) {
        return Ok(vec![Splice::delete(first + 1..end)]);
    }
    if source.comment_in(before.end..child.start).is_none() {
        return Ok(vec![Splice::delete(before.end..child.end)]);
    }
    let mut splices = vec![Splice::delete(child.clone())];
    splices.extend(first.map(|first| Splice::delete(before.end..first + 1)));
    Ok(splices)
}
