//! What goes through a collection: `for`, and splats.
//!
//! A collection that is unknown is gone through once, with an item that stands for all of them: that says what would
//! be done with each.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Eval, Evaluator, Scope};
use crate::packer::expr::{For, Node, SPLAT};
use crate::packer::value::Value;

impl<'t> Evaluator<'t> {
    pub(super) fn for_each(
        &mut self,
        node: &Node,
        each: &For,
        scope: Option<&Scope<'_>>,
    ) -> Eval<Value> {
        let collection = self.eval(&each.collection, scope)?;
        let Some(items) = self.items(&each.collection, &collection)? else {
            // The body is evaluated once, over an unknown item: that says what would be done with each.
            let (key, value) = item_of(&collection);
            let mut of = vec![collection, Value::Bool(each.grouping)];
            with_item(
                &each.key_name,
                &each.value_name,
                &key,
                &value,
                scope,
                |scope| {
                    for part in [
                        each.key.as_ref(),
                        Some(&each.value),
                        each.condition.as_ref(),
                    ] {
                        of.push(match part {
                            Some(part) => self.eval(part, Some(scope))?,
                            None => Value::Null,
                        });
                    }
                    Eval::Ok(())
                },
            )?;
            return Ok(Value::unknown("for", of));
        };
        let mut list = Vec::new();
        let mut map: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        let mut groups: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
        let mut unknown = Vec::new();
        for (key, value) in &items {
            with_item(
                &each.key_name,
                &each.value_name,
                key,
                value,
                scope,
                |scope| {
                    if let Some(condition) = &each.condition {
                        let holds = self.eval(condition, Some(scope))?;
                        if holds.is_unknown() {
                            unknown.push(Value::list(vec![key.clone(), value.clone(), holds]));
                        } else if !self.truth(condition, &holds)? {
                            return Ok(());
                        }
                    }
                    let result = self.eval(&each.value, Some(scope))?;
                    self.charge(node, result.size())?;
                    let Some(key_node) = &each.key else {
                        list.push(result);
                        return Ok(());
                    };
                    let name = self.eval(key_node, Some(scope))?;
                    if name.has_unknown() {
                        unknown.push(Value::list(vec![name, result]));
                        return Ok(());
                    }
                    let Some(name) = name.as_text() else {
                        return Err(self.error(
                            key_node,
                            "wrong-type",
                            format!("{} cannot be the key of a map", name.kind()),
                        ));
                    };
                    if each.grouping {
                        groups.entry(name).or_default().push(result);
                    } else if map.insert(name.clone(), result).is_some() {
                        return Err(self.error(
                            key_node,
                            "duplicate-key",
                            format!("the key `{name}` comes twice; `...` after the value groups"),
                        ));
                    }
                    Ok(())
                },
            )?;
        }
        let result = if each.key.is_none() {
            Value::list(list)
        } else if each.grouping {
            Value::map(
                groups
                    .into_iter()
                    .map(|(key, items)| (key, Value::list(items)))
                    .collect(),
            )
        } else {
            Value::map(map)
        };
        if unknown.is_empty() {
            Ok(result)
        } else {
            unknown.push(result);
            Ok(Value::unknown("for", unknown))
        }
    }

    pub(super) fn splat(
        &mut self,
        node: &Node,
        parts: &[Node; 2],
        scope: Option<&Scope<'_>>,
    ) -> Eval<Value> {
        let [of, each] = parts;
        let of = self.eval(of, scope)?;
        let one = |this: &mut Self, value: &Value| {
            let bound = Scope {
                name: SPLAT,
                value,
                outer: scope,
            };
            this.eval(each, Some(&bound))
        };
        match &of {
            Value::Null => Ok(Value::list(Vec::new())),
            Value::List(list) => {
                self.charge(node, list.items.len())?;
                let items: Eval<Vec<Value>> =
                    list.items.iter().map(|item| one(self, item)).collect();
                Ok(Value::list(items?))
            }
            Value::Unknown(_) => {
                let (_, item) = item_of(&of);
                let item = one(self, &item)?;
                Ok(Value::unknown("for", vec![of, item]))
            }
            other => Ok(Value::list(vec![one(self, other)?])),
        }
    }

    /// The keys and values to go through; `None` when they are unknown.
    pub(in crate::packer) fn items(
        &mut self,
        node: &Node,
        collection: &Value,
    ) -> Eval<Option<Vec<(Value, Value)>>> {
        let items: Vec<(Value, Value)> = match collection {
            Value::Unknown(_) => return Ok(None),
            Value::List(list) => list
                .items
                .iter()
                .enumerate()
                .map(|(at, item)| (Value::integer(at), item.clone()))
                .collect(),
            Value::Map(map) => map
                .items
                .iter()
                .map(|(key, item)| (Value::String(key.clone()), item.clone()))
                .collect(),
            other => {
                return Err(self.error(
                    node,
                    "wrong-type",
                    format!(
                        "expected a list or map to go through, found {}",
                        other.kind()
                    ),
                ));
            }
        };
        self.charge(node, items.len())?;
        Ok(Some(items))
    }
}

/// What stands for the items of a collection that is unknown.
pub(in crate::packer) fn item_of(collection: &Value) -> (Value, Value) {
    (
        Value::unknown("key", vec![collection.clone()]),
        Value::unknown("item", vec![collection.clone()]),
    )
}

/// Binds an item of a collection, and its key where a name is given.
pub(super) fn with_item<T>(
    key_name: &Option<Arc<str>>,
    value_name: &str,
    key: &Value,
    value: &Value,
    outer: Option<&Scope<'_>>,
    inner: impl FnOnce(&Scope<'_>) -> T,
) -> T {
    let key_scope = key_name.as_ref().map(|name| Scope {
        name,
        value: key,
        outer,
    });
    inner(&Scope {
        name: value_name,
        value,
        outer: key_scope.as_ref().or(outer),
    })
}
