//! Blocks with their values: what a [`Body`] comes to for one image.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::body::{Block, Body};
use super::eval::{Evaluator, Scope, item_of};
use super::expr::Node;
use super::kinds::Kind;
use super::value::{Value, json_key};

/// A body's values, and the blocks inside it.
#[derive(Debug, Default)]
pub(super) struct Resolved<'t> {
    pub(super) fields: Vec<Field<'t>>,
    pub(super) blocks: Vec<ResolvedBlock<'t>>,
}

#[derive(Debug)]
pub(super) struct Field<'t> {
    pub(super) name: Arc<str>,
    pub(super) value: Value,
    /// The expression that the value comes from.
    pub(super) node: &'t Node,
    pub(super) kind: Option<Kind>,
}

#[derive(Debug)]
pub(super) struct ResolvedBlock<'t> {
    pub(super) name: Arc<str>,
    pub(super) labels: Vec<Value>,
    pub(super) body: Resolved<'t>,
    /// Of a `dynamic` block, what it goes through, when that is unknown.
    pub(super) over: Option<Value>,
}

/// One of the blocks that a block of the text stands for: itself, or one of what a `dynamic` block multiplies to.
#[derive(Debug)]
pub(super) struct Instance<'t> {
    pub(super) block: &'t Block,
    pub(super) labels: Vec<Value>,
    /// What the iterator is bound to.
    item: Option<Value>,
    pub(super) over: Option<Value>,
}

impl<'t> Instance<'t> {
    /// Calls `inner` with the iterator bound.
    pub(super) fn within<T>(
        &self,
        outer: Option<&Scope<'_>>,
        inner: impl FnOnce(Option<&Scope<'_>>) -> T,
    ) -> T {
        match (&self.item, &self.block.dynamic) {
            (Some(item), Some(dynamic)) => inner(Some(&Scope {
                name: &dynamic.iterator,
                value: item,
                outer,
            })),
            _ => inner(outer),
        }
    }

    /// The first label, if it is known.
    pub(super) fn label(&self) -> Option<Arc<str>> {
        self.labels.first().and_then(Value::as_text)
    }
}

impl<'t> Evaluator<'t> {
    /// The blocks that `block` stands for. Faults are kept, and make it stand for none.
    pub(super) fn instances(
        &mut self,
        block: &'t Block,
        scope: Option<&Scope<'_>>,
    ) -> Vec<Instance<'t>> {
        let Some(dynamic) = &block.dynamic else {
            return vec![Instance {
                block,
                labels: block.labels.iter().cloned().map(Value::String).collect(),
                item: None,
                over: None,
            }];
        };
        let items = self
            .eval(&dynamic.for_each, scope)
            .and_then(|over| Ok((self.items(&dynamic.for_each, &over)?, over)));
        let (items, over) = match items {
            Ok((Some(items), _)) => (items, None),
            Ok((None, over)) => (vec![item_of(&over)], Some(over)),
            Err(fault) => {
                self.faults.push(*fault);
                return Vec::new();
            }
        };
        items
            .into_iter()
            .map(|(key, value)| {
                let item = Value::map(BTreeMap::from([
                    (Arc::from("key"), key),
                    (Arc::from("value"), value),
                ]));
                let mut instance = Instance {
                    block,
                    labels: Vec::new(),
                    item: Some(item),
                    over: over.clone(),
                };
                let mut labels = Vec::with_capacity(dynamic.labels.len());
                for label in &dynamic.labels {
                    match instance.within(scope, |scope| self.eval(label, scope)) {
                        Ok(label) => labels.push(label),
                        Err(fault) => self.faults.push(*fault),
                    }
                }
                instance.labels = labels;
                instance
            })
            .collect()
    }

    /// The body's values. Faults are kept, and leave their attribute out.
    pub(super) fn resolve(
        &mut self,
        body: &'t Body,
        scope: Option<&Scope<'_>>,
        without: &[&str],
    ) -> Resolved<'t> {
        let mut resolved = Resolved::default();
        resolved.fields.reserve(body.attributes.len());
        for attribute in &body.attributes {
            if without.contains(&&*attribute.name) {
                continue;
            }
            let value = self.eval(&attribute.value, scope).and_then(|value| {
                self.charge(&attribute.value, value.size())?;
                Ok(value)
            });
            match value {
                Ok(value) => resolved.fields.push(Field {
                    name: attribute.name.clone(),
                    value,
                    node: &attribute.value,
                    kind: attribute.kind,
                }),
                Err(fault) => self.faults.push(*fault),
            }
        }
        for block in &body.blocks {
            if without.contains(&&*block.name) {
                continue;
            }
            for instance in self.instances(block, scope) {
                let body = instance.within(scope, |scope| {
                    self.resolve(&instance.block.body, scope, &[])
                });
                resolved.blocks.push(ResolvedBlock {
                    name: block.name.clone(),
                    labels: instance.labels,
                    body,
                    over: instance.over,
                });
            }
        }
        resolved
    }
}

impl<'t> Resolved<'t> {
    /// Adds a field, or puts it in the place of the one of its name.
    pub(super) fn set(&mut self, field: Field<'t>) {
        match self.fields.iter_mut().find(|own| own.name == field.name) {
            Some(own) => *own = field,
            None => self.fields.push(field),
        }
    }
}

impl Resolved<'_> {
    /// The field of a name.
    pub(super) fn field(&self, name: &str) -> Option<&Field<'_>> {
        self.fields.iter().find(|field| &*field.name == name)
    }

    /// The value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.field(name).map(|field| &field.value)
    }

    /// The canonical JSON: attributes by name; blocks as lists under their name. Attributes that are null are as if
    /// they were not written.
    pub(super) fn to_json(&self) -> Json {
        let mut json = serde_json::Map::with_capacity(self.fields.len() + self.blocks.len());
        // Fields come sorted, except where a nested source block or an override added some.
        let mut entries: Vec<(&str, Json)> = self
            .fields
            .iter()
            .filter(|field| field.value != Value::Null)
            .map(|field| (&*field.name, field.value.to_json()))
            .collect();
        for block in &self.blocks {
            let mut body = block.body.to_json();
            for label in block.labels.iter().rev() {
                body = Json::Array(vec![label.to_json(), body]);
            }
            if let Some(over) = &block.over {
                body = serde_json::json!({"$unknown": "dynamic", "of": [over.to_json(), body]});
            }
            match entries.iter_mut().find(|(name, _)| *name == &*block.name) {
                Some((_, Json::Array(bodies))) => bodies.push(body),
                _ => entries.push((&block.name, Json::Array(vec![body]))),
            }
        }
        if !entries.is_sorted_by(|a, b| a.0 <= b.0) {
            entries.sort_by(|a, b| a.0.cmp(b.0));
        }
        json.extend(
            entries
                .into_iter()
                .map(|(name, value)| (json_key(name), value)),
        );
        Json::Object(json)
    }
}
