//! From a [`Path`] to the node, refusing what is ambiguous on the way.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{Fault, Refusal};
use super::source::{Entry, Kind, Node, Source};
use super::{Path, Step};
use crate::diagnostic;

/// The nodes from the root to a place.
#[derive(Debug)]
pub(super) struct Way<'s> {
    /// The nodes above, from the root down, each with the number of the child that is gone to.
    pub(super) above: Vec<(&'s Node, usize)>,
    /// The node at the place.
    pub(super) node: &'s Node,
}

/// Finds a node that can be edited without changing another.
pub(super) fn find<'s>(source: &'s Source, path: &Path) -> Result<Way<'s>, Fault> {
    let way = walk(source, path)?;
    not_shared(source, &way)?;
    Ok(way)
}

/// Finds a node that is to be taken away; that it has an anchor of its own does not matter yet.
pub(super) fn find_removed<'s>(source: &'s Source, path: &Path) -> Result<Way<'s>, Fault> {
    let mut way = walk(source, path)?;
    let Some((parent, _)) = way.above.last().copied() else {
        return Err(Refusal::Form("the root of a document cannot be removed").at(way.node.start));
    };
    let removed = std::mem::replace(&mut way.node, parent);
    not_shared(source, &way)?;
    way.node = removed;
    Ok(way)
}

fn walk<'s>(source: &'s Source, path: &Path) -> Result<Way<'s>, Fault> {
    let mut node = source
        .root
        .as_ref()
        .ok_or_else(|| Refusal::NoDocument.at(source.text.len()))?;
    let mut above = Vec::new();
    for step in path.steps() {
        if let Kind::Alias(_) = node.kind {
            return Err(Refusal::Alias(source.text[node.start..node.end].to_owned()).at(node.start));
        }
        let (child, index) = match (step, &node.kind) {
            (Step::Key(key), Kind::Map { entries, .. }) => {
                let index = entry(source, node, entries, key)?;
                (&entries[index].value, index)
            }
            (Step::Index(index), Kind::List { items, .. }) => match items.get(*index) {
                Some(item) => (&item.value, *index),
                None => {
                    let (index, len) = (*index, items.len());
                    return Err(Refusal::OutOfRange { index, len }.at(node.start));
                }
            },
            (step, _) => {
                let expected = if matches!(step, Step::Key(_)) {
                    "a map"
                } else {
                    "a list"
                };
                return Err(wrong_kind(expected, node));
            }
        };
        above.push((node, index));
        node = child;
    }
    Ok(Way { above, node })
}

/// The number of the one entry under a key.
pub(super) fn entry(
    source: &Source,
    map: &Node,
    entries: &[Entry],
    key: &str,
) -> Result<usize, Fault> {
    let mut found = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.name() == Some(key));
    match (found.next(), found.next()) {
        (Some((first, _)), None) => Ok(first),
        (Some((_, first)), Some((_, second))) => {
            let (first, _) = source.position(first.start);
            let key = key.to_owned();
            Err(Refusal::Duplicate { key, first }.at(second.start))
        }
        (None, _) => match merge(source, entries, key) {
            Some(merge) => Err(Refusal::Merged(key.to_owned()).at(merge.start)),
            None => {
                let nearest = diagnostic::nearest(key, entries.iter().filter_map(Entry::name))
                    .map(str::to_owned);
                let key = key.to_owned();
                Err(Refusal::Absent { key, nearest }.at(map.start))
            }
        },
    }
}

/// The merge key through which a map has a key.
pub(super) fn merge<'s>(source: &'s Source, entries: &'s [Entry], key: &str) -> Option<&'s Entry> {
    let mut merges = entries.iter().filter(|entry| entry.is_merge()).peekable();
    merges.peek()?;
    let anchors = source.anchors();
    merges.find(|entry| supplies(&anchors, &entry.value, key))
}

/// Whether a map has a key that merges this. Each anchor is looked at once, however often it is named.
fn supplies(anchors: &BTreeMap<usize, &Node>, merged: &Node, key: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![merged];
    while let Some(node) = open.pop() {
        match &node.kind {
            Kind::Scalar { .. } => {}
            Kind::Alias(id) if seen.insert(*id) => open.extend(anchors.get(id).copied()),
            Kind::Alias(_) => {}
            Kind::List { items, .. } => open.extend(items.iter().map(|item| &item.value)),
            Kind::Map { entries, .. } => {
                if entries.iter().any(|entry| entry.name() == Some(key)) {
                    return true;
                }
                let merges = entries.iter().filter(|entry| entry.is_merge());
                open.extend(merges.map(|entry| &entry.value));
            }
        }
    }
    false
}

/// Refuses a place that others see through an anchor.
fn not_shared(source: &Source, way: &Way<'_>) -> Result<(), Fault> {
    for node in way.above.iter().map(|(node, _)| *node).chain([way.node]) {
        if let Some((id, name)) = &node.anchor
            && let Some(uses) = source.uses.get(id)
        {
            let (name, uses) = (name.clone(), uses.len());
            return Err(Refusal::Shared { name, uses }.at(node.start));
        }
    }
    Ok(())
}

pub(super) fn wrong_kind(expected: &'static str, node: &Node) -> Fault {
    Refusal::WrongKind {
        expected,
        found: node.describe(),
    }
    .at(node.start)
}

/// Where a place stands, or else the nearest above it.
pub(super) fn nearest(source: &Source, path: &Path) -> usize {
    let mut path = path.steps().to_vec();
    loop {
        if let Ok(way) = walk(source, &path.clone().into()) {
            return way.node.start;
        }
        if path.pop().is_none() {
            return 0;
        }
    }
}
