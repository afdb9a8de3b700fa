//! Maps as they are written, and the parts of maps and lists.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Eval, Evaluator, Scope};
use crate::packer::expr::Node;
use crate::packer::value::Value;

impl<'t> Evaluator<'t> {
    pub(super) fn object(
        &mut self,
        node: &Node,
        entries: &[(Node, Node)],
        scope: Option<&Scope<'_>>,
    ) -> Eval<Value> {
        let mut items = BTreeMap::new();
        let mut unknown = Vec::new();
        for (key, value) in entries {
            let name = self.eval(key, scope)?;
            let value = self.eval(value, scope)?;
            if name.has_unknown() {
                unknown.push(name);
                unknown.push(value);
                continue;
            }
            let Some(name) = name.as_text() else {
                return Err(self.error(
                    key,
                    "wrong-type",
                    format!("{} cannot be the key of a map", name.kind()),
                ));
            };
            items.insert(name, value);
        }
        self.charge(node, items.len())?;
        if unknown.is_empty() {
            return Ok(Value::map(items));
        }
        unknown.insert(0, Value::map(items));
        Ok(Value::unknown("map", unknown))
    }

    pub(super) fn get(&mut self, node: &Node, of: &Value, index: &Value) -> Eval<Value> {
        if of.is_unknown() || index.is_unknown() {
            return Ok(Value::unknown("get", vec![of.clone(), index.clone()]));
        }
        match of {
            Value::Map(map) => {
                let name = index.as_text().unwrap_or_else(|| Arc::from(""));
                map.items.get(&name).cloned().ok_or_else(|| {
                    self.error(
                        node,
                        "unknown-reference",
                        format!("the map has no key `{name}`"),
                    )
                })
            }
            Value::List(list) => {
                let at = index
                    .as_number()
                    .and_then(|number| number.as_u64())
                    .and_then(|at| usize::try_from(at).ok());
                at.and_then(|at| list.items.get(at))
                    .cloned()
                    .ok_or_else(|| {
                        self.error(
                            node,
                            "unknown-reference",
                            format!(
                                "the list has {} items, and none at `{}`",
                                list.items.len(),
                                index.as_text().as_deref().unwrap_or("?"),
                            ),
                        )
                    })
            }
            other => Err(self.error(node, "wrong-type", format!("{} has no parts", other.kind()))),
        }
    }
}
