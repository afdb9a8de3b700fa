//! [`Reader`]: evaluates a recipe's expressions over a definition and remembers which of its keys were read.

use std::collections::BTreeMap;

use minijinja::Environment;
use minijinja::value::Value as Jinja;
use serde_json::Value as Json;

use super::expression::{Condition, Expression};
use crate::definitions::ReadKey;
use crate::diagnostic::{Diagnostic, Place};
use crate::yaml::{Node, Spanned, Value};

/// A definition as expressions see it.
pub(super) struct Reader<'a> {
    pub(super) environment: &'a Environment<'a>,
    pub(super) context: Jinja,
    /// The name by which expressions know the definition, with a dot.
    prefix: &'static str,
    /// The definition.
    node: &'a Node,
    /// The whole definition's place.
    pub(super) whole: Place,
    pub(super) read: BTreeMap<String, ReadKey>,
    pub(super) faults: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        environment: &'a Environment<'a>,
        context: &Json,
        prefix: &'static str,
        node: &'a Node,
        whole: Place,
    ) -> Self {
        Self {
            environment,
            context: Jinja::from_serialize(context),
            prefix,
            node,
            whole,
            read: BTreeMap::new(),
            faults: Vec::new(),
        }
    }

    /// The keys of the definition that an expression reads, as the definition writes them.
    pub(super) fn keys(&self, expression: &Expression) -> Vec<String> {
        self.own(expression.names(self.environment))
    }

    /// Which of the names that an expression or template reads are keys of the definition.
    pub(super) fn own(&self, names: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut keys: Vec<String> = names
            .into_iter()
            .filter_map(|name| name.strip_prefix(self.prefix).map(str::to_owned))
            .collect();
        keys.sort_unstable();
        keys
    }

    /// Notes that keys were read.
    pub(super) fn note(&mut self, keys: &[String]) {
        for key in keys {
            let found = find(self.node, key);
            let place = self.place(key);
            let value = found.map_or(Json::Null, Node::to_json);
            self.read.insert(key.clone(), ReadKey { value, place });
        }
    }

    /// Where a key was written: the nearest above it that somebody wrote.
    pub(super) fn place(&self, key: &str) -> Place {
        self.node
            .place_of(key)
            .unwrap_or_else(|| self.whole.clone())
    }

    /// An expression's value; what fails is noted, and gives nothing.
    pub(super) fn value(&mut self, expression: &Expression) -> Json {
        let keys = self.keys(expression);
        self.note(&keys);
        match expression.value(self.environment, &self.context) {
            Ok(value) => value,
            Err(fault) => {
                self.fail(fault);
                Json::Null
            }
        }
    }

    /// An expression's text.
    pub(super) fn text(&mut self, expression: &Expression) -> Spanned<String> {
        let place = self.origin(expression);
        let value = match self.value(expression) {
            Json::String(text) => text,
            Json::Null => String::new(),
            other => other.to_string(),
        };
        Spanned { value, place }
    }

    /// Whether a condition holds; there need not be one.
    pub(super) fn holds(&mut self, condition: Option<&Condition>) -> bool {
        let Some(condition) = condition else {
            return true;
        };
        match condition.holds(self.environment, &self.context) {
            Ok(holds) => holds,
            Err(fault) => {
                self.fail(fault);
                false
            }
        }
    }

    /// Where the value of an expression was written: at the one key that it reads, else somewhere in the definition.
    pub(super) fn origin(&self, expression: &Expression) -> Place {
        match &*self.keys(expression) {
            [key] => self.place(key),
            _ => self.whole.clone(),
        }
    }

    /// The items of an expression's list, each where it was written.
    pub(super) fn items(&mut self, expression: &Expression) -> Vec<Spanned<String>> {
        let value = self.value(expression);
        let origin = self.origin(expression);
        let items = match value {
            Json::Array(items) => items,
            Json::Null => Vec::new(),
            one => vec![one],
        };
        let places = match &*self.keys(expression) {
            [key] => match find(self.node, key).map(|node| &node.value) {
                Some(Value::List(nodes)) if nodes.len() == items.len() => {
                    nodes.iter().map(Node::place).collect()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        items
            .into_iter()
            .enumerate()
            .map(|(at, item)| Spanned {
                value: item
                    .as_str()
                    .map_or_else(|| item.to_string(), str::to_owned),
                place: places.get(at).cloned().unwrap_or_else(|| origin.clone()),
            })
            .collect()
    }

    /// A fault of a recipe's expression, told of the definition that it failed for.
    pub(super) fn fail(&mut self, fault: Diagnostic) {
        let at = fault.place.map(|place| place.path);
        let message = match at {
            Some(recipe) => format!("{} in `{recipe}`", fault.message),
            None => fault.message,
        };
        self.faults
            .push(Diagnostic::error("expression", message).at(self.whole.clone()));
    }
}

/// The value of a dotted key.
pub(super) fn find<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    key.split('.').try_fold(node, |at, part| at.get(part))
}
