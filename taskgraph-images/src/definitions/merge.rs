//! [`merge`]: one file over another.
//!
//! Maps are merged key by key; scalars and lists are replaced; `key+` appends to the inherited list; `null` removes.
//!
//! ```text
//! {a: {x: 1, y: 2}, l: [1]}  ⊕  {a: {y: 3}, l+: [2], b: null}  =  {a: {x: 1, y: 3}, l: [1, 2]}
//! ```

use crate::yaml::{Key, Node, Value};

/// Lays `over` over `base`.
pub(super) fn merge(base: &Node, over: &Node) -> Node {
    let (Some(below), Some(above)) = (base.entries(), over.entries()) else {
        return over.clone();
    };
    // A choice is one value: it replaces, and is replaced, whole.
    if is_choice(below) || is_choice(above) {
        return over.clone();
    }
    let mut entries: Vec<(Key, Node)> = below.to_vec();
    for (key, value) in above {
        let appended = key.text.strip_suffix('+');
        let name = appended.unwrap_or(&key.text);
        let at = entries.iter().position(|(key, _)| &*key.text == name);
        let merged = match (at.map(|at| &entries[at].1), appended) {
            (Some(inherited), Some(_)) => append(inherited, value),
            (Some(inherited), None) => merge(inherited, value),
            (None, _) => merge(&empty_map(value), value),
        };
        match at {
            Some(at) if value.is_null() => {
                entries.remove(at);
            }
            Some(at) => entries[at] = (rename(key, name), merged),
            None if value.is_null() => {}
            None => entries.push((rename(key, name), merged)),
        }
    }
    over.with(Value::Map(entries.into()))
}

fn is_choice(entries: &[(Key, Node)]) -> bool {
    matches!(entries, [(key, _)] if key.text.starts_with("by-"))
}

/// What a fresh map is laid over, so that `key+` and `null` inside it mean the same everywhere.
fn empty_map(like: &Node) -> Node {
    like.with(Value::Map(Vec::new().into()))
}

fn rename(key: &Key, name: &str) -> Key {
    if &*key.text == name {
        key.clone()
    } else {
        Key {
            text: name.into(),
            ..key.clone()
        }
    }
}

/// Lists are joined now; what an attribute chooses is joined when it is known.
fn append(inherited: &Node, value: &Node) -> Node {
    match (&inherited.value, &value.value) {
        (Value::List(first), Value::List(second)) => value.with(Value::List(
            first.iter().chain(second.iter()).cloned().collect(),
        )),
        (Value::Concat(parts), _) => value.with(Value::Concat(
            parts.iter().cloned().chain([value.clone()]).collect(),
        )),
        _ => value.with(Value::Concat([inherited.clone(), value.clone()].into())),
    }
}
