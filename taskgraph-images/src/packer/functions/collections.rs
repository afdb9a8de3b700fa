//! Functions on lists and maps.

use std::collections::BTreeMap;

use super::Answer;
use super::arguments::{argument, list, map, mismatch, text, whole};
use crate::packer::eval::Evaluator;
use crate::packer::expr::Node;
use crate::packer::value::Value;

pub(super) fn concat(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let mut items = Vec::new();
    for at in 0..a.len() {
        items.extend_from_slice(list(a, at)?);
    }
    Ok(Value::list(items))
}

pub(super) fn merge(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let mut items = BTreeMap::new();
    for (at, value) in a.iter().enumerate() {
        if *value == Value::Null {
            continue;
        }
        for (key, item) in map(a, at)? {
            items.insert(key.clone(), item.clone());
        }
    }
    Ok(Value::map(items))
}

pub(super) fn lookup(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let key = text(a, 1)?;
    map(a, 0)?
        .get(&key)
        .or_else(|| a.get(2))
        .cloned()
        .ok_or_else(|| format!("the map has no key `{key}`").into())
}

pub(super) fn element(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let items = list(a, 0)?;
    let at = whole(a, 1)?;
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if length == 0 {
        return Err("the list is empty".into());
    }
    let at = usize::try_from(at.rem_euclid(length)).unwrap_or_default();
    Ok(items[at].clone())
}

pub(super) fn index(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let item = argument(a, 1)?;
    list(a, 0)?
        .iter()
        .position(|candidate| candidate == item)
        .map(Value::integer)
        .ok_or_else(|| "the item is not in the list".into())
}

pub(super) fn length(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    Ok(Value::integer(match argument(a, 0)? {
        Value::List(list) => list.items.len(),
        Value::Map(map) => map.items.len(),
        Value::String(text) => text.chars().count(),
        other => return Err(mismatch(0, "a list, map or string", other)),
    }))
}

pub(super) fn flatten(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    fn into(items: &[Value], out: &mut Vec<Value>) {
        for item in items {
            match item {
                Value::List(list) => into(&list.items, out),
                other => out.push(other.clone()),
            }
        }
    }
    let mut out = Vec::new();
    let items = list(a, 0)?;
    if items.iter().any(Value::is_unknown) {
        return Ok(Value::unknown("flatten()", a.to_vec()));
    }
    into(items, &mut out);
    Ok(Value::list(out))
}

pub(super) fn coalesce(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    a.iter()
        .find(|value| **value != Value::Null && **value != Value::string(""))
        .cloned()
        .ok_or_else(|| "all arguments are empty".into())
}

pub(super) fn coalescelist(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    for at in 0..a.len() {
        if !list(a, at)?.is_empty() {
            return Ok(a[at].clone());
        }
    }
    Err("all arguments are empty".into())
}

pub(super) fn compact(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let items = list(a, 0)?.iter();
    Ok(Value::list(
        items
            .filter(|item| **item != Value::Null && **item != Value::string(""))
            .cloned()
            .collect(),
    ))
}

pub(super) fn slice(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let items = list(a, 0)?;
    let start = usize::try_from(whole(a, 1)?).ok();
    let end = usize::try_from(whole(a, 2)?).ok();
    start
        .zip(end)
        .and_then(|(start, end)| items.get(start..end))
        .map(|items| Value::list(items.to_vec()))
        .ok_or_else(|| "the indices are not those of items of the list".into())
}

pub(super) fn chunklist(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let items = list(a, 0)?;
    let size = usize::try_from(whole(a, 1)?).map_err(|_| "the size is negative")?;
    if size == 0 {
        return Ok(Value::list(vec![a[0].clone()]));
    }
    Ok(Value::list(
        items
            .chunks(size)
            .map(|chunk| Value::list(chunk.to_vec()))
            .collect(),
    ))
}

pub(super) fn zipmap(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let (keys, values) = (list(a, 0)?, list(a, 1)?);
    if keys.len() != values.len() {
        return Err("the lists differ in length".into());
    }
    let mut items = BTreeMap::new();
    for (at, value) in values.iter().enumerate() {
        if keys[at].is_unknown() {
            return Ok(Value::unknown("zipmap()", a.to_vec()));
        }
        items.insert(text(keys, at)?, value.clone());
    }
    Ok(Value::map(items))
}
