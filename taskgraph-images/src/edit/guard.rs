//! [`check`]: whether a text became what was meant, and nothing else.
//!
//! It works on what the two texts say and never on where a splice went. The document before is changed as the edits
//! ask for, and the document after must be that: the same values, tags, anchors, aliases, styles and keys in the same
//! order, and every comment beside the same neighbours, except those that belong to what was removed.

use granit_parser::ScalarStyle;
use serde_json::Value as Json;

use super::notes::{Touched, beside, without};
use super::shape::{Body, Document, Shape, leaves};
use super::words::is_string;
use super::{Change, Path, Scalar, Step};

/// Compares. `meant` is either any number of settings, or one other change.
///
/// # Errors
/// What differs that should not.
pub(super) fn check(
    before: &Document,
    after: &Document,
    meant: &[(&Path, &Change)],
) -> Result<(), String> {
    if before.marks != after.marks {
        return Err("where the document begins or ends".to_owned());
    }
    let (Some(root), Some(found)) = (&before.root, &after.root) else {
        return Err("there is no document".to_owned());
    };
    let elsewhere = || "the path leads elsewhere".to_owned();
    let mut wanted = root.clone();
    let mut touched = Vec::new();
    let all = found.leaves().saturating_sub(root.leaves());
    for (path, change) in meant {
        touched.push(touch(root, path.steps(), change, 0, all).ok_or_else(elsewhere)?);
        intend(&mut wanted, path.steps(), change).ok_or_else(elsewhere)?;
    }
    same(&wanted, found, &mut Path::root())?;
    match meant {
        [(path, Change::Remove)] => {
            let is_item = matches!(path.steps().last(), Some(Step::Index(_)));
            without(before, after, touched[0], is_item)
        }
        _ => beside(&before.notes, &after.notes, &touched),
    }
}

/// Finds what a change touches in a shape with `at` leaves before it; `all` is how many come in total.
fn touch(
    shape: &Shape,
    path: &[Step],
    change: &Change,
    mut at: usize,
    all: usize,
) -> Option<Touched> {
    if let Body::List {
        flow: Some(true), ..
    }
    | Body::Map {
        flow: Some(true), ..
    } = shape.body
    {
        // Its brace or bracket.
        at += usize::from(!path.is_empty() || !matches!(change, Change::Set(_)));
    }
    let Some((step, rest)) = path.split_first() else {
        return Some(match (change, &shape.body) {
            (Change::Set(_), _) => Touched {
                at,
                gone: shape.leaves(),
                come: 1,
            },
            (Change::Insert { after, .. }, Body::Map { entries, .. }) => {
                let index = index_after(entries, after.as_deref())?;
                Touched {
                    at: at + leaves(&entries[..index]),
                    gone: 0,
                    come: all,
                }
            }
            (Change::Append(_), Body::List { items, .. }) => {
                let items: usize = items.iter().map(Shape::leaves).sum();
                Touched {
                    at: at + items,
                    gone: 0,
                    come: all,
                }
            }
            _ => return None,
        });
    };
    let is_removed = rest.is_empty() && *change == Change::Remove;
    // A block that loses all gets a brace or bracket.
    let opens = |len: usize, flow: &Option<bool>| usize::from(len == 1 && *flow != Some(true));
    match (step, &shape.body) {
        (Step::Index(index), Body::List { items, flow }) => {
            let item = items.get(*index)?;
            let at = at + items[..*index].iter().map(Shape::leaves).sum::<usize>();
            if is_removed {
                Some(Touched {
                    at,
                    gone: item.leaves(),
                    come: opens(items.len(), flow),
                })
            } else {
                touch(item, rest, change, at, all)
            }
        }
        (Step::Key(name), Body::Map { entries, flow }) => {
            let index = index_of(entries, name)?;
            let (key, value) = &entries[index];
            let at = at + leaves(&entries[..index]);
            if is_removed {
                let gone = key.leaves() + value.leaves();
                Some(Touched {
                    at,
                    gone,
                    come: opens(entries.len(), flow),
                })
            } else {
                touch(value, rest, change, at + key.leaves(), all)
            }
        }
        _ => None,
    }
}

/// Changes a shape as an edit asks for.
fn intend(shape: &mut Shape, path: &[Step], change: &Change) -> Option<()> {
    let Some((step, rest)) = path.split_first() else {
        match (change, &mut shape.body) {
            (Change::Set(scalar), Body::Empty | Body::Scalar { .. }) => {
                shape.body = set(scalar).body;
            }
            (Change::Insert { key, value, after }, Body::Map { entries, .. }) => {
                let index = index_after(entries, after.as_deref())?;
                entries.insert(index, (string(key), json(value)));
            }
            (Change::Append(value), Body::List { items, .. }) => items.push(json(value)),
            _ => return None,
        }
        return Some(());
    };
    let is_removed = rest.is_empty() && *change == Change::Remove;
    match (step, &mut shape.body) {
        (Step::Index(index), Body::List { items, flow }) => {
            if !is_removed {
                return intend(items.get_mut(*index)?, rest, change);
            }
            items.get(*index)?;
            items.remove(*index);
            if items.is_empty() {
                *flow = Some(true);
            }
        }
        (Step::Key(name), Body::Map { entries, flow }) => {
            let index = index_of(entries, name)?;
            if !is_removed {
                return intend(&mut entries[index].1, rest, change);
            }
            entries.remove(index);
            if entries.is_empty() {
                *flow = Some(true);
            }
        }
        _ => return None,
    }
    Some(())
}

fn index_of(entries: &[(Shape, Shape)], name: &str) -> Option<usize> {
    entries
        .iter()
        .position(|(key, _)| matches!(&key.body, Body::Scalar { text, .. } if text == name))
}

fn index_after(entries: &[(Shape, Shape)], after: Option<&str>) -> Option<usize> {
    match after {
        Some(after) => Some(index_of(entries, after)? + 1),
        None => Some(entries.len()),
    }
}

fn bare(body: Body) -> Shape {
    Shape {
        anchor: None,
        tag: None,
        body,
    }
}

fn string(text: &str) -> Shape {
    bare(Body::AnyString(text.to_owned()))
}

fn set(scalar: &Scalar) -> Shape {
    match scalar {
        Scalar::Text(text) => string(text),
        Scalar::Plain(text) => bare(Body::Scalar {
            text: text.clone(),
            style: ScalarStyle::Plain,
        }),
    }
}

fn json(value: &Json) -> Shape {
    match value {
        Json::String(text) => string(text),
        Json::Array(items) => bare(Body::List {
            flow: None,
            items: items.iter().map(json).collect(),
        }),
        Json::Object(entries) => bare(Body::Map {
            flow: None,
            entries: entries
                .iter()
                .map(|(key, value)| (string(key), json(value)))
                .collect(),
        }),
        other => bare(Body::Json(other.clone())),
    }
}

/// Compares what is meant with what is found; `path` is where.
fn same(wanted: &Shape, found: &Shape, path: &mut Path) -> Result<(), String> {
    let differs = |what: &str| Err(format!("{what} of `{path}`"));
    if wanted.anchor != found.anchor {
        return differs("the anchor");
    }
    if wanted.tag != found.tag {
        return differs("the tag");
    }
    let is_flow = |wanted: &Option<bool>, found: &Option<bool>| wanted.is_none() || wanted == found;
    match (&wanted.body, &found.body) {
        (
            Body::List { flow, items },
            Body::List {
                flow: found,
                items: others,
            },
        ) if is_flow(flow, found) && items.len() == others.len() => {
            for (index, (wanted, found)) in items.iter().zip(others).enumerate() {
                same(wanted, found, &mut path.join(index))?;
            }
            Ok(())
        }
        (
            Body::Map { flow, entries },
            Body::Map {
                flow: found,
                entries: others,
            },
        ) if is_flow(flow, found) && entries.len() == others.len() => {
            for ((key, value), (other, found)) in entries.iter().zip(others) {
                let name = match &key.body {
                    Body::Scalar { text, .. } | Body::AnyString(text) => text.as_str(),
                    _ => "?",
                };
                let mut path = path.join(name);
                same(key, other, &mut path)?;
                same(value, found, &mut path)?;
            }
            Ok(())
        }
        (Body::AnyString(wanted), Body::Scalar { text, style }) if wanted == text => match style {
            ScalarStyle::Plain if !is_string(text) => differs("the type"),
            _ => Ok(()),
        },
        (
            Body::Json(wanted),
            Body::Scalar {
                text,
                style: ScalarStyle::Plain,
            },
        ) if serde_json::from_str::<Json>(text).is_ok_and(|found| found == *wanted) => Ok(()),
        (wanted, found) if wanted == found => Ok(()),
        (Body::Scalar { text, .. }, Body::Scalar { text: found, .. }) if text == found => {
            differs("the quotes")
        }
        _ => differs("the value"),
    }
}
