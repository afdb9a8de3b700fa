//! Functions on lists as sets: sorted, without duplicates, or told apart by value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::arguments::list;
use super::{Answer, Fault};
use crate::packer::eval::Evaluator;
use crate::packer::expr::Node;
use crate::packer::value::{MAX_SIZE, Value};

pub(super) fn distinct(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let mut seen = BTreeSet::new();
    let items = list(a, 0)?.iter();
    Ok(Value::list(
        items
            .filter(|item| seen.insert(order(item)))
            .cloned()
            .collect(),
    ))
}

/// The set of some values: sorted, strings by their bytes.
pub(in crate::packer) fn set<'v>(items: impl IntoIterator<Item = &'v Value>) -> Value {
    let sorted: BTreeMap<(Option<Arc<str>>, String), &Value> = items
        .into_iter()
        .map(|item| match item {
            Value::String(text) => ((Some(text.clone()), String::new()), item),
            other => ((None, order(other)), item),
        })
        .collect();
    Value::list(sorted.into_values().cloned().collect())
}

/// A value by which others are ordered and told apart.
fn order(value: &Value) -> String {
    value.to_json().to_string()
}

pub(super) fn toset(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    Ok(set(list(a, 0)?))
}

pub(super) fn tolist(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    list(a, 0).map(|_| a[0].clone())
}

pub(super) fn setunion(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let mut items = Vec::new();
    for at in 0..a.len() {
        items.extend(list(a, at)?);
    }
    Ok(set(items))
}

pub(super) fn setintersection(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let mut common: BTreeMap<String, &Value> =
        list(a, 0)?.iter().map(|item| (order(item), item)).collect();
    for at in 1..a.len() {
        let here: BTreeSet<String> = list(a, at)?.iter().map(order).collect();
        common.retain(|key, _| here.contains(key));
    }
    Ok(set(common.into_values()))
}

pub(super) fn setproduct(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for at in 0..a.len() {
        let items = list(a, at)?;
        if rows.len().saturating_mul(items.len()) > MAX_SIZE / 16 {
            return Err(Fault::new("template-too-large", "the product is too large"));
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                items.iter().map(move |item| {
                    let mut row = row.clone();
                    row.push(item.clone());
                    row
                })
            })
            .collect();
    }
    Ok(Value::list(rows.into_iter().map(Value::list).collect()))
}

pub(super) fn sort(_: &mut Evaluator<'_>, _: &Node, a: &[Value]) -> Answer {
    let mut items = Vec::new();
    for item in list(a, 0)? {
        items.push(item.as_text().ok_or("only strings can be sorted")?);
    }
    items.sort();
    Ok(Value::list(items.into_iter().map(Value::String).collect()))
}
